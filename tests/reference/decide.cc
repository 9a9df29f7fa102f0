#include "tests/reference/decide.h"

#include <algorithm>
#include <functional>
#include <map>
#include <numeric>
#include <optional>
#include <tuple>

#include "tests/reference/expressions.h"

namespace bylaw::reference {
namespace {

using typed::Policy;
using typed::Rule;

// --- Masks: the lattice of decisions.md
// ---------------------------------------

struct Mask {
  MaskKind kind = MaskKind::kNone;
  int64_t n = 0, k = 0;  // first/last: (n, k); network: (v4, v6); round: step
  int unit = 0;          // truncate: hour day month year
  Val constant;
};

bool Fits(MaskKind mask, Kind type, const Val* argument) {
  switch (mask) {
    case MaskKind::kShowFirst:
    case MaskKind::kShowLast:
    case MaskKind::kKeepDomain:
      return type == Kind::kString;
    case MaskKind::kHash:
      return type == Kind::kString || type == Kind::kInt;
    case MaskKind::kTruncate:
      return type == Kind::kTime ||
             (type == Kind::kDate && argument->text != "hour");
    case MaskKind::kRound:
      return type == Kind::kInt || type == Kind::kDecimal;
    case MaskKind::kNetwork:
      return type == Kind::kIp;
    case MaskKind::kRedact:
      return type != Kind::kRecord && type != Kind::kList;
    case MaskKind::kConstant:
      return argument->kind == type ||
             (type == Kind::kDecimal && argument->kind == Kind::kInt);
    default:
      return true;
  }
}

// Arguments out of range are errors, whatever the column.
void CheckArguments(MaskKind kind, const std::vector<Val>& args) {
  switch (kind) {
    case MaskKind::kShowFirst:
    case MaskKind::kShowLast:
      if (args[0].number < 1) throw Failure{"n"};
      return;
    case MaskKind::kRound:
      if (args[0].number <= 0) throw Failure{"step"};
      return;
    case MaskKind::kNetwork:
      if (args[0].number < 0 || args[0].number > 32 || args[1].number < 0 ||
          args[1].number > 128) {
        throw Failure{"bits"};
      }
      return;
    default:
      return;
  }
}

Mask Fit(MaskKind kind, const std::vector<Val>& args, Kind type) {
  CheckArguments(kind, args);
  Mask m;
  m.kind = kind;
  const bool always = kind == MaskKind::kNone || kind == MaskKind::kNull ||
                      kind == MaskKind::kHide;
  if (!always && (type == Kind::kMissing ||
                  !Fits(kind, type, args.empty() ? nullptr : &args[0]))) {
    m.kind = MaskKind::kNull;
    return m;
  }
  switch (kind) {
    case MaskKind::kShowFirst:
    case MaskKind::kShowLast:
      m.n = m.k = args[0].number;
      break;
    case MaskKind::kTruncate: {
      const std::vector<std::string> units = {"hour", "day", "month", "year"};
      m.unit = static_cast<int>(
          std::find(units.begin(), units.end(), args[0].text) - units.begin());
      break;
    }
    case MaskKind::kRound:
      m.n = args[0].number;
      if (type == Kind::kDecimal && args[0].kind == Kind::kInt) {
        // A step that no Decimal can be: nothing is shown.
        if (m.n > (kDecimalLimit - 1) / kDecimalOne) {
          m.kind = MaskKind::kRedact;
        } else {
          m.n *= kDecimalOne;
        }
      }
      // A whole step keeps an Int an Int.
      if (type == Kind::kInt && args[0].kind == Kind::kDecimal) {
        if (m.n % kDecimalOne != 0) m.kind = MaskKind::kNull;
        m.n /= kDecimalOne;
      }
      break;
    case MaskKind::kNetwork:
      m.n = args[0].number;
      m.k = args[1].number;
      break;
    case MaskKind::kConstant:
      m.constant = args[0];
      if (type == Kind::kDecimal && m.constant.kind == Kind::kInt) {
        constexpr int64_t kMost = (kDecimalLimit - 1) / kDecimalOne;
        if (m.constant.number > kMost || m.constant.number < -kMost) {
          m = Mask();  // no Decimal can be it
          m.kind = MaskKind::kNull;
          return m;
        }
        m.constant.kind = Kind::kDecimal;
        m.constant.number *= kDecimalOne;
      }
      break;
    default:
      break;
  }
  return m;
}

int Rank(const Mask& m) {
  switch (m.kind) {
    case MaskKind::kNone:
      return 0;
    case MaskKind::kRedact:
      return 2;
    case MaskKind::kNull:
      return 3;
    case MaskKind::kHide:
      return 4;
    default:
      return 1;
  }
}

Mask Join(const Mask& a, const Mask& b, Kind type) {
  if (Rank(a) != 1 || Rank(b) != 1) return Rank(a) >= Rank(b) ? a : b;
  Mask redact;
  redact.kind = type == Kind::kRecord || type == Kind::kList
                    ? MaskKind::kNull
                    : MaskKind::kRedact;
  if (a.kind != b.kind) return redact;
  Mask m = a;
  switch (a.kind) {
    case MaskKind::kShowFirst:
    case MaskKind::kShowLast:
      m.n = std::min(a.n, b.n);
      m.k = std::max(a.k, b.k);
      return m;
    case MaskKind::kTruncate:
      m.unit = std::max(a.unit, b.unit);
      return m;
    case MaskKind::kNetwork:
      m.n = std::min(a.n, b.n);
      m.k = std::min(a.k, b.k);
      return m;
    case MaskKind::kRound: {
      const __int128 lcm = __int128{a.n} / std::gcd(a.n, b.n) * __int128{b.n};
      const __int128 limit = type == Kind::kDecimal
                                 ? __int128{kDecimalLimit} - 1
                                 : __int128{INT64_MAX};
      if (lcm > limit) return redact;
      m.n = static_cast<int64_t>(lcm);
      return m;
    }
    case MaskKind::kConstant:
      return Same(a.constant, b.constant) ? a : redact;
    default:
      return a;
  }
}

Kind KindOfColumn(const Schema& schema, const Val& type) {
  if (type.missing()) return Kind::kMissing;
  static const std::map<std::string, Kind> kinds = {
      {"bool", Kind::kBool},       {"int", Kind::kInt},
      {"decimal", Kind::kDecimal}, {"string", Kind::kString},
      {"date", Kind::kDate},       {"time", Kind::kTime},
      {"ip", Kind::kIp},           {"duration", Kind::kDuration},
      {"version", Kind::kVersion}, {"object", Kind::kRecord},
      {"array", Kind::kList}};
  return kinds.at(schema.terms[type.index].path);
}

// --- Decisions
// -----------------------------------------------------------------

const char* KindName(RuleKind kind) {
  constexpr const char* kNames[] = {"allow", "deny", "mask",
                                    "hide",  "rows", "require"};
  return kNames[static_cast<size_t>(kind)];
}

// What a rule said for one instance.
struct Instance {
  const Policy* policy;
  const Rule* rule;
  Locals locals;
  std::map<uint32_t, Failure> broken;
  Val column;             // mask, hide
  std::vector<Val> args;  // mask, require
  FilterPtr filter;
};

class Decider {
 public:
  Decider(const typed::Program& program, const typed::Test& test, int64_t now)
      : program_(program),
        schema_(program.schema),
        test_(test),
        sight_(MakeSight()),
        evaluator_(program, sight_, MakeRoots(now)),
        now_(now) {}

