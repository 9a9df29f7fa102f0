// bylaw init: a small repository that passes its own tests.
#include <cstring>
#include <filesystem>
#include <iostream>
#include <memory>
#include <utility>

#include "cli/command.h"

namespace bylaw::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::pair<const char*, const char*> kFiles[] = {
    {"bylaw.yaml", R"~(# The manifest of this governance repository.
mesh: my-mesh
timezone: UTC
scopes:
  org: { modules: council, sources: [council/**.bylaw] }
packs: []
facts: [facts/**.yaml]
enforcement:
  council.publishing.documented: advisory
)~"},
    {"council/vocabulary.bylaw",
     R"~(/// The words of this mesh, on top of the standard module's.
module council.vocabulary

scope org root { owner "governance-council" }

extend vocabulary Tag { pii { email, phone } }
extend vocabulary Role { analyst, pii_reader }
extend vocabulary Purpose { marketing, customer_support }
)~"},
    {"council/privacy.bylaw", R"~(module council.privacy
import council.vocabulary

/// Whoever analyses may read; what of it is personal comes masked.
policy analysts_read
  title "Analysts read"
  owner "governance-council"
on read of Dataset by User as u {
  allow when u.roles has analyst
}

/// Personal data in the clear needs the role for it.
policy personal_data_is_masked
  title    "Personal data leaves a dataset only masked"
  owner    "governance-council"
  control  "GDPR Art. 5(1)(c)"
  severity high
on consume of Dataset as d {
  for c in d.columns where c.tags has pii and not (subject.roles has pii_reader) {
    first {
      mask c with keep_domain when c.tags has pii.email
      mask c with redact
    }
  }
}

given Dataset "shop.customers" {
  columns: {
    Column { name: "email", type: string, tags: {pii.email} },
    Column { name: "phone", type: string, tags: {pii.phone} },
    Column { name: "city", type: string },
  }
}

test "an analyst reads personal data masked" {
  given User "ana" { roles: {analyst} }
  when User "ana" does read on Dataset "shop.customers"
  expect mask "email" with keep_domain
  expect mask "phone" with redact
  expect clear "city"
}

test "a reader of personal data sees it" {
  given User "rita" { roles: {analyst, pii_reader} }
  when User "rita" does read on Dataset "shop.customers"
  expect allow
}

test "nobody else reads" {
  given User "uwe" {}
  when User "uwe" does read on Dataset "shop.customers"
  expect deny because nothing allows
}
)~"},
    {"council/publishing.bylaw", R"~(module council.publishing

policy accountable_owner
  title    "Every data product has an accountable owner"
  owner    "governance-council"
  severity critical
on lifecycle of DataProduct as p {
  deny when p.owner is missing
    because "data product {p.name} has no owner"
    help    "add a team member with role owner"
}

/// Advisory (see bylaw.yaml): reported, but it stops nobody.
policy documented
  title "Every data product says what it is"
  owner "governance-council"
on publish of DataProduct as p {
  deny when p.description is missing
    because "data product {p.name} has no description"
}

test "a product without an owner is stopped" {
  given User "ana" {}
  when User "ana" does publish on DataProduct "orders"
    proposing { name: "orders", description: "All orders" }
  expect deny by accountable_owner because contains "no owner"
  expect not deny by documented
}

test "an owned product passes, with advice" {
  given User "ana" {}
  when User "ana" does publish on DataProduct "orders"
    proposing { name: "orders", owner: User "ana" }
  expect allow
  expect advisory documented
}
)~"},
    {"facts/people.yaml", R"~(User:
  ana: { roles: [analyst] }
  rita: { roles: [analyst, pii_reader] }
  uwe: {}
)~"},
    {"facts/datasets.yaml", R"~(Dataset:
  shop.customers:
    name: customers
    columns:
      email: { type: string, tags: [pii.email] }
      phone: { type: string, tags: [pii.phone] }
      city: { type: string }
)~"},
    {"requests/read.json", R"~({
  "subject": {"type": "User", "id": "ana"},
  "action": "read",
  "resource": {"type": "Dataset", "id": "shop.customers"},
  "context": {"columns": ["email", "city"]}
}
)~"},
};

int Run(const std::string& directory) {
  const fs::path root = directory;
  std::error_code error;
  for (const auto& [name, text] : kFiles) {
    if (fs::exists(root / name)) {
      return Refuse((root / name).string() +
                    " exists already; nothing was written");
    }
  }
  for (const auto& [name, text] : kFiles) {
    fs::create_directories((root / name).parent_path(), error);
    if (error) {
      return Refuse((root / name).parent_path().string() + ": " +
                    error.message());
    }
    if (!WriteAtomically((root / name).string(), text)) return kRefused;
    std::cout << (root / name).lexically_normal().string() << '\n';
  }
  std::cerr << "next: " << (directory == "." ? "" : "cd " + directory + " && ")
            << "bylaw test && bylaw decide requests/read.json\n";
  return kOk;
}

}  // namespace

void AddInit(CLI::App& app, int* exit) {
  auto directory = std::make_shared<std::string>(".");
  CLI::App* verb = app.add_subcommand(
      "init", "Write a small repository that passes its own tests");
  verb->add_option("directory", *directory, "Where; here if left out")
      ->type_name("DIR");
  verb->footer(
      "Exit code: 0, 2 if a file exists already or cannot be written.\n"
      "Example:\n  bylaw init acme && cd acme && bylaw test");
  verb->callback([directory, exit] { *exit = Run(*directory); });
}

}  // namespace bylaw::cli
