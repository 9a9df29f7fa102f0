#include "compiler/typed_dump.h"

#include <string_view>

#include "absl/strings/str_cat.h"

namespace bylaw {
namespace {

using typed::Op;

constexpr const char* kOpNames[] = {"constant",
                                    "local",
                                    "subject",
                                    "resource",
                                    "context",
                                    "now",
                                    "previous",
                                    "action",
                                    ".",
                                    "id",
                                    "[]",
                                    "not",
                                    "and",
                                    "or",
                                    "if",
                                    "??",
                                    "match",
                                    "==",
                                    "!=",
                                    "<",
                                    "<=",
                                    ">",
                                    ">=",
                                    "in",
                                    "in-below",
                                    "has",
                                    "has-below",
                                    "overlaps",
                                    "overlaps-below",
                                    "within",
                                    "ip-within",
                                    "has-key",
                                    "has_column",
                                    "is-empty",
                                    "is-missing",
                                    "is-present",
                                    "is",
                                    "starts-with",
                                    "ends-with",
                                    "contains",
                                    "like",
                                    "matches",
                                    "+",
                                    "-",
                                    "*",
                                    "/",
                                    "negate",
                                    "lower",
                                    "length",
                                    "decimal",
                                    "hour",
                                    "minute",
                                    "weekday",
                                    "date",
                                    "age",
                                    "major",
                                    "minor",
                                    "patch",
                                    "call",
                                    "any",
                                    "no",
                                    "all",
                                    "count",
                                    "sum",
                                    "min",
                                    "max",
                                    "set",
                                    "list",
                                    "record",
                                    "all-of",
                                    "row",
                                    "row-in"};
static_assert(std::size(kOpNames) == static_cast<size_t>(Op::kRowIn) + 1);

constexpr const char* kMaskNames[] = {
    "none",  "show_first", "show_last", "keep_domain", "hash", "truncate",
    "round", "network",    "constant",  "redact",      "null", "hide"};

constexpr const char* kRuleNames[] = {"allow", "deny", "mask",
                                      "hide",  "rows", "require"};

std::string Quote(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (c == '\n') {
      out += "\\n";
    } else {
      out += c;
    }
  }
  return out + "\"";
}

class Dumper {
 public:
  explicit Dumper(const typed::Program& program)
      : p_(program), s_(program.schema) {}

  std::string Program();
  std::string Expr(const typed::Expr& e);

 private:
  void Attributes(const std::vector<Attribute>& list);
  void SchemaText();
  void Policy(const typed::Policy& policy);
  void Rule(const typed::Rule& rule);
  void Guard(const char* word, const typed::Expr* e) {
    if (e != nullptr) absl::StrAppend(&out_, " ", word, " ", Expr(*e));
  }
  std::string Type(TypeId t) const { return t == kNone ? "_" : s_.TypeName(t); }
  std::string Entity(uint32_t e) const {
    return e == kNone ? "?" : s_.entities[e].name;
  }
  template <class F>
  std::string List(const std::vector<uint32_t>& numbers, F name) {
    std::string text;
    for (const uint32_t n : numbers) {
      if (!text.empty()) text += ", ";
      text += name(n);
    }
    return text;
  }