  Decision Run() {
    if (!resource_known_) {
      out_.outcome = "DENY";
      out_.keep = program_.settings.keep_default;
      AddError(nullptr, nullptr);
      List();
      return out_;
    }
    ReadAsked();
    FindChains();
    for (const Policy& p : program_.policies) Consider(p);
    Compose();
    List();
    return out_;
  }

 private:
  const Action& action() const { return schema_.actions[test_.action]; }

  Sight MakeSight() {
    Facts facts;
    for (const auto& g : test_.givens) facts.Add(g);
    facts.Close(schema_);
    resource_known_ =
        facts.entities.count({test_.resource_entity, test_.resource_id}) > 0;
    previous_known_ = resource_known_;
    Sight sight(schema_, facts);
    sight.AddSubject({test_.subject_entity, test_.subject_id});
    const bool states =
        test_.proposing && !test_.proposal.empty() &&
        (test_.proposal.size() > 1 || !test_.proposal[0].attributes.empty());
    if (action().proposes && states) {
      sight.Propose(test_.proposal);
      resource_known_ = true;
    }
    return sight;
  }

  Roots MakeRoots(int64_t now) {
    Roots roots;
    const auto entity = [](uint32_t type, const std::string& id, bool facts) {
      Val v;
      v.kind = Kind::kEntity;
      v.index = type;
      v.text = id;
      v.as_facts = facts;
      return v;
    };
    roots.subject = entity(test_.subject_entity, test_.subject_id, true);
    roots.resource = entity(test_.resource_entity, test_.resource_id, false);
    if (previous_known_) {
      roots.previous = entity(test_.resource_entity, test_.resource_id, true);
    }
    roots.action = test_.action;
    roots.now = now;
    const std::function<void(Val*)> mark = [&mark](Val* v) {
      v->as_facts = true;
      for (Val& e : v->elements) mark(&e);
    };
    const auto& attributes = action().context;
    roots.context.resize(attributes.size());
    for (uint32_t slot = 0; slot < attributes.size(); ++slot) {
      Val& v = roots.context[slot];
      bool given = false;
      for (const auto& [s, value] : test_.context) {
        if (s != slot) continue;
        v = FromConstant(value);
        given = true;
      }
      if (slot == action().selecting_slot) asked_by_name_ = given;
      if (!given && attributes[slot].default_value) {
        v = FromConstant(*attributes[slot].default_value);
      }
      mark(&v);
      const Kind kind = schema_.type(attributes[slot].type).kind;
      if (v.missing() &&
          (kind == Kind::kSet || kind == Kind::kList || kind == Kind::kMap)) {
        v.kind = kind;
      }
      if (attributes[slot].includes_resource) {
        // The resource itself, though the request may name it too.
        std::vector<Val> all = {roots.resource};
        all.insert(all.end(), v.elements.begin(), v.elements.end());
        v = MakeSet(std::move(all));
      }
    }
    return roots;
  }

