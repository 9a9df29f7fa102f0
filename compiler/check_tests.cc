// The tests of the language: what they give, ask and expect, as constants.
#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "compiler/check_names.h"
#include "compiler/checker.h"
#include "compiler/given_reader.h"

namespace bylaw {
namespace {

using typed::Expect;

constexpr int64_t kSecond = 1'000'000;

Expect::Kind KindOf(ast::ExpectKind kind) {
  using A = ast::ExpectKind;
  using K = Expect::Kind;
  switch (kind) {
    case A::kAllow:
      return K::kAllow;
    case A::kPermit:
      return K::kPermit;
    case A::kDeny:
      return K::kDeny;
    case A::kDenyBy:
      return K::kDenyBy;
    case A::kDenyNothing:
      return K::kNothingAllows;
    case A::kNotDenyBy:
      return K::kNotDenyBy;
    case A::kMask:
      return K::kMask;
    case A::kHide:
      return K::kHide;
    case A::kClear:
      return K::kClear;
    case A::kRowKept:
      return K::kRowKept;
    case A::kRowDropped:
      return K::kRowDropped;
    case A::kFilter:
      return K::kFilter;
    case A::kNoFilter:
      return K::kNoFilter;
    case A::kRequire:
      return K::kRequire;
    case A::kNotRequire:
      return K::kNotRequire;
    case A::kAdvisory:
      return K::kAdvisory;
    case A::kWaiver:
      return K::kWaiver;
    case A::kNotDelegated:
      return K::kNotDelegated;
    case A::kError:
      return K::kError;
    case A::kKeep:
      return K::kKeep;
  }
  return K::kAllow;
}

// What a module's tests share.
struct Shared {
  explicit Shared(Checker& checker) : givens(checker) {}
  GivenEntities givens;
  std::vector<typed::GivenRows> rows;
};

class TestChecker {
 public:
  TestChecker(Checker& checker, const Module& module)
      : c_(checker), module_(module) {}

  void ReadGiven(const ast::Given& tree, GivenEntities* givens,
                 std::vector<typed::GivenRows>* rows) {
    if (tree.entity != nullptr) {
      givens->Add(module_, *tree.entity);
      return;
    }
    typed::GivenRows given;
    given.dataset = tree.dataset.value;
    given.span = tree.span;
    for (const ast::Row& row : tree.rows) given.rows.push_back(ReadRow(row));
    const bool twice = std::any_of(rows->begin(), rows->end(),
                                   [&given](const typed::GivenRows& other) {
                                     return other.dataset == given.dataset;
                                   });
    if (twice) {
      c_.Error(Code::BL2071, tree.dataset.span,
               absl::StrCat("the rows of \"", given.dataset,
                            "\" are given already"));
      return;
    }
    rows->push_back(std::move(given));
  }

  std::optional<typed::Test> Check(const ast::Test& tree,
                                   const Shared& shared) {
    typed::Test test;
    test.module = module_.name;
    test.name = tree.name.value;
    test.span = tree.name.span;
    GivenEntities own(c_);
    std::vector<typed::GivenRows> rows;
    for (const ast::Given& given : tree.givens) ReadGiven(given, &own, &rows);
    const bool asked = ReadRequest(tree.request, &own, &test);
    GivenEntities all = shared.givens;
    all.Override(own);
    test.givens = all.list();
    for (const typed::GivenRows& given : shared.rows) {
      const bool replaced = std::any_of(rows.begin(), rows.end(),
                                        [&given](const typed::GivenRows& r) {
                                          return r.dataset == given.dataset;
                                        });
      if (!replaced) test.rows.push_back(given);
    }
    for (typed::GivenRows& given : rows) {
      given.own = true;
      test.rows.push_back(std::move(given));
    }
    if (asked) NameColumns(all, &test);
    for (const ast::Expect& expect : tree.expects) {
      std::optional<Expect> read = ReadExpect(expect);
      if (read.has_value()) test.expects.push_back(std::move(*read));
    }
    if (!asked) return std::nullopt;
    return test;
  }

