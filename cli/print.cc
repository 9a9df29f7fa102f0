// Printing for people and machines: diagnostics and decisions.
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <string>

#include "cli/command.h"
#include "cli/version.h"
#include "google/protobuf/util/message_differencer.h"
#include "nlohmann/json.hpp"
#include "server/convert.h"

namespace bylaw::cli {
namespace {

using Json = nlohmann::ordered_json;

// A larger file of facts is not read once more for the sake of a line.
constexpr uintmax_t kMaxRenderedBytes = uintmax_t{16} << 20;

void SortArguments(Json* json) {
  if (json->is_array()) {
    for (Json& item : *json) SortArguments(&item);
  } else if (json->is_object()) {
    for (auto it = json->begin(); it != json->end(); ++it) {
      if (it.key() == "arguments" && it->is_object()) {
        *it = Json(nlohmann::json(*it));
      } else {
        SortArguments(&*it);
      }
    }
  }
}

Json DiagnosticJson(const Diagnostic& d) {
  const LineColumn start = d.Start(), end = d.End();
  Json j;
  j["code"] = std::string(InfoOf(d.code).id);
  j["severity"] = std::string(SeverityName(d.severity));
  j["file"] = Utf8(d.path());
  if (start.line > 0) {
    j["line"] = start.line;
    j["column"] = start.column;
    j["end"] = {{"line", end.line}, {"column", end.column}};
  }
  j["message"] = Utf8(d.message);
  j["suggestion"] = Utf8(d.suggestion);
  return j;
}

Json Sarif(const std::vector<Diagnostic>& diagnostics) {
  Json results = Json::array(), rules = Json::array();
  std::vector<Code> seen;
  for (const Diagnostic& d : diagnostics) {
    const CodeInfo& info = InfoOf(d.code);
    if (std::find(seen.begin(), seen.end(), d.code) == seen.end()) {
      seen.push_back(d.code);
      rules.push_back({{"id", info.id},
                       {"name", info.name},
                       {"shortDescription", {{"text", info.summary}}},
                       {"fullDescription", {{"text", info.text}}}});
    }
    const LineColumn start = d.Start(), end = d.End();
    std::string text = Utf8(d.message);
    if (!d.suggestion.empty()) text += "\n" + Utf8(d.suggestion);
    Json place = {{"artifactLocation", {{"uri", Utf8(d.path())}}}};
    if (start.line > 0) {
      place["region"] = {{"startLine", start.line},
                         {"startColumn", std::max(1u, start.column)},
                         {"endLine", std::max(1u, end.line)},
                         {"endColumn", std::max(1u, end.column)}};
    }
    results.push_back({{"ruleId", info.id},
                       {"level", std::string(SeverityName(d.severity))},
                       {"message", {{"text", text}}},
                       {"locations", {{{"physicalLocation", place}}}}});
  }
  return {{"$schema", "https://json.schemastore.org/sarif-2.1.0.json"},
          {"version", "2.1.0"},
          {"runs",
           {{{"tool",
              {{"driver",
                {{"name", "bylaw"}, {"version", kVersion}, {"rules", rules}}}}},
             {"results", results}}}}};
}

// Text as a terminal may be given it, in color if there is to be any.
struct Paint {
  bool color;
  std::string operator()(const char* code, std::string_view text) const {
    if (!color) return Visible(text);
    return std::string("\033[") + code + "m" + Visible(text) + "\033[0m";
  }
};

// A rule that stands there for many elements of its loops is shown once, with
// the elements or their number.
void PrintDeterminants(
    const char* title,
    const google::protobuf::RepeatedPtrField<v1::Determinant>& list,
    const Paint& paint, const std::vector<std::string>& elements = {}) {
  if (list.empty()) return;
  std::cout << title << ":\n";
  for (int i = 0; i < list.size(); ++i) {
    const v1::Determinant& d = list[i];
    int last = i;
    while (
        last + 1 < list.size() &&
        google::protobuf::util::MessageDifferencer::Equals(list[last + 1], d)) {
      ++last;
    }
    std::string about;
    for (int j = i; j <= last && !elements.empty(); ++j) {
      about += (about.empty() || elements[j].empty() ? "" : ", ") + elements[j];
    }
    if (!about.empty()) {
      about = " for " + about;
    } else if (last > i) {
      about = " for " + std::to_string(last - i + 1) + " elements";
    }
    i = last;
    std::cout << "  " << paint("1", d.policy().empty() ? d.kind() : d.policy());
    if (!d.policy().empty()) std::cout << " (" << Visible(d.kind()) << ")";
    std::cout << Visible(about);
    if (!d.file().empty()) {
      std::cout << "  "
                << paint("2", d.file() + ":" + std::to_string(d.line()));
    }
    std::cout << '\n';
    if (!d.because().empty()) {
      std::cout << "      " << Visible(d.because()) << '\n';
    }
    if (!d.help().empty()) {
      std::cout << "      help: " << Visible(d.help()) << '\n';
    }
  }
}

std::string ValueText(const google::protobuf::Value& value) {
  switch (value.kind_case()) {
    case google::protobuf::Value::kStringValue:
      return Visible(Json(value.string_value()).dump());
    case google::protobuf::Value::kNumberValue: {
      Json j = value.number_value();
      const std::string text = j.dump();
      return text.size() > 2 && text.ends_with(".0")
                 ? text.substr(0, text.size() - 2)
                 : text;
    }
    case google::protobuf::Value::kBoolValue:
      return value.bool_value() ? "true" : "false";
    case google::protobuf::Value::kListValue: {
      std::string text = "[";
      for (const auto& item : value.list_value().values()) {
        text += (text.size() > 1 ? ", " : "") + ValueText(item);
      }
      return text + "]";
    }
    case google::protobuf::Value::kStructValue: {
      std::string text = "{";
      for (const auto& [name, item] : value.struct_value().fields()) {
        text += (text.size() > 1 ? ", " : "") + Visible(name) + ": " +
                ValueText(item);
      }
      return text + "}";
    }
    default:
      return "(none)";
  }
}

}  // namespace

std::string Utf8(std::string_view text) {
  // Texts of broken files may hold anything; JSON may not.
  Json j = std::string(text);
  return Json::parse(j.dump(-1, ' ', false, Json::error_handler_t::replace));
}

std::string GithubText(std::string_view text, bool property) {
  std::string out;
  for (const char c : Visible(text, /*lines=*/true)) {
    if (c == '%') {
      out += "%25";
    } else if (c == '\n') {
      out += "%0A";
    } else if (c == '\r') {
      out += "%0D";
    } else if (property && c == ':') {
      out += "%3A";
    } else if (property && c == ',') {
      out += "%2C";
    } else {
      out += c;
    }
  }
  return out;
}

std::string GithubPlace(std::string_view file, uint32_t line, uint32_t column) {
  std::string place = GithubText(file, true);
  if (line > 0) place += ",line=" + std::to_string(line);
  if (line > 0 && column > 0) place += ",col=" + std::to_string(column);
  return place;
}

std::string Xml(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\n':
        out += "&#10;";
        break;
      default:
        // Control characters have no spelling in XML 1.0.
        out += static_cast<unsigned char>(c) < 0x20 ? '?' : c;
    }
  }
  return out;
}

