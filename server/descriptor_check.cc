#include "server/descriptor_check.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "descriptors/load.h"
#include "dsl/diagnostics.h"
#include "evaluator/report.h"
#include "evaluator/value_node.h"
#include "server/convert.h"

namespace bylaw {
namespace {

constexpr char kDefaultAction[] = "publish";
// Who proposes where a request names nobody: whatever runs the check.
constexpr char kDefaultSubjectType[] = "Service";
constexpr char kDefaultSubject[] = "ci";

bool Refuse(RequestError* error, std::string code, std::string field,
            std::string message, std::string remedy) {
  *error = {std::move(code), std::move(field), std::move(message),
            std::move(remedy)};
  return false;
}

// The action as a gate; false if it is an action and no gate. What does not
// exist is left to Bind, which knows what was meant.
bool FindGate(const Schema& schema, const std::string& name,
              const Action** gate, RequestError* error) {
  const uint32_t number = schema.FindAction(name);
  if (number == kNone) return true;
  *gate = &schema.actions[number];
  if ((*gate)->gate) return true;
  std::string remedy = "the gates are ";
  bool first = true;
  for (const Action& action : schema.actions) {
    if (!action.gate) continue;
    remedy += (first ? "`" : ", `") + action.name + "`";
    first = false;
  }
  return Refuse(error, "BL5204", "action",
                "the action `" + name + "` is no gate", std::move(remedy));
}

// --- Facts with another version of one entity --------------------------------

// What facts hold of the entities below `root`, itself included, that nothing
// outside holds too.
std::set<uint32_t> Below(const Facts& facts, uint32_t root) {
  std::set<uint32_t> below;
  for (uint32_t e = 0; e < facts.size(); ++e) {
    if (facts.IsWithin(e, root)) below.insert(e);
  }
  // An entity with another parent stays; so does what is nested in it.
  for (bool changed = true; changed;) {
    changed = false;
    for (auto it = below.begin(); it != below.end();) {
      const EntityRecord& record = *facts.Find(*it);
      const bool stays =
          *it != root &&
          std::any_of(record.parents, record.parents + record.num_parents,
                      [&](Cell parent) { return below.count(parent) == 0; });
      if (stays) {
        it = below.erase(it);
        changed = true;
      } else {
        ++it;
      }
    }
  }
  return below;
}

// The same facts, but for the proposed entity and what is nested in it, which
// are as `version` says.
std::shared_ptr<const Facts> WithVersion(const Facts& facts,
                                         const std::string& file,
                                         const ProposedEntity& version,
                                         std::vector<FactError>* errors) {
  const Schema& schema = facts.program().schema;
  // References to what this version lacks are no errors until they are read.
  FactsBuilder builder(facts.shared_program(), FactsBuilder::Mode::kGiven);
  for (const std::string& f : facts.files()) builder.AddFile(f);
  const uint32_t own_file = builder.AddFile(file);
  const uint32_t type = schema.FindEntity(version.type);
  const uint32_t known = facts.Lookup(type, version.id);
  std::set<uint32_t> replaced;
  if (known != kNone) replaced = Below(facts, known);
  for (uint32_t e = 0; e < facts.size(); ++e) {
    if (replaced.count(e) > 0) continue;
    const EntityRecord& record = *facts.Find(e);
    const auto& attributes = schema.entities[record.type].attributes;
    const FactPosition at = facts.PositionOf(e);
    Node node = Node::Map({at.line, at.column});
    Node parents = Node::List();
    for (uint32_t i = 0; i < record.num_parents; ++i) {
      const uint32_t parent = record.parents[i];
      if (replaced.count(parent) > 0) continue;
      Node reference = Node::Map();
      reference.Set("type",
                    Node::String(schema.entities[facts.TypeOf(parent)].name));
      reference.Set("id", Node::String(facts.Text(facts.IdOf(parent))));
      parents.list.push_back(std::move(reference));
    }
    if (!parents.list.empty()) node.Set("in", std::move(parents));
    for (uint32_t slot = 0; slot < attributes.size(); ++slot) {
      const FactPosition place = facts.PositionOf(e, slot);
      if (place.file == kNone) continue;  // a default, or nothing
      const Value value = facts.Unclosed(e, slot);
      if (value.missing()) continue;
      Node key =
          Node::String(attributes[slot].name, {place.line, place.column});
      node.map.emplace_back(std::move(key),
                            NodeOfValue(facts, value, attributes[slot].type));
    }
    builder.AddEntity(at.file, record.type, facts.Text(record.id),
                      {at.line, at.column}, node);
  }
  builder.AddEntity(own_file, type, version.id, version.position,
                    version.attributes);
  std::shared_ptr<const Facts> built = builder.Build();
  if (built == nullptr) *errors = builder.TakeErrors();
  return built;
}

// --- Places ------------------------------------------------------------------

// The node that a request's field names (`resource.attributes.datasets.x[0]`):
// the deepest that exists, or null if the field is of something else.
const Node* NodeAt(const Node& attributes, std::string_view field) {
  constexpr std::string_view kPrefix = "resource.attributes";
  if (!field.starts_with(kPrefix)) return nullptr;
  field.remove_prefix(kPrefix.size());
  const Node* node = &attributes;
  while (!field.empty()) {
    const Node* next = nullptr;
    if (field[0] == '[') {
      const size_t close = field.find(']');
      size_t index = 0;
      const char* begin = field.data() + 1;
      const char* end =
          field.data() + (close == std::string_view::npos ? 1 : close);
      if (std::from_chars(begin, end, index).ptr != end || begin == end ||
          !node->is_list() || index >= node->list.size()) {
        break;
      }
      next = &node->list[index];
      field.remove_prefix(close + 1);
    } else {
      if (field[0] == '.') field.remove_prefix(1);
      // Names in the path may hold dots: the longest key that fits.
      size_t taken = 0;
      for (const auto& [key, value] : node->map) {
        const std::string_view rest =
            field.substr(std::min(key.text.size(), field.size()));
        if (key.text.size() > taken && field.starts_with(key.text) &&
            (rest.empty() || rest[0] == '.' || rest[0] == '[')) {
          taken = key.text.size();
          next = &value;
        }
      }
      if (next == nullptr) break;
      field.remove_prefix(taken);
    }
    if (next->position.line == 0) break;
    node = next;
  }
  return node->position.line != 0 ? node : nullptr;
}

// An entity of the proposal: its path from the resource, and its place.
struct Nested {
  std::string path;
  NodePosition position;
  bool exact = false;  // it is the entity looked for
};

// The entity of that id or, where the proposal lacks it, the innermost that it
// would be nested in; by the ids that nesting gives.
Nested NearestTo(const Schema& schema, const std::string& wanted, uint32_t type,
                 const std::string& id, const Node& attributes, Nested here) {
  here.exact = id == wanted;
  if (here.exact || type == kNone || !wanted.starts_with(id + ".")) return here;
  const std::string_view below = std::string_view(wanted).substr(id.size() + 1);
  for (const Attribute& a : schema.entities[type].attributes) {
    const Node* nested = attributes.Find(a.name);
    if (nested == nullptr || !nested->is_map()) continue;
    TypeId element = a.type;
    if (schema.IsCollection(element)) element = schema.type(element).element;
    const TypeInfo& info = schema.type(element);
    if (info.kind != Kind::kEntity || info.entities.empty()) continue;
    for (const auto& [name, child] : nested->map) {
      if (!below.starts_with(name.text) ||
          (below.size() > name.text.size() && below[name.text.size()] != '.')) {
        continue;
      }
      const std::string child_id = id + "." + name.text;
      const std::string path =
          (here.path.empty() ? "" : here.path + ".") + a.name + "." + name.text;
      Nested found = NearestTo(
          schema, wanted, info.entities[0], child_id, child,
          {path, name.position.line != 0 ? name.position : here.position});
      if (found.exact) return found;
      if (found.path.size() > here.path.size()) here = std::move(found);
    }
  }
  return here;
}

// --- Findings ----------------------------------------------------------------

struct Checked {
  const v1::CheckDescriptorRequest& request;
  const Schema& schema;
  const ProposedEntity& entity;
};

void AddFinding(const Checked& checked, const ReportedDeterminant& d,
                bool binding, const std::string& because,
                v1::DescriptorDecision* out) {
  v1::Finding* finding = out->add_findings();
  DeterminantToProto(d, finding->mutable_rule());
  if (d.because.empty()) finding->mutable_rule()->set_because(because);
  finding->set_rule_column(d.column);
  finding->set_binding(binding);
  // What is not in the proposal (a column that is gone, another product) is
  // mended in the proposal all the same: at what it would be nested in.
  Nested nearest = NearestTo(checked.schema, d.about_id,
                             checked.schema.FindEntity(checked.entity.type),
                             checked.entity.id, checked.entity.attributes,
                             {"", checked.entity.position});
  bool proposed = d.about_file.empty() && d.about_line > 0;
  const auto home = checked.entity.homes.find(d.about_attribute);
  if (nearest.exact && nearest.path.empty() &&
      home != checked.entity.homes.end() &&
      checked.entity.attributes.Find(d.about_attribute) == nullptr) {
    nearest.position = home->second;
    proposed = false;
  }
  finding->set_file(checked.request.file());
  finding->set_line(proposed ? d.about_line
                             : static_cast<int32_t>(nearest.position.line));
  finding->set_column(proposed ? d.about_column
                               : static_cast<int32_t>(nearest.position.column));
  finding->set_attribute(
      nearest.exact && !d.about_attribute.empty()
          ? nearest.path + (nearest.path.empty() ? "" : ".") + d.about_attribute
          : nearest.path);
}

// At most `most`, those that bind first; how many others there are.
size_t AddFindings(const Checked& checked, const DecisionReport& report,
                   size_t most, v1::DescriptorDecision* out) {
  const bool denied = report.outcome == DecisionOutcome::kDeny ||
                      report.outcome == DecisionOutcome::kUnspecified;
  size_t left_out = 0;
  const auto add = [&](const ReportedDeterminant& d, bool binding,
                       const std::string& because) {
    if (static_cast<size_t>(out->findings_size()) < most) {
      AddFinding(checked, d, binding, because, out);
    } else {
      ++left_out;
    }
  };
  if (denied) {
    // Errors of rules stand with the rules, all others on their own.
    using Place = std::tuple<std::string_view, std::string_view, int32_t>;
    std::map<Place, std::vector<const DecisionReport::Error*>> errors;
    for (const auto& e : report.errors) {
      errors[{e.policy, e.file, e.line}].push_back(&e);
    }
    std::map<Place, size_t> taken;
    for (const ReportedDeterminant& d : report.determining) {
      const Place place = {d.policy, d.file, d.line};
      const auto own = errors.find(place);
      const bool failed =
          own != errors.end() && taken[place] < own->second.size();
      add(d, true,
          failed ? "the rule cannot be decided: " +
                       own->second[taken[place]++]->message
                 : "");
    }
    for (const DecisionReport::Error& e : report.errors) {
      size_t& stood = taken[{e.policy, e.file, e.line}];
      if (stood > 0) {
        --stood;
        continue;
      }
      ReportedDeterminant d;
      d.policy = e.policy;
      d.kind = "error";
      d.file = e.file;
      d.line = e.line;
      add(d, true, e.message);
    }
  }
  for (const ReportedDeterminant& d : report.advisories) add(d, false, "");
  return left_out;
}

void AddDiagnostics(const std::vector<FactError>& errors,
                    DiagnosticSink* sink) {
  for (const FactError& e : errors) sink->Add(DiagnosticOf(e));
}

// A fault of the proposal, at its place in the descriptor.
void AddRefusal(const RequestError& refusal, const std::string& file,
                NodePosition at, DiagnosticSink* sink) {
  FactError e;
  e.code = refusal.code;
  e.file = file;
  e.line = at.line;
  e.column = at.column;
  e.message = refusal.message;
  e.suggestion = RemedyOf(refusal);
  sink->Add(DiagnosticOf(e));
}

// The request as a CheckRequest without its resource.
v1::CheckRequest Asked(const v1::CheckDescriptorRequest& request) {
  v1::CheckRequest asked;
  asked.set_action(request.action().empty() ? kDefaultAction
                                            : request.action());
  if (request.has_subject()) {
    *asked.mutable_subject() = request.subject();
  } else {
    asked.mutable_subject()->set_type(kDefaultSubjectType);
    asked.mutable_subject()->set_id(kDefaultSubject);
  }
  if (request.has_context()) *asked.mutable_context() = request.context();
  if (request.has_at()) *asked.mutable_at() = request.at();
  return asked;
}

// The engine whose facts hold the version before; null after diagnostics.
std::shared_ptr<const Engine> EngineWithPrevious(
    const Snapshot& snapshot, const v1::CheckDescriptorRequest& request,
    const ProposedEntity& entity, DiagnosticSink* sink) {
  const Engine& engine = *snapshot.engine;
  const std::string file = "previous " + request.file();
  const ReadProposal previous =
      ReadDescriptor(request.previous(), file, engine.facts());
  std::vector<FactError> errors;
  for (const FactError& e : previous.errors) {
    if (e.severity == FactSeverity::kError) errors.push_back(e);
  }
  std::shared_ptr<const Facts> facts;
  if (errors.empty()) {
    const auto same =
        std::find_if(previous.entities.begin(), previous.entities.end(),
                     [&](const ProposedEntity& p) {
                       return p.type == entity.type && p.id == entity.id;
                     });
    if (same == previous.entities.end()) {
      FactError e;
      e.code = "BL5103";
      e.file = file;
      e.line = e.column = 1;
      e.message = "the version before describes no " + entity.type + " `" +
                  entity.id + "`";
      e.suggestion = "both versions of a descriptor have one id";
      errors.push_back(std::move(e));
    } else {
      facts = WithVersion(engine.facts(), file, *same, &errors);
    }
  }
  if (facts != nullptr) {
    auto loaded =
        Engine::Load(facts->shared_program(), facts, engine.options());
    if (loaded.ok()) return std::move(*loaded);
    FactError e;
    e.code = "BL5103";
    e.file = file;
    e.message = std::string(loaded.status().message());
    errors.push_back(std::move(e));
  }
  AddDiagnostics(errors, sink);
  return nullptr;
}

size_t MostFindings(const Snapshot& snapshot) {
  return static_cast<size_t>(
      snapshot.engine->program().settings.limits.findings);
}

// Says of how many findings of a decision it does not speak.
void AddLeftOut(const std::string& file, size_t left_out,
                DiagnosticSink* sink) {
  Diagnostic d;
  d.code = Code::BL1045;
  d.severity = Severity::kNote;
  d.file = file;
  d.message = "the decision has " + std::to_string(left_out) + " more findings";
  d.suggestion = kMoreFindings;
  sink->Add(std::move(d));
}

// What is wrong with the file goes to the sink, of which an error leaves it
// undecided. False with `error` if the request is wrong.
bool Check(const Snapshot& snapshot, const v1::CheckDescriptorRequest& request,
           int64_t now, bool simulation, v1::CheckDescriptorResponse* response,
           DiagnosticSink* sink, RequestError* error) {
  v1::CheckRequest asked = Asked(request);
  const Schema& schema = snapshot.engine->program().schema;
  const Action* gate = nullptr;
  if (!FindGate(schema, asked.action(), &gate, error)) return false;
  if (!request.format().empty() && request.format() != "odcs") {
    return Refuse(error, "BL5101", "format",
                  "no reader for the format `" + request.format() + "`",
                  "write \"odcs\", or leave it out");
  }
  if (!request.previous().empty() && !simulation) {
    return Refuse(error, "BL5203", "previous",
                  "`previous` is obeyed only where simulation is enabled: the "
                  "version before is the one that facts hold",
                  "leave `previous` out, or start the service with "
                  "--simulation");
  }
  const ReadProposal read =
      ReadDescriptor(request.text(), request.file(), snapshot.engine->facts());
  AddDiagnostics(read.errors, sink);
  if (!read.ok()) return true;
  std::vector<v1::DescriptorDecision> decisions;
  const size_t most = MostFindings(snapshot);
  size_t listed = 0, left_out = 0;
  bool broken = false;
  for (const ProposedEntity& entity : read.entities) {
    std::shared_ptr<const Engine> engine = snapshot.engine;
    if (!request.previous().empty()) {
      engine = EngineWithPrevious(snapshot, request, entity, sink);
      if (engine == nullptr) {
        broken = true;
        continue;
      }
    }
    asked.mutable_resource()->set_type(entity.type);
    asked.mutable_resource()->set_id(entity.id);
    OwnedRequest owned;
    if (!RequestFromProto(asked, now, simulation, &owned, error)) return false;
    // A gate that proposes nothing (retire) judges what facts hold.
    if (gate == nullptr || gate->proposes) {
      owned.request.resource.attributes = &entity.attributes;
    }
    Arena arena;
    BoundRequest bound;
    if (!engine->Bind(owned.request, arena, &bound, error)) {
      const Node* node = NodeAt(entity.attributes, error->field);
      if (node == nullptr && !error->field.starts_with("resource.attributes")) {
        return false;
      }
      AddRefusal(*error, request.file(),
                 node != nullptr ? node->position : entity.position, sink);
      broken = true;
      continue;
    }
    Decision decision;
    engine->Decide(bound, arena, &decision);
    const DecisionReport report =
        MakeReport(*engine, bound, decision, SqlDialect::kNone);
    v1::DescriptorDecision& out = decisions.emplace_back();
    out.mutable_resource()->set_type(entity.type);
    out.mutable_resource()->set_id(entity.id);
    DecisionToProto(report, out.mutable_decision());
    left_out +=
        AddFindings({request, schema, entity}, report, most - listed, &out);
    listed += static_cast<size_t>(out.findings_size());
  }
  // "A file with an error is not decided."
  if (broken) return true;
  for (v1::DescriptorDecision& d : decisions) {
    *response->add_decisions() = std::move(d);
  }
  if (left_out > 0) AddLeftOut(request.file(), left_out, sink);
  return true;
}

}  // namespace

bool CheckDescriptor(const Snapshot& snapshot,
                     const v1::CheckDescriptorRequest& request, int64_t now,
                     bool simulation, v1::CheckDescriptorResponse* response,
                     RequestError* error) {
  DiagnosticSink sink;
  if (!Check(snapshot, request, now, simulation, response, &sink, error)) {
    return false;
  }
  sink.Sort();
  sink.Trim(MostFindings(snapshot));
  for (const Diagnostic& d : sink.diagnostics()) {
    DiagnosticToProto(d, response->add_diagnostics());
  }
  return true;
}

void DiagnosticToProto(const Diagnostic& diagnostic, v1::Diagnostic* message) {
  const LineColumn start = diagnostic.Start(), end = diagnostic.End();
  message->set_code(std::string(InfoOf(diagnostic.code).id));
  message->set_severity(std::string(SeverityName(diagnostic.severity)));
  message->set_file(std::string(diagnostic.path()));
  message->set_line(static_cast<int32_t>(start.line));
  message->set_column(static_cast<int32_t>(start.column));
  message->mutable_end()->set_line(static_cast<int32_t>(end.line));
  message->mutable_end()->set_column(static_cast<int32_t>(end.column));
  message->set_message(diagnostic.message);
  message->set_suggestion(diagnostic.suggestion);
}

}  // namespace bylaw
