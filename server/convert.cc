#include "server/convert.h"

#include <charconv>
#include <cmath>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "compiler/bytecode/scalar.h"
#include "dsl/diagnostics.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "google/protobuf/message.h"
#include "google/protobuf/util/json_util.h"
#include "google/protobuf/util/type_resolver.h"
#include "google/protobuf/util/type_resolver_util.h"
#include "nlohmann/json.hpp"

namespace bylaw {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

// --- Struct and Value to nodes and back -----------------------------------

// Numbers of a Struct are doubles: the shortest spelling that reads back, and
// whole numbers without an exponent, so that 3 is an Int and 0.1 a Decimal.
std::string SpellNumber(double d) {
  char text[64];
  if (d == 0) return "0";
  if (std::trunc(d) == d && std::fabs(d) < 1e18) {
    const auto r =
        std::to_chars(text, text + sizeof text, d, std::chars_format::fixed);
    return std::string(text, r.ptr);
  }
  const auto r = std::to_chars(text, text + sizeof text, d);
  return std::string(text, r.ptr);
}

// Whole numbers beyond this are not all doubles.
constexpr double kMostExact = 9007199254740992.0;  // 2^53

bool Refuse(RequestError* error, std::string code, std::string field,
            std::string message, std::string remedy) {
  *error = {std::move(code), std::move(field), std::move(message),
            std::move(remedy)};
  return false;
}

bool RefuseNumber(RequestError* error, std::string field,
                  const std::string& spelling) {
  return Refuse(error, "BL5209", std::move(field),
                "the number " + spelling + " is not exact in JSON",
                "write it as a string: \"" + spelling + "\"");
}

std::string Join(const std::string& path, const std::string& name) {
  return path.empty() ? name : path + "." + name;
}

bool NodeFromValue(const google::protobuf::Value& value,
                   const std::string& path, Node* node, RequestError* error);

bool NodeFromStruct(const google::protobuf::Struct& fields,
                    const std::string& path, Node* node, RequestError* error) {
  *node = Node::Map();
  // A protobuf map has no order of its own; sorted, errors come out alike.
  std::set<std::string> names;
  for (const auto& [name, value] : fields.fields()) names.insert(name);
  node->map.reserve(names.size());
  for (const std::string& name : names) {
    node->map.emplace_back(Node::String(name), Node());
    if (!NodeFromValue(fields.fields().at(name), Join(path, name),
                       &node->map.back().second, error)) {
      return false;
    }
  }
  return true;
}

bool NodeFromValue(const google::protobuf::Value& value,
                   const std::string& path, Node* node, RequestError* error) {
  switch (value.kind_case()) {
    case google::protobuf::Value::kBoolValue:
      *node = Node::Bool(value.bool_value());
      return true;
    case google::protobuf::Value::kNumberValue: {
      const double d = value.number_value();
      if (!std::isfinite(d) || std::fabs(d) > kMostExact) {
        return RefuseNumber(error, path, SpellNumber(d));
      }
      *node = Node::Number(SpellNumber(d));
      return true;
    }
    case google::protobuf::Value::kStringValue:
      *node = Node::String(value.string_value());
      return true;
    case google::protobuf::Value::kListValue: {
      *node = Node::List();
      const auto& items = value.list_value().values();
      node->list.resize(static_cast<size_t>(items.size()));
      for (int i = 0; i < items.size(); ++i) {
        if (!NodeFromValue(items[i], path + "[" + std::to_string(i) + "]",
                           &node->list[static_cast<size_t>(i)], error)) {
          return false;
        }
      }
      return true;
    }
    case google::protobuf::Value::kStructValue:
      return NodeFromStruct(value.struct_value(), path, node, error);
    default:
      *node = Node();  // null: the evaluator refuses it, with its place
      return true;
  }
}

void NodeToValue(const Node& node, google::protobuf::Value* value) {
  switch (node.kind) {
    case Node::Kind::kNull:
      value->set_null_value(google::protobuf::NULL_VALUE);
      break;
    case Node::Kind::kBool:
      value->set_bool_value(node.boolean);
      break;
    case Node::Kind::kNumber: {
      // Beyond 2^53 a double would lie: such numbers travel as text.
      const double d = std::strtod(node.text.c_str(), nullptr);
      if (SpellNumber(d) == node.text && std::fabs(d) <= kMostExact) {
        value->set_number_value(d);
      } else {
        value->set_string_value(node.text);
      }
      break;
    }
    case Node::Kind::kString:
      value->set_string_value(node.text);
      break;
    case Node::Kind::kList: {
      auto* list = value->mutable_list_value();
      for (const Node& item : node.list) NodeToValue(item, list->add_values());
      break;
    }
    case Node::Kind::kMap: {
      auto* fields = value->mutable_struct_value()->mutable_fields();
      for (const auto& [key, item] : node.map) {
        NodeToValue(item, &(*fields)[key.text]);
      }
      break;
    }
  }
}

bool ReferenceFromProto(const v1::Entity& message, const std::string& field,
                        Node* attributes, EntityReference* out,
                        RequestError* error) {
  if (message.type().empty()) {
    return Refuse(error, "BL5201", field + ".type",
                  "the " + field + " has no type",
                  "name an entity type, such as \"User\" or \"Dataset\"");
  }
  if (message.id().empty()) {
    return Refuse(error, "BL5201", field + ".id", "the " + field + " has no id",
                  "name the " + field + " by its id");
  }
  out->type = message.type();
  out->id = message.id();
  if (message.has_attributes()) {
    if (!NodeFromStruct(message.attributes(), field + ".attributes", attributes,
                        error)) {
      return false;
    }
    out->attributes = attributes;
  }
  return true;
}

// --- Decisions --------------------------------------------------------------

void FilterToProto(const ReportedFilterNode& node, v1::FilterNode* message) {
  message->set_op(node.op);
  for (const ReportedFilterNode& operand : node.operands) {
    FilterToProto(operand, message->add_operands());
  }
  if (!node.column.empty()) message->set_column(node.column);
  // Of a constant, and the dataset of an `in column`.
  if (node.op == "constant" || node.op == "in column") {
    NodeToValue(node.value, message->mutable_value());
  }
}

// --- JSON -------------------------------------------------------------------

bool IsFreeForm(const Descriptor* type) {
  return std::string(type->full_name()).rfind("google.protobuf.", 0) == 0;
}

// Whether protobuf reads the JSON as a message of google.protobuf.
bool IsReadAs(const nlohmann::json& json, const Descriptor* type) {
  const auto* prototype =
      google::protobuf::MessageFactory::generated_factory()->GetPrototype(type);
  if (prototype == nullptr) return true;
  const std::unique_ptr<google::protobuf::Message> message(prototype->New());
  return google::protobuf::util::JsonStringToMessage(json.dump(), message.get())
      .ok();
}

// How JSON writes a field's value, one of them if it is repeated; "" if
// `json` is such a value.
std::string ExpectedValue(const nlohmann::json& json,
                          const FieldDescriptor& field) {
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return json.is_string() ? "" : "a text: \"…\"";
    case FieldDescriptor::CPPTYPE_BOOL:
      return json.is_boolean() ? "" : "true or false";
    case FieldDescriptor::CPPTYPE_ENUM: {
      const auto* type = field.enum_type();
      if (json.is_string() &&
          type->FindValueByName(json.get<std::string>()) != nullptr) {
        return "";
      }
      // Of JSON's integers those past 2^53 are refused before.
      if (json.is_number_integer()) {
        const auto number = json.get<int64_t>();
        for (int i = 0; i < type->value_count(); ++i) {
          if (type->value(i)->number() == number) return "";
        }
      }
      std::string words;
      for (int i = 0; i < type->value_count(); ++i) {
        words += (i == 0 ? "one of \"" : ", \"") +
                 std::string(type->value(i)->name()) + "\"";
      }
      return words;
    }
    case FieldDescriptor::CPPTYPE_MESSAGE: {
      const Descriptor* type = field.message_type();
      const std::string name(type->name());
      if (!IsFreeForm(type) || name == "Value") return "";
      if (name == "Struct") return json.is_object() ? "" : "an object: {…}";
      if (IsReadAs(json, type)) return "";
      if (name == "Timestamp") return "a time such as \"2026-11-20T10:00:00Z\"";
      if (name == "Duration") return "seconds such as \"300s\"";
      return "a value of " + name;
    }
    default:
      // Numbers may be written as texts, if those are numbers.
      return json.is_number() || json.is_string() ? "" : "a number";
  }
}