  // Defaults of the context that are expressions, then the asked columns.
  void ReadAsked() {
    for (const auto& d : program_.context_defaults) {
      if (d.action != test_.action) continue;
      bool given = false;
      for (const auto& [slot, value] : test_.context) given |= slot == d.slot;
      if (given) continue;
      try {
        evaluator_.roots().context[d.slot] = evaluator_.Evaluate(*d.value, {});
      } catch (const Failure&) {
        must_deny_ = true;
        AddError(nullptr, nullptr);
      }
    }
    if (action().columns_slot == kNone) return;
    const Val& resource = evaluator_.roots().resource;
    const Val all = sight_.Read(resource, action().columns_slot);
    if (all.elements.empty()) must_deny_ = true;
    if (!asked_by_name_) {
      asked_ = all.elements;
    } else {
      // Bound from names: a column's name, or the column itself.
      std::vector<Val> bound;
      for (const Val& c :
           evaluator_.roots().context[action().selecting_slot].elements) {
        bool found = false;
        for (const Val& k : all.elements) {
          if (c.kind == Kind::kEntity ? Same(k, c) : IsNamed(k, c.text)) {
            bound.push_back(k);
            found = true;
          }
        }
        if (!found) must_deny_ = true;
      }
      const Val set = MakeSet(std::move(bound));
      asked_ = set.elements;
      evaluator_.roots().context[action().selecting_slot] = set;
    }
    if (must_deny_) AddError(nullptr, nullptr);
  }

  // --- Scopes ---
  std::set<uint32_t> ChainOf(const Val& resource) {
    std::set<uint32_t> chain = {0};
    for (uint32_t s = 1; s < program_.scopes.size(); ++s) {
      const typed::Scope& scope = program_.scopes[s];
      if (!chain.count(scope.parent)) continue;
      for (const typed::Governs& g : scope.governs) {
        if (g.entity != test_.resource_entity) continue;
        Evaluator on = evaluator_;
        on.roots().resource = resource;
        try {
          if (on.Test(g.where.get(), {})) chain.insert(s);
        } catch (const Failure&) {
          must_deny_ = true;
          AddError(nullptr, &scope.span);
        }
      }
    }
    return chain;
  }

  void FindChains() {
    chains_.push_back(ChainOf(evaluator_.roots().resource));
    if (sight_.has_proposal() && previous_known_) {
      chains_.push_back(ChainOf(evaluator_.roots().previous));
    }
    bool clause = false;
    for (const typed::Scope& s : program_.scopes) {
      for (const typed::Governs& g : s.governs) {
        clause |= g.entity == test_.resource_entity;
      }
    }
    bool child = false;
    for (const auto& chain : chains_) child |= chain.size() > 1;
    ungoverned_ = clause && !child;
  }

  bool InChain(uint32_t scope) const {
    for (const auto& chain : chains_) {
      if (chain.count(scope)) return true;
    }
    return false;
  }

  bool HeadMatches(const Policy& p) const {
    const auto has = [](const std::vector<uint32_t>& list, uint32_t x) {
      return std::count(list.begin(), list.end(), x) > 0;
    };
    return has(p.actions, test_.action) &&
           p.resource == test_.resource_entity &&
           has(p.subjects, test_.subject_entity);
  }

  bool Binds(const Policy& p) const {
    return now_ >= p.grace_until && p.level != Level::kAdvisory;
  }

