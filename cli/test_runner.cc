#include "cli/test_runner.h"

#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "compiler/bytecode/scalar.h"
#include "evaluator/engine.h"
#include "evaluator/facts_builder.h"
#include "evaluator/filter.h"
#include "evaluator/ops.h"
#include "evaluator/report.h"
#include "evaluator/value_node.h"

namespace bylaw::cli {
namespace {

using typed::Expect;
using typed::GivenEntity;
using Fields = std::vector<std::pair<uint32_t, Constant>>;

Node Text(std::string text) {
  Node node;
  node.kind = Node::Kind::kString;
  node.quoted = true;
  node.text = std::move(text);
  return node;
}

// The children that the attribute of a proposed entity holds, where it holds
// nothing else and they stand nowhere yet; else none.
std::vector<const GivenEntity*> NestedIn(
    const typed::Test& test, const GivenEntity& entity, const Constant& value,
    const std::set<const GivenEntity*>& placed) {
  std::vector<const GivenEntity*> children;
  if (value.kind != Kind::kSet && value.kind != Kind::kList) return children;
  for (const Constant& element : value.elements) {
    if (element.kind != Kind::kEntity) return {};
    const auto child = std::find_if(
        test.proposal.begin(), test.proposal.end(), [&](const GivenEntity& p) {
          return p.entity == element.index && p.id == element.text &&
                 p.parent_entity == entity.entity && p.parent_id == entity.id;
        });
    if (child == test.proposal.end() || placed.count(&*child) > 0) return {};
    children.push_back(&*child);
  }
  return children;
}

// The attributes of a proposed entity, what is nested in it in place. `placed`
// are the entities that stand somewhere.
Node ProposalNode(const Schema& schema, const typed::Test& test,
                  const GivenEntity& entity,
                  std::set<const GivenEntity*>* placed) {
  placed->insert(&entity);
  // Attributes that hold more nest first, so that others may name some of it.
  std::vector<const std::pair<uint32_t, Constant>*> most;
  for (const auto& stated : entity.attributes) most.push_back(&stated);
  std::stable_sort(most.begin(), most.end(), [](const auto* a, const auto* b) {
    return a->second.elements.size() > b->second.elements.size();
  });
  std::map<uint32_t, std::vector<const GivenEntity*>> nesting;  // by slot
  for (const auto* stated : most) {
    const auto children = NestedIn(test, entity, stated->second, *placed);
    placed->insert(children.begin(), children.end());
    nesting[stated->first] = children;
  }
  Node node;
  node.kind = Node::Kind::kMap;
  const std::vector<Attribute>& attributes =
      schema.entities[entity.entity].attributes;
  for (const auto& [slot, value] : entity.attributes) {
    if (value.kind == Kind::kMissing) continue;
    Node nested;
    nested.kind = Node::Kind::kMap;
    for (const GivenEntity* child : nesting[slot]) {
      std::string name = child->id;
      if (name.starts_with(entity.id + ".")) {
        name = name.substr(entity.id.size() + 1);
      }
      nested.map.emplace_back(Text(std::move(name)),
                              ProposalNode(schema, test, *child, placed));
    }
    node.map.emplace_back(
        Text(attributes[slot].name),
        nested.map.empty()
            ? NodeOfConstant(schema, value, attributes[slot].type)
            : std::move(nested));
  }
  if (entity.in.empty()) return node;
  Node parents;
  parents.kind = Node::Kind::kList;
  for (const auto& [type, id] : entity.in) {
    Node parent;
    parent.kind = Node::Kind::kMap;
    parent.map.emplace_back(Text("type"), Text(schema.entities[type].name));
    parent.map.emplace_back(Text("id"), Text(id));
    parents.list.push_back(std::move(parent));
  }
  node.map.emplace_back(Text("in"), std::move(parents));
  return node;
}

// A cell of a row; terms and entities are their texts there.
Value RowValue(const Schema& schema, const Constant& c, World& world) {
  switch (c.kind) {
    case Kind::kString:
    case Kind::kEntity:
      return Value::OfCell(Kind::kString, world.Intern(c.text));
    case Kind::kTerm:
      return Value::OfCell(Kind::kString,
                           world.Intern(schema.terms[c.index].path));
    case Kind::kIp: {
      Value v;
      v.kind = c.kind;
      v.ip = &c.ip;
      return v;
    }
    case Kind::kVersion: {
      Value v;
      v.kind = c.kind;
      v.version = &c.version;
      return v;
    }
    default:
      return Value::Number(c.kind, c.number);
  }
}

std::string OutcomeName(DecisionOutcome outcome) {
  constexpr const char* kNames[] = {"UNSPECIFIED", "ALLOW", "MASK", "DENY"};
  return kNames[static_cast<size_t>(outcome)];
}

std::string NodeText(const Node& node) {
  switch (node.kind) {
    case Node::Kind::kBool:
      return node.boolean ? "true" : "false";
    case Node::Kind::kNull:
      return "(none)";
    case Node::Kind::kList: {
      std::string text = "[";
      for (const Node& e : node.list) {
        text += (text.size() > 1 ? ", " : "") + NodeText(e);
      }
      return text + "]";
    }
    case Node::Kind::kMap: {
      std::string text = "{";
      for (const auto& [key, value] : node.map) {
        text +=
            (text.size() > 1 ? ", " : "") + key.text + ": " + NodeText(value);
      }
      return text + "}";
    }
    default:
      return node.text;
  }
}

std::string MaskText(const std::string& name,
                     const std::vector<std::string>& arguments) {
  std::string text = name;
  for (size_t i = 0; i < arguments.size(); ++i) {
    text += (i ? ", " : "(") + arguments[i];
  }
  return arguments.empty() ? text : text + ")";
}

// One test: its facts, its decision, and what became of its expectations.
class Case {
 public:
  Case(const std::shared_ptr<const Program>& program, const typed::Test& test,
       std::vector<RuleCoverage>* coverage)
      : program_(program), test_(test), coverage_(*coverage) {}