bool RefuseValue(const nlohmann::json& json, const std::string& path,
                 const std::string& expected, RequestError* error) {
  std::string got = json.is_object()   ? "an object"
                    : json.is_array()  ? "a list"
                    : json.is_string() ? "\"" + json.get<std::string>() + "\""
                                       : json.dump();
  return Refuse(error, "BL5202", path,
                "this field does not take " + std::move(got),
                "write " + expected);
}

// Finds the first field that the message does not have, or whose value is of
// another type, so that the answer can name its path and what was meant.
bool CheckFields(const nlohmann::json& json, const Descriptor* type,
                 const std::string& path, RequestError* error) {
  if (!json.is_object()) {
    return Refuse(
        error, "BL5202", path.empty() ? "." : path,
        "a JSON object is expected here",
        "write { … } with the fields of " + std::string(type->name()));
  }
  std::set<const FieldDescriptor*> seen;
  for (const auto& [name, value] : json.items()) {
    const FieldDescriptor* field = nullptr;
    std::vector<std::string> names;
    for (int i = 0; i < type->field_count(); ++i) {
      const FieldDescriptor* f = type->field(i);
      names.emplace_back(f->json_name());
      if (f->json_name() == name || f->name() == name) field = f;
    }
    const std::string place = Join(path, name);
    if (field == nullptr) {
      const auto guess = NearestOf(name, names);
      std::string remedy = guess ? DidYouMean(*guess) : "the fields are ";
      if (!guess) {
        for (size_t i = 0; i < names.size(); ++i) {
          remedy += (i ? ", " : "") + names[i];
        }
      }
      return Refuse(error, "BL5202", place,
                    std::string(type->name()) + " has no field `" + name + "`",
                    std::move(remedy));
    }
    if (!seen.insert(field).second) {
      return Refuse(error, "BL5202", place,
                    "this field stands twice: `" +
                        std::string(field->json_name()) + "` and `" +
                        std::string(field->name()) + "` are one",
                    "keep one of them");
    }
    if (value.is_null()) continue;  // as if it were left out
    const auto check = [&](const nlohmann::json& one, const std::string& at) {
      const std::string expected = ExpectedValue(one, *field);
      if (!expected.empty()) return RefuseValue(one, at, expected, error);
      return field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE ||
             IsFreeForm(field->message_type()) ||
             CheckFields(one, field->message_type(), at, error);
    };
    if (!field->is_repeated()) {
      if (!check(value, place)) return false;
    } else if (!value.is_array()) {
      return RefuseValue(value, place, "a list: […]", error);
    } else {
      for (size_t i = 0; i < value.size(); ++i) {
        if (!check(value[i], place + "[" + std::to_string(i) + "]")) {
          return false;
        }
      }
    }
  }
  return true;
}