  bool IsAbove(uint32_t scope, uint32_t other) const {  // scope is above other
    for (uint32_t s = other; s != kNone; s = program_.scopes[s].parent) {
      if (s == scope && s != other) return true;
    }
    return false;
  }

  bool Replaced(const Policy& y) const {
    const auto index = static_cast<uint32_t>(&y - program_.policies.data());
    for (const auto& chain : chains_) {
      bool any_leaf = false;
      for (const uint32_t leaf : chain) {
        if (!IsAbove(y.scope, leaf)) continue;
        bool lowest = true;
        for (const uint32_t s : chain) {
          lowest &= program_.scopes[s].parent != leaf;
        }
        if (!lowest) continue;
        any_leaf = true;
        bool overridden = false;
        for (uint32_t s = leaf; s != y.scope; s = program_.scopes[s].parent) {
          for (const Policy& x : program_.policies) {
            overridden |=
                x.scope == s && HeadMatches(x) && Binds(x) &&
                std::count(x.overrides.begin(), x.overrides.end(), index) > 0;
          }
        }
        if (!overridden) return false;
      }
      if (!any_leaf) return false;
    }
    return true;
  }

  // --- Waivers ---
  bool Waived(const Policy& p, bool* mentions_now) {
    bool waived = false;
    for (const typed::Waiver& w : program_.waivers) {
      if (&program_.policies[w.policy] != &p ||
          w.resource != test_.resource_entity) {
        continue;
      }
      *mentions_now |= w.mentions_now;
      boundaries_.push_back(w.from);
      boundaries_.push_back(w.until);
      if (now_ < w.from || now_ >= w.until) continue;
      const auto holds = [&](const Val& resource) {
        Evaluator on = evaluator_;
        on.roots().resource = resource;
        return on.Test(w.where.get(), {});
      };
      try {
        if (!holds(evaluator_.roots().resource)) continue;
        if (sight_.has_proposal() && previous_known_ &&
            !holds(evaluator_.roots().previous)) {
          continue;
        }
      } catch (const Failure&) {
        AddError(&p, &w.span);
        continue;
      }
      waived = true;
      out_.waivers.insert(w.id + " of " + p.id);
    }
    return waived;
  }

  // --- Rules ---
  void Consider(const Policy& p) {
    if (!HeadMatches(p) || !InChain(p.scope) || Replaced(p)) return;
    evaluator_.broken_lets = nullptr;  // those of the policy before
    const bool binds = Binds(p);
    std::vector<int64_t> boundaries;
    std::swap(boundaries, boundaries_);
    bool waiver_now = false;
    const bool waived = Waived(p, &waiver_now);
    std::swap(boundaries, boundaries_);

    bool guard = true;
    std::optional<Failure> guard_failure;
    try {
      guard = evaluator_.Test(p.guard_when.get(), {}) &&
              !(p.guard_unless && evaluator_.Test(p.guard_unless.get(), {}));
    } catch (const Failure& f) {
      guard_failure = f;
    }
    const bool candidate = guard || guard_failure || p.guard_mentions_now;
    bool any_applies = false;
    for (const Rule& r : p.rules) any_applies |= Applies(r);
    // What a policy replaces falls away as its own grace ends, rules or none.
    if (now_ < p.grace_until &&
        ((candidate && any_applies) || !p.overrides.empty())) {
      boundaries_.push_back(p.grace_until);
    }
    if (candidate && any_applies) {
      if (binds) {
        boundaries_.insert(boundaries_.end(), boundaries.begin(),
                           boundaries.end());
        with_now_ |= waiver_now || p.guard_mentions_now;
        for (const Rule& r : p.rules) {
          with_now_ |= Applies(r) && r.mentions_now;
          if (r.kind == RuleKind::kAllow) with_now_ |= DelegationMentionsNow(p);
        }
      }
    }
    if (!guard && !guard_failure) return;
    for (const Rule& r : p.rules) {
      if (!Applies(r)) continue;
      const bool tightens = r.kind != RuleKind::kAllow;
      if (waived && (tightens || !binds)) continue;
      const bool on_column =
          r.kind == RuleKind::kMask || r.kind == RuleKind::kHide;
      if (on_column && asked_.empty()) continue;
      if (guard_failure) {
        Err(Instance{&p, &r, {}, {}, {}, {}, nullptr}, binds);
        continue;
      }
      Walk(p, r, 0, Instance{&p, &r, {}, {}, {}, {}, nullptr}, binds);
    }
  }