 private:
  // Rows have no schema: a cell's type is that of its constant.
  std::vector<std::pair<std::string, Constant>> ReadRow(const ast::Row& tree) {
    std::vector<std::pair<std::string, Constant>> row;
    for (const ast::Field& field : tree.fields) {
      if (field.value == nullptr) continue;
      for (const auto& [name, value] : row) {
        if (name != field.key.text) continue;
        c_.Error(Code::BL2026, field.key.span,
                 absl::StrCat("column `", name, "` stands here twice"));
      }
      std::vector<typed::Local> locals;
      Env env = NewEnv(&locals);
      const typed::ExprPtr e = c_.Infer(*field.value, env);
      if (e == nullptr) continue;
      std::optional<Constant> value = c_.FoldConstant(*e);
      if (!value.has_value() || !value->elements.empty() ||
          value->kind == Kind::kSet || value->kind == Kind::kList ||
          value->kind == Kind::kMap || value->kind == Kind::kRecord) {
        c_.Error(Code::BL2030, field.value->span,
                 "a row holds single constants");
        continue;
      }
      row.emplace_back(field.key.text, std::move(*value));
    }
    return row;
  }

  Env NewEnv(std::vector<typed::Local>* locals) const {
    Env env;
    env.module = &module_;
    env.locals = locals;
    env.now = false;
    env.roots_refused = "tests are written with constants";
    return env;
  }

  bool ReadRequest(const ast::TestRequest& tree, GivenEntities* own,
                   typed::Test* test) {
    if (tree.subject == nullptr || tree.resource == nullptr) return false;
    test->subject_entity = c_.ResolveEntity(module_, tree.subject->path);
    test->subject_id = tree.subject->text;
    test->resource_entity = c_.ResolveEntity(module_, tree.resource->path);
    test->resource_id = tree.resource->text;
    const ActionSymbol* action = c_.ResolveAction(module_, tree.action);
    if (action == nullptr || test->subject_entity == kNone ||
        test->resource_entity == kNone) {
      return false;
    }
    if (action->is_group) {
      c_.Error(Code::BL2073, tree.action.span,
               absl::StrCat("`", tree.action.Text(),
                            "` is a group; a request is for one action"));
      return false;
    }
    test->action = action->index;
    const Action& asked = c_.schema().actions[action->index];
    bool ok = Takes(asked, asked.resources, test->resource_entity,
                    tree.resource->path);
    ok = Takes(asked, asked.subjects, test->subject_entity,
               tree.subject->path) &&
         ok;
    if (tree.proposes) {
      test->proposing = true;
      if (!asked.proposes) {
        c_.Error(
            Code::BL2074,
            tree.proposing.empty() ? tree.action.span : tree.proposing[0].span,
            absl::StrCat("`", asked.name, "` proposes nothing"));
        ok = false;
      } else {
        GivenEntities proposal(c_);
        proposal.AddFields(module_, test->resource_entity, test->resource_id,
                           tree.proposing, tree.resource->span);
        test->proposal = proposal.list();
      }
    }
    ReadContext(tree, asked, own, test);
    if (tree.at != nullptr) {
      const std::optional<Constant> at =
          c_.EvalConstant(*tree.at, module_, c_.Simple(Kind::kTime));
      test->has_at = at.has_value();
      if (at.has_value()) test->at = at->number;
    }
    return ok;
  }

  bool Takes(const Action& action, const std::vector<uint32_t>& types,
             uint32_t type, const ast::Path& path) {
    if (std::binary_search(types.begin(), types.end(), type)) return true;
    c_.Error(Code::BL2044, path.span,
             absl::StrCat("`", action.name, "` does not take `", path.Text(),
                          "` here"));
    return false;
  }