// The parser's messages repeat what it read: bytes that are no text are
// written out.
std::string Printable(const std::string& text) {
  if (IsValidUtf8(text)) return text;
  constexpr char kHex[] = "0123456789abcdef";
  std::string printable;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      printable += c;
    } else {
      printable += {'\\', 'x', kHex[byte >> 4], kHex[byte & 15]};
    }
  }
  return printable;
}

// A number's digits and exponent, zeros at either end left out: two spellings
// of one number give one text.
std::string Canonical(std::string_view spelling) {
  std::string digits;
  bool negative = false;
  int64_t exponent = 0;
  size_t i = 0;
  if (i < spelling.size() && spelling[i] == '-') {
    negative = true;
    ++i;
  }
  bool fraction = false;
  for (; i < spelling.size() && spelling[i] != 'e' && spelling[i] != 'E'; ++i) {
    if (spelling[i] == '.') {
      fraction = true;
      continue;
    }
    digits += spelling[i];
    if (fraction) --exponent;
  }
  if (i < spelling.size()) {
    ++i;
    if (i < spelling.size() && spelling[i] == '+') ++i;
    int written = 0;
    std::from_chars(spelling.data() + i, spelling.data() + spelling.size(),
                    written);
    exponent += written;
  }
  digits.erase(0, digits.find_first_not_of('0'));
  while (!digits.empty() && digits.back() == '0') {
    digits.pop_back();
    ++exponent;
  }
  if (digits.empty()) return "0";
  return (negative ? "-" : "") + digits + "e" + std::to_string(exponent);
}

// Reads JSON once for what a parser into protobuf lets pass: a key that stands
// twice in one object, numbers that a double cannot hold, too many levels.
class StrictReader : public nlohmann::json_sax<nlohmann::json> {
 public:
  explicit StrictReader(RequestError* error) : error_(error) {}

