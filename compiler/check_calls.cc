// Calls: functions, methods, literals that look like calls, and the arguments
// of obligations.
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

bool IsLiteralCall(std::string_view name) {
  return name == "date" || name == "time" || name == "ip" ||
         name == "version" || name == "column";
}

}  // namespace

bool Checker::IsMethodOf(std::string_view name, Kind receiver) {
  return std::any_of(std::begin(kMethods), std::end(kMethods),
                     [&](const Method& m) {
                       return m.receiver == receiver && name == m.name;
                     });
}

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
                absl::StrCat("unknown function `", name, "`"),
                ImportOr(suggestion, *this, *env.module, name, &Module::defs));
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
                               chain.back().text, "`"),
            found.not_imported != nullptr
                ? absl::StrCat("write `import ", module_name, "`")
                : "");
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
  const bool selectable =
      type.kind == Kind::kEntity &&
      std::all_of(type.entities.begin(), type.entities.end(),
                  [this](uint32_t entity) {
                    return schema().FindSelectable(entity) != nullptr;
                  });
  if (name.text == "has_column" && selectable) {
    if (!NeedsPresence(*object) || !arguments_are(1)) return nullptr;
    ExprPtr text = CheckExpr(*e.arguments[0].value, env, string);
    if (text == nullptr) return nullptr;
    return Make(Op::kHasColumn, Simple(Kind::kBool), e.span, std::move(object),
                std::move(text));
  }
  const Method* method = nullptr;
  std::vector<std::string> names;
  for (const Method& m : kMethods) {
    if (m.receiver != type.kind) continue;
    names.push_back(m.name);
    if (name.text == m.name) method = &m;
  }
  if (selectable) names.push_back("has_column");
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
    if (!argument.name && i > 0 && arguments[i - 1].name) {
      Error(Code::BL2026, argument.value->span,
            "what is given in order stands before what is named");
      ok = false;
      break;
    }
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
        schema().IsCollection(parameters[i].type)) {
      continue;
    }
    Error(Code::BL2025, span,
          absl::StrCat("`", name, "` needs its argument `", parameters[i].name,
                       "`"));
    ok = false;
  }
  return ok;
}

}  // namespace bylaw
