// Constant expressions: defaults, mask definitions, what tests give.
#include <algorithm>

#include "compiler/bytecode/verify_schema.h"
#include "compiler/check_names.h"
#include "compiler/checker.h"

namespace bylaw {
namespace {

using typed::Op;

// Orders values of one type: numbers by size, texts by bytes, terms by their
// place in the vocabulary, entities by type and id.
int Compare(const Constant& a, const Constant& b) {
  const auto three_way = [](const auto& x, const auto& y) {
    return x < y ? -1 : y < x ? 1 : 0;
  };
  if (a.kind != b.kind) return three_way(a.kind, b.kind);
  if (const int c = three_way(a.number, b.number); c != 0) return c;
  if (const int c = three_way(a.index, b.index); c != 0) return c;
  if (const int c = three_way(a.text, b.text); c != 0) return c;
  if (a.kind == Kind::kIp) return three_way(a.ip, b.ip);
  if (a.kind == Kind::kVersion) return three_way(a.version, b.version);
  for (size_t i = 0; i < std::min(a.elements.size(), b.elements.size()); ++i) {
    if (const int c = Compare(a.elements[i], b.elements[i]); c != 0) return c;
  }
  if (const int c = three_way(a.elements.size(), b.elements.size()); c != 0) {
    return c;
  }
  return three_way(a.keys, b.keys);
}

}  // namespace

void Checker::SortConstants(std::vector<Constant>* elements) {
  std::stable_sort(
      elements->begin(), elements->end(),
      [](const Constant& a, const Constant& b) { return Compare(a, b) < 0; });
  elements->erase(std::unique(elements->begin(), elements->end(),
                              [](const Constant& a, const Constant& b) {
                                return Compare(a, b) == 0;
                              }),
                  elements->end());
}

// What defs that hold each other twice may grow to; it is computed beyond.
constexpr uint64_t kMaxFolded = 100'000;

std::optional<Constant> Checker::FoldConstant(const typed::Expr& e) const {
  switch (e.op) {
    case Op::kConstant:
      return e.constant;
    case Op::kSet:
    case Op::kList: {
      Constant value;
      value.kind = e.op == Op::kSet ? Kind::kSet : Kind::kList;
      uint64_t values = 0;
      for (const typed::ExprPtr& arg : e.args) {
        std::optional<Constant> element = FoldConstant(*arg);
        if (!element.has_value()) return std::nullopt;
        if (!element->elements.empty()) values += CountValues(*element);
        if (values > kMaxFolded) return std::nullopt;
        value.elements.push_back(*std::move(element));
      }
      if (e.op == Op::kSet) SortConstants(&value.elements);
      return value;
    }
    case Op::kCall:
      if (e.index < def_constants_.size() && e.args.empty()) {
        return def_constants_[e.index];
      }
      return std::nullopt;
    default:
      return std::nullopt;
  }
}

std::optional<Constant> Checker::EvalConstant(const ast::Expr& e,
                                              const Module& from,
                                              TypeId expected,
                                              const NestedEntities* nested) {
  if (nested != nullptr && expected != kNone) {
    const TypeInfo type = schema().type(expected);
    const auto mismatch = [&](std::string_view found) {
      Error(Code::BL2018, e.span,
            absl::StrCat("expected ", TypeName(expected), ", found ",
                         std::string(found)),
            SpellingHint(e, expected));
      return std::nullopt;
    };
    switch (e.kind) {
      case ast::ExprKind::kEntity:
        if (e.has_body) return (*nested)(e, expected);
        break;
      case ast::ExprKind::kRecord: {
        const TypeSymbol* symbol = ResolveTypeName(from, e.path);
        if (symbol == nullptr) return std::nullopt;
        if (symbol->kind == TypeSymbol::Kind::kEntity) {
          return (*nested)(e, expected);
        }
        if (symbol->kind != TypeSymbol::Kind::kRecord) {
          Error(Code::BL2036, e.path.span,
                absl::StrCat("`", e.path.Text(), "` is no record or entity"));
          return std::nullopt;
        }
        if (type.kind != Kind::kRecord || type.id != symbol->index) {
          return mismatch(e.path.Text());
        }
        const std::vector<Attribute> fields =
            schema().records[symbol->index].fields;
        std::vector<std::pair<uint32_t, Constant>> values;
        if (!EvalFields(e.fields, fields, e.path.Text(), from, nested,
                        &values)) {
          return std::nullopt;
        }
        Constant record;
        record.kind = Kind::kRecord;
        record.index = symbol->index;
        record.elements.resize(fields.size());
        std::vector<bool> given(fields.size(), false);
        for (auto& [slot, value] : values) {
          record.elements[slot] = std::move(value);
          given[slot] = true;
        }
        bool ok = true;
        for (size_t i = 0; i < fields.size(); ++i) {
          if (given[i]) continue;
          if (fields[i].default_value.has_value()) {
            record.elements[i] = *fields[i].default_value;
          } else if (fields[i].type != kNone &&
                     schema().IsCollection(fields[i].type)) {
            record.elements[i].kind = KindOf(fields[i].type);
          } else if (fields[i].type != kNone &&
                     schema().IsRequired(fields[i])) {
            Error(Code::BL2025, e.span,
                  absl::StrCat("`", e.path.Text(), "` needs its field `",
                               fields[i].name, "`"));
            ok = false;
          }
        }
        if (!ok) return std::nullopt;
        return record;
      }
      case ast::ExprKind::kMap: {
        if (type.kind != Kind::kMap) return mismatch("a map");
        Constant map;
        map.kind = Kind::kMap;
        std::vector<std::pair<std::string, Constant>> entries;
        bool ok = true;
        for (const ast::Field& field : e.fields) {
          for (const auto& [key, value] : entries) {
            if (key == field.key.text) {
              Error(Code::BL2026, field.key.span,
                    absl::StrCat("key \"", key, "\" stands there already"));
              ok = false;
            }
          }
          std::optional<Constant> value =
              EvalConstant(*field.value, from, type.element, nested);
          if (!value.has_value()) {
            ok = false;
            continue;
          }
          entries.emplace_back(field.key.text, *std::move(value));
        }
        if (!ok) return std::nullopt;
        std::sort(
            entries.begin(), entries.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
        for (auto& [key, value] : entries) {
          map.keys.push_back(std::move(key));
          map.elements.push_back(std::move(value));
        }
        return map;
      }
      case ast::ExprKind::kSet:
      case ast::ExprKind::kList: {
        const Kind kind =
            e.kind == ast::ExprKind::kSet ? Kind::kSet : Kind::kList;
        if (e.operands.empty() && type.kind == Kind::kMap) {
          Constant map;
          map.kind = Kind::kMap;
          return map;
        }
        if (type.kind != kind) {
          return mismatch(kind == Kind::kSet ? "a set" : "a list");
        }
        Constant value;
        value.kind = kind;
        bool ok = true;
        for (const ast::ExprPtr& operand : e.operands) {
          std::optional<Constant> element =
              EvalConstant(*operand, from, type.element, nested);
          if (element.has_value()) {
            value.elements.push_back(*std::move(element));
          } else {
            ok = false;
          }
        }
        if (!ok) return std::nullopt;
        if (kind == Kind::kSet) SortConstants(&value.elements);
        return value;
      }
      default:
        break;
    }
  }
  std::vector<typed::Local> locals;
  Env env;
  env.module = &from;
  env.locals = &locals;
  env.now = false;
  env.roots_refused = "this is a constant";
  const typed::ExprPtr typed = CheckExpr(e, env, expected);
  if (typed == nullptr) return std::nullopt;
  std::optional<Constant> value = FoldConstant(*typed);
  if (!value.has_value()) {
    Error(Code::BL2030, e.span, "this is no constant");
  }
  return value;
}

bool Checker::EvalFields(const std::vector<ast::Field>& fields,
                         const std::vector<Attribute>& attributes,
                         std::string_view owner, const Module& from,
                         const NestedEntities* nested,
                         std::vector<std::pair<uint32_t, Constant>>* out) {
  bool ok = true;
  std::vector<bool> given(attributes.size(), false);
  for (const ast::Field& field : fields) {
    const uint32_t slot = Schema::FindAttribute(attributes, field.key.text);
    if (slot == kNone) {
      std::vector<std::string> names;
      for (const Attribute& a : attributes) names.push_back(a.name);
      UnknownName(Code::BL2005, field.key.span,
                  absl::StrCat("`", std::string(owner), "` has no `",
                               field.key.text, "`"),
                  SuggestFrom(field.key.text, names));
      ok = false;
      continue;
    }
    if (given[slot]) {
      Error(Code::BL2026, field.key.span,
            absl::StrCat("`", field.key.text, "` is given twice"));
      ok = false;
      continue;
    }
    given[slot] = true;
    if (attributes[slot].type == kNone) {
      ok = false;
      continue;
    }
    std::optional<Constant> value =
        EvalConstant(*field.value, from, attributes[slot].type, nested);
    if (!value.has_value()) {
      ok = false;
      continue;
    }
    out->emplace_back(slot, *std::move(value));
  }
  return ok;
}

}  // namespace bylaw