  TestResult Run() {
    const auto begin = std::chrono::steady_clock::now();
    TestResult result;
    result.test = &test_;
    Decide();
    result.passed = message_.empty();
    result.message = std::move(message_);
    result.seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - begin)
            .count();
    return result;
  }

 private:
  const Schema& schema() const { return program_->schema; }
  const DecisionReport& report() const { return decided_->report; }
  const Decision& decision() const { return decided_->decision; }

  void Fail(const Span& span, const std::string& text) {
    message_ += "  " + std::string(span.path()) + ":" +
                std::to_string(span.line()) + ": " + text + "\n";
  }

  void Decide() {
    std::string problem;
    decided_ = DecideTest(program_, test_, &problem);
    if (decided_ == nullptr) {
      Fail(test_.span, problem);
      return;
    }
    const Explanation explanation =
        Explain(*decided_->engine, decided_->bound, SqlDialect::kNone);
    for (const Explanation::RuleInstance& r : explanation.rules) {
      if (r.rule == kNone || r.erred) continue;
      (r.matched ? coverage_[r.rule].matched : coverage_[r.rule].not_matched) =
          true;
    }
    for (const typed::GivenRows& given : test_.rows) CheckGivenRows(given);
    for (const Expect& expect : test_.expects) Check(expect);
  }

  // A name that stands nowhere else would be a cell that is silently missing:
  // rows have the columns of their dataset, as far as givens say them.
  void CheckGivenRows(const typed::GivenRows& given) {
    const std::optional<Cell> dataset = FindDataset(given.dataset);
    if (!dataset) {
      if (given.own) {
        Fail(given.span, "nothing gives the dataset `" + given.dataset + "`");
      }
      return;
    }
    for (const auto& row : given.rows) {
      const std::string problem = CellProblem(*dataset, row);
      if (problem.empty()) continue;
      Fail(given.span, "the rows of `" + given.dataset + "`: " + problem);
      return;
    }
  }

  std::optional<Cell> FindDataset(const std::string& id) const {
    const World& world = *decided_->bound.world;
    for (const Schema::Selectable& s : schema().selectables) {
      const Cell found = world.facts().Lookup(s.entity, id);
      if (found != kNone) return found;
    }
    return std::nullopt;
  }

  using Row = std::vector<std::pair<std::string, Constant>>;

  // What is wrong with a row of the dataset; empty if nothing is, or if its
  // columns are not known.
  std::string CellProblem(Cell dataset, const Row& row) const {
    const World& world = *decided_->bound.world;
    const Schema::Selectable* s =
        schema().FindSelectable(world.TypeOf(dataset));
    if (s == nullptr || world.Find(dataset) == nullptr) return "";
    const Value columns = world.Attribute(dataset, s->columns_slot);
    if (columns.size == 0) return "";
    std::map<std::string, std::string> types;  // "": not known
    for (uint32_t i = 0; i < columns.size; ++i) {
      const Cell column = columns.cells[i];
      if (world.Find(column) == nullptr) return "";
      const Value name = world.Attribute(column, s->name_slot);
      if (name.kind != Kind::kString) continue;
      const Value type = world.Attribute(column, s->type_slot);
      types[std::string(world.Text(name.size))] =
          type.kind == Kind::kTerm ? schema().terms[type.size].path : "";
    }
    for (const auto& [name, value] : row) {
      const auto it = types.find(name);
      if (it == types.end()) {
        std::vector<std::string> names;
        for (const auto& [known, type] : types) names.push_back(known);
        const std::optional<std::string> guess = NearestOf(name, names);
        return "`" + std::string(world.IdOf(dataset)) + "` has no column `" +
               name + "`" + (guess ? "; " + DidYouMean(*guess) : "");
      }
      if (!Holds(it->second, value.kind)) {
        return "the column `" + name + "` is of type " + it->second +
               ", not a value of " + std::string(KindName(value.kind));
      }
    }
    return "";
  }