  bool null() override { return Value(); }
  bool boolean(bool) override { return Value(); }
  bool number_integer(number_integer_t n) override {
    if (n < -(int64_t{1} << 53) || n > int64_t{1} << 53) {
      return RefuseNumber(error_, Path(), std::to_string(n));
    }
    return Value();
  }
  bool number_unsigned(number_unsigned_t n) override {
    if (n > uint64_t{1} << 53) {
      return RefuseNumber(error_, Path(), std::to_string(n));
    }
    return Value();
  }
  bool number_float(number_float_t d, const string_t& spelling) override {
    if (!std::isfinite(d) || Canonical(SpellNumber(d)) != Canonical(spelling)) {
      return RefuseNumber(error_, Path(), spelling);
    }
    return Value();
  }
  bool string(string_t&) override { return Value(); }
  bool binary(binary_t&) override { return Value(); }
  bool start_object(size_t) override { return Open(true); }
  bool start_array(size_t) override { return Open(false); }
  bool key(string_t& name) override {
    levels_.back().name = name;
    if (levels_.back().keys.insert(name).second) return true;
    return Refuse(error_, "BL5202", Path(),
                  "the key `" + name + "` stands twice in one object",
                  "keep one of them");
  }
  bool end_object() override { return Close(); }
  bool end_array() override { return Close(); }
  bool parse_error(size_t, const std::string&,
                   const nlohmann::json::exception& e) override {
    // "[json.exception.parse_error.101] parse error at line 1, …".
    std::string message = e.what();
    const size_t bracket = message.find("] ");
    if (bracket != std::string::npos) message = message.substr(bracket + 2);
    return Refuse(error_, "BL5202", ".",
                  "this is not JSON: " + Printable(message),
                  "send one JSON object");
  }

 private:
  static constexpr size_t kMaxDepth = 100;  // as protobuf's own limit
  struct Level {
    bool object;
    size_t index = 0;
    std::string name;
    std::set<std::string> keys;
  };

  std::string Path() const {
    std::string path;
    for (const Level& level : levels_) {
      if (level.object) {
        if (!path.empty()) path += '.';
        path += level.name;
      } else {
        path += "[" + std::to_string(level.index) + "]";
      }
    }
    return path.empty() ? "." : path;
  }
  bool Value() {
    if (!levels_.empty()) ++levels_.back().index;
    return true;
  }
  bool Open(bool object) {
    if (levels_.size() >= kMaxDepth) {
      return Refuse(error_, "BL5202", ".", "the JSON is nested too deeply",
                    "nest at most " + std::to_string(kMaxDepth) + " levels");
    }
    levels_.push_back({object, 0, {}, {}});
    return true;
  }
  bool Close() {
    levels_.pop_back();
    return Value();
  }

  RequestError* error_;
  std::vector<Level> levels_;
};

bool ParseStrict(std::string_view text, nlohmann::json* out,
                 RequestError* error) {
  StrictReader reader(error);
  if (!nlohmann::json::sax_parse(text.begin(), text.end(), &reader)) {
    return false;
  }
  *out = nlohmann::json::parse(text.begin(), text.end(), nullptr, false);
  return true;
}

}  // namespace

