// Policies: heads, guards, rules, masks, rows, lint.
#include "tests/unit/check_cases.h"

namespace bylaw {
namespace {

using check_cases::Check;
using check_cases::CheckRules;

TEST_CASE("heads name actions that take the types") {
  Check(R"bl(
policy a title "t" owner "o" on publish of Dataset by User { deny because "x" }  //! BL2044
policy b title "t" owner "o" on read of DataProduct by User { allow }            //! BL2044
policy c title "t" owner "o" on read of Dataset by Group { allow }               //! BL2044
policy d title "t" owner "o" on reed of Dataset by User { allow }                //! BL2008
policy e title "t" owner "o" on read of Datasets by User { allow }               //! BL2006
policy f title "t" owner "o" on read of Dataset by Userr { allow }               //! BL2006
policy g title "t" owner "o" on read of Tag by User { allow }                    //! BL2036
policy h title "t" owner "o" on read of Dataset as d by User as d { allow }      //! BL2055
policy i title "t" owner "o" on consume of Dataset by User, Service { allow }
policy j title "t" owner "o" on lifecycle of Dataset { deny because "x" }        //! BL2044
type Subject = User | Service
policy k title "t" owner "o" on read of Dataset by Subject as s { allow when s.roles has analyst }
policy l title "t" owner "o" on read, read of Dataset by User { allow }
)bl");
}

TEST_CASE("context attributes of several actions") {
  Check(R"bl(
extend action export { target: String, kind: String?, ids: Set<Int> }
extend action share { kind: Int? }
policy a title "t" owner "o" on export of Dataset { deny when context.target.length() > 3 because "x" }
policy b title "t" owner "o" on consume of Dataset {
  deny when context.target.length() > 3 because "x"        //! BL2019
  deny when context.target is present and context.target.length() > 3 because "x"
  deny when context.kind == "x" because "x"                //! BL2045
  deny when context.ids has 3 because "x"
  deny when context.ids is empty because "x"
  deny when context.purpose is missing because "x"
  deny when context.nothing is missing because "x"         //! BL2005
  deny when context is missing because "x"                 //! BL2060
}
policy c title "t" owner "o" on export, read of Dataset { deny when context.kind is missing because "x" }
)bl");
}

TEST_CASE("gates hold deny and require only") {
  Check(R"bl(
policy a title "t" owner "o" on publish of DataProduct as p {
  allow                                       //! BL2046
  deny because "x"
  require audit(level: "high")
  for d in p.datasets, c in d.columns { mask c with redact }    //! BL2046
  for d in p.datasets, c in d.columns { hide c }                //! BL2046
  keep rows r where r.x == 1                                    //! BL2046
  drop rows r where r.x == 1                                    //! BL2046
}
)bl");
}

TEST_CASE("all T in gates, previous where an action proposes") {
  Check(R"bl(
policy a title "t" owner "o" on read of Dataset as d {
  deny when all DataProduct is empty because "x"       //! BL2054
  deny when previous is missing because "x"            //! BL2017
}
policy b title "t" owner "o" on retire of DataProduct as p {
  deny when all DataProduct is empty because "x"
  deny when previous is missing because "x"            //! BL2017
}
policy c title "t" owner "o" on publish, retire of DataProduct as p {
  deny when previous.owner == p.owner because "x"      //! BL4001
  deny when previous is present and previous.name != resource.name because "{previous.name}"
  deny when previous.name == "x" because "x"           //! BL4001
}
)bl");
}

TEST_CASE("masks stand in loops over the resource's columns") {
  Check(R"bl(
action look of Dataset as d by User { x: Int? }
action visit of DataProduct as p by User { x: Int? }
policy a title "t" owner "o" on read of Dataset as d by User as u {
  for c in d.columns { mask c with redact }
  for c in resource.columns where c.key { hide c }
  for c in d.columns, t in c.tags { mask c with redact when t == pii }
  for t in d.tags, c in d.columns { mask c with redact when c.tags has t }
  for c in d.product.datasets { mask c with redact }       //! BL2047
  for c in d.columns, x in c.upstream { mask x with redact }  //! BL2047
  for c in context.columns { mask c with redact }          //! BL2047
  mask d with redact                                       //! BL2047
  for c in d.columns { mask e with redact }                //! BL2047
  for e in d.product.datasets, c in e.columns { hide c }   //! BL2047
}
policy b title "t" owner "o" on look of Dataset as d { for c in d.columns { hide c } }      //! BL2047
policy c title "t" owner "o" on look, read of Dataset as d { for c in d.columns { hide c } }
policy e title "t" owner "o" on visit of DataProduct as d { keep rows r where r.x == 1 }    //! BL2063
)bl");
}

TEST_CASE("masks have their arguments") {
  Check(R"bl(
def mask phone = show_last(2)
def mask bad1 = show_last(0)               //! BL2062
def mask bad2 = show_last("a")             //! BL2018
def mask bad3 = truncate(week)             //! BL2029
def n(): Int = 3
policy a title "t" owner "o" on read of Dataset as d by User as u {
  for c in d.columns {
    mask c with phone
    mask c with show_last                  //! BL2049
    mask c with show_last(4, 5)            //! BL2049
    mask c with show_first(n())
    mask c with hash(1)                    //! BL2049
    mask c with truncate(month)
    mask c with truncate("month")          //! BL2029
    mask c with truncate(minute)           //! BL2029
    mask c with round(10)
    mask c with round(0.5)
    mask c with round(0)                   //! BL2062
    mask c with round("x")                 //! BL2018
    mask c with network(24, 48)
    mask c with network(33, 48)            //! BL2062
    mask c with network(24)                //! BL2049
    mask c with constant("x")
    mask c with constant(0)
    mask c with constant({1})              //! BL2049
    mask c with none
    mask c with null
    mask c with scramble                   //! BL2011
    mask c with show_last(u.department)    //! BL2018
  }
}
)bl");
}

TEST_CASE("a mask fits where the column's type is fixed") {
  Check(R"bl(
policy a title "t" owner "o" on read of Dataset as d by User as u {
  for c in d.columns where c.type == int {  //! BL4001
    mask c with show_last(4)               //! BL2048
    mask c with round(10)
    mask c with hash
    mask c with constant(0)
    mask c with constant("x")              //! BL2048
    mask c with redact
    mask c with null
    mask c with network(24, 48)            //! BL2048
  }
  for c in d.columns {
    mask c with show_last(4) when c.type == date     //! BL2048 BL4001
    mask c with truncate(hour) when c.type == date   //! BL2048 BL4001
    mask c with truncate(hour) when c.type == time  //! BL4001
    mask c with truncate(day) when c.type == date  //! BL4001
    mask c with keep_domain when c.type in {int, decimal}  //! BL2048
    mask c with round(5) when c.type in {int, string}
    mask c with constant(5) when c.type == decimal  //! BL4001
    mask c with show_last(4) when c.type != int
    mask c with show_last(4) unless c.type != int    //! BL2048 BL4001
  }
}
)bl");
}

TEST_CASE("first holds rules of one kind on one target") {
  Check(R"bl(
policy a title "t" owner "o" on read of Dataset as d by User as u {
  for c in d.columns, e in d.columns {
    first { mask c with redact when c.key  hide c }
    first { mask c with redact when c.key
            hide e }                                 //! BL2050
  }
  first { require audit(level: "a") when d.created is missing
          require audit(level: "b") }
  first { require audit(level: "a") when d.created is missing
          require watermark(text: "b") }             //! BL2050
  first { keep rows r where r.a == 1 when d.created is missing
          drop rows r where r.a == 1 }
  first { allow when d.created is missing allow }
}
)bl");
}

TEST_CASE("obligations have their arguments, named or in order") {
  CheckRules(R"bl(
  require audit(level: "high")
  require audit("high")
  require audit()                          //! BL2025
  require audit("a", "b")                  //! BL2025
  require audit(levl: "high")              //! BL2026
  require audit(level: 3)                  //! BL2018
  require audit(level: "a", level: "b")    //! BL2026
  require notify("a", message: "b")
  require audits(level: "high")            //! BL2009
  require audit(level: u.department)       //! BL2019
)bl");
}

TEST_CASE("only deny and require rules read what selects the columns") {
  CheckRules(R"bl(
  deny when context.columns is empty because "x"
  require audit(level: "x") when context.columns is empty
  allow when context.columns is empty                       //! BL2051
  let asked = context.columns                               //! BL2051
  deny when asked is empty because "x"
  for c in d.columns where context.columns has c {          //! BL2051
    mask c with redact
  }
  keep rows r where r.x == 1 when asked is empty
  for c in context.columns { deny when c.key because "x" }
)bl");
  Check(R"bl(
policy a title "t" owner "o" on read of Dataset when context.columns is empty { allow }  //! BL2051
policy b title "t" owner "o" on read of Dataset when context.columns is empty { deny because "x" }
)bl");
}

TEST_CASE("loops and lets") {
  CheckRules(R"bl(
  let x = 1
  let x = 2                                  //! BL2055
  deny when y > x because "x"                //! BL2004
  let y = x + 1
  for c in d.columns, c in d.columns { deny because "x" }   //! BL2055
  for c in d.name { deny because "x" }       //! BL2059
  for c in d.columns where c.name { deny because "x" }      //! BL2018
  for c in d.columns { let x = c.name  deny when x == "a" because "{x}" }
  deny when x == 2 because "{c.name}"        //! BL2004
  let z = {}                                 //! BL2021
  let w = marketing                          //! BL2020
)bl");
}

TEST_CASE("because and help interpolate what can be printed") {
  CheckRules(R"bl(
  deny because "{d.checks}"                  //! BL2058
  deny because "{d} {d.tags} {u.roles} {d.created} {context.purpose}" help "{now}"
  deny because "{nothing}"                   //! BL2004
  deny because "{d.nothing}"                 //! BL2005
  deny because "{{}} `{u.id}`"
)bl");
}

TEST_CASE("row predicates compare columns with the rest") {
  CheckRules(R"bl(
  keep rows r where r.region == "EU"
  keep rows r where r.a > 3 and r.b <= 1.5 or not (r.c == true)
  keep rows r where r.flag and r["odd name"] == "x"
  keep rows r where r.a == r.b
  keep rows r where r.country == u.country
  keep rows r where r.country == Country.eu
  keep rows r where r.country == eu                 //! BL2020
  keep rows r where r.a in {1, 2} and r.b not in u.roles
  keep rows r where r.owner == u
  keep rows r where r.a is missing or r.b is present
  keep rows r where (r.a ?? 0) > 3 and r.b? ?? true
  keep rows r where r.name starts with "a" and r.name like "b*" and r.name contains u.department
  keep rows r where r.name matches "a.*"            //! BL2052
  keep rows r where r.a + 1 > 3                     //! BL2052
  keep rows r where r.name.lower() == "a"           //! BL2052
  keep rows r where r.a.b == 3                      //! BL2053
  keep rows r where r == 3                          //! BL2053
  keep rows r where any(x in d.tags where r.a == 1) //! BL2052
  keep rows r where if r.a then r.b else r.c        //! BL2052
  keep rows r where {1} has r.a                     //! BL2052
  keep rows r where r.a within ip("10.0.0.0/8")     //! BL2052
  keep rows r where r.customer in column("privacy.erasures", "customer_id")
  keep rows r where r.customer in column("privacy.erasures")  //! BL2029
  keep rows r where r.customer in column(d.id, "x") //! BL2029
  keep rows r where u.id in column("a", "b")        //! BL2053
  keep rows r where r.a == d.columns                //! BL2022
  keep rows r where r.a > true                      //! BL2023
  keep rows r where d.name == "x"
  keep rows r where level(d) >= internal or r.a == 1
  keep rows r where "x" == r.a and 3 < r.b
  drop rows r where r.a? == 1
  keep rows r where level(r) == internal            //! BL2052
  allow when r.a == 1                               //! BL2004
  for c in d.columns { keep rows r where r[c] == 3 and r[c]? != 4 }
  keep rows r where r[d] == 3                       //! BL2053
  keep rows r where d.created? == now               //! BL2053
  keep rows r where r.day == date("2026-01-01") and r.at < now
)bl");
}

TEST_CASE("row predicates narrow what stands beside the row") {
  CheckRules(R"bl(
  keep rows r where u.country is missing or (r.a == 1 and u.country within eu)
  keep rows r where u.department is present and u.department.lower() == r.a
  keep rows r where u.department.lower() == r.a        //! BL2019
)bl");
}

TEST_CASE("marked columns are listed") {
  check_cases::Program program(check_cases::Rules(
      "  drop rows r where r.a? == 1 and (r[\"b c\"]? == 2 or r.a? == 3)"));
  REQUIRE(program.Found(false).empty());
  const typed::Rule& rule = program.checker().program.policies[0].rules.at(0);
  CHECK(rule.own.marked_columns == std::vector<std::string>{"a", "b c"});
  CHECK_FALSE(rule.keep);
}

TEST_CASE("lint warns where a missing value weakens a rule") {
  CheckRules(R"bl(
  deny when u.country == us because "x"              //! BL4001
  deny when u.country != us because "x"
  deny unless u.country == us because "x"
  deny unless u.country != us because "x"            //! BL4001
  deny when not (u.country == us) because "x"
  deny when not (u.country != us) because "x"        //! BL4001
  allow when u.country == us
  allow when u.country != us                         //! BL4001
  allow unless u.country == us                       //! BL4001
  allow unless u.country != us
  deny when (u.country ?? us) == us because "x"
  deny when u.country is present and u.country == us because "x"
  deny when u.country is missing or u.country == us because "x"
  deny when d.name == "x" because "x"
  require audit(level: "x") when context.purpose == marketing  //! BL4001
  for c in d.columns where c.type == int { mask c with redact } //! BL4001
)bl");
}

TEST_CASE("lint warns of an allow in a loop") {
  CheckRules(R"bl(
  for c in d.columns { allow when c.key }            //! BL4003
  allow when any(c in d.columns where c.key)
)bl");
}

TEST_CASE("notes name the subjects and actions that are left out") {
  Check(R"bl(
policy a title "t" owner "o"
on read                                     //! BL4005
of Dataset by User                          //! BL4004
{ deny because "x" }
policy b title "t" owner "o" on read of Dataset by User { allow }
=== m.bylaw 0
module council.more
policy a title "t" owner "o" on consume of Dataset by User { deny because "x" }
policy b title "t" owner "o" on consume of Dataset by Service { deny because "x" }
=== n.bylaw 0
module council.third
policy a title "t" owner "o" on read, export, join of Dataset { deny because "x" }
policy b title "t" owner "o" on share, train of Dataset { deny because "x" }
)bl");
}

TEST_CASE("rules know what they mention and what they are about") {
  check_cases::Program program(check_cases::Rules(R"bl(
  let today = now.date("UTC")
  deny when d.created is missing because "x"
  deny when d.name == "x" and today > date("2026-01-01") because "x"
  for c in d.columns where c.tags has pii { deny unless c.encrypted because "x" }
  for c in d.columns where c.tags has pii { mask c with hash }
)bl"));
  REQUIRE(program.Found(false).empty());
  const Schema& schema = program.checker().schema();
  const auto& rules = program.checker().program.policies[0].rules;
  const auto slot = [&](const char* entity, const char* name) {
    return Schema::FindAttribute(
        schema.entities[schema.FindEntity(entity)].attributes, name);
  };
  REQUIRE(rules.size() == 4);
  CHECK(rules[0].about_slot == slot("Dataset", "created"));
  CHECK_FALSE(rules[0].mentions_now);
  CHECK(rules[1].about_slot == slot("Dataset", "name"));
  CHECK(rules[1].mentions_now);
  CHECK(rules[2].about_slot == slot("Column", "encrypted"));
  CHECK(rules[3].about_slot == slot("Column", "tags"));
  CHECK(rules[3].loops[0]->over_columns);
}

}  // namespace
}  // namespace bylaw
