// Waivers: who may declare them, of what, for how long.
#include <algorithm>
#include <cctype>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "compiler/check_names.h"
#include "compiler/checker.h"
#include "compiler/scope_passes.h"

namespace bylaw {
namespace {

constexpr int64_t kDay = int64_t{24} * 3600 * 1'000'000;
constexpr int64_t kSoon = 15 * kDay;

// For comparing who requested and who approved: case and outer space aside.
std::string Folded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    out += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  const size_t begin = out.find_first_not_of(" \t");
  if (begin == std::string::npos) return "";
  return out.substr(begin, out.find_last_not_of(" \t") - begin + 1);
}

class WaiverChecker {
 public:
  WaiverChecker(Checker& checker, const Module& module, const ast::Waiver& tree)
      : c_(checker), module_(module), tree_(tree) {}

  void Check() {
    typed::Waiver waiver;
    waiver.id = absl::StrCat(module_.name, ".", tree_.name.text);
    waiver.span = tree_.name.span;
    waiver.scope = module_.scope;
    waiver.reason = tree_.reason.value;
    waiver.ticket = tree_.ticket.value;
    waiver.requested = tree_.requested.value;
    waiver.approved = tree_.approved.value;
    if (tree_.requested && tree_.approved &&
        Folded(waiver.requested) == Folded(waiver.approved)) {
      c_.Error(Code::BL3061, tree_.approved.span,
               absl::StrCat("`", waiver.approved,
                            "` requested the waiver and cannot approve it"));
    }
    CheckDates(&waiver);
    waiver.policy = c_.ResolvePolicy(module_, tree_.policy);
    if (waiver.policy != kNone) {
      CheckPolicy(waiver.policy);
      CheckCondition(&waiver);
      c_.program.waivers.push_back(std::move(waiver));
    } else {
      c_.ResolveEntity(module_, tree_.type);
    }
  }

 private:
  // An instant, with the number of its date if it is one.
  struct Instant {
    int64_t micros = 0;
    bool is_date = false;
    int64_t days = 0;
  };

  std::optional<Instant> Evaluate(const ast::Expr& e) {
    c_.quiet = true;
    std::optional<Constant> time =
        c_.EvalConstant(e, module_, c_.Simple(Kind::kTime));
    c_.quiet = false;
    if (time.has_value() && time->kind == Kind::kTime) {
      return Instant{time->number, false, 0};
    }
    const std::optional<Constant> date =
        c_.EvalConstant(e, module_, c_.Simple(Kind::kDate));
    if (!date.has_value() || date->kind != Kind::kDate) return std::nullopt;
    const std::optional<int64_t> start =
        StartOfDate(date->number, c_.input.timezone);
    if (!start.has_value()) {
      c_.Error(Code::BL3062, e.span, "this date is out of range");
      return std::nullopt;
    }
    return Instant{*start, true, date->number};
  }

  void CheckDates(typed::Waiver* waiver) {
    if (tree_.from == nullptr || tree_.until == nullptr) return;
    const std::optional<Instant> from = Evaluate(*tree_.from);
    const std::optional<Instant> until = Evaluate(*tree_.until);
    if (!from.has_value() || !until.has_value()) return;
    waiver->from = from->micros;
    waiver->until = until->micros;
    if (until->micros <= from->micros) {
      c_.Error(Code::BL3062, tree_.until->span,
               "the waiver ends before it begins");
      return;
    }
    if (c_.input.manifest != nullptr) {
      // Whole dates are counted as such: a change of the clock between them
      // makes no waiver longer.
      const int64_t length = from->is_date && until->is_date
                                 ? (until->days - from->days) * kDay
                                 : until->micros - from->micros;
      const int64_t longest = c_.input.manifest->longest_waiver;
      if (length > longest) {
        c_.Error(Code::BL3063, tree_.until->span,
                 absl::StrCat("the waiver lasts ", FormatDuration(length),
                              ", and at most ", FormatDuration(longest),
                              " are allowed"));
      }
    }
    if (c_.input.now == 0) return;
    // As its author wrote it: a date begins where the mesh is.
    const std::string end = until->is_date
                                ? absl::StrCat(FormatDate(until->days),
                                               " 00:00 ", c_.input.timezone)
                                : FormatTime(waiver->until);
    if (waiver->until <= c_.input.now) {
      c_.Error(Code::BL4010, tree_.name.span,
               absl::StrCat("the waiver ended at ", end));
    } else if (waiver->until - c_.input.now <= kSoon) {
      c_.Error(Code::BL4011, tree_.name.span,
               absl::StrCat("the waiver ends at ", end));
    }
  }

  void CheckPolicy(uint32_t number) {
    const typed::Policy& policy = c_.program.policies[number];
    if (!c_.IsScopeWithin(policy.scope, module_.scope)) {
      c_.Error(Code::BL3060, tree_.policy.span,
               absl::StrCat("`", policy.id, "` belongs to scope `",
                            c_.program.scopes[policy.scope].name,
                            "`; its waivers stand there or above"));
    }
    if (!policy.overrides.empty()) {
      c_.Error(Code::BL3053, tree_.policy.span,
               absl::StrCat("`", policy.id,
                            "` overrides a policy and cannot be waived"));
    } else if (policy.level != Level::kOverridable) {
      c_.Error(
          Code::BL3064, tree_.policy.span,
          absl::StrCat(
              "`", policy.id, "` is ",
              policy.level == Level::kAdvisory ? "advisory" : "mandatory",
              " and cannot be waived"),
          absl::StrCat("the manifest may say `", policy.id, ": overridable`"));
    }
  }

  void CheckCondition(typed::Waiver* waiver) {
    const typed::Policy& policy = c_.program.policies[waiver->policy];
    const HeadInfo& head = c_.policy_trees[waiver->policy].head;
    if (!tree_.type) return;
    waiver->resource = c_.ResolveEntity(module_, tree_.type);
    if (waiver->resource == kNone || !head.ok) return;
    if (waiver->resource != head.resource) {
      c_.Error(Code::BL3065, tree_.type.span,
               absl::StrCat("`", policy.id, "` is about `",
                            c_.schema().entities[head.resource].name,
                            "`, not about `", tree_.type.Text(), "`"));
      return;
    }
    Env env = c_.EnvOfHead(module_, head, &waiver->locals);
    env.polarity = -1;
    if (tree_.variable) {
      c_.BindRoot(env, tree_.variable, Binding::Kind::kResource);
    }
    if (tree_.where == nullptr) return;
    waiver->where = c_.CheckCondition(*tree_.where, env);
    if (waiver->where == nullptr) return;
    waiver->mentions_now = c_.MentionsNow(*waiver->where);
    if (const typed::Expr* read =
            c_.FindSelectingRead(*waiver->where, head.actions)) {
      c_.Error(Code::BL2051, read->span,
               "a waiver cannot depend on the columns that are asked for");
    }
  }

  Checker& c_;
  const Module& module_;
  const ast::Waiver& tree_;
};

}  // namespace

void CheckWaivers(Checker& checker) {
  for (const auto& module : checker.modules) {
    for (const ast::File* file : module->files) {
      for (const ast::Waiver& waiver : file->waivers) {
        WaiverChecker(checker, *module, waiver).Check();
      }
    }
  }
  std::sort(checker.program.waivers.begin(), checker.program.waivers.end(),
            [](const typed::Waiver& a, const typed::Waiver& b) {
              return std::tuple(a.span.file->path(), a.span.begin) <
                     std::tuple(b.span.file->path(), b.span.begin);
            });
}

}  // namespace bylaw
