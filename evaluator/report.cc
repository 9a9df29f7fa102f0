#include "evaluator/report.h"

#include <openssl/evp.h>

#include <algorithm>

#include "evaluator/decide.h"
#include "evaluator/spelling.h"

namespace bylaw {
namespace {

constexpr std::string_view kKindNames[] = {"allow", "deny", "mask",
                                           "hide",  "rows", "require"};
constexpr std::string_view kSeverityNames[] = {"low", "medium", "high",
                                               "critical"};

// Maps by their keys, whatever order they came in.
void AppendCanonical(const Node& node, std::string* text) {
  *text += static_cast<char>('0' + static_cast<int>(node.kind));
  switch (node.kind) {
    case Node::Kind::kNull:
      break;
    case Node::Kind::kBool:
      *text += node.boolean ? '1' : '0';
      break;
    case Node::Kind::kNumber:
    case Node::Kind::kString:
      *text += std::to_string(node.text.size()) + ' ' + node.text;
      break;
    case Node::Kind::kList:
      *text += std::to_string(node.list.size()) + ' ';
      for (const Node& element : node.list) AppendCanonical(element, text);
      break;
    case Node::Kind::kMap: {
      *text += std::to_string(node.map.size()) + ' ';
      std::vector<const std::pair<Node, Node>*> entries;
      for (const auto& entry : node.map) entries.push_back(&entry);
      std::sort(entries.begin(), entries.end(),
                [](const auto* a, const auto* b) {
                  return a->first.text < b->first.text;
                });
      for (const auto* entry : entries) {
        AppendCanonical(entry->first, text);
        AppendCanonical(entry->second, text);
      }
      break;
    }
  }
}

class Reporter {
 public:
  Reporter(const Engine& engine, const BoundRequest& bound,
           const Decision& decision, SqlDialect dialect)
      : engine_(engine),
        program_(engine.program()),
        bound_(bound),
        world_(*bound.world),
        decision_(decision),
        dialect_(dialect),
        vm_(&bound, engine.options().vm) {}

  DecisionReport Write() {
    report_.outcome = decision_.outcome;
    report_.keep = decision_.keep;
    report_.policies_revision = program_.revision;
    report_.facts_revision = engine_.facts().revision();
    report_.id = Id();
    for (const ColumnDecision& c : decision_.columns) AddColumn(c);
    if (decision_.filter != nullptr) SetFilter(*decision_.filter);
    for (const Effect& e : decision_.obligations) AddObligation(e);
    report_.determining =
        Determinants(decision_.determining, decision_.determining_errors,
                     /*texts_can_err=*/true);
    AddAdvisories();
    report_.not_delegated =
        Determinants(decision_.not_delegated, {}, /*texts_can_err=*/true);
    for (const WaiverUsed& w : decision_.waivers) {
      report_.waivers.push_back(
          {program_.waivers[w.waiver].id, program_.policies[w.policy].id});
    }
    for (const DecisionError& e : decision_.errors) AddError(e);
    std::stable_sort(
        errors_.begin(), errors_.end(),
        [](const ErrorAt& a, const ErrorAt& b) { return a.place < b.place; });
    for (ErrorAt& e : errors_) report_.errors.push_back(std::move(e.error));
    return std::move(report_);
  }

 private:
  // Equal decisions of equal requests have equal ids.
  std::string Id() {
    std::string text = program_.revision + '\n' + report_.facts_revision;
    const auto add = [&text](std::string_view part) {
      text += '\n';
      text += std::to_string(part.size());
      text += ' ';
      text += part;
    };
    add(program_.schema.actions[bound_.action].name);
    add(program_.schema.entities[bound_.subject_type].name);
    add(world_.IdOf(bound_.subject));
    add(program_.schema.entities[bound_.resource_type].name);
    add(world_.IdOf(bound_.resource));
    add(std::to_string(bound_.now));
    const size_t slots = program_.schema.actions[bound_.action].context.size();
    for (size_t i = 0; bound_.context != nullptr && i < slots; ++i) {
      add(PrintValue(world_, bound_.context[i]));
    }
    for (const Node* brought :
         {bound_.subject_attributes, bound_.resource_attributes}) {
      std::string attributes;
      if (brought != nullptr) AppendCanonical(*brought, &attributes);
      add(attributes);
    }
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    EVP_Digest(text.data(), text.size(), digest, &size, EVP_sha256(), nullptr);
    constexpr char kHex[] = "0123456789abcdef";
    constexpr unsigned int kBytes = 16;
    std::string id;
    for (unsigned int i = 0; i < std::min(size, kBytes); ++i) {
      id += kHex[digest[i] >> 4];
      id += kHex[digest[i] & 15];
    }
    return id;
  }

  std::string FileOf(const Position& p) const {
    return p.file < program_.files.size() ? program_.files[p.file] : "";
  }

  // --- Columns, rows, obligations -------------------------------------------

