// Writes the documents that are made from tables: opcodes.md, diagnostics.md
// and mesh.md.
//
//   generate_docs FOLDER           writes them into the folder
//   generate_docs --check FOLDER   1 if one of them is not what it would write
#include <cstring>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "compiler/bytecode/opcode.h"
#include "dsl/diagnostics.h"
#include "dsl/parser.h"
#include "policies/embedded.h"

namespace bylaw {
namespace {

std::string DiagnosticsDocs() {
  std::string out =
      "# Diagnostics\n"
      "\n"
      "Generated from `dsl/diagnostics.def` by `generate_docs`.\n"
      "`bylaw explain-code CODE` prints the same.\n";
  char group = 0;
  for (const CodeInfo& info : AllCodes()) {
    if (info.id[2] != group) {
      group = info.id[2];
      static constexpr std::string_view kGroups[] = {
          "Syntax", "Names and types",    "Scopes and composition",
          "Lint",   "Facts and requests", "Bytecode and bundles"};
      const size_t n = static_cast<size_t>(group - '1');
      out += "\n## BL" + std::string(1, group) + "xxx: ";
      out += n < std::size(kGroups) ? kGroups[n] : std::string_view("others");
      out += "\n";
    }
    out += "\n### " + std::string(info.id) + " " + std::string(info.name) +
           "\n\n" + "*" + std::string(SeverityName(info.severity)) +
           "*: " + std::string(info.summary) + "\n\n" + std::string(info.text) +
           "\n";
  }
  return out;
}

// --- mesh.md ----------------------------------------------------------------

std::string TypeText(const ast::TypeRef& type) {
  std::string text;
  switch (type.kind) {
    case ast::TypeRef::Kind::kNamed:
      text = type.name.Text();
      break;
    case ast::TypeRef::Kind::kSet:
      text = "Set<" + TypeText(*type.element) + ">";
      break;
    case ast::TypeRef::Kind::kList:
      text = "List<" + TypeText(*type.element) + ">";
      break;
    case ast::TypeRef::Kind::kMap:
      text = "Map<" + TypeText(*type.element) + ">";
      break;
  }
  return text + (type.optional ? "?" : "");
}

std::string OneLine(std::string_view text) {
  std::string out;
  for (char c : text) {
    const bool space = c == ' ' || c == '\n' || c == '\t' || c == '\r';
    if (!space) {
      out += c == '|' ? std::string("\\|") : std::string(1, c);
    } else if (!out.empty() && out.back() != ' ') {
      out += ' ';
    }
  }
  return out;
}

std::string Paths(const std::vector<ast::Path>& paths) {
  std::string out;
  for (const ast::Path& p : paths) out += (out.empty() ? "" : ", ") + p.Text();
  return out;
}

std::string Terms(const std::vector<ast::Term>& terms) {
  std::string out;
  for (const ast::Term& t : terms) {
    out += (out.empty() ? "`" : ", `") + t.name.text + "`";
    if (!t.children.empty()) out += " (" + Terms(t.children) + ")";
  }
  return out;
}

void Attributes(const std::vector<ast::Attribute>& list, std::string* out) {
  if (list.empty()) return;
  *out += "\n| attribute | type | |\n|---|---|---|\n";
  for (const ast::Attribute& a : list) {
    std::string notes;
    const auto note = [&notes](const std::string& text) {
      notes += (notes.empty() ? "" : "; ") + text;
    };
    if (a.default_value)
      note("default `" + OneLine(a.default_value->span.text()) + "`");
    if (a.inverse) note("inverse of `" + a.inverse.text + "`");
    if (a.includes) note("always holds the resource");
    if (a.transitive) note("transitive");
    if (a.asserted) note("a request may supply it");
    if (!a.doc.empty()) note(OneLine(a.doc));
    *out += "| `" + a.name.text + "` | `" + TypeText(a.type) + "` | " + notes +
            " |\n";
  }
}

void Heading(const std::string& title, const std::string& doc,
             std::string* out) {
  *out += "\n### " + title + "\n";
  if (!doc.empty()) *out += "\n" + doc + "\n";
}

// False, with the errors on stderr, if the module does not parse.
bool MeshDocs(std::string* out) {
  *out =
      "# The standard module `mesh`\n"
      "\n"
      "Generated from `policies/mesh/mesh.bylaw` by `generate_docs`. Every\n"
      "module imports it; a mesh extends it in its root scope.\n";
  for (const EmbeddedFile& embedded : EmbeddedPack("mesh")) {
    const SourceFile source{std::string(embedded.path),
                            std::string(embedded.text)};
    DiagnosticSink sink;
    const auto file = ParseFile(source, sink);
    if (sink.has_errors()) {
      std::cerr << Render(sink);
      return false;
    }
    *out += "\n## Vocabularies\n";
    for (const ast::Vocabulary& v : file->vocabularies) {
      static constexpr std::string_view kKinds[] = {"", " (ordered)",
                                                    " (tree)"};
      Heading(v.name.Text() + std::string(kKinds[static_cast<size_t>(v.kind)]),
              v.doc, out);
      *out += "\n" +
              (v.terms.empty() ? "Empty: a mesh fills it with `extend "
                                 "vocabulary`."
                               : Terms(v.terms)) +
              "\n";
    }
    *out += "\n## Entities\n";
    for (const ast::Entity& e : file->entities) {
      Heading(
          e.name.Text() + (e.parents.empty() ? "" : " in " + Paths(e.parents)),
          e.doc, out);
      Attributes(e.attributes, out);
    }
    *out += "\n## Records\n";
    for (const ast::RecordType& r : file->records) {
      Heading(r.name.text, r.doc, out);
      Attributes(r.attributes, out);
    }
    *out += "\n## Actions and gates\n";
    for (const ast::Action& a : file->actions) {
      Heading((a.gate ? "gate " : "action ") + a.name.Text(), a.doc, out);
      *out += "\nOf `" + a.resource.Text() + "` by `" + Paths(a.subjects) +
              "`" + (a.proposes ? ", proposes" : "") +
              (a.selects ? ", selects `" + a.selects.Text() + "` by `" +
                               a.selects_by.Text() + "`"
                         : "") +
              ".\n";
      Attributes(a.parameters, out);
    }
    for (const ast::ActionGroup& g : file->groups) {
      Heading("group " + g.name.text, g.doc, out);
      *out += "\n" + Paths(g.actions) + "\n";
    }
    *out += "\n## Obligations\n";
    for (const ast::Obligation& o : file->obligations) {
      Heading(o.name.text, o.doc, out);
      Attributes(o.parameters, out);
    }
    *out += "\n## Functions and constants\n";
    for (const ast::Def& d : file->defs) {
      std::string head = d.name.text;
      if (!d.is_constant) {
        head += "(";
        for (const ast::Attribute& p : d.parameters)
          head += (head.back() == '(' ? "" : ", ") + p.name.text + ": " +
                  TypeText(p.type);
        head += ")";
      }
      Heading(head + ": " + TypeText(d.type), d.doc, out);
      *out += "\n```bylaw\n" + std::string(d.span.text()) + "\n```\n";
    }
  }
  return true;
}

int Run(bool check, const std::string& folder) {
  std::vector<std::pair<std::string, std::string>> documents = {
      {"opcodes.md", OpcodeDocs()}, {"diagnostics.md", DiagnosticsDocs()}};
  std::string mesh;
  if (!MeshDocs(&mesh)) return 2;
  documents.push_back({"mesh.md", mesh});
  int result = 0;
  for (const auto& [name, text] : documents) {
    const std::string path = folder + "/" + name;
    if (!check) {
      std::ofstream(path, std::ios::binary) << text;
      continue;
    }
    std::ifstream in(path, std::ios::binary);
    std::ostringstream now;
    now << in.rdbuf();
    if (now.str() == text) continue;
    std::cerr << path << " is not up to date: run generate_docs " << folder
              << "\n";
    result = 1;
  }
  return result;
}

}  // namespace
}  // namespace bylaw

int main(int argc, char** argv) {
  const bool check = argc == 3 && std::strcmp(argv[1], "--check") == 0;
  if (argc != 2 && !check) {
    std::cerr << "usage: generate_docs [--check] FOLDER\n";
    return 2;
  }
  return bylaw::Run(check, argv[argc - 1]);
}
