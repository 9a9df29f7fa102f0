// Masks with their arguments, and whether they fit the type of a column.
#include <algorithm>

#include "compiler/check_names.h"
#include "compiler/checker.h"

namespace bylaw {

using typed::ExprPtr;
using typed::Op;

namespace {

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

}  // namespace

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
                  ImportOr(SuggestFrom(use.name.Text(), names), *this,
                           *env.module, use.name.Text(), &Module::masks));
      return false;
    }
    const MaskSymbol& symbol =
        found.value->end != nullptr ? *found.value->end : *found.value;
    if (!use.arguments.empty()) {
      Error(Code::BL2049, use.span,
            absl::StrCat("mask `", use.name.Text(),
                         "` has its arguments already"));
      return false;
    }
    if (!found.value->ok) return false;  // reported there
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
      if (value->op == Op::kConstant && value->constant.number <= 0) {
        Error(Code::BL2062, e.span, "the step must be more than 0");
        return nullptr;
      }
      return value;
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

}  // namespace bylaw