  void AddColumn(const ColumnDecision& c) {
    DecisionReport::Column out;
    const Schema::Selectable* s =
        program_.schema.FindSelectable(bound_.resource_type);
    out.column = std::string(world_.ColumnName(c.column, s));
    out.mask = std::string(MaskName(c.mask.kind));
    out.arguments = ArgumentsOf(c.mask, c.type);
    if (dialect_ != SqlDialect::kNone) {
      const auto& functions = program_.settings.hash_functions;
      const auto function =
          functions.find(std::string(SqlDialectName(dialect_)));
      const std::string hash =
          function == functions.end() ? "" : function->second;
      out.sql = MaskSql(c.mask, c.type, out.column, dialect_, hash, world_);
      unhashed_ |= c.mask.kind == MaskKind::kHash && hash.empty();
    }
    for (const uint32_t rule : c.rules) {
      const std::string& id = program_.policies[program_.rules[rule].policy].id;
      if (out.policies.empty() || out.policies.back() != id) {
        out.policies.push_back(id);
      }
    }
    report_.columns.push_back(std::move(out));
  }

  std::vector<Node> ArgumentsOf(const FittedMask& m, Kind type) const {
    const int64_t n = static_cast<int64_t>(m.n), k = static_cast<int64_t>(m.k);
    switch (m.kind) {
      case MaskKind::kShowFirst:
      case MaskKind::kShowLast:
        if (n == k) return {NumberNode(n)};
        return {NumberNode(n), NumberNode(k)};
      case MaskKind::kNetwork:
        return {NumberNode(n), NumberNode(k)};
      case MaskKind::kTruncate:
        return {TextNode(TruncateUnitName(m.unit))};
      case MaskKind::kRound:
        return {ToNode(world_, Value::Number(type, m.step))};
      case MaskKind::kConstant:
        return {ToNode(world_, m.constant)};
      default:
        return {};
    }
  }

  void SetFilter(const FilterNode& filter) {
    report_.has_filter = true;
    report_.filter.text = FilterText(filter, world_);
    report_.filter.tree = TreeOf(filter);
    if (dialect_ != SqlDialect::kNone) {
      SqlFilter sql = FilterSql(filter, dialect_, world_);
      report_.filter.sql = std::move(sql.text);
      report_.filter.parameters = std::move(sql.parameters);
    }
  }

  ReportedFilterNode TreeOf(const FilterNode& n) const {
    ReportedFilterNode out;
    out.op = std::string(FilterOpName(n.op));
    out.column = std::string(n.column);
    if (n.op == FilterOp::kConstant) out.value = ToNode(world_, n.constant);
    if (n.op == FilterOp::kInColumn) out.value = TextNode(n.table);
    for (uint32_t i = 0; i < n.num_operands; ++i) {
      out.operands.push_back(TreeOf(*n.operands[i]));
    }
    return out;
  }

  void AddObligation(const Effect& e) {
    const ObligationType& type =
        program_.schema.obligations[program_.rules[e.rule].obligation];
    DecisionReport::Obligation out;
    out.name = type.name;
    for (uint32_t i = 0; i < e.num_arguments; ++i) {
      if (e.arguments[i].missing()) continue;
      out.arguments.emplace_back(type.parameters[i].name,
                                 ToNode(world_, e.arguments[i]));
    }
    report_.obligations.push_back(std::move(out));
  }

  // --- Rules ----------------------------------------------------------------

  // Effects and errors of rules, merged by rule and loop elements.
  std::vector<ReportedDeterminant> Determinants(
      std::span<const Effect> effects, std::span<const RuleError> errors,
      bool texts_can_err) {
    std::vector<ReportedDeterminant> out;
    size_t next = 0;
    for (const Effect& e : effects) {
      for (; next < errors.size() && Before(errors[next], e); ++next) {
        out.push_back(DeterminantOf(errors[next]));
      }
      out.push_back(DeterminantOf(e, texts_can_err));
    }
    for (; next < errors.size(); ++next) {
      out.push_back(DeterminantOf(errors[next]));
    }
    return out;
  }

  bool Before(const RuleError& a, const Effect& b) const {
    if (a.rule != b.rule) return a.rule < b.rule;
    return CompareElements(world_, {a.elements, a.num_elements},
                           {b.elements, b.num_elements}) < 0;
  }

  ReportedDeterminant DeterminantOf(uint32_t rule_number,
                                    std::span<const Value> elements) {
    const Rule& rule = program_.rules[rule_number];
    const Policy& policy = program_.policies[rule.policy];
    ReportedDeterminant d;
    d.policy = policy.id;
    d.kind = std::string(kKindNames[static_cast<size_t>(rule.kind)]);
    d.file = FileOf(rule.position);
    d.line = static_cast<int32_t>(rule.position.line);
    d.column = static_cast<int32_t>(rule.position.column);
    d.scope = program_.scopes[policy.scope].name;
    d.severity =
        std::string(kSeverityNames[static_cast<size_t>(policy.severity)]);
    d.help = policy.help;
    SetAbout(rule, elements, &d);
    return d;
  }

