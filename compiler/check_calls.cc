// Calls: functions, methods, literals that look like calls, masks and the
// arguments of obligations.
#include <algorithm>

#include "compiler/check_names.h"
#include "compiler/checker.h"

namespace bylaw {
namespace {

using typed::ExprPtr;
using typed::Op;

struct Method {
  const char* name;
  Kind receiver;
  Op op;
  int arguments;  // 0, or 1: a zone or a date
  Kind result;
};

// Weekdays are terms: their result type is found apart.
constexpr Method kMethods[] = {
    {"lower", Kind::kString, Op::kLower, 0, Kind::kString},
    {"length", Kind::kString, Op::kLength, 0, Kind::kInt},
    {"decimal", Kind::kInt, Op::kToDecimal, 0, Kind::kDecimal},
    {"hour", Kind::kTime, Op::kHour, 1, Kind::kInt},
    {"minute", Kind::kTime, Op::kMinute, 1, Kind::kInt},
    {"weekday", Kind::kTime, Op::kWeekday, 1, Kind::kTerm},
    {"date", Kind::kTime, Op::kDate, 1, Kind::kDate},
    {"age", Kind::kDate, Op::kAge, 1, Kind::kInt},
};

struct BuiltInMask {
  const char* name;
  MaskKind kind;
  const char* parameters[2];
};

constexpr BuiltInMask kMasks[] = {
    {"none", MaskKind::kNone, {nullptr, nullptr}},
    {"show_first", MaskKind::kShowFirst, {"n", nullptr}},
    {"show_last", MaskKind::kShowLast, {"n", nullptr}},
    {"keep_domain", MaskKind::kKeepDomain, {nullptr, nullptr}},
    {"hash", MaskKind::kHash, {nullptr, nullptr}},
    {"truncate", MaskKind::kTruncate, {"unit", nullptr}},
    {"round", MaskKind::kRound, {"step", nullptr}},
    {"network", MaskKind::kNetwork, {"v4", "v6"}},
    {"constant", MaskKind::kConstant, {"v", nullptr}},
    {"redact", MaskKind::kRedact, {nullptr, nullptr}},
    {"null", MaskKind::kNull, {nullptr, nullptr}},
};

bool IsLiteralCall(std::string_view name) {
  return name == "date" || name == "time" || name == "ip" ||
         name == "version" || name == "column";
}

}  // namespace

ExprPtr Checker::InferCall(const ast::Expr& e, Env& env, TypeId) {
  const ast::Expr& callee = *e.operands[0];
  if (callee.kind == ast::ExprKind::kName) {
    const std::string& name = callee.name.text;
    const uint32_t def = LookUpDef(*env.module, {callee.name}, callee.span);
    if (def == kAmbiguous) return nullptr;
    if (def != kNone) return InferDefCall(e, def, env);
    if (IsLiteralCall(name)) return InferBuiltIn(e);
    std::vector<std::string> names =
        VisibleNames(*this, *env.module, &Module::defs);
    for (const char* built_in : {"date", "time", "ip", "version"}) {
      names.push_back(built_in);
    }
    std::string suggestion = SuggestFrom(name, names);
    for (const Method& method : kMethods) {
      if (name == method.name) {
        suggestion = absl::StrCat("`", name, "` is a method: write `x.", name,
                                  method.arguments == 0 ? "()`" : "(…)`");
      }
    }
    UnknownName(Code::BL2012, callee.span,
                absl::StrCat("unknown function `", name, "`"), suggestion);
    for (const ast::Argument& argument : e.arguments) {
      if (DependenceOf(*argument.value, env) == Dependence::kNone) {
        Infer(*argument.value, env);
      }
    }
    return nullptr;
  }
  if (callee.kind != ast::ExprKind::kMember) {
    Error(Code::BL2012, callee.span, "only functions and methods are called");
    return nullptr;
  }
  const std::vector<ast::Name> chain = ChainOf(callee);
  if (chain.size() >= 2 && FindBinding(env, chain[0].text) == nullptr) {
    const std::string module_name = JoinNames(chain, chain.size() - 1);
    const Module* module = FindModule(module_name);
    if (module != nullptr) {
      const auto found = LookUp(*this, *env.module, chain, &Module::defs);
      if (found.value != nullptr) return InferDefCall(e, *found.value, env);
      if (LookUpDef(*env.module, {chain[0]}, callee.span, false) == kNone) {
        UnknownName(
            Code::BL2012, callee.span,
            found.not_imported != nullptr
                ? absl::StrCat("module `", module_name,
                               "` is not imported here")
                : absl::StrCat("module `", module_name, "` has no function `",
                               chain.back().text, "`"));
        return nullptr;
      }
    }
  }
  return InferMethod(e, env);
}

ExprPtr Checker::InferDefCall(const ast::Expr& e, uint32_t def, Env& env) {
  const ast::Def& tree = *def_trees[def].tree;
  const ast::Expr& callee = *e.operands[0];
  if (tree.is_constant) {
    Error(Code::BL2060, callee.span,
          absl::StrCat("`", tree.name.text, "` is a constant"),
          "write it without brackets");
    return nullptr;
  }
  bool ok = true;
  const std::vector<uint32_t>& parameters = program.defs[def].parameters;
  if (e.arguments.size() != parameters.size()) {
    Error(Code::BL2025, e.span,
          absl::StrCat("`", tree.name.text, "` takes ", parameters.size(),
                       parameters.size() == 1 ? " argument" : " arguments",
                       ", not ", e.arguments.size()));
    ok = false;
  }
  ExprPtr result = Make(Op::kCall, program.defs[def].result, e.span);
  result->index = def;
  result->name = program.defs[def].id;
  for (size_t i = 0; i < e.arguments.size(); ++i) {
    const ast::Argument& argument = e.arguments[i];
    if (argument.name) {
      Error(Code::BL2026, argument.name.span,
            "the arguments of functions have no names");
      ok = false;
    }
    const TypeId type = i < parameters.size()
                            ? program.defs[def].locals[parameters[i]].type
                            : kNone;
    if (type == kNone) {
      ok = false;
      continue;
    }
    ExprPtr value = CheckExpr(*argument.value, env, type);
    if (value == nullptr) {
      ok = false;
      continue;
    }
    result->args.push_back(std::move(value));
  }
  if (!ok || result->type == kNone) return nullptr;
  return result;
}

ExprPtr Checker::InferBuiltIn(const ast::Expr& e) {
  const std::string& name = e.operands[0]->name.text;
  if (name == "column") {
    Error(Code::BL2053, e.span,
          "`column(…)` stands after `r.x in` in row predicates only");
    return nullptr;
  }
  if (e.arguments.size() != 1 ||
      e.arguments[0].value->kind != ast::ExprKind::kString ||
      e.arguments[0].name) {
    Error(Code::BL2029,
          e.arguments.empty() ? e.span : e.arguments[0].value->span,
          absl::StrCat("`", name, "` takes one literal text"));
    return nullptr;
  }
  const ast::Expr& literal = *e.arguments[0].value;
  Constant c;
  bool ok = true;
  if (name == "date" || name == "time") {
    const std::optional<int64_t> value =
        name == "date" ? ParseDate(literal.text) : ParseTime(literal.text);
    ok = value.has_value();
    c.kind = name == "date" ? Kind::kDate : Kind::kTime;
    c.number = value.value_or(0);
  } else if (name == "ip") {
    const std::optional<Ip> value = ParseIp(literal.text);
    ok = value.has_value();
    c.kind = Kind::kIp;
    c.ip = value.value_or(Ip{});
  } else {
    std::optional<Version> value = ParseVersion(literal.text);
    ok = value.has_value();
    c.kind = Kind::kVersion;
    if (ok) c.version = *std::move(value);
  }
  if (!ok) {
    Error(Code::BL2027, literal.span,
          absl::StrCat("`", literal.text, "` is no ", name),
          name == "date"   ? "write date(\"2026-11-20\")"
          : name == "time" ? "write time(\"2026-11-20T10:00:00Z\")"
          : name == "ip"   ? "write ip(\"10.0.0.7\") or ip(\"10.0.0.0/8\"), "
                             "a network without host bits"
                           : "write version(\"1.2.0\")");
    return nullptr;
  }
  const TypeId type = Simple(c.kind);
  return MakeConstant(std::move(c), type, e.span);
}

ExprPtr Checker::InferMethod(const ast::Expr& e, Env& env) {
  const ast::Expr& callee = *e.operands[0];
  const ast::Name& name = callee.name;
  ExprPtr object;
  const ast::Expr& receiver = *callee.operands[0];
  const std::vector<ast::Name> context = ChainOf(callee);
  if (context.size() == 2 && context[0].text == "context") {
    InferContextAttribute(name, callee.span, env);  // reports what is wrong
    if (!env.actions.empty()) {
      Error(Code::BL2013, name.span,
            absl::StrCat("`context` has no method `", name.text, "`"));
    }
    return nullptr;
  }
  object = Infer(receiver, env);
  if (object == nullptr) return nullptr;
  const TypeInfo type = schema().type(object->type);
  const TypeId string = Simple(Kind::kString);
  const auto arguments_are = [&](size_t n) {
    if (e.arguments.size() == n) return true;
    Error(Code::BL2025, e.span,
          absl::StrCat("`", name.text, "` takes ", n,
                       n == 1 ? " argument" : " arguments", ", not ",
                       e.arguments.size()));
    return false;
  };
  if (name.text == "has_column" && type.kind == Kind::kEntity) {
    bool selectable = true;
    for (const uint32_t entity : type.entities) {
      selectable = selectable && schema().FindSelectable(entity) != nullptr;
    }
    if (selectable) {
      if (!NeedsPresence(*object) || !arguments_are(1)) return nullptr;
      ExprPtr text = CheckExpr(*e.arguments[0].value, env, string);
      if (text == nullptr) return nullptr;
      return Make(Op::kHasColumn, Simple(Kind::kBool), e.span,
                  std::move(object), std::move(text));
    }
  }
  const Method* method = nullptr;
  std::vector<std::string> names;
  for (const Method& m : kMethods) {
    if (m.receiver != type.kind) continue;
    names.push_back(m.name);
    if (name.text == m.name) method = &m;
  }
  if (method == nullptr) {
    UnknownName(Code::BL2013, name.span,
                absl::StrCat(TypeName(schema().Present(object->type)),
                             " has no method `", name.text, "`"),
                SuggestFrom(name.text, names));
    return nullptr;
  }
  const bool present = NeedsPresence(*object);
  if (!arguments_are(static_cast<size_t>(method->arguments)) || !present) {
    return nullptr;
  }
  const TypeId result_type = method->result == Kind::kTerm
                                 ? TermType(schema().weekday_vocabulary)
                                 : Simple(method->result);
  ExprPtr result = Make(method->op, result_type, e.span, std::move(object));
  if (method->arguments == 0) return result;
  const ast::Expr& argument = *e.arguments[0].value;
  if (method->op != Op::kAge) {
    ExprPtr zone = CheckExpr(argument, env, string);
    if (zone == nullptr) return nullptr;
    if (zone->op == Op::kConstant && !IsTimeZone(zone->constant.text)) {
      Error(Code::BL2027, argument.span,
            absl::StrCat("`", zone->constant.text, "` is no time zone"),
            "zones are named like \"Europe/Paris\" or \"UTC\"");
      return nullptr;
    }
    result->args.push_back(std::move(zone));
    return result;
  }
  ExprPtr at = Infer(argument, env);
  if (at == nullptr || !NeedsPresence(*at)) return nullptr;
  if (KindOf(at->type) == Kind::kTime) {
    // The day that it is then, where the mesh is.
    Constant zone;
    zone.kind = Kind::kString;
    zone.text = input.timezone;
    const Span span = at->span;
    at = Make(Op::kDate, Simple(Kind::kDate), span, std::move(at),
              MakeConstant(std::move(zone), string, span));
  } else if (KindOf(at->type) != Kind::kDate) {
    Error(Code::BL2018, argument.span,
          absl::StrCat("expected Date or Time, found ", TypeName(at->type)));
    return nullptr;
  }
  result->args.push_back(std::move(at));
  return result;
}

// --- Masks -------------------------------------------------------------------

namespace {

// Of the terms of ColumnType by their names.
bool MaskFits(MaskKind kind, std::string_view type, const typed::Mask& mask) {
  const auto is = [&](std::initializer_list<std::string_view> types) {
    return std::find(types.begin(), types.end(), type) != types.end();
  };
  switch (kind) {
    case MaskKind::kShowFirst:
    case MaskKind::kShowLast:
    case MaskKind::kKeepDomain:
      return is({"string"});
    case MaskKind::kHash:
      return is({"string", "int"});
    case MaskKind::kTruncate:
      return is({"time"}) ||
             (is({"date"}) && mask.args[0]->constant.text != "hour");
    case MaskKind::kRound: {
      if (is({"decimal"})) return true;
      if (!is({"int"})) return false;
      const typed::Expr& step = *mask.args[0];
      return !(step.op == Op::kConstant &&
               step.constant.kind == Kind::kDecimal &&
               step.constant.number % kDecimalOne != 0);
    }
    case MaskKind::kNetwork:
      return is({"ip"});
    default:
      return true;
  }
}

Kind KindOfColumnType(std::string_view type) {
  static constexpr std::pair<std::string_view, Kind> kKinds[] = {
      {"bool", Kind::kBool},       {"int", Kind::kInt},
      {"decimal", Kind::kDecimal}, {"string", Kind::kString},
      {"date", Kind::kDate},       {"time", Kind::kTime},
      {"ip", Kind::kIp},           {"duration", Kind::kDuration},
      {"version", Kind::kVersion}};
  for (const auto& [name, kind] : kKinds) {
    if (name == type) return kind;
  }
  return Kind::kMissing;
}

}  // namespace

std::vector<std::string> Checker::ColumnTypesOf(const Env& env,
                                                uint32_t target) const {
  std::vector<std::string> names;
  if (target == kNone) return names;
  const TypeId type = (*env.locals)[target].type;
  if (type == kNone || KindOf(type) != Kind::kEntity) return names;
  for (const Schema::Selectable& s : schema().selectables) {
    if (schema().type(type).entities !=
        std::vector<uint32_t>{s.column_entity}) {
      continue;
    }
    const std::string path =
        "L" + std::to_string(target) + "." +
        schema().entities[s.column_entity].attributes[s.type_slot].name;
    std::vector<uint32_t> terms;
    bool known = false;
    for (const Fact& fact : env.facts) {
      if (fact.path != path || fact.terms.empty()) continue;
      if (!known) {
        terms = fact.terms;
      } else {
        std::vector<uint32_t> both;
        std::set_intersection(terms.begin(), terms.end(), fact.terms.begin(),
                              fact.terms.end(), std::back_inserter(both));
        terms = std::move(both);
      }
      known = true;
    }
    for (const uint32_t term : terms) {
      names.push_back(schema().terms[term].path);
    }
    break;
  }
  return names;
}

bool Checker::CheckMask(const ast::MaskUse& use, Env& env, uint32_t target,
                        typed::Mask* mask) {
  if (use.name.parts.empty()) return false;
  const BuiltInMask* built_in = nullptr;
  if (use.name.parts.size() == 1) {
    for (const BuiltInMask& m : kMasks) {
      if (use.name.parts[0].text == m.name) built_in = &m;
    }
  }
  if (built_in == nullptr) {
    const auto found =
        LookUp(*this, *env.module, use.name.parts, &Module::masks);
    if (found.other != nullptr) {
      Error(Code::BL2014, use.name.span,
            absl::StrCat("mask `", use.name.Text(), "` is declared in `",
                         found.module->name, "` and in `", found.other->name,
                         "`"));
      return false;
    }
    if (found.value == nullptr) {
      std::vector<std::string> names =
          VisibleNames(*this, *env.module, &Module::masks);
      for (const BuiltInMask& m : kMasks) names.push_back(m.name);
      UnknownName(Code::BL2011, use.name.span,
                  absl::StrCat("unknown mask `", use.name.Text(), "`"),
                  SuggestFrom(use.name.Text(), names));
      return false;
    }
    const MaskSymbol& symbol = *found.value;
    if (!use.arguments.empty()) {
      Error(Code::BL2049, use.span,
            absl::StrCat("mask `", use.name.Text(),
                         "` has its arguments already"));
      return false;
    }
    if (!symbol.ok) return false;  // reported there
    // The arguments see nothing but constants: typed anew for this use.
    std::vector<typed::Local> locals;
    Env own;
    own.module = symbol.module;
    own.locals = &locals;
    own.now = false;
    const bool was_quiet = quiet;
    quiet = true;
    const bool ok = CheckMask(symbol.tree->mask, own, kNone, mask);
    quiet = was_quiet;
    return ok && CheckMaskFits(use, env, target, *mask);
  }
  mask->kind = built_in->kind;
  mask->args.clear();
  size_t wanted = 0;
  while (wanted < 2 && built_in->parameters[wanted] != nullptr) ++wanted;
  // By position or by name.
  std::vector<const ast::Expr*> values(wanted, nullptr);
  bool ok = true;
  for (size_t i = 0; i < use.arguments.size(); ++i) {
    const ast::Argument& argument = use.arguments[i];
    size_t at = i;
    if (argument.name) {
      at = 0;
      while (at < wanted && argument.name.text != built_in->parameters[at]) {
        ++at;
      }
      if (at == wanted) {
        Error(Code::BL2026, argument.name.span,
              absl::StrCat("`", built_in->name, "` has no parameter `",
                           argument.name.text, "`"));
        ok = false;
        continue;
      }
    }
    if (at < wanted && values[at] == nullptr) {
      values[at] = argument.value.get();
    } else {
      at = wanted;
    }
    if (at == wanted) {
      Error(Code::BL2049, argument.value->span,
            absl::StrCat("`", built_in->name, "` takes ",
                         wanted == 0   ? "no arguments"
                         : wanted == 1 ? "one argument"
                                       : "two arguments"));
      return false;
    }
  }
  for (size_t i = 0; i < wanted && ok; ++i) {
    if (values[i] == nullptr) {
      Error(Code::BL2049, use.span,
            absl::StrCat("`", built_in->name, "` needs its argument `",
                         built_in->parameters[i], "`"));
      return false;
    }
  }
  if (!ok) return false;
  const std::vector<std::string> types = ColumnTypesOf(env, target);
  for (size_t i = 0; i < wanted; ++i) {
    ExprPtr value = CheckMaskArgument(built_in->kind, i, *values[i],
                                      types.size() == 1 ? types[0] : "", env);
    if (value == nullptr) return false;
    mask->args.push_back(std::move(value));
  }
  return CheckMaskFits(use, env, target, *mask);
}

ExprPtr Checker::CheckMaskArgument(MaskKind kind, size_t index,
                                   const ast::Expr& e,
                                   std::string_view column_type, Env& env) {
  const auto range = [&](const ExprPtr& value, int64_t least, int64_t most) {
    if (value == nullptr || value->op != Op::kConstant) return true;
    if (value->constant.number >= least && value->constant.number <= most) {
      return true;
    }
    Error(Code::BL2062, e.span,
          most == INT64_MAX
              ? absl::StrCat("this must be at least ", least)
              : absl::StrCat("this must be from ", least, " to ", most));
    return false;
  };
  switch (kind) {
    case MaskKind::kShowFirst:
    case MaskKind::kShowLast: {
      ExprPtr value = CheckExpr(e, env, Simple(Kind::kInt));
      return range(value, 1, INT64_MAX) ? std::move(value) : nullptr;
    }
    case MaskKind::kNetwork: {
      ExprPtr value = CheckExpr(e, env, Simple(Kind::kInt));
      return range(value, 0, index == 0 ? 32 : 128) ? std::move(value)
                                                    : nullptr;
    }
    case MaskKind::kTruncate: {
      static constexpr std::string_view kUnits[] = {"year", "month", "day",
                                                    "hour"};
      const bool unit = e.kind == ast::ExprKind::kName &&
                        std::find(std::begin(kUnits), std::end(kUnits),
                                  e.name.text) != std::end(kUnits);
      if (!unit) {
        Error(Code::BL2029, e.span, "the unit is year, month, day or hour");
        return nullptr;
      }
      Constant c;
      c.kind = Kind::kString;
      c.text = e.name.text;
      return MakeConstant(std::move(c), Simple(Kind::kString), e.span);
    }
    case MaskKind::kRound: {
      ExprPtr value = Infer(
          e, env, column_type == "decimal" ? Simple(Kind::kDecimal) : kNone);
      if (value == nullptr || !NeedsPresence(*value)) return nullptr;
      const Kind k = KindOf(value->type);
      if (k != Kind::kInt && k != Kind::kDecimal) {
        Error(Code::BL2018, e.span,
              absl::StrCat("expected Int or Decimal, found ",
                           TypeName(value->type)));
        return nullptr;
      }
      return range(value, 1, INT64_MAX) ? std::move(value) : nullptr;
    }
    default:
      break;
  }
  // constant(v): of the column's type.
  const Kind wanted = KindOfColumnType(column_type);
  ExprPtr value =
      Infer(e, env, wanted == Kind::kMissing ? kNone : Simple(wanted));
  if (value == nullptr || !NeedsPresence(*value)) return nullptr;
  const Kind k = KindOf(value->type);
  const bool scalar = k == Kind::kBool || k == Kind::kInt ||
                      k == Kind::kDecimal || k == Kind::kString ||
                      k == Kind::kDate || k == Kind::kTime || k == Kind::kIp ||
                      k == Kind::kDuration || k == Kind::kVersion;
  if (!scalar) {
    Error(Code::BL2049, e.span,
          absl::StrCat("no column holds a ", TypeName(value->type)));
    return nullptr;
  }
  return value;
}

bool Checker::CheckMaskFits(const ast::MaskUse& use, const Env& env,
                            uint32_t target, const typed::Mask& mask) {
  const std::vector<std::string> types = ColumnTypesOf(env, target);
  if (types.empty()) return true;
  for (const std::string& type : types) {
    if (mask.kind == MaskKind::kConstant) {
      const Kind wanted = KindOfColumnType(type);
      const Kind given = KindOf(mask.args[0]->type);
      if (wanted == given ||
          (wanted == Kind::kDecimal && given == Kind::kInt)) {
        return true;
      }
    } else if (MaskFits(mask.kind, type, mask)) {
      return true;
    }
  }
  Error(Code::BL2048, use.span,
        absl::StrCat("`", use.name.Text(), "` does not fit a column of type `",
                     types[0], "`"));
  return false;
}

// --- Obligations -------------------------------------------------------------

bool Checker::CheckArguments(uint32_t obligation, const Span& span,
                             const std::vector<ast::Argument>& arguments,
                             Env& env, std::vector<ExprPtr>* out) {
  // A copy: typing may add types, never obligations, but keep it simple.
  const std::vector<Attribute> parameters =
      schema().obligations[obligation].parameters;
  const std::string& name = schema().obligations[obligation].name;
  out->clear();
  out->resize(parameters.size());
  std::vector<bool> given(parameters.size(), false);
  bool ok = true;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const ast::Argument& argument = arguments[i];
    size_t slot = i;
    if (argument.name) {
      slot = Schema::FindAttribute(parameters, argument.name.text);
      if (slot == kNone) {
        std::vector<std::string> names;
        for (const Attribute& p : parameters) names.push_back(p.name);
        Error(Code::BL2026, argument.name.span,
              absl::StrCat("`", name, "` has no parameter `",
                           argument.name.text, "`"),
              SuggestFrom(argument.name.text, names));
        ok = false;
        continue;
      }
    } else if (slot >= parameters.size()) {
      Error(Code::BL2025, argument.value->span,
            absl::StrCat("`", name, "` takes ", parameters.size(),
                         parameters.size() == 1 ? " argument" : " arguments"));
      ok = false;
      continue;
    }
    if (given[slot]) {
      Error(Code::BL2026,
            argument.name ? argument.name.span : argument.value->span,
            absl::StrCat("`", parameters[slot].name, "` is given twice"));
      ok = false;
      continue;
    }
    given[slot] = true;
    if (parameters[slot].type == kNone) {
      ok = false;
      continue;
    }
    (*out)[slot] = CheckExpr(*argument.value, env, parameters[slot].type);
    ok = ok && (*out)[slot] != nullptr;
  }
  if (!ok) return false;
  for (size_t i = 0; i < parameters.size(); ++i) {
    if (given[i] || parameters[i].type == kNone ||
        IsOptional(parameters[i].type) ||
        schema().IsCollection(parameters[i].type) ||
        HasDefault(obligation, i)) {
      continue;
    }
    Error(Code::BL2025, span,
          absl::StrCat("`", name, "` needs its argument `", parameters[i].name,
                       "`"));
    ok = false;
  }
  return ok;
}

bool Checker::HasDefault(uint32_t obligation, size_t slot) const {
  return schema()
      .obligations[obligation]
      .parameters[slot]
      .default_value.has_value();
}

}  // namespace bylaw
