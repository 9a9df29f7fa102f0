// What the checker makes of expressions, as text; and what it finds out about
// their effects.
#include "tests/unit/check_cases.h"

namespace bylaw {
namespace {

// The typed body of the last def of a program without errors.
std::string Body(const std::string& text) {
  check_cases::Program program(text);
  INFO(Render(program.sink()));
  CHECK_FALSE(program.sink().has_errors());
  const auto& defs = program.checker().program.defs;
  for (const typed::Def& def : defs) {
    if (def.id == "council.rules.f" && def.body != nullptr) {
      return DumpTypedExpr(program.checker().program, *def.body);
    }
  }
  return "";
}

TEST_CASE("expressions become typed trees") {
  const struct {
    const char* source;
    const char* dump;
  } kCases[] = {
      {"def f(x: Int?): Int = x ?? 0", "(?? $0 0 : Int)"},
      {"def f(x: Decimal): Bool = x > 3", "(> $0 decimal(3))"},
      {"def f(x: Decimal): Bool = x in {2, 1, 2}",
       "(in $0 {decimal(1), decimal(2)})"},
      {"def f(x: Set<Tag>): Bool = x has pii.email",
       "(has-below $0 Tag.pii.email)"},
      {"def f(x: Country): Bool = x in {us, eu}",
       "(in-below $0 {Country.eu, Country.us})"},
      {"def f(x: Purpose): Bool = x not in {marketing}",
       "(not (in $0 {Purpose.marketing}))"},
      {"def f(x: User, g: Group): Bool = x within g", "(within $0 $1)"},
      {"def f(x: IP): Bool = x within ip(\"10.0.0.0/8\")",
       "(ip-within $0 ip(10.0.0.0/8))"},
      {"def f(x: Set<Purpose>): Bool = x within {marketing}",
       "(all $1 $0 : (in $1 {Purpose.marketing}))"},
      {"def f(x: Dataset): Domain? = x.product.domain",
       "(. (. $0 product : DataProduct?) domain : Domain?)"},
      {"def f(x: Dataset?): Set<Column> = x.columns",
       "(. $0 columns : Set<Column>)"},
      {"def f(x: Dataset): Bool = x.created is present and x.created < now",
       "(and (is-present (. $0 created : Time?)) (< (. $0 created : Time) "
       "now))"},
      {"def f(x: User): String = x.id", "(id $0)"},
      {"def f(x: Int): Int = -x * -3", "(* (negate $0) -3)"},
      {"def f(d: Date): Int = d.age(now)", "(age $0 (date now \"UTC\"))"},
      {"def f(x: Classification): Int = match x { else: 1, public or internal: "
       "2 }",
       "(match $0 public, internal: 2 else: 1 : Int)"},
      {"def f(x: Set<Int>): Int? = max(y + 1 for y in x where y > 2)",
       "(max $1 $0 where (> $1 2) : (+ $1 1) : Int?)"},
      {"def g(x: Int): Int = x\ndef f(): Int = g(3)",
       "(call council.rules.g 3 : Int)"},
      {"type S = User | Service\ndef f(s: S): Bool = s is User",
       "(is $0 User)"},
  };
  for (const auto& c : kCases) {
    CAPTURE(c.source);
    CHECK(Body(c.source) == c.dump);
  }
}

TEST_CASE("which defs mention now, may fail, read what may be claimed") {
  check_cases::Program program(R"bl(
extend entity Dataset { claimed: String? asserted }
def a(x: Int): Int = x + 1
def b(x: Int): Int = a(x)
def c(d: Dataset): Bool = d.claimed == "x"
def d(p: DataProduct): Bool = p.name == "x"
def e(p: DataProduct): Bool = p.owner is present and p.tags has pii
def f(t: Time): Bool = t > now
def g(t: Time): Bool = f(t)
def h(d: Dataset): Bool = c(d)
def i(x: String): String = x + "y"
def j(t: Time): Int = t.hour("UTC")
def k(t: Time, z: String): Int = t.hour(z)
)bl");
  REQUIRE_FALSE(program.sink().has_errors());
  Checker& checker = program.checker();
  const auto body = [&](const char* name) -> const typed::Expr& {
    for (const typed::Def& def : checker.program.defs) {
      if (def.id == std::string("council.rules.") + name) return *def.body;
    }
    FAIL(name);
    return *checker.program.defs[0].body;
  };
  CHECK_FALSE(checker.CannotFail(body("a")));
  CHECK_FALSE(checker.CannotFail(body("b")));
  CHECK(checker.CannotFail(body("c")));
  CHECK(checker.CannotFail(body("i")));
  CHECK(checker.CannotFail(body("j")));
  CHECK_FALSE(checker.CannotFail(body("k")));
  bool asserted = false;
  CHECK(checker.FindForbiddenRead(body("c"), &asserted) != nullptr);
  CHECK(asserted);
  CHECK(checker.FindForbiddenRead(body("h"), &asserted) != nullptr);
  CHECK(asserted);
  CHECK(checker.FindForbiddenRead(body("d"), &asserted) != nullptr);
  CHECK_FALSE(asserted);
  CHECK(checker.FindForbiddenRead(body("e"), &asserted) == nullptr);
  CHECK(checker.MentionsNow(body("f")));
  CHECK(checker.MentionsNow(body("g")));
  CHECK_FALSE(checker.MentionsNow(body("e")));
}

}  // namespace
}  // namespace bylaw