bool RequestFromProto(const v1::CheckRequest& message, int64_t now,
                      bool simulation, OwnedRequest* out, RequestError* error) {
  Request& request = out->request;
  request = Request();
  request.now = now;
  if (!message.has_subject()) {
    return Refuse(error, "BL5201", "subject", "the request has no subject",
                  "say who asks: {\"type\": …, \"id\": …}");
  }
  if (message.action().empty()) {
    return Refuse(error, "BL5201", "action", "the request has no action",
                  "name one of the actions, such as \"read\"");
  }
  if (!message.has_resource()) {
    return Refuse(error, "BL5201", "resource", "the request has no resource",
                  "say what is asked for: {\"type\": …, \"id\": …}");
  }
  if (!ReferenceFromProto(message.subject(), "subject",
                          &out->subject_attributes, &request.subject, error) ||
      !ReferenceFromProto(message.resource(), "resource",
                          &out->resource_attributes, &request.resource,
                          error)) {
    return false;
  }
  request.action = message.action();
  // An enumeration of the wire is any number; none but these has a meaning,
  // and taken for "no SQL" it would lose the filter.
  if (!v1::SqlDialect_IsValid(message.sql())) {
    return Refuse(error, "BL5202", "sql",
                  "no dialect has the number " + std::to_string(message.sql()),
                  "write one of SQL_NONE (0), POSTGRES (1), TRINO (2)");
  }
  if (message.has_context()) {
    if (!NodeFromStruct(message.context(), "context", &out->context, error)) {
      return false;
    }
    request.context = &out->context;
  }
  if (message.has_at()) {
    if (!simulation) {
      return Refuse(error, "BL5203", "at",
                    "`at` is obeyed only where simulation is enabled",
                    "leave `at` out, or start the service with --simulation");
    }
    constexpr int64_t kFirstSecond = -62135596800;  // 0001-01-01
    constexpr int64_t kLastSecond = 253402300799;   // 9999-12-31
    if (message.at().seconds() < kFirstSecond ||
        message.at().seconds() > kLastSecond || message.at().nanos() < 0 ||
        message.at().nanos() > 999'999'999) {
      return Refuse(error, "BL5203", "at", "this is no instant",
                    "write an RFC 3339 time between the years 1 and 9999");
    }
    request.now =
        message.at().seconds() * 1'000'000 + message.at().nanos() / 1000;
  }
  return true;
}

void DeterminantToProto(const ReportedDeterminant& d,
                        v1::Determinant* message) {
  message->set_policy(d.policy);
  message->set_kind(d.kind);
  message->set_file(d.file);
  message->set_line(d.line);
  message->set_scope(d.scope);
  message->set_severity(d.severity);
  message->set_because(d.because);
  message->set_help(d.help);
}

void DecisionToProto(const DecisionReport& report, v1::Decision* message) {
  message->set_id(report.id);
  message->set_request_id(report.request_id);
  message->set_outcome(
      static_cast<v1::Decision::Outcome>(static_cast<int>(report.outcome)));
  for (const DecisionReport::Column& c : report.columns) {
    v1::ColumnMask* column = message->add_columns();
    column->set_column(c.column);
    column->mutable_mask()->set_name(c.mask);
    for (const Node& argument : c.arguments) {
      NodeToValue(argument, column->mutable_mask()->add_arguments());
    }
    column->set_sql(c.sql);
    for (const std::string& policy : c.policies) column->add_policies(policy);
  }
  if (report.has_filter) {
    v1::RowFilter* filter = message->mutable_filter();
    filter->set_text(report.filter.text);
    filter->set_sql(report.filter.sql);
    FilterToProto(report.filter.tree, filter->mutable_tree());
    for (const Node& p : report.filter.parameters) {
      NodeToValue(p, filter->add_parameters());
    }
  }
  for (const DecisionReport::Obligation& o : report.obligations) {
    v1::Obligation* obligation = message->add_obligations();
    obligation->set_name(o.name);
    auto* fields = obligation->mutable_arguments()->mutable_fields();
    for (const auto& [name, value] : o.arguments) {
      NodeToValue(value, &(*fields)[name]);
    }
  }
  message->mutable_keep()->set_seconds(report.keep / 1'000'000);
  message->mutable_keep()->set_nanos(
      static_cast<int32_t>(report.keep % 1'000'000) * 1000);
  for (const auto& d : report.determining) {
    DeterminantToProto(d, message->add_determining());
  }
  for (const auto& d : report.advisories) {
    DeterminantToProto(d, message->add_advisories());
  }
  for (const auto& d : report.not_delegated) {
    DeterminantToProto(d, message->add_not_delegated());
  }
  for (const auto& w : report.waivers) {
    v1::WaiverUse* use = message->add_waivers();
    use->set_waiver(w.waiver);
    use->set_policy(w.policy);
  }
  for (const auto& e : report.errors) {
    v1::EvaluationError* error = message->add_errors();
    error->set_policy(e.policy);
    error->set_file(e.file);
    error->set_line(e.line);
    error->set_message(e.message);
  }
  message->set_policies_revision(report.policies_revision);
  message->set_facts_revision(report.facts_revision);
}