  ReportedDeterminant DeterminantOf(const Effect& e, bool texts_can_err) {
    const Rule& rule = program_.rules[e.rule];
    const std::span<const Value> elements{e.elements, e.num_elements};
    ReportedDeterminant d = DeterminantOf(e.rule, elements);
    if (rule.because != kNone) {
      d.because = Text(e.rule, rule.because, elements, texts_can_err);
    }
    if (rule.help != kNone) {
      d.help = Text(e.rule, rule.help, elements, texts_can_err);
    }
    return d;
  }

  ReportedDeterminant DeterminantOf(const RuleError& e) {
    ReportedDeterminant d = DeterminantOf(e.rule, {e.elements, e.num_elements});
    d.because = "error: " + std::string(e.message);
    return d;
  }

  // "In `because` or `help`, none (the text shows `<error>`, and it is listed
  // among the errors)."
  std::string Text(uint32_t rule, uint32_t chunk,
                   std::span<const Value> elements, bool can_err) {
    bool erred = false;
    std::string text(vm_.RunText(chunk, elements, &erred));
    if (erred && can_err) {
      DecisionError e;
      e.rule = rule;
      e.policy = program_.rules[rule].policy;
      e.message = vm_.error();
      AddError(e);
    }
    return text;
  }

  // The innermost loop element that is an entity, else the resource.
  void SetAbout(const Rule& rule, std::span<const Value> elements,
                ReportedDeterminant* d) const {
    Cell entity = bound_.resource;
    for (const Value& v : elements) {
      if (v.kind == Kind::kEntity) entity = v.size;
    }
    const uint32_t type = world_.TypeOf(entity);
    if (type >= program_.schema.entities.size()) return;
    d->about_type = program_.schema.entities[type].name;
    d->about_id = std::string(world_.IdOf(entity));
    const auto& attributes = program_.schema.entities[type].attributes;
    const bool has_slot = rule.about_slot < attributes.size();
    if (has_slot) d->about_attribute = attributes[rule.about_slot].name;
    FactPosition at;
    if (world_.Find(entity) != nullptr) {
      if (has_slot) at = world_.PositionOf(entity, rule.about_slot);
      if (at.file == kNone) at = world_.PositionOf(entity);
    }
    // What stands in a proposal has a line and no file: its caller knows it.
    const Facts& facts = engine_.facts();
    if (at.file != kProposalFile) {
      if (at.file >= facts.files().size()) return;
      d->about_file = facts.files()[at.file];
    }
    d->about_line = static_cast<int32_t>(at.line);
    d->about_column = static_cast<int32_t>(at.column);
  }

  // --- Advisories and errors ------------------------------------------------

  void AddAdvisories() {
    const auto add = [this](std::string_view kind, std::string because,
                            std::string help) {
      ReportedDeterminant d;
      d.kind = std::string(kind);
      d.scope = program_.scopes[0].name;
      d.severity = "medium";
      d.because = std::move(because);
      d.help = std::move(help);
      report_.advisories.push_back(std::move(d));
    };
    if (decision_.ungoverned) {
      add("ungoverned",
          "no scope below the root governs " +
              std::string(world_.IdOf(bound_.resource)),
          "give it to a scope, or let a scope's `governs` cover it");
    }
    if (unhashed_) {
      add("unhashed",
          "no function is named for hash in " +
              std::string(SqlDialectName(dialect_)) + ": the column is NULL",
          "name one in bylaw.yaml under `sql`");
    }
    for (ReportedDeterminant& d :
         Determinants(decision_.advisories, decision_.advisory_errors,
                      /*texts_can_err=*/false)) {
      report_.advisories.push_back(std::move(d));
    }
  }

  void AddError(const DecisionError& e) {
    DecisionReport::Error out;
    const Position* at = e.position;
    if (e.policy != kNone) out.policy = program_.policies[e.policy].id;
    if (e.rule != kNone) at = &program_.rules[e.rule].position;
    if (at == nullptr && e.policy != kNone) {
      at = &program_.policies[e.policy].position;
    }
    if (at != nullptr) {
      out.file = FileOf(*at);
      out.line = static_cast<int32_t>(at->line);
    }
    out.message = std::string(e.message);
    const auto number = [](uint32_t v) { return v == kNone ? 0 : v + 1; };
    errors_.push_back({{number(e.policy), number(e.rule)}, std::move(out)});
  }

  struct ErrorAt {
    std::pair<uint32_t, uint32_t> place;  // policy, rule
    DecisionReport::Error error;
  };

  const Engine& engine_;
  const Program& program_;
  const BoundRequest& bound_;
  World& world_;
  const Decision& decision_;
  const SqlDialect dialect_;
  Vm vm_;
  bool unhashed_ = false;
  std::vector<ErrorAt> errors_;
  DecisionReport report_;
};

}  // namespace

DecisionReport MakeReport(const Engine& engine, const BoundRequest& bound,
                          const Decision& decision, SqlDialect dialect) {
  return Reporter(engine, bound, decision, dialect).Write();
}

}  // namespace bylaw