  bool Applies(const Rule& r) {
    for (const std::string& name : r.own.marked_columns) {
      if (!evaluator_.HasColumn(evaluator_.roots().resource, name)) {
        return false;
      }
    }
    return true;
  }

  bool DelegationMentionsNow(const Policy& p) const {
    for (uint32_t s = p.scope; s != 0; s = program_.scopes[s].parent) {
      for (const typed::MayAllow& m : program_.scopes[s].may_allow) {
        if (Covers(m) && m.mentions_now) return true;
      }
    }
    return false;
  }

  // An instance as far as its loops were entered.
  void Err(const Instance& i, bool binds) {
    if (!binds) {
      advisories_.push_back(Listed{&i, Name(i)});
      return;
    }
    AddError(i.policy, &i.rule->span, i.rule);
    if (i.rule->kind != RuleKind::kAllow) {
      must_deny_ = true;
      erred_.push_back(Listed{&i, Name(i)});
    }
  }

  // --- Lists ---
  // "Sorted by policy id, position, and the ids of the loops' elements": a
  // list may hold them in another order.
  struct Place {
    explicit Place(const Instance& i)
        : policy(i.policy->id), position(i.rule->span.begin) {
      for (const auto& loop : i.rule->loops) {
        const auto it = i.locals.find(loop->local);
        if (it != i.locals.end()) elements.push_back(it->second);
      }
    }
    bool operator<(const Place& other) const {
      if (policy != other.policy) return policy < other.policy;
      if (position != other.position) return position < other.position;
      const size_t n = std::min(elements.size(), other.elements.size());
      for (size_t e = 0; e < n; ++e) {
        const int c = CompareSpelled(elements[e], other.elements[e]);
        if (c != 0) return c < 0;
      }
      return elements.size() < other.elements.size();
    }
    // Versions are equal whatever their builds are called.
    static int CompareSpelled(const Val& a, const Val& b) {
      int c = Compare(a, b);
      if (c == 0) c = a.version.build.compare(b.version.build);
      for (size_t i = 0; c == 0 && i < a.elements.size(); ++i) {
        c = CompareSpelled(a.elements[i], b.elements[i]);
      }
      return c;
    }
    std::string policy;
    uint32_t position;
    std::vector<Val> elements;
  };
  struct Listed {
    Listed(const Instance* i, std::string words)
        : place(*i), text(std::move(words)) {}
    Place place;
    std::string text;
  };
  // What has no policy comes first, and of a policy what is no rule's.
  using PlaceOfError =
      std::tuple<std::string, bool, std::string, uint32_t, std::string>;

  void AddError(const Policy* policy, const Span* at,
                const Rule* rule = nullptr) {
    const std::string id = policy != nullptr ? policy->id : "";
    const bool placed = at != nullptr && at->file != nullptr;
    const std::string file = placed ? at->file->path() : "";
    errors_.emplace(id, rule != nullptr, file, placed ? at->begin : 0,
                    id + " " + std::to_string(placed ? at->line() : 0));
  }

  static std::vector<std::string> Texts(std::vector<Listed> list) {
    std::stable_sort(
        list.begin(), list.end(),
        [](const Listed& a, const Listed& b) { return a.place < b.place; });
    std::vector<std::string> texts;
    for (const Listed& l : list) texts.push_back(l.text);
    return texts;
  }

  void List() {
    out_.determining = Texts(determining_);
    out_.advisories = Texts(advisories_);
    if (ungoverned_) {
      out_.advisories.insert(out_.advisories.begin(), "ungoverned");
    }
    out_.not_delegated = Texts(not_delegated_);
    for (const PlaceOfError& e : errors_) {
      const std::string& text = std::get<4>(e);
      if (out_.errors.empty() || out_.errors.back() != text) {
        out_.errors.push_back(text);
      }
    }
  }

  // Lets are named where they stand and raised where they are read.
  void DefineLets(const Rule& r, uint32_t depth, Instance* i) {
    for (const auto& let : r.lets) {
      if (let->depth != depth) continue;
      evaluator_.broken_lets = &i->broken;
      try {
        i->locals[let->local] = evaluator_.Evaluate(*let->value, i->locals);
      } catch (const Failure& f) {
        i->broken[let->local] = f;
      }
    }
  }

