// The samples of the language's description have no errors.
#include "tests/unit/check_cases.h"

namespace bylaw {
namespace {

using check_cases::Check;

TEST_CASE("the first look has no errors") {
  Check(R"bl(module council.privacy
/// Who may see personal data in the clear.
def cleared(u: User, purpose: Purpose?): Bool =
  u.roles has pii_reader and purpose in {fraud_investigation, customer_support}

policy personal_data_is_masked
  title    "Personal data leaves a dataset only masked"
  owner    "privacy-office"
  control  "GDPR Art. 5(1)(c)"
  severity high
on consume of Dataset as d by User as u {
  for c in d.columns where c.tags has pii and not cleared(u, context.purpose) {
    first {
      mask c with keep_domain   when c.tags has pii.email
      mask c with show_last(4)  when c.tags has pii.phone
      mask c with redact
    }
  }
  drop rows r where r.consent? == "withdrawn" when context.purpose == marketing //! BL4001
  deny when (u.employment ?? contractor) == contractor and level(d) >= confidential
    because "{u.id} is a contractor and {d.name} is {level(d)}"
    help    "ask the owner of {d.product.name} for an extract"
  require audit(level: "high") when level(d) >= confidential
}

policy analysts_read
  title "Analysts read" owner "privacy-office"
on read of Dataset by User as u { allow when u.roles has analyst }

/// Services see personal data as tokens only.
policy services_get_tokens
  title "Services never see personal data" owner "privacy-office"
on consume of Dataset as d by Service {
  for c in d.columns where c.tags has pii { mask c with hash }
}
)bl");
  Check(R"bl(module council.publishing
policy accountable_owner
  title "Every data product has an accountable owner"
  owner "platform-team" severity critical
on lifecycle of DataProduct as p {
  deny when p.owner is missing
    because "data product {p.name} has no owner"
    help    "add a team member with role owner"
}

policy emails_are_encrypted
  title "No e-mail address is published unencrypted" owner "security"
on publish, deploy of DataProduct as p {
  for d in p.datasets, c in d.columns where c.tags has pii.email {
    deny unless c.encrypted
      because "{d.name}.{c.name} holds e-mail addresses and is not encrypted"
  }
}
)bl");
}

TEST_CASE("the declarations of the table have no errors") {
  Check(R"bl(
vocabulary Level ordered { open, closed }
vocabulary Label tree { person { mail, first { last } }, money { wage } }
vocabulary Job { reader, keeper }
entity Host { name: String }
entity Item in Host {
  name: String, labels: Set<Label>, encrypted: Bool = false,
  upstream: Set<Item> transitive, host: Host? , shift: String? asserted
}
type Limit = { property: String, value: Decimal?, unit: String? }
type Anyone = User | Service
extend entity User { shift: String? }
extend vocabulary Label { person { iban }, person { mail } , odd }
extend vocabulary Level { secret above closed, open }
extend action share { destination: Country? }
extend action consume { reason: String? }
action gate look of Item by User, Service proposes { environment: Environment? }
action group looks = { look }
obligation log(level: String)
def plain(c: Column): Bool = column_level(c) == public
def union_countries: Set<Country> = {eu, us}
def mask staff_phone = show_last(2)
def limits: Set<Decimal> = {1, 2.5}
)bl");
}

TEST_CASE("all T and previous as the description shows them") {
  Check(R"bl(
policy p title "t" owner "o"
on publish of DataProduct as p {
  for q in all DataProduct where q != p and q.address == p.address { //! BL4001
    deny because "taken by {q.id}"
  }
  deny when previous is present and previous.name != p.name because "renamed"
  deny when p.datasets is empty and (previous.datasets is empty) because "none"
}
)bl");
}

}  // namespace
}  // namespace bylaw