  // Whether a column of the type can hold a value of the kind; terms and
  // entities are texts there.
  static bool Holds(std::string_view type, Kind kind) {
    static constexpr std::pair<std::string_view, Kind> kKinds[] = {
        {"bool", Kind::kBool},       {"int", Kind::kInt},
        {"decimal", Kind::kDecimal}, {"string", Kind::kString},
        {"date", Kind::kDate},       {"time", Kind::kTime},
        {"ip", Kind::kIp},           {"duration", Kind::kDuration},
        {"version", Kind::kVersion}};
    if (kind == Kind::kTerm || kind == Kind::kEntity) kind = Kind::kString;
    for (const auto& [name, own] : kKinds) {
      if (name != type) continue;
      return kind == own || kind == Kind::kMissing ||
             (own == Kind::kDecimal && kind == Kind::kInt);
    }
    return true;
  }

  // What the decision says of itself, for messages.
  std::string Got() const {
    std::string text = OutcomeName(report().outcome);
    for (const ReportedDeterminant& d : report().determining) {
      text += "\n      " + d.kind + " by " +
              (d.policy.empty() ? "(engine)" : d.policy);
      if (!d.because.empty()) text += ": " + d.because;
    }
    for (const DecisionReport::Error& e : report().errors) {
      text += "\n      error" + (e.policy.empty() ? "" : " " + e.policy) +
              ": " + e.message;
    }
    if (report().outcome == DecisionOutcome::kDeny &&
        report().determining.empty() && report().errors.empty()) {
      text += ": nothing allows";
    }
    return text;
  }

  void Check(const Expect& expect) {
    const std::string what = std::string(expect.span.text());
    const std::string problem = Problem(expect);
    if (!problem.empty()) Fail(expect.span, what + ", but " + problem);
  }

  bool Denied() const { return report().outcome == DecisionOutcome::kDeny; }

  static bool Says(const std::vector<ReportedDeterminant>& list,
                   const std::string& policy) {
    for (const ReportedDeterminant& d : list) {
      if (d.policy.empty() ? d.kind == policy : d.policy == policy) return true;
    }
    return false;
  }

  bool DeniedBy(const Expect& expect) const {
    if (!Denied()) return false;
    for (const ReportedDeterminant& d : report().determining) {
      if (d.policy != expect.policy || (d.kind != "deny" && d.kind != "hide")) {
        continue;
      }
      if (!expect.has_because ||
          d.because.find(expect.because) != std::string::npos) {
        return true;
      }
    }
    return false;
  }

  // Empty if the expectation holds.
  std::string Problem(const Expect& expect) {
    using K = Expect::Kind;
    switch (expect.kind) {
      case K::kAllow:
        return report().outcome == DecisionOutcome::kAllow ? ""
                                                           : "got " + Got();
      case K::kPermit:
        return Denied() ? "got " + Got() : "";
      case K::kDeny:
        return Denied() ? "" : "got " + Got();
      case K::kDenyBy:
        return DeniedBy(expect) ? "" : "got " + Got();
      case K::kNothingAllows:
        return Denied() && decision().nothing_allows ? "" : "got " + Got();
      case K::kNotDenyBy:
        return DeniedBy(expect) ? "it does" : "";
      case K::kError:
        return report().errors.empty() ? "there is none: " + Got() : "";
      case K::kNotDelegated:
        return Says(report().not_delegated, expect.policy)
                   ? ""
                   : "it is not listed: " + Got();
      case K::kNotRequire:
        return HasObligation(expect) ? "it is required" : "";
      default:
        break;
    }
    if (Denied()) return "got " + Got();
    switch (expect.kind) {
      case K::kMask:
      case K::kHide:
      case K::kClear:
        return ColumnProblem(expect);
      case K::kRowKept:
      case K::kRowDropped:
        return RowProblem(expect);
      case K::kFilter:
        if (!report().has_filter) return "there is no filter";
        return report().filter.text == expect.filter
                   ? ""
                   : "the filter is `" + report().filter.text + "`";
      case K::kNoFilter:
        return report().has_filter
                   ? "the filter is `" + report().filter.text + "`"
                   : "";
      case K::kRequire:
        return HasObligation(expect) ? "" : "it is not: " + Obligations();
      case K::kAdvisory:
        return Says(report().advisories, expect.policy) ? ""
                                                        : "it is not listed";
      case K::kWaiver:
        for (const DecisionReport::WaiverUse& w : report().waivers) {
          if (w.waiver == expect.policy) return "";
        }
        return "it is not used";
      case K::kKeep:
        return report().keep == expect.keep
                   ? ""
                   : "it may be kept for " + FormatDuration(report().keep);
      default:
        return "";
    }
  }