  void Walk(const Policy& p, const Rule& r, uint32_t depth, Instance i,
            bool binds) {
    DefineLets(r, depth, &i);
    evaluator_.broken_lets = &i.broken;
    if (depth == r.loops.size()) {
      try {
        Finish(r, i, binds);
      } catch (const Failure&) {
        Err(i, binds);
      }
      return;
    }
    const typed::Loop& loop = *r.loops[depth];
    std::vector<Val> elements;
    try {
      elements = evaluator_.Evaluate(*loop.collection, i.locals).elements;
    } catch (const Failure&) {
      Err(i, binds);
      return;
    }
    for (const Val& element : elements) {
      if (r.target == loop.local && !Asked(element)) continue;
      Instance inner = i;
      inner.locals[loop.local] = element;
      evaluator_.broken_lets = &inner.broken;
      bool where = false;
      try {
        where = evaluator_.Test(loop.where.get(), inner.locals);
      } catch (const Failure&) {
        Err(inner, binds);
      }
      if (where) Walk(p, r, depth + 1, std::move(inner), binds);
    }
  }

  bool Asked(const Val& column) const {
    for (const Val& c : asked_) {
      if (Same(c, column)) return true;
    }
    return false;
  }

  // `r[c]?` of a column that the dataset lacks.
  bool LacksMarked(const typed::Expr& e, const Instance& i) {
    if (e.op == typed::Op::kRowColumn && e.marked && !e.args.empty()) {
      const Val column = evaluator_.Evaluate(*e.args[0], i.locals);
      if (!evaluator_.HasColumn(evaluator_.roots().resource, NameOf(column))) {
        return true;
      }
    }
    for (const auto& a : e.args) {
      if (a && LacksMarked(*a, i)) return true;
    }
    return false;
  }

  bool Holds(const Rule::Guard& g, const Instance& i) {
    for (const std::string& name : g.marked_columns) {
      if (!evaluator_.HasColumn(evaluator_.roots().resource, name)) {
        return false;
      }
    }
    if (g.predicate && LacksMarked(*g.predicate, i)) return false;
    return evaluator_.Test(g.when.get(), i.locals) &&
           !(g.unless && evaluator_.Test(g.unless.get(), i.locals));
  }

  void Finish(const Rule& r, Instance i, bool binds) {
    evaluator_.broken_lets = &i.broken;
    for (const Rule::Guard& g : r.earlier) {
      if (Holds(g, i)) return;
    }
    if (!Holds(r.own, i)) return;
    const auto evaluate = [&](const std::vector<typed::ExprPtr>& list) {
      for (const auto& e : list) {
        i.args.push_back(e ? evaluator_.Evaluate(*e, i.locals) : Val());
      }
    };
    switch (r.kind) {
      case RuleKind::kMask: {
        evaluate(r.mask.args);
        i.column = i.locals.at(r.target);
        (void)Fit(r.mask.kind, i.args, TypeOf(i.column));  // may err
        break;
      }
      case RuleKind::kHide:
        i.column = i.locals.at(r.target);
        break;
      case RuleKind::kRequire: {
        evaluate(r.arguments);
        const auto& parameters = schema_.obligations[r.obligation].parameters;
        for (size_t a = 0; a < i.args.size(); ++a) {
          if (r.arguments[a]) continue;
          const Kind kind = schema_.type(parameters[a].type).kind;
          if (kind == Kind::kSet || kind == Kind::kList || kind == Kind::kMap) {
            i.args[a].kind = kind;  // an empty one
          }
        }
        break;
      }
      case RuleKind::kRows: {
        i.filter = evaluator_.Residual(*r.own.predicate, i.locals);
        if (!r.keep) {
          auto negated = std::make_shared<Filter>();
          negated->op = Filter::Op::kNot;
          negated->dropped = true;
          negated->operands = {i.filter};
          const bool constant = i.filter->op == Filter::Op::kConstant &&
                                i.filter->constant.kind == Kind::kBool;
          if (constant) {
            auto folded = std::make_shared<Filter>();
            folded->constant = MakeBool(i.filter->constant.number == 0);
            i.filter = folded;
          } else {
            i.filter = negated;
          }
        }
        if (IsTrue(*i.filter)) return;
        break;
      }
      default:
        break;
    }
    if (!binds) {
      advisories_.push_back(Listed{&i, Describe(i)});
      return;
    }
    instances_.push_back(std::move(i));
  }

  static bool IsTrue(const Filter& f) {
    return f.op == Filter::Op::kConstant && f.constant.kind == Kind::kBool &&
           f.constant.number != 0;
  }

  Kind TypeOf(const Val& column) {
    const auto* s = schema_.FindSelectable(test_.resource_entity);
    return KindOfColumn(schema_, sight_.Read(column, s->type_slot));
  }

  // A column that nobody gives has no name to be asked for by.
  bool IsNamed(const Val& column, const std::string& name) {
    try {
      return NameOf(column) == name;
    } catch (const Failure&) {
      return false;
    }
  }

