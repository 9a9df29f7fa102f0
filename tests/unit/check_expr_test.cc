// Expressions: types, narrowing, bare terms, operators, calls.
#include "compiler/compile.h"
#include "tests/unit/check_cases.h"

namespace bylaw {
namespace {

using check_cases::Check;
using check_cases::CheckRules;

TEST_CASE("a message says what to write") {
  const auto suggestion = [](const std::string& text) {
    CompileInput input;
    input.files = {{"a.bylaw",
                    "module a\n"
                    "entity Data in User { name: String, type: ColumnType? }\n"
                    "entity User { s: String, born: Date?, tags: Set<Color>, "
                    "days: List<Color>, data: Set<Data> }\n"
                    "vocabulary Color { red, blue }\n"
                    "action look of User by User selects resource.data by "
                    "context.data { data: Set<Data> }\n" +
                        text},
                   {"b.bylaw",
                    "module b\ndef limit: Int = 3\n"
                    "def late(x: Int): Bool = x > limit\n"
                    "type Shape = { sides: Int }\nobligation tell\n"
                    "def mask blur = redact\n"
                    "action find of Data2 by Data2\nentity Data2 { }\n"}};
    const CompileResult result = Compile(input);
    for (const Diagnostic& d : result.diagnostics) {
      if (d.severity == Severity::kError) return d.suggestion;
    }
    return std::string("(no error)");
  };
  // What another module declares.
  CHECK(suggestion("def f(): Bool = late(3)") == "write `import b`");
  CHECK(suggestion("def f(): Bool = b.late(3)") == "write `import b`");
  CHECK(suggestion("def f(): Int = limit") == "write `import b`");
  CHECK(suggestion("def f(x: Shape): Int = 3") == "write `import b`");
  CHECK(suggestion("def mask m = blur") == "write `import b`");
  const std::string head = "policy p title \"t\" owner \"o\" on ";
  CHECK(suggestion(head + "find of User { allow }") == "write `import b`");
  CHECK(suggestion(head + "look of User { allow require tell }") ==
        "write `import b`");
  // Methods.
  CHECK(suggestion("def f(u: User): Bool = u.s.length > 3") ==
        "`length` is a method: brackets follow it");
  CHECK(suggestion("def f(u: User): Bool = u.has_colum(\"x\")") ==
        "did you mean `has_column`?");
  // Spellings.
  const std::string test = "\ntest \"t\" { given User \"u\" { ";
  const std::string when =
      " } when User \"u\" does look on User \"u\" expect deny }";
  CHECK(suggestion(test + "tags: [red]" + when) == "a set is written `{…}`");
  CHECK(suggestion(test + "days: {red}" + when) == "a list is written `[…]`");
  CHECK(suggestion(test + "born: \"2000-01-01\"" + when) ==
        "write `date(\"…\")`");
  CHECK(suggestion("test \"t\" { when User \"u\" does look on User \"u\" at "
                   "\"2026-01-01\" expect deny }") == "write `time(\"…\")`");
}

TEST_CASE("a def sees its parameters and now only") {
  Check(R"bl(
def a(): Bool = subject is User            //! BL2017
def b(): Bool = resource is missing        //! BL2017
def c(): Bool = context.purpose is missing //! BL2017
def d(): Bool = action == read             //! BL2017
def e(): Bool = previous is missing        //! BL2017
def f(): Time = now
def g(x: Int): Int = y                     //! BL2004
def h(): Bool = all Dataset is empty       //! BL2054
)bl");
}

TEST_CASE("defs do not use themselves") {
  Check(R"bl(
def a(x: Int): Int = b(x)     //! BL2034
def b(x: Int): Int = a(x)     //! BL2034
def c: Int = c                //! BL2034
def d(x: Int): Int = c        
def mask m1 = m2              //! BL2034
def mask m2 = m1              //! BL2034
def mask m3 = show_last(2)
def mask m4 = m3
def mask m5 = nothing         //! BL2011
def mask m6 = m3(4)           //! BL2049
)bl");
}

TEST_CASE("types are not converted") {
  Check(R"bl(
def a(): Decimal = 1
def b(x: Int): Decimal = x            //! BL2018
def c(x: Int): Decimal = x.decimal()
def d(x: Int): Int? = x
def e(x: Int?): Int = x               //! BL2019
def f(x: Int?): Int = x ?? 0
def g(x: Int): String = x             //! BL2018
def h(x: User): Subject2 = x
type Subject2 = User | Service
def i(x: Subject2): User = x          //! BL2018
def j(x: Decimal): Bool = x > 3 and 3 < x and x == -1 and x in {1, 2}
def k(x: Int, y: Decimal): Bool = x > y   //! BL2022
def l(x: Int, y: Decimal): Bool = x == y  //! BL2024
def m(): Decimal = 1 + 2
def n(x: Int): Decimal = x / 2
def o(x: Int, y: Decimal): Decimal = x + y //! BL2022
def p(x: Decimal): Decimal = 2 * x + 1
)bl");
}

TEST_CASE("equality and in accept what may be missing, others do not") {
  Check(R"bl(
def a(x: Int?, y: Int?): Bool = x == y and x != y and x in {1} and x not in {2}
def b(x: Int?): Bool = x > 1           //! BL2019
def c(x: Int?): Int = x + 1            //! BL2019
def d(x: String?): Bool = x starts with "a" //! BL2019
def e(x: String?): String = x.lower()  //! BL2019
def f(x: Int?): Int = -x               //! BL2019
def g(x: User?): Bool = c(x.department.length()) == 1 //! BL2019
def h(x: Dataset?): Set<Column> = x.columns
def i(x: Dataset?): String? = x.name
def j(x: Dataset?): String = x.name    //! BL2019
def k(x: Bool?): Bool = x and true     //! BL2019
def l(x: Bool?): Bool = not x          //! BL2019
def m(x: Int?): Bool = any(y in {1, 2} where y < x) //! BL2019
def n(x: Dataset?): Bool = x.product.domain == Domain "sales"
)bl");
}

TEST_CASE("narrowing follows paths through conditions") {
  Check(R"bl(
def a(x: Int?): Bool = x is present and x > 1
def b(x: Int?): Bool = x is missing or x > 1
def c(x: Int?): Int = if x is present then x else 0
def d(x: Int?): Int = if x is missing then 0 else x
def e(x: Int?): Bool = not (x is missing) and x > 1
def f(x: Int?): Bool = x > 1 and x is present        //! BL2019
def g(x: Int?): Bool = x is missing and x > 1        //! BL2019
def h(x: Int?, y: Int?): Bool = (x is present and y is present) and x > y
def i(x: Int?, y: Int?): Bool = (x is present or y is present) and x > 1 //! BL2019
def j(x: Int?, y: Int?): Bool = not (x is missing or y is missing) and x > y
def k(x: Int?, y: Int?): Bool = x is missing or y is missing or x > y
def l(d: Dataset): Bool = d.created is present and d.created > now
def m(d: Dataset): Bool = d.product.owner is present and d.product.owner.id == "x"
def n(d: Dataset): String = if d.product.name is present then d.product.name else ""
def o(xs: Set<Dataset>): Bool = any(d in xs where d.created is present and d.created < now)
def p(xs: Set<Dataset>): Bool = all(d in xs where d.created is present satisfy d.created < now)
def q(xs: Set<Dataset>): Time? = max(d.created for d in xs where d.created is present)
def r(xs: Set<Dataset>): Time? = max(d.created for d in xs)   //! BL2019
def s(x: Int?): Bool = present_int(x) and x > 1      //! BL2019
def present_int(x: Int?): Bool = x is present
def t(xs: Set<Int>): Bool = max(x for x in xs) is present and max(x for x in xs) > 1 //! BL2019
def u(x: Int?): Int = match_it(x ?? 1)
def match_it(x: Int): Int = x
def v(p: Purpose?): Int = match p { marketing: use(p), else: 0 }
def use(p: Purpose): Int = 1
def w(x: Int?): Bool = (if x is present then x > 1 else false)
)bl");
  CheckRules(R"bl(
  let made = d.created is present
  deny when made and d.created < now because "x"          //! BL2019
  deny when d.created is present and d.created < now because "{d.created.hour(`UTC`)}"
  deny unless d.created is missing because "{d.created.hour(`UTC`)}"
  deny because "{d.created.hour(`UTC`)}"                  //! BL2019
  let c = d.created
  deny when c is present and c < now because "x"
)bl");
}

TEST_CASE("the guard of a policy narrows its whole body") {
  Check(R"bl(
policy p title "t" owner "o"
on read of Dataset as d by User as u when d.created is present unless u.country is missing {
  deny when d.created < now and u.country within eu because "{d.created.date(`UTC`)}"
  for c in d.columns where c.classification is present and c.classification > internal {
    deny when c.classification > public because "{c.name}"
  }
}
)bl");
}

TEST_CASE("unions offer what all members declare alike, is narrows") {
  Check(R"bl(
policy p title "t" owner "o" on read of Dataset as d {
  deny when subject.roles has analyst because "x"
  deny when subject.domain == Domain "sales" because "x"  //! BL4001
  deny when subject.department == "x" because "x"         //! BL2005
  deny when subject is User and subject.department is present because "{subject.department}"
  deny when subject is Group because "x"                  //! BL2057
  deny unless subject is Service because "{subject.employment}"
  deny when subject is Nothing because "x"                //! BL2006
  deny when d.name is User because "x"                    //! BL2022
}
policy q title "t" owner "o" on read of Dataset as d by Service as s {
  deny when s.employment is missing because "x"           //! BL2005
}
)bl");
}

TEST_CASE("bare terms are typed by what is expected") {
  Check(R"bl(
def a(t: Set<Tag>): Bool = t has pii and t has pii.email and t overlaps {pii.phone, finance}
def b(t: Set<Tag>): Bool = t has email           //! BL2007
def c(t: Set<Tag>): Bool = t has pii.emial       //! BL2007
def d(): Bool = pii == pii                       //! BL2020
def e(): Set<Tag> = {pii, pii.email}
def f(): Bool = {pii} is empty                   //! BL2020
def g(): Bool = {} is empty                      //! BL2021
def h(): Set<Tag> = {}
def i(c: Country?): Country = c ?? eu
def j(b: Bool): Country = if b then eu else us
def k(c: Country): Bool = c in {eu, us} and eu == c and Country.eu == c and c == mesh.Country.eu
def l(c: Country): Bool = Country.atlantis == c  //! BL2007
def m(): Bool = Tag.pii == Tag.pii.email
def n(c: Country): Bool = c == Country.eu.no and c == eu.no
def o(c: Column): Bool = c.type == date and c.type == int
def p(): Bool = string == string                 //! BL2020
def q(t: Time): Bool = t.weekday("UTC") in {saturday, sunday} and t.weekday("UTC") > monday
def r(c: Country): Bool = f2(eu, {us})
def f2(c: Country, s: Set<Country>): Bool = c in s
def s(x: Country): Bool = x == User              //! BL2056
def t(x: Classification): Bool = x >= internal and public < x and restricted >= x
def u(x: Country): Bool = x > eu                 //! BL2023
def v(x: Set<Country>): Int = count(c in x where c within eu)
def w(x: Country?): Bool = (x ?? us) == us
def y(x: Set<Country>): Bool = {eu} == x and x != {}
)bl");
}

TEST_CASE("names that are not there, with suggestions") {
  check_cases::Program program(R"bl(
policy p title "t" owner "o" on read of Dataset as d by User as u {
  deny when d.clasification == internal because "x"
  deny when dd.name == "x" because "x"
  deny when u.roles has anlyst because "x"
}
)bl");
  const std::string text = Render(program.sink());
  CHECK(program.Found(false) ==
        std::vector<std::string>{"case.bylaw:3 BL2005", "case.bylaw:4 BL2004",
                                 "case.bylaw:5 BL2007"});
  using Catch::Matchers::ContainsSubstring;
  CHECK_THAT(text, ContainsSubstring("did you mean `classification`?"));
  CHECK_THAT(text, ContainsSubstring("did you mean `analyst`?"));
}

TEST_CASE("operators take the types they are for") {
  Check(R"bl(
def a(x: String, y: Int): Bool = x == y            //! BL2024
def b(x: String): Bool = x > "a"                   //! BL2023
def c(x: Set<Int>): Bool = "a" in x                //! BL2024
def d(x: Set<Int>): Bool = x has "a"               //! BL2024
def e(x: Int): Bool = x has 1                      //! BL2022
def f(x: Set<Int>, y: Set<String>): Bool = x overlaps y //! BL2024
def g(x: Int): Bool = x overlaps {1}               //! BL2022
def h(x: Int): Bool = x contains "a"               //! BL2022
def i(x: Set<String>): Bool = x contains "a"       //! BL2022
def j(x: String): Bool = x matches "a(" or x matches "a.*"   //! BL2028
def k(x: String, y: String): Bool = x matches y    //! BL2029
def l(x: String, y: String): Bool = x like y       //! BL2029
def m(x: String): Bool = x like "a*" and x contains "b" and x ends with x
def n(x: Int): Bool = x is empty                   //! BL2022
def o(x: Map<Int>): Int? = x["a"]
def p(x: Map<Int>): Bool = x has "a" and x["b"] == 1
def q(x: Map<Int>): Int? = x[1]                    //! BL2018
def r(x: Int): Int? = x["a"]                       //! BL2022
def s(x: User, y: Group): Bool = x within y and x in {y} and x == User "ana"
def t(x: User, y: Domain): Bool = x within y       //! BL2024
def u(x: User, y: Group): Bool = x == y            //! BL2024
def v(x: IP): Bool = x within ip("10.0.0.0/8")
def w(x: Int): Bool = x within 3                   //! BL2022
def y(x: Bool): Bool = x < true                    //! BL2023
def z(x: Set<Column>): Bool = all(c in x satisfy c.encrypted) and no(c in x where c.key)
)bl");
}

TEST_CASE("arithmetic of numbers and time") {
  Check(R"bl(
def a(t: Time): Time = t + 6mo - 3d + 1h30m
def b(t: Time, s: Time): Duration = t - s
def c(d: Date): Date = d + 18y
def d(d: Date): Date = d + 3h                  //! BL2022
def e(x: Period): Period = x + 6mo             //! BL2022
def f(x: Duration): Duration = x + 1h
def g(s: String): String = s + "x" + s.lower()
def h(s: String): String = s - "x"             //! BL2022
def i(t: Time): Int = t.hour("Europe/Paris") + t.minute("UTC")
def j(t: Time): Int = t.hour("Mars/Base")      //! BL2027
def k(t: Time): Int = t.hour()                 //! BL2025
def l(d: Date): Int = d.age(now) + d.age(date("2026-01-01"))
def m(v: Version): Int = v.major + v.minor + v.patch
def n(v: Version?): Int? = v.major
def o(s: String): Int = s.size()               //! BL2013
def p(x: Set<Decimal>): Decimal = sum(y for y in x)
def q(x: Set<String>): String = sum(y for y in x)  //! BL2022
def r(x: Set<Int>): Int = count(y in x) + count(y in x where y > 1)
def s(x: Set<String>): String? = max(y for y in x) //! BL2023
def t(x: Set<Classification>): Classification? = max(y for y in x)
def u(x: Set<Country>): Country? = max(y for y in x)   //! BL2023
def v(x: Int): Bool = any(y in x where true)   //! BL2059
def w(d: Period): Bool = d > 6mo
)bl");
}

TEST_CASE("literals of their own types are checked") {
  Check(R"bl(
def a: Date = date("2026-02-30")        //! BL2027
def b: Time = time("yesterday")         //! BL2027
def c: IP = ip("10.0.0.1/8")            //! BL2027
def d: Version = version("1.2")         //! BL2027
def e: Date = date("2026-11-20")
def f: Time = time("2026-11-20T10:00:00Z")
def g: IP = ip("10.0.0.0/8")
def h: Version = version("1.2.0")
def i(x: String): Date = date(x)        //! BL2029
def j: Decimal = 999999999999           
def k: Decimal = 9999999999999          //! BL2062
def l: Bool = column("a", "b")          //! BL2053
)bl");
}

TEST_CASE("if and match") {
  Check(R"bl(
vocabulary Small { s1, s2 }
def a(x: Small): Int = match x { s1: 1, s2: 2 }
def b(x: Small): Int = match x { s1: 1 }               //! BL2031
def c(x: Small?): Int = match x { s1: 1, s2: 2 }       //! BL2031
def d(x: Small?): Int = match x { s1: 1, else: 2 }
def e(x: Small): Int = match x { s1: 1, s1 or s2: 2 }  //! BL2032
def f(x: Small): Int = match x { s1: 1, s3: 2 }        //! BL2007
def g(x: Small): Int = match x { s1: 1, s2: "b" }      //! BL2033
def h(x: Tag): Int = match x { pii: 1, finance: 2 }
def i(x: Tag): Int = match x { pii.email: 1, pii: 2, finance: 3 }
def j(x: Tag): Int = match x { pii: 1, pii.email: 2, finance: 3 } //! BL2032
def k(x: Tag): Int = match x { pii.email: 1, finance: 3 }  //! BL2031
def l(x: Int): Int = match x { s1: 1, else: 2 }        //! BL2022
def m(x: Bool): Int = if x then 1 else "a"             //! BL2033
def n(x: Small): Set<Country> = match x { s1: {eu}, else: {} }
def o(x: Country): Int = match x { Country.eu: 1, us: 2 }
def p(x: Country): Int = match x { eu.no: 1, else: 2 }
def q(x: Small): Bool = (match x { s1: 1, s2: "b" }) == 1  //! BL2033
def r(x: Small): Int = match x { else: 2, s1: 1 }
)bl");
}

TEST_CASE("sets and lists hold one type") {
  Check(R"bl(
def a(): Set<Int> = {1, 2, "a"}            //! BL2033
def b(x: Int): Bool = x in {1, x, 3}
def c(x: Int?): Bool = 1 in {1, x}         //! BL2019
def d(): List<String> = ["a", "b"]
def e(): Set<String> = ["a"]               //! BL2018
def f(x: User, y: Service): Bool = x in {x, y}
def g(): Bool = {1, "a"} is empty          //! BL2033
)bl");
}

TEST_CASE("functions take what they declare") {
  Check(R"bl(
def f(x: Int, y: Int?): Int = x
def a(): Int = f(1)              //! BL2025
def b(): Int = f(1, 2, 3)        //! BL2025
def c(): Int = f("a", 2)         //! BL2018
def d(x: Int?): Int = f(x, x)    //! BL2019
def e(): Int = f                 //! BL2060
def g(): Int = f(x: 1, y: 2)     //! BL2026 BL2026
def h(x: Int): Int = x.f()       //! BL2013
)bl");
}

TEST_CASE("presence tests of what is never missing are linted") {
  Check(R"bl(
def a(x: Int): Bool = x is missing           //! BL4002
def b(x: Set<Int>): Bool = x is present      //! BL4002
def c(x: Int): Int = x ?? 1                  //! BL4002
def d(x: Int?): Bool = x is present and x is present
def e(x: Int): Bool = x == null              //! BL2004
)bl");
}

TEST_CASE("what a broken declaration may declare is not reported as unknown") {
  Check(R"bl(
entity Crate { name: String, colour String }        //! BL1001
def f(x: Crate): Int = x.colour + g(1)
def g(x: Int) Int = x                               //! BL1001
def h(x: User): String = x.nothing                  //! BL2005
policy p title "t" owner "o" on read of Dataset as d by User {
  deny when d.nam == "x" because "x"                //! BL2005
}
)bl");
}

TEST_CASE("the action is compared with actions and groups") {
  Check(R"bl(
policy p title "t" owner "o" on consume of Dataset as d by User {
  deny when action == read because "{action}"
  deny when action in {read, export} because "x"
  deny when action in consume because "x"
  deny when action == nothing because "x"     //! BL2007
  deny when action not in {lifecycle, train} because "x"
}
)bl");
}

TEST_CASE("one error is reported once, without followers") {
  Check(R"bl(
def a(x: Nothing): Int = x.b + x.c * x["d"]          //! BL2006
def b(): Int = a(1) + a(2)
policy p title "t" owner "o" on nothing of Dataset as d by User as u {  //! BL2008
  deny when context.purpose == marketing and previous is missing because "{u.id}"
  let x = d.nothing                                   //! BL2005
  deny when x > 1 because "{x.y}"
  for c in d.nothing { deny when c.x because "x" }    //! BL2005
}
)bl");
}

}  // namespace
}  // namespace bylaw