const SourceFile* DiagnosticRenderer::Open(const std::string& path) {
  const auto [it, added] = files_.try_emplace(path);
  if (!added) return it->second.get();
  const std::filesystem::path whole = std::filesystem::path(root_) / path;
  std::error_code error;
  if (!std::filesystem::is_regular_file(whole, error) ||
      std::filesystem::file_size(whole, error) > kMaxRenderedBytes || error) {
    return nullptr;
  }
  std::ifstream in(whole, std::ios::binary);
  std::string text(std::istreambuf_iterator<char>(in), {});
  if (in.bad()) return nullptr;
  it->second = std::make_unique<SourceFile>(path, std::move(text));
  return it->second.get();
}

std::string DiagnosticRenderer::Render(const Diagnostic& diagnostic) {
  RenderOptions options;
  options.color = color_;
  if (diagnostic.span || diagnostic.start.line == 0 ||
      diagnostic.start.column == 0) {
    return bylaw::Render(diagnostic, options);
  }
  const SourceFile* file = Open(diagnostic.file);
  // The file may have changed since it was read.
  if (file == nullptr || diagnostic.start.line > file->line_count()) {
    return bylaw::Render(diagnostic, options);
  }
  Diagnostic placed = diagnostic;
  placed.span = {file, file->OffsetOf(diagnostic.start), 0};
  placed.span.end = diagnostic.end.line == diagnostic.start.line
                        ? file->OffsetOf(diagnostic.end)
                        : placed.span.begin + 1;
  return bylaw::Render(placed, options);
}