  std::string NameOf(const Val& column) {
    const auto* s = schema_.FindSelectable(test_.resource_entity);
    return sight_.Read(column, s->name_slot).text;
  }

  std::string Name(const Instance& i) const {
    const Policy& p = *i.policy;
    const Rule& r = *i.rule;
    constexpr const char* kSeverities[] = {"low", "medium", "high", "critical"};
    return std::string(kSeverities[static_cast<size_t>(p.severity)]) + " " +
           p.id + " of " + program_.scopes[p.scope].name + ", " +
           KindName(r.kind) + " " + std::to_string(r.span.line());
  }

  std::string Describe(const Instance& i) {
    std::string text = Name(i);
    evaluator_.broken_lets =
        const_cast<std::map<uint32_t, Failure>*>(&i.broken);
    const auto print = [&](const typed::Text& t) {
      const auto [printed, erred] = evaluator_.Text(t, i.locals);
      // Of a policy that does not bind, the advisory itself shows it.
      if (erred && Binds(*i.policy)) {
        AddError(i.policy, &i.rule->span, i.rule);
      }
      return printed;
    };
    if (i.rule->because) text += ": " + print(*i.rule->because);
    const std::string help =
        i.rule->help ? print(*i.rule->help) : i.policy->help;
    if (!help.empty()) text += " (" + help + ")";
    return text;
  }

  // --- Delegation ---
  bool Covers(const typed::MayAllow& m) const {
    return m.resource == test_.resource_entity &&
           std::count(m.actions.begin(), m.actions.end(), test_.action) > 0;
  }

  bool Delegated(const Policy& p) {
    bool delegated = true;
    for (uint32_t s = p.scope; s != 0; s = program_.scopes[s].parent) {
      bool allowed = false;
      for (const typed::MayAllow& m : program_.scopes[s].may_allow) {
        if (!Covers(m)) continue;
        try {
          allowed |= evaluator_.Test(m.when.get(), {});
        } catch (const Failure&) {
          AddError(&p, &m.span);
        }
      }
      delegated &= allowed;
    }
    return delegated;
  }

  // --- The decision ---
  void Compose() {
    evaluator_.broken_lets = nullptr;
    bool denied = false, allowed = false, hidden = false;
    int64_t longest = -1;
    std::vector<const Instance*> granting;
    for (const Instance& i : instances_) {
      if (i.rule->kind == RuleKind::kDeny) denied = true;
      if (i.rule->kind == RuleKind::kHide && asked_by_name_) hidden = true;
      if (i.rule->kind != RuleKind::kAllow) continue;
      if (!Delegated(*i.policy)) {
        not_delegated_.push_back(Listed{&i, Describe(i)});
        continue;
      }
      allowed = true;
      granting.push_back(&i);
      longest = std::max(longest, i.rule->recheck >= 0
                                      ? i.rule->recheck
                                      : program_.settings.keep_default);
    }
    const bool gate = action().gate;
    out_.keep = program_.settings.keep_default;
    if (must_deny_ || denied || (!gate && !allowed) || hidden) {
      out_.outcome = "DENY";
      for (const Instance& i : instances_) {
        const bool hides = i.rule->kind == RuleKind::kHide && asked_by_name_ &&
                           (allowed || gate);
        if (i.rule->kind == RuleKind::kDeny || hides) {
          determining_.push_back(Listed{&i, Describe(i)});
        }
      }
      determining_.insert(determining_.end(), erred_.begin(), erred_.end());
    } else {
      Permit(granting);
      if (!gate) out_.keep = std::min(longest, program_.settings.keep_maximum);
    }
    for (const int64_t at : boundaries_) {
      if (at > now_) out_.keep = std::min(out_.keep, at - now_);
    }
    if (with_now_) {
      out_.keep = std::min(out_.keep, program_.settings.keep_with_now);
    }
  }

