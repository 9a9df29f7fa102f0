// Modules, vocabularies, types, actions: what a schema may say.
#include "tests/unit/check_cases.h"

namespace bylaw {
namespace {

using check_cases::Check;

TEST_CASE("imports name modules, make no cycles, stay in their scopes") {
  Check(R"bl(module council.a
import council.b   //! BL2002
import council.nowhere  //! BL2001
=== b.bylaw 0
module council.b
import council.a   //! BL2002
=== c.bylaw 0
module council.c
import council.a
)bl");
  Check(R"bl(module council.a
import council.a   //! BL2002
)bl");
  Check(R"bl(module council.a
def top(): Int = 1
=== s.bylaw 1
module sales.rules
import council.a
def one(): Int = top()
=== s2.bylaw 1
module sales.more
import sales.rules
=== h.bylaw 2
module hr.rules
import sales.rules    //! BL3091
=== r.bylaw 0
module council.z
import sales.rules    //! BL3091
)bl");
}

TEST_CASE("names are used bare or with their module, and never guessed") {
  Check(R"bl(module council.a
def rank(): Int = 1
def plain(): Int = 1
=== b.bylaw 0
module council.b
def rank(): Int = 2
def own(): Int = 3
=== c.bylaw 0
module council.c
import council.a
import council.b
def x1(): Int = rank()           //! BL2014
def x2(): Int = council.a.rank() + council.b.rank()
def x3(): Int = plain() + council.a.plain()
def x4(): Int = missing_one()    //! BL2012
def x5(): Int = council.a.none() //! BL2012
def own(): Int = 4
def x6(): Int = own()
=== d.bylaw 0
module council.d
def y1(): Int = council.a.rank() //! BL2012
def y2(): Int = plain()          //! BL2012
)bl");
}

TEST_CASE("constants may be named with their module") {
  Check(R"bl(module council.a
def limit: Int = 10
def owner_of: User = User "ana"
=== b.bylaw 0
module council.b
import council.a
def a(): Int = limit + council.a.limit
def b(): String? = council.a.owner_of.department
def c(): String? = owner_of.department
def d(): Int = limit()      //! BL2060
def e(): Int = council.a.nothing //! BL2004
)bl");
}

TEST_CASE("a name is declared once") {
  Check(R"bl(
entity User {}                      //! BL2003
vocabulary Tag { x }                //! BL2003
entity String {}                    //! BL2003
vocabulary Weekday { x }            //! BL2003
entity Thing {}
entity Thing {}                     //! BL2003
type Thing = { a: Int }             //! BL2003
obligation audit(level: String)     //! BL2003
action read of Dataset by User {}   //! BL2003
action group consume = { read }     //! BL2003
def f(): Int = 1
def f(): Int = 2                    //! BL2003
def mask m = hash
def mask m = redact                 //! BL2003
def mask redact = hash              //! BL2003
policy p title "t" owner "o" on read of Dataset by User { allow }
policy p title "t" owner "o" on read of Dataset by User { allow } //! BL2003
)bl");
}

TEST_CASE("only the root scope declares the schema") {
  Check(R"bl(module council.x
def a(): Int = 1
=== s.bylaw 1
module sales.rules
entity Thing {}                              //! BL3090
vocabulary Kind { a1 }                       //! BL3090
action look of Dataset by User {}            //! BL3090
action gate g of Dataset by User {}          //! BL3090
action group looks = { read }                //! BL3090
obligation ring(bell: String)                //! BL3090
extend entity User { nick: String? }         //! BL3090
extend vocabulary Role { boss }              //! BL3090
extend action read { why: String? }          //! BL3090
type Pair = { a: Int, b: Int }
type Both = User | Service
def f(): Int = 1
)bl");
}

TEST_CASE("vocabularies: places, trees, repetitions") {
  Check(R"bl(
vocabulary Level ordered { low1, high1, low1 }      //! BL2003
vocabulary Flat { a1 { b1 } }                       //! BL2040
vocabulary Rank ordered { one, two, ten }
extend vocabulary Rank { three above two, nine below ten, two above one }
extend vocabulary Rank { four }                     //! BL2040
extend vocabulary Rank { six above seven }          //! BL2007
extend vocabulary Rank { one above ten }            //! BL2040
extend vocabulary Flat { x above a1 }               //! BL2040
extend vocabulary Nothing { x }                     //! BL2006
extend vocabulary Weekday { someday above sunday }  //! BL2040
extend vocabulary Tag { pii { email }, pii { iban }, health }
)bl");
}

TEST_CASE("ordered terms stand where extensions put them") {
  check_cases::Program program(R"bl(
vocabulary Rank ordered { one, two, ten }
extend vocabulary Rank { four above three, three above two, zero below one }
)bl");
  REQUIRE(program.Found(false).empty());
  const Schema& schema = program.checker().schema();
  const Vocabulary& rank = schema.vocabularies[schema.FindVocabulary("Rank")];
  std::string order;
  for (uint32_t i = 0; i < rank.num_terms; ++i) {
    order += schema.terms[rank.first_term + i].path + " ";
  }
  CHECK(order == "zero one two three four ten ");
}

TEST_CASE("trees are numbered in preorder with contiguous terms") {
  check_cases::Program program("\n");
  const Schema& schema = program.checker().schema();
  const uint32_t tag = schema.FindVocabulary("Tag");
  const uint32_t pii = schema.FindTerm(tag, "pii");
  for (const char* below :
       {"pii", "pii.email", "pii.name", "pii.name.first", "pii.phone"}) {
    CHECK(schema.IsBelow(schema.FindTerm(tag, below), pii));
  }
  CHECK_FALSE(schema.IsBelow(schema.FindTerm(tag, "finance.salary"), pii));
  CHECK_FALSE(schema.IsBelow(pii, schema.FindTerm(tag, "pii.name")));
}

TEST_CASE("attributes have types that exist and defaults that fit") {
  Check(R"bl(
entity Thing in Group {
  a: Nothing,                 //! BL2006
  b: Set<String>?,            //! BL2037
  c: List<Int?>,              //! BL2037
  d: Map<Decimal>,
  e: Int = "x",               //! BL2018
  f: Decimal = 3,
  g: Classification = secret, //! BL2007
  h: Set<Country> = {eu, us},
  i: Int = now,               //! BL2017
  id: String,                 //! BL2003
  j: Bool = true,
  k: Decimal = 1.5,
  l: User = User "ana",
  m: mesh.User?,
  n: Strin                    //! BL2006
}
extend entity User { roles: Set<Role> }       //! BL2003
extend entity Nobody { x: Int }               //! BL2006
extend entity Tag { x: Int }                  //! BL2036
entity Other in Tag {}                        //! BL2036
entity Third in Nobody {}                     //! BL2006
type Bad = User | Tag                         //! BL2036
)bl");
}

TEST_CASE("inverse and transitive fit both sides") {
  Check(R"bl(
entity Box { things: Set<Thing>, lid: Lid?, other: String? }
entity Thing {
  box: Box? inverse things,
  bad: Box? inverse nothing,       //! BL2038
  worse: Box? inverse other,       //! BL2038
  again: Box? inverse things,      //! BL2038
  num: Int inverse things,         //! BL2038
  up: Set<Thing> transitive,
  down: Set<Box> transitive,       //! BL2039
  one: Thing? transitive           //! BL2039
}
entity Lid { box: Box? inverse lid }
entity Node { next: Node? inverse before, before: Set<Node> }
)bl");
}

TEST_CASE("records and unions do not contain themselves") {
  Check(R"bl(
type A = { b: B }                  //! BL2035
type B = { a: List<A> }            //! BL2035
type C = { c: Int, a: Int }
type U = V | User                  //! BL2035
type V = U | Service               //! BL2035
type W = X | User
type X = Service | Group
)bl");
}

TEST_CASE("actions take entities, select columns, propose in gates") {
  Check(R"bl(
action a1 of Tag by User {}                      //! BL2036
action a2 of Dataset by Nobody {}                //! BL2006
action a3 of Dataset as d by User selects d.name by context.cols {  //! BL2041
  cols: Set<Column> }
action a4 of Dataset as d by User selects d.columns by context.none { //! BL2005
  cols: Set<Column> }
action a5 of Dataset as d by User selects d.columns by context.cols { //! BL2041
  cols: Set<String> }
action gate a6 of Dataset as d by User selects d.columns by context.cols { //! BL2041
  cols: Set<Column> = d.columns }
action a7 of Dataset as d by User selects d.nothing by context.cols { //! BL2005
  cols: Set<Column> = d.columns }
action a8 of Dataset by User proposes {}         //! BL2042
action a9 of Dataset as d by User { x: Set<Dataset> includes e }   //! BL2043
action b1 of Dataset as d by User { x: Set<User> includes d }      //! BL2043
action b2 of Dataset as d by User { x: Set<Dataset> includes d, y: Int? = 3 }
action b3 of Dataset as d by User {
  when1: Int = d.missing,                         //! BL2005
  who: String = subject.id,
  t: Time = now                                   //! BL2017
}
entity Pile { rows: Set<Row> }
entity Row { name: String }
action b4 of Pile as p by User selects p.rows by context.rows {    //! BL2041
  rows: Set<Row> }
extend action consume { reason: String? }
extend action consume { purpose: Purpose? }       //! BL2003
extend action nothing { x: Int }                  //! BL2008
action group g1 = { read, nothing }               //! BL2008
action group g2 = { g3 }                          //! BL2034
action group g3 = { g2, read }                    //! BL2034
action group g4 = { consume, b2 }
)bl");
}

TEST_CASE("words that name terms or roots cannot name variables and defs") {
  Check(R"bl(
def analyst(): Int = 1                       //! BL2015
def now(): Int = 1                           //! BL2016
def pii: Int = 1                             //! BL2015
def email(x: Int): Int = x
def f(marketing: Int): Int = 1               //! BL2015
def g(subject: User): Int = 1                //! BL2016
def date: Int = 2
def h(monday: Int): Int = monday
policy resource title "t" owner "o" on read of Dataset as staff by User { allow }  //! BL2015
policy q title "t" owner "o" on read of Dataset as d by User as u {
  let us = 1                                 //! BL2015
  for eu in d.columns { deny because "x" }   //! BL2015
  deny when any(context in d.columns where true) because "x"  //! BL2016
}
)bl");
}

}  // namespace
}  // namespace bylaw