  std::string ColumnProblem(const Expect& expect) {
    const Schema::Selectable* selectable =
        schema().FindSelectable(test_.resource_entity);
    bool asked = false;
    if (selectable != nullptr) {
      World& world = *decided_->bound.world;
      for (const Cell c : decided_->bound.asked) {
        asked |= world.ColumnName(c, selectable) == expect.column;
      }
    }
    if (!asked) return "the column is not asked for";
    const DecisionReport::Column* column = nullptr;
    for (const DecisionReport::Column& c : report().columns) {
      if (c.column == expect.column) column = &c;
    }
    std::string got = "clear";
    if (column != nullptr) {
      std::vector<std::string> arguments;
      for (const Node& n : column->arguments) arguments.push_back(NodeText(n));
      got = MaskText(column->mask, arguments);
    }
    if (expect.kind == Expect::Kind::kClear) {
      return column == nullptr ? "" : "it is masked with " + got;
    }
    std::string wanted = "hide";
    if (expect.kind == Expect::Kind::kMask) {
      constexpr const char* kNames[] = {
          "none",  "show_first", "show_last", "keep_domain", "hash", "truncate",
          "round", "network",    "constant",  "redact",      "null", "hide"};
      std::vector<std::string> arguments;
      for (const Constant& a : expect.mask_args) {
        // A constant's own spelling; its type is the column's.
        arguments.push_back(NodeText(ArgumentNode(a)));
      }
      wanted = MaskText(kNames[static_cast<size_t>(expect.mask)], arguments);
      if (expect.mask == MaskKind::kNone) wanted = "clear";
    }
    return got == wanted ? "" : "it is " + got;
  }

  Node ArgumentNode(const Constant& c) const {
    switch (c.kind) {
      case Kind::kTerm:
        return Text(schema().terms[c.index].path);
      case Kind::kBool: {
        Node node;
        node.kind = Node::Kind::kBool;
        node.boolean = c.number != 0;
        return node;
      }
      default:
        // Kinds whose spelling needs no type.
        return NodeOfConstant(schema(), c, 0);
    }
  }

  std::string RowProblem(const Expect& expect) {
    World& world = *decided_->bound.world;
    const std::string problem =
        CellProblem(decided_->bound.resource, expect.row);
    if (!problem.empty()) return problem;
    Truth truth = Truth::kTrue;
    if (decision().filter != nullptr) {
      RowSource source;
      source.cell = [&](std::string_view column) {
        for (const auto& [name, value] : expect.row) {
          if (name == column) return RowValue(schema(), value, world);
        }
        return Value::Missing();
      };
      source.list = [&](std::string_view table, std::string_view column) {
        std::vector<Value> values;
        for (const typed::GivenRows& rows : test_.rows) {
          if (rows.dataset != table) continue;
          for (const auto& row : rows.rows) {
            for (const auto& [name, value] : row) {
              if (name == column && value.kind != Kind::kMissing) {
                values.push_back(RowValue(schema(), value, world));
              }
            }
          }
        }
        return values;
      };
      truth = EvaluateFilter(*decision().filter, world, source);
    }
    const bool kept = truth == Truth::kTrue;
    if (kept == (expect.kind == Expect::Kind::kRowKept)) return "";
    return std::string("the filter ") +
           (report().has_filter ? "`" + report().filter.text + "`" : "(none)") +
           (truth == Truth::kTrue    ? " is true"
            : truth == Truth::kFalse ? " is false"
                                     : " is unknown");
  }

  std::string Obligations() const {
    std::string text;
    for (const DecisionReport::Obligation& o : report().obligations) {
      text += (text.empty() ? "" : ", ") + o.name + "(";
      for (size_t i = 0; i < o.arguments.size(); ++i) {
        text += (i ? ", " : "") + o.arguments[i].first + ": " +
                NodeText(o.arguments[i].second);
      }
      text += ")";
    }
    return text.empty() ? "none is" : text;
  }