  void Permit(const std::vector<const Instance*>& granting) {
    for (const Instance* i : granting) {
      determining_.push_back(Listed{i, Describe(*i)});
    }
    std::map<std::string, std::pair<Kind, Mask>> masks;
    std::map<std::string, std::set<std::string>> behind;  // policies
    std::vector<std::string> filters;
    std::vector<const Instance*> rows;
    std::set<std::string> obligations;
    for (const Instance& i : instances_) {
      if (i.rule->kind == RuleKind::kAllow) continue;
      determining_.push_back(Listed{&i, Describe(i)});
      switch (i.rule->kind) {
        case RuleKind::kMask:
        case RuleKind::kHide: {
          const Kind type = TypeOf(i.column);
          const Mask m =
              Fit(i.rule->kind == RuleKind::kHide ? MaskKind::kHide
                                                  : i.rule->mask.kind,
                  i.args, type);
          auto& [kind, joined] = masks[NameOf(i.column)];
          kind = type;
          joined = Join(joined, m, type);
          if (m.kind != MaskKind::kNone) {
            behind[NameOf(i.column)].insert(i.policy->id);
          }
          break;
        }
        case RuleKind::kRows:
          rows.push_back(&i);
          break;
        default: {
          const ObligationType& type = schema_.obligations[i.rule->obligation];
          std::string text = type.name + "(";
          for (size_t a = 0; a < i.args.size(); ++a) {
            const Val& v = i.args[a];
            if (v.missing()) continue;
            text += type.parameters[a].name + ": " + evaluator_.Print(v);
            if (v.kind == Kind::kSet || v.kind == Kind::kList) {
              text += " of " + std::to_string(v.elements.size());
            }
            text += ";";
          }
          obligations.insert(text + ")");
        }
      }
    }
    for (const auto& [name, mask] : masks) {
      if (mask.second.kind == MaskKind::kNone) continue;
      std::string policies;
      for (const std::string& p : behind[name]) {
        policies += (policies.empty() ? " by " : ", ") + p;
      }
      out_.columns.push_back(name + " " + MaskText(mask.second, mask.first) +
                             policies);
    }
    std::stable_sort(rows.begin(), rows.end(),
                     [](const Instance* a, const Instance* b) {
                       return Place(*a) < Place(*b);
                     });
    for (const Instance* i : rows) {
      const FilterPtr& f = i->filter;
      const bool is_false =
          f->op == Filter::Op::kConstant && f->constant.kind == Kind::kBool;
      if (is_false) {
        out_.filter = "false";
        break;
      }
      const std::string text = TextOf(*f, schema_);
      const bool brackets = f->op == Filter::Op::kOr && rows.size() > 1;
      out_.filter += (out_.filter.empty() ? "" : " and ") +
                     (brackets ? "(" + text + ")" : text);
    }
    out_.obligations.assign(obligations.begin(), obligations.end());
    out_.outcome =
        out_.columns.empty() && out_.filter.empty() && out_.obligations.empty()
            ? "ALLOW"
            : "MASK";
  }

  std::string MaskText(const Mask& m, Kind type) const {
    switch (m.kind) {
      case MaskKind::kShowFirst:
      case MaskKind::kShowLast:
      case MaskKind::kNetwork:
        return std::to_string(static_cast<int>(m.kind)) + " " +
               std::to_string(m.n) + " " + std::to_string(m.k);
      case MaskKind::kTruncate:
        return std::to_string(static_cast<int>(m.kind)) + " unit " +
               std::to_string(m.unit);
      case MaskKind::kRound:
        return std::to_string(static_cast<int>(m.kind)) + " " +
               (type == Kind::kDecimal ? FormatDecimal(m.n) : FormatInt(m.n));
      case MaskKind::kConstant:
        return std::to_string(static_cast<int>(m.kind)) + " " +
               evaluator_.Print(m.constant);
      default:
        return std::to_string(static_cast<int>(m.kind));
    }
  }

  const typed::Program& program_;
  const Schema& schema_;
  const typed::Test& test_;
  bool resource_known_ = false, previous_known_ = false;
  bool asked_by_name_ = false;
  Sight sight_;
  Evaluator evaluator_;
  const int64_t now_;
  std::vector<Val> asked_;
  std::vector<std::set<uint32_t>> chains_;
  std::vector<Instance> instances_;
  std::vector<Listed> erred_, determining_, advisories_, not_delegated_;
  std::set<PlaceOfError> errors_;
  bool ungoverned_ = false;
  std::vector<int64_t> boundaries_;
  bool with_now_ = false, must_deny_ = false;
  Decision out_;
};

}  // namespace

Decision Decide(const typed::Program& program, const typed::Test& test,
                int64_t now) {
  return Decider(program, test, now).Run();
}

std::string Describe(const Decision& d) {
  std::string text = d.outcome + "\n";
  const auto list = [&text](const char* name, const auto& items) {
    for (const std::string& item : items) {
      text += std::string("  ") + name + ": " + item + "\n";
    }
  };
  list("column", d.columns);
  if (!d.filter.empty()) text += "  filter: " + d.filter + "\n";
  list("obligation", d.obligations);
  text += "  keep: " + FormatDuration(d.keep) + "\n";
  list("determining", d.determining);
  list("advisory", d.advisories);
  list("not delegated", d.not_delegated);
  list("waiver", d.waivers);
  list("error", d.errors);
  return text;
}

}  // namespace bylaw::reference