  const typed::Program& p_;
  const Schema& s_;
  std::string out_;
};

std::string Dumper::Expr(const typed::Expr& e) {
  switch (e.op) {
    case Op::kConstant:
      return DumpConstant(s_, e.constant);
    case Op::kLocal:
      return absl::StrCat("$", e.index);
    case Op::kSubject:
    case Op::kResource:
    case Op::kContext:
    case Op::kNow:
    case Op::kPrevious:
    case Op::kAction:
      return kOpNames[static_cast<size_t>(e.op)];
    default:
      break;
  }
  std::string text = absl::StrCat("(", kOpNames[static_cast<size_t>(e.op)]);
  if (e.op == Op::kCall) absl::StrAppend(&text, " ", p_.defs[e.index].id);
  if (e.op == Op::kAllOf) absl::StrAppend(&text, " ", Entity(e.index));
  if (e.local != kNone) absl::StrAppend(&text, " $", e.local);
  for (size_t i = 0; i < e.args.size(); ++i) {
    text += ' ';
    if (e.op == Op::kMatch && i > 0) {
      const std::vector<uint32_t>& terms = e.arms[i - 1].terms;
      absl::StrAppend(
          &text,
          terms.empty()
              ? "else"
              : List(terms, [&](uint32_t t) { return s_.terms[t].path; }),
          ": ");
    }
    text += Expr(*e.args[i]);
  }
  if (e.op == Op::kAttribute) absl::StrAppend(&text, " ", e.name);
  if (e.op == Op::kRowColumn && e.args.empty()) {
    absl::StrAppend(&text, " ", Quote(e.name));
  }
  if (e.op == Op::kRowIn) {
    absl::StrAppend(&text, " ", Quote(e.table), " ", Quote(e.name));
  }
  if (e.op == Op::kIsType) {
    absl::StrAppend(&text, " ",
                    List(e.entities, [&](uint32_t x) { return Entity(x); }));
  }
  if (e.marked) text += " ?";
  if (e.where != nullptr) absl::StrAppend(&text, " where ", Expr(*e.where));
  if (e.body != nullptr) absl::StrAppend(&text, " : ", Expr(*e.body));
  const bool typed =
      e.op == Op::kAttribute || e.op == Op::kCall || e.op == Op::kMapGet ||
      e.op == Op::kCoalesce || e.op == Op::kIf || e.op == Op::kMatch ||
      e.op == Op::kRowColumn || e.op == Op::kMin || e.op == Op::kMax;
  if (typed) absl::StrAppend(&text, " : ", Type(e.type));
  return text + ")";
}

void Dumper::Attributes(const std::vector<Attribute>& list) {
  for (const Attribute& a : list) {
    absl::StrAppend(&out_, "  ", a.name, ": ", Type(a.type));
    if (a.default_value.has_value()) {
      absl::StrAppend(&out_, " = ", DumpConstant(s_, *a.default_value));
    }
    if (a.inverse != kNone) absl::StrAppend(&out_, " inverse #", a.inverse);
    if (a.transitive) out_ += " transitive";
    if (a.asserted) out_ += " asserted";
    if (a.includes_resource) out_ += " includes resource";
    if (a.selects) out_ += " selects";
    out_ += '\n';
  }
}

void Dumper::SchemaText() {
  const auto entity = [&](uint32_t e) { return Entity(e); };
  for (const Vocabulary& v : s_.vocabularies) {
    static constexpr const char* kKinds[] = {"", " ordered", " tree"};
    absl::StrAppend(&out_, "vocabulary ", v.name,
                    kKinds[static_cast<size_t>(v.kind)], " {");
    for (uint32_t t = v.first_term; t < v.first_term + v.num_terms; ++t) {
      absl::StrAppend(&out_, t == v.first_term ? " " : ", ", s_.terms[t].path);
    }
    out_ += " }\n";
  }
  for (const RecordType& r : s_.records) {
    absl::StrAppend(&out_, "type ", r.name, "\n");
    Attributes(r.fields);
  }
  for (const EntityType& e : s_.entities) {
    absl::StrAppend(&out_, "entity ", e.name);
    if (!e.parents.empty()) {
      absl::StrAppend(&out_, " in ", List(e.parents, entity));
    }
    out_ += '\n';
    Attributes(e.attributes);
  }
  for (const Action& a : s_.actions) {
    absl::StrAppend(&out_, a.gate ? "gate " : "action ", a.name, " of ",
                    List(a.resources, entity), " by ", List(a.subjects, entity),
                    a.proposes ? " proposes" : "", "\n");
    Attributes(a.context);
  }
  for (const ActionGroup& g : s_.groups) {
    absl::StrAppend(
        &out_, "group ", g.name, " = ",
        List(g.actions, [&](uint32_t a) { return s_.actions[a].name; }), "\n");
  }
  for (const ObligationType& o : s_.obligations) {
    absl::StrAppend(&out_, "obligation ", o.name, "\n");
    Attributes(o.parameters);
  }
}

void Dumper::Rule(const typed::Rule& rule) {
  absl::StrAppend(&out_, "  ", kRuleNames[static_cast<size_t>(rule.kind)]);
  if (rule.in_first) absl::StrAppend(&out_, " first#", rule.earlier.size());
  if (rule.target != kNone) absl::StrAppend(&out_, " $", rule.target);
  if (rule.kind == RuleKind::kMask) {
    absl::StrAppend(&out_, " with ",
                    kMaskNames[static_cast<size_t>(rule.mask.kind)]);
    for (const typed::ExprPtr& a : rule.mask.args) {
      absl::StrAppend(&out_, " ", Expr(*a));
    }
  }
  if (rule.own.predicate != nullptr) {
    absl::StrAppend(&out_, rule.keep ? " keep " : " drop ",
                    Expr(*rule.own.predicate));
  }
  if (rule.obligation != kNone) {
    absl::StrAppend(&out_, " ", s_.obligations[rule.obligation].name, "(");
    for (size_t i = 0; i < rule.arguments.size(); ++i) {
      absl::StrAppend(&out_, i > 0 ? ", " : "",
                      rule.arguments[i] ? Expr(*rule.arguments[i]) : "_");
    }
    out_ += ')';
  }
  for (const auto& loop : rule.loops) {
    absl::StrAppend(&out_, " for $", loop->local, " in ",
                    loop->collection ? Expr(*loop->collection) : "?",
                    loop->over_columns ? " columns" : "");
    Guard("where", loop->where.get());
  }
  for (const auto& let : rule.lets) {
    absl::StrAppend(&out_, " let $", let->local, "@", let->depth, " = ",
                    Expr(*let->value));
  }
  Guard("when", rule.own.when.get());
  Guard("unless", rule.own.unless.get());
  if (rule.recheck >= 0) {
    absl::StrAppend(&out_, " recheck ", FormatDuration(rule.recheck));
  }
  if (rule.mentions_now) out_ += " now";
  if (rule.about_slot != kNone) {
    absl::StrAppend(&out_, " about #", rule.about_slot);
  }
  for (const auto* text : {&rule.because, &rule.help}) {
    if (*text == nullptr) continue;
    out_ += text == &rule.because ? " because" : " help";
    for (size_t i = 0; i < (*text)->literals.size(); ++i) {
      absl::StrAppend(&out_, " ", Quote((*text)->literals[i]));
      if (i < (*text)->exprs.size()) {
        absl::StrAppend(&out_, " ", Expr(*(*text)->exprs[i]));
      }
    }
  }
  out_ += '\n';
}

void Dumper::Policy(const typed::Policy& policy) {
  absl::StrAppend(
      &out_, "policy ", policy.id, " on ",
      List(policy.actions, [&](uint32_t a) { return s_.actions[a].name; }),
      " of ", Entity(policy.resource), " by ",
      List(policy.subjects, [&](uint32_t e) { return Entity(e); }));
  for (const uint32_t other : policy.overrides) {
    absl::StrAppend(&out_, " overrides ", p_.policies[other].id);
  }
  Guard("when", policy.guard_when.get());
  Guard("unless", policy.guard_unless.get());
  out_ += '\n';
  for (size_t i = 0; i < policy.locals.size(); ++i) {
    absl::StrAppend(&out_, "  $", i, " ", policy.locals[i].name, ": ",
                    Type(policy.locals[i].type), "\n");
  }
  for (const typed::Rule& rule : policy.rules) Rule(rule);
}

std::string Dumper::Program() {
  SchemaText();
  for (const typed::ContextDefault& d : p_.context_defaults) {
    absl::StrAppend(&out_, "default ", s_.actions[d.action].name, ".",
                    s_.actions[d.action].context[d.slot].name, " = ",
                    Expr(*d.value), "\n");
  }
  for (const typed::Def& d : p_.defs) {
    absl::StrAppend(&out_, "def ", d.id, "(");
    for (size_t i = 0; i < d.parameters.size(); ++i) {
      absl::StrAppend(&out_, i > 0 ? ", " : "", "$", d.parameters[i], ": ",
                      Type(d.locals[d.parameters[i]].type));
    }
    absl::StrAppend(&out_, "): ", Type(d.result), " = ",
                    d.body ? Expr(*d.body) : "?", "\n");
  }
  for (const typed::Scope& scope : p_.scopes) {
    absl::StrAppend(&out_, "scope ", scope.name,
                    scope.parent == kNone
                        ? " root"
                        : " under " + p_.scopes[scope.parent].name,
                    "\n");
    for (const typed::Governs& g : scope.governs) {
      absl::StrAppend(&out_, "  governs ", Entity(g.entity));
      Guard("where", g.where.get());
      out_ += '\n';
    }
    for (const typed::MayAllow& m : scope.may_allow) {
      absl::StrAppend(
          &out_, "  may allow ",
          List(m.actions, [&](uint32_t a) { return s_.actions[a].name; }),
          " of ", Entity(m.resource));
      Guard("when", m.when.get());
      out_ += '\n';
    }
    for (const uint32_t policy : scope.may_override) {
      absl::StrAppend(&out_, "  may override ", p_.policies[policy].id, "\n");
    }
  }
  for (const typed::Policy& policy : p_.policies) Policy(policy);
  for (const typed::Waiver& waiver : p_.waivers) {
    absl::StrAppend(&out_, "waiver ", waiver.id, " of ",
                    p_.policies[waiver.policy].id, " on ",
                    Entity(waiver.resource));
    Guard("where", waiver.where.get());
    absl::StrAppend(&out_, " from ", FormatTime(waiver.from), " until ",
                    FormatTime(waiver.until), "\n");
  }
  return std::move(out_);
}

}  // namespace