  void ReadContext(const ast::TestRequest& tree, const Action& action,
                   GivenEntities* own, typed::Test* test) {
    const NestedEntities nested = own->InContext(module_);
    std::vector<bool> seen(action.context.size(), false);
    for (const ast::Field& field : tree.context) {
      if (field.value == nullptr) continue;
      const uint32_t slot =
          Schema::FindAttribute(action.context, field.key.text);
      if (slot == kNone) {
        std::vector<std::string> names;
        for (const Attribute& a : action.context) names.push_back(a.name);
        c_.UnknownName(
            Code::BL2005, field.key.span,
            absl::StrCat("the context of `", action.name,
                         "` has no attribute `", field.key.text, "`"),
            SuggestFrom(field.key.text, names));
        continue;
      }
      if (seen[slot]) {
        c_.Error(Code::BL2026, field.key.span,
                 absl::StrCat("`", field.key.text, "` stands here twice"));
        continue;
      }
      seen[slot] = true;
      std::optional<Constant> value;
      if (slot == action.selecting_slot) {
        value = ReadColumns(*field.value, action.context[slot].type, nested);
      } else if (action.context[slot].type != kNone) {
        value = c_.EvalConstant(*field.value, module_,
                                action.context[slot].type, &nested);
      }
      if (value.has_value()) {
        test->context.emplace_back(slot, std::move(*value));
      }
    }
  }

  // Columns are bound from names: `{"email"}`; entities may be written too.
  std::optional<Constant> ReadColumns(const ast::Expr& e, TypeId type,
                                      const NestedEntities& nested) {
    const bool texts =
        (e.kind == ast::ExprKind::kSet || e.kind == ast::ExprKind::kList) &&
        std::any_of(e.operands.begin(), e.operands.end(), [](const auto& x) {
          return x != nullptr && x->kind == ast::ExprKind::kString;
        });
    if (!texts) {
      if (type == kNone) return std::nullopt;
      return c_.EvalConstant(e, module_, type, &nested);
    }
    Constant names;
    names.kind = Kind::kSet;
    for (const auto& operand : e.operands) {
      std::optional<Constant> name =
          c_.EvalConstant(*operand, module_, c_.Simple(Kind::kString));
      if (name.has_value()) names.elements.push_back(std::move(*name));
    }
    return names;
  }

  // Turns columns that were written as entities into their names.
  void NameColumns(const GivenEntities& givens, typed::Test* test) {
    const Action& action = c_.schema().actions[test->action];
    for (auto& [slot, value] : test->context) {
      if (slot != action.selecting_slot) continue;
      for (Constant& element : value.elements) {
        if (element.kind != Kind::kEntity) continue;
        const std::string prefix = absl::StrCat(test->resource_id, ".");
        std::string name = element.text;
        if (name.compare(0, prefix.size(), prefix) == 0) {
          name = name.substr(prefix.size());
        }
        const uint32_t name_slot = Schema::FindAttribute(
            c_.schema().entities[element.index].attributes, "name");
        if (const auto* given = givens.Find(element.index, element.text)) {
          for (const auto& [s, v] : given->attributes) {
            if (s == name_slot && v.kind == Kind::kString) name = v.text;
          }
        }
        element = Constant();
        element.kind = Kind::kString;
        element.text = std::move(name);
      }
    }
  }

  std::optional<Expect> ReadExpect(const ast::Expect& tree) {
    Expect expect;
    expect.kind = KindOf(tree.kind);
    expect.span = tree.span;
    switch (tree.kind) {
      case ast::ExpectKind::kDenyBy:
        expect.has_because = static_cast<bool>(tree.text);
        expect.because = tree.text.value;
        return WithPolicy(tree, std::move(expect));
      case ast::ExpectKind::kNotDenyBy:
      case ast::ExpectKind::kNotDelegated:
        return WithPolicy(tree, std::move(expect));
      case ast::ExpectKind::kAdvisory:
        if ((tree.path.Text() == "ungoverned" ||
             tree.path.Text() == "unhashed") &&
            c_.FindPolicy(module_, tree.path.Text()) == kNone) {
          expect.policy = tree.path.Text();
          return expect;
        }
        return WithPolicy(tree, std::move(expect));
      case ast::ExpectKind::kWaiver:
        return WithWaiver(tree, std::move(expect));
      case ast::ExpectKind::kMask:
        expect.column = tree.text.value;
        return WithMask(tree, std::move(expect));
      case ast::ExpectKind::kHide:
      case ast::ExpectKind::kClear:
        expect.column = tree.text.value;
        return expect;
      case ast::ExpectKind::kRowKept:
      case ast::ExpectKind::kRowDropped:
        expect.row = ReadRow(tree.row);
        return expect;
      case ast::ExpectKind::kFilter:
        expect.filter = tree.text.value;
        return expect;
      case ast::ExpectKind::kRequire:
      case ast::ExpectKind::kNotRequire:
        return WithObligation(tree, std::move(expect));
      case ast::ExpectKind::kKeep:
        if (tree.keep != nullptr) expect.keep = tree.keep->number * kSecond;
        return expect;
      default:
        return expect;
    }
  }