  bool HasObligation(const Expect& expect) const {
    const ObligationType& type = schema().obligations[expect.obligation];
    for (const DecisionReport::Obligation& o : report().obligations) {
      if (o.name != type.name) continue;
      bool all = true;
      for (const auto& [slot, value] : expect.arguments) {
        const Attribute& parameter = type.parameters[slot];
        bool same = false;
        for (const auto& [name, argument] : o.arguments) {
          same |= name == parameter.name &&
                  NodeText(argument) ==
                      NodeText(NodeOfConstant(schema(), value, parameter.type));
        }
        all &= same;
      }
      if (all) return true;
    }
    return false;
  }

  const std::shared_ptr<const Program>& program_;
  const typed::Test& test_;
  std::vector<RuleCoverage>& coverage_;
  std::unique_ptr<DecidedTest> decided_;
  std::string message_;
};

}  // namespace

std::unique_ptr<DecidedTest> DecideTest(
    const std::shared_ptr<const Program>& program, const typed::Test& test,
    std::string* message, const Node* subject_attributes) {
  auto decided = std::make_unique<DecidedTest>();
  const Schema& schema = program->schema;
  FactsBuilder builder(program, FactsBuilder::Mode::kGiven);
  for (const GivenEntity& g : test.givens) {
    builder.AddGiven(g.entity, g.id, g.attributes, g.parent_entity,
                     g.parent_id);
    for (const auto& [type, id] : g.in) {
      builder.AddGiven(g.entity, g.id, {}, type, id);
    }
  }
  decided->facts = builder.Build();
  if (decided->facts == nullptr) {
    for (const FactError& e : builder.TakeErrors()) {
      *message += "given: " + e.message + "; ";
    }
    return nullptr;
  }
  // Compiling verified the program.
  auto engine = Engine::Load(program, decided->facts, {.is_verified = true});
  if (!engine.ok()) {
    *message = std::string(engine.status().message());
    return nullptr;
  }
  decided->engine = *engine;
  decided->context.kind = Node::Kind::kMap;
  const Action& action = schema.actions[test.action];
  for (const auto& [slot, value] : test.context) {
    decided->context.map.emplace_back(
        Text(action.context[slot].name),
        NodeOfConstant(schema, value, action.context[slot].type));
  }
  Request request;
  request.subject.type = schema.entities[test.subject_entity].name;
  request.subject.id = test.subject_id;
  request.subject.attributes = subject_attributes;
  request.action = action.name;
  request.resource.type = schema.entities[test.resource_entity].name;
  request.resource.id = test.resource_id;
  request.context = &decided->context;
  request.now = test.has_at ? test.at : kDefaultTestNow;
  if (test.proposing && !test.proposal.empty()) {
    std::set<const GivenEntity*> placed;
    decided->proposal = ProposalNode(schema, test, test.proposal[0], &placed);
    if (placed.size() < test.proposal.size()) {
      *message =
          "the request cannot be asked: an attribute that nests what is "
          "new names what is known too; let another attribute name it";
      return nullptr;
    }
    request.resource.attributes = &decided->proposal;
  }
  RequestError error;
  if (!decided->engine->Bind(request, decided->arena, &decided->bound,
                             &error)) {
    *message = "the request is refused: " + error.code + ": " + error.field +
               ": " + error.message;
    return nullptr;
  }
  decided->engine->Decide(decided->bound, decided->arena, &decided->decision);
  decided->report = MakeReport(*decided->engine, decided->bound,
                               decided->decision, SqlDialect::kNone);
  return decided;
}

TestRun RunTests(const CompileResult& compiled, std::string_view filter,
                 const std::function<void(size_t)>& progress) {
  TestRun run;
  // The tests' engines share the program without owning it.
  const std::shared_ptr<const Program> program(std::shared_ptr<void>(),
                                               compiled.program.get());
  run.coverage.resize(program->rules.size());
  for (uint32_t i = 0; i < run.coverage.size(); ++i) run.coverage[i].rule = i;
  for (size_t i = 0; i < compiled.tests.size(); ++i) {
    const typed::Test& test = compiled.tests[i];
    if ((test.module + ": " + test.name).find(filter) == std::string::npos) {
      continue;
    }
    if (progress) progress(i);
    run.tests.push_back(Case(program, test, &run.coverage).Run());
    if (!run.tests.back().passed) ++run.failed;
  }
  return run;
}

}  // namespace bylaw::cli