std::string DumpConstant(const Schema& schema, const Constant& c) {
  switch (c.kind) {
    case Kind::kMissing:
      return "missing";
    case Kind::kBool:
      return c.number != 0 ? "true" : "false";
    case Kind::kInt:
      return FormatInt(c.number);
    case Kind::kDecimal:
      return absl::StrCat("decimal(", FormatDecimal(c.number), ")");
    case Kind::kString:
      return Quote(c.text);
    case Kind::kDate:
      return absl::StrCat("date(", FormatDate(c.number), ")");
    case Kind::kTime:
      return absl::StrCat("time(", FormatTime(c.number), ")");
    case Kind::kDuration:
      return FormatDuration(c.number);
    case Kind::kPeriod:
      return FormatPeriod(c.number);
    case Kind::kIp:
      return absl::StrCat("ip(", FormatIp(c.ip), ")");
    case Kind::kVersion:
      return absl::StrCat("version(", FormatVersion(c.version), ")");
    case Kind::kTerm:
      return absl::StrCat(
          schema.vocabularies[schema.terms[c.index].vocabulary].name, ".",
          schema.terms[c.index].path);
    case Kind::kEntity:
      return absl::StrCat(schema.entities[c.index].name, " ", Quote(c.text));
    case Kind::kRecord:
    case Kind::kSet:
    case Kind::kList:
    case Kind::kMap: {
      std::string text = c.kind == Kind::kList ? "[" : "{";
      if (c.kind == Kind::kRecord) {
        text = absl::StrCat(schema.records[c.index].name, " {");
      }
      for (size_t i = 0; i < c.elements.size(); ++i) {
        if (i > 0) text += ", ";
        if (c.kind == Kind::kMap) {
          absl::StrAppend(&text, Quote(c.keys[i]), ": ");
        }
        text += DumpConstant(schema, c.elements[i]);
      }
      return text + (c.kind == Kind::kList ? "]" : "}");
    }
    case Kind::kFilter:
      break;
  }
  return "filter";
}

std::string DumpTypedExpr(const typed::Program& program, const typed::Expr& e) {
  return Dumper(program).Expr(e);
}

std::string DumpTyped(const typed::Program& program) {
  return Dumper(program).Program();
}

}  // namespace bylaw