  std::optional<Expect> WithPolicy(const ast::Expect& tree, Expect expect) {
    const uint32_t policy = c_.ResolvePolicy(module_, tree.path);
    if (policy == kNone) return std::nullopt;
    expect.policy = c_.program.policies[policy].id;
    return expect;
  }

  std::optional<Expect> WithWaiver(const ast::Expect& tree, Expect expect) {
    const std::string text = tree.path.Text();
    if (text.empty()) return std::nullopt;
    const std::string here = absl::StrCat(module_.name, ".", text);
    std::vector<std::string> names;
    for (const typed::Waiver& waiver : c_.program.waivers) {
      if (waiver.id == text || waiver.id == here) {
        expect.policy = waiver.id;
        return expect;
      }
      names.push_back(waiver.id);
    }
    c_.UnknownName(Code::BL2070, tree.path.span,
                   absl::StrCat("unknown waiver `", text, "`"),
                   SuggestFrom(text, names));
    return std::nullopt;
  }

  std::optional<Expect> WithMask(const ast::Expect& tree, Expect expect) {
    std::vector<typed::Local> locals;
    Env env = NewEnv(&locals);
    typed::Mask mask;
    if (!c_.CheckMask(tree.mask, env, kNone, &mask)) return std::nullopt;
    expect.mask = mask.kind;
    for (const typed::ExprPtr& arg : mask.args) {
      std::optional<Constant> value;
      if (arg != nullptr) value = c_.FoldConstant(*arg);
      if (!value.has_value()) {
        c_.Error(Code::BL2030, tree.mask.span,
                 "an expected mask has constant arguments");
        return std::nullopt;
      }
      expect.mask_args.push_back(std::move(*value));
    }
    return expect;
  }

  std::optional<Expect> WithObligation(const ast::Expect& tree, Expect expect) {
    expect.obligation = c_.ResolveObligation(module_, tree.path);
    if (expect.obligation == kNone) return std::nullopt;
    // Without brackets any arguments will do.
    if (!tree.has_arguments) return expect;
    std::vector<typed::Local> locals;
    Env env = NewEnv(&locals);
    std::vector<typed::ExprPtr> arguments;
    if (!c_.CheckArguments(expect.obligation, tree.span, tree.arguments, env,
                           &arguments)) {
      return std::nullopt;
    }
    for (uint32_t slot = 0; slot < arguments.size(); ++slot) {
      if (arguments[slot] == nullptr) continue;
      std::optional<Constant> value = c_.FoldConstant(*arguments[slot]);
      if (!value.has_value()) {
        c_.Error(Code::BL2030, arguments[slot]->span,
                 "an expected obligation has constant arguments");
        return std::nullopt;
      }
      expect.arguments.emplace_back(slot, std::move(*value));
    }
    return expect;
  }

  Checker& c_;
  const Module& module_;
};

}  // namespace

void CheckTests(Checker& checker, std::vector<typed::Test>* tests) {
  for (const auto& module : checker.modules) {
    TestChecker check(checker, *module);
    Shared shared(checker);
    for (const ast::File* file : module->files) {
      for (const ast::Given& given : file->givens) {
        check.ReadGiven(given, &shared.givens, &shared.rows);
      }
    }
    for (const ast::File* file : module->files) {
      for (const ast::Test& tree : file->tests) {
        std::optional<typed::Test> test = check.Check(tree, shared);
        if (test.has_value()) tests->push_back(std::move(*test));
      }
    }
  }
}

}  // namespace bylaw