void ExplanationToProto(const Explanation& explanation,
                        v1::Explanation* message) {
  DecisionToProto(explanation.decision, message->mutable_decision());
  for (const std::string& scope : explanation.chain) message->add_chain(scope);
  const auto name = [](v1::NamedValue* out, const auto& pair) {
    out->set_name(pair.first);
    out->set_value(pair.second);
  };
  for (const Explanation::RuleInstance& r : explanation.rules) {
    v1::RuleExplanation* rule = message->add_rules();
    rule->set_policy(r.policy);
    rule->set_kind(r.kind);
    rule->set_text(r.text);
    rule->set_file(r.file);
    rule->set_line(r.line);
    rule->set_scope(r.scope);
    rule->set_state(r.erred ? "error" : r.matched ? "matched" : "not matched");
    rule->set_counted(r.counted);
    rule->set_reason(r.reason);
    for (const auto& element : r.elements) name(rule->add_elements(), element);
    for (const Explanation::ConditionValue& c : r.conditions) {
      v1::ConditionExplanation* condition = rule->add_conditions();
      condition->set_role(c.role);
      condition->set_text(c.text);
      condition->set_value(c.value);
      condition->set_file(c.file);
      condition->set_line(c.line);
      for (const auto& value : c.values) name(condition->add_values(), value);
    }
  }
}

std::string RemedyOf(const RequestError& error) {
  if (!error.remedy.empty()) return error.remedy;
  const CodeInfo* info = FindCode(error.code);
  return info != nullptr ? std::string(info->text) : "";
}

void ErrorToProto(const RequestError& error, v1::Error* message) {
  message->set_code(error.code);
  message->set_field(error.field);
  message->set_message(error.message);
  message->set_remedy(RemedyOf(error));
}

SqlDialect DialectFromProto(v1::SqlDialect dialect) {
  switch (dialect) {
    case v1::POSTGRES:
      return SqlDialect::kPostgres;
    case v1::TRINO:
      return SqlDialect::kTrino;
    default:  // RequestFromProto refuses what is none of them
      return SqlDialect::kNone;
  }
}

namespace {

// What a message quotes of a request may be as long as the request.
void Shorten(std::string* message) {
  constexpr size_t kMost = 1000;
  if (message->size() <= kMost) return;
  size_t end = kMost;
  while (end > 0 &&
         (static_cast<unsigned char>((*message)[end]) & 0xc0) == 0x80)
    --end;
  message->resize(end);
  *message += "…";
}

bool ReadMessage(std::string_view json, google::protobuf::Message* out,
                 RequestError* error) {
  nlohmann::json parsed;
  if (!ParseStrict(json, &parsed, error) ||
      !CheckFields(parsed, out->GetDescriptor(), "", error)) {
    return false;
  }
  // That is skipped, as in all files that are read; protobuf would not.
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  if (json.starts_with(kByteOrderMark)) {
    json.remove_prefix(kByteOrderMark.size());
  }
  const auto status = google::protobuf::util::JsonStringToMessage(
      std::string(json), out, google::protobuf::util::JsonParseOptions());
  if (!status.ok()) {
    return Refuse(error, "BL5202", ".",
                  "a field has a value of the wrong type: " +
                      std::string(status.message()),
                  "compare with the messages of bylaw.v1");
  }
  return true;
}

}  // namespace

bool MessageFromJson(std::string_view json, google::protobuf::Message* out,
                     RequestError* error) {
  if (ReadMessage(json, out, error)) return true;
  Shorten(&error->message);
  Shorten(&error->field);
  return false;
}

std::string MessageToJson(const google::protobuf::Message& message,
                          bool pretty) {
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = pretty;
  // Equal messages have equal bytes: maps are put in order.
  std::string bytes, text;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    message.SerializeToCodedStream(&coded);
  }
  constexpr char kPrefix[] = "type.googleapis.com";
  static google::protobuf::util::TypeResolver* const resolver =
      google::protobuf::util::NewTypeResolverForDescriptorPool(
          kPrefix, google::protobuf::DescriptorPool::generated_pool());
  const auto status = google::protobuf::util::BinaryToJsonString(
      resolver,
      std::string(kPrefix) + "/" + message.GetDescriptor()->full_name(), bytes,
      &text, options);
  if (!status.ok()) {
    // Never an empty answer: it would read as one without masks.
    return nlohmann::json{
        {"error",
         {{"code", "BL5202"},
          {"message", "the answer has no JSON: " + status.ToString()},
          {"remedy", "look for text that is not UTF-8; ask over gRPC"}}}}
        .dump(pretty ? 1 : -1, ' ', false,
              nlohmann::json::error_handler_t::replace);
  }
  return text;
}

}  // namespace bylaw