void PrintDiagnostics(const std::vector<Diagnostic>& diagnostics, Format format,
                      const std::string& root) {
  switch (format) {
    case Format::kJson: {
      Json list = Json::array();
      for (const Diagnostic& d : diagnostics) list.push_back(DiagnosticJson(d));
      std::cout << Json{{"diagnostics", list}}.dump(2) << '\n';
      return;
    }
    case Format::kSarif:
      std::cout << Sarif(diagnostics).dump(2) << '\n';
      return;
    case Format::kGithub:
      for (const Diagnostic& d : diagnostics) {
        const char* level = d.severity == Severity::kError     ? "error"
                            : d.severity == Severity::kWarning ? "warning"
                                                               : "notice";
        const LineColumn start = d.Start();
        std::cout << "::" << level
                  << " file=" << GithubPlace(d.path(), start.line, start.column)
                  << ",title=" << InfoOf(d.code).id
                  << "::" << GithubText(d.message, false)
                  << (d.suggestion.empty()
                          ? ""
                          : "%0A" + GithubText(d.suggestion, false))
                  << '\n';
      }
      return;
    default: {
      DiagnosticRenderer renderer(root, UseColor(STDOUT_FILENO));
      for (const Diagnostic& d : diagnostics) std::cout << renderer.Render(d);
    }
  }
}

std::string StableJson(const google::protobuf::Message& message, bool pretty) {
  Json json = Json::parse(MessageToJson(message, false));
  SortArguments(&json);
  return json.dump(pretty ? 1 : -1);
}

void PrintDecision(const v1::Decision& decision, bool color,
                   const std::vector<std::string>& elements) {
  const Paint paint{color};
  switch (decision.outcome()) {
    case v1::Decision::ALLOW:
      std::cout << paint("1;32", "ALLOW") << '\n';
      break;
    case v1::Decision::MASK:
      std::cout << paint("1;33", "MASK") << '\n';
      break;
    default:
      std::cout << paint("1;31", "DENY") << '\n';
  }
  if (!decision.columns().empty()) std::cout << "columns:\n";
  for (const v1::ColumnMask& c : decision.columns()) {
    std::cout << "  " << paint("1", c.column()) << "  "
              << Visible(c.mask().name());
    if (!c.mask().arguments().empty()) {
      std::cout << '(';
      for (int i = 0; i < c.mask().arguments_size(); ++i) {
        std::cout << (i ? ", " : "") << ValueText(c.mask().arguments(i));
      }
      std::cout << ')';
    }
    std::cout << "  by ";
    for (int i = 0; i < c.policies_size(); ++i) {
      std::cout << (i ? ", " : "") << Visible(c.policies(i));
    }
    std::cout << '\n';
    if (!c.sql().empty()) std::cout << "      " << Visible(c.sql()) << '\n';
  }
  if (decision.has_filter()) {
    std::cout << "rows:\n  " << Visible(decision.filter().text()) << '\n';
    if (!decision.filter().sql().empty()) {
      std::cout << "      " << Visible(decision.filter().sql()) << '\n';
    }
    for (int i = 0; i < decision.filter().parameters_size(); ++i) {
      std::cout << "      $" << i + 1 << " = "
                << ValueText(decision.filter().parameters(i)) << '\n';
    }
  }
  if (!decision.obligations().empty()) std::cout << "obligations:\n";
  for (const v1::Obligation& o : decision.obligations()) {
    std::cout << "  " << paint("1", o.name()) << '(';
    bool first = true;
    const std::map<std::string, google::protobuf::Value> arguments(
        o.arguments().fields().begin(), o.arguments().fields().end());
    for (const auto& [name, value] : arguments) {
      std::cout << (first ? "" : ", ") << Visible(name) << ": "
                << ValueText(value);
      first = false;
    }
    std::cout << ")\n";
  }
  if (decision.outcome() == v1::Decision::DENY &&
      decision.determining().empty() && decision.errors().empty()) {
    std::cout << "because:\n  nothing allows this\n";
  }
  PrintDeterminants("because", decision.determining(), paint, elements);
  PrintDeterminants("advisories", decision.advisories(), paint);
  PrintDeterminants("not delegated", decision.not_delegated(), paint);
  if (!decision.waivers().empty()) std::cout << "waivers:\n";
  for (const v1::WaiverUse& w : decision.waivers()) {
    std::cout << "  " << Visible(w.waiver()) << " of " << Visible(w.policy())
              << '\n';
  }
  if (!decision.errors().empty()) std::cout << "errors:\n";
  for (const v1::EvaluationError& e : decision.errors()) {
    std::cout << "  " << Visible(e.policy().empty() ? "" : e.policy() + ": ")
              << Visible(e.message());
    if (!e.file().empty()) {
      std::cout << "  "
                << paint("2", e.file() + ":" + std::to_string(e.line()));
    }
    std::cout << '\n';
  }
  std::cout << paint("2", "keep " + std::to_string(decision.keep().seconds()) +
                              "s, policies " + decision.policies_revision() +
                              ", facts " + decision.facts_revision())
            << '\n';
}

}  // namespace bylaw::cli
