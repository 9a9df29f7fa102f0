#include "server/convert.h"

#include <charconv>
#include <cmath>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "dsl/diagnostics.h"
#include "google/protobuf/util/json_util.h"
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
  if (std::trunc(d) == d && std::fabs(d) < 1e18) {
    const auto r =
        std::to_chars(text, text + sizeof text, d, std::chars_format::fixed);
    return std::string(text, r.ptr);
  }
  const auto r = std::to_chars(text, text + sizeof text, d);
  return std::string(text, r.ptr);
}

Node NodeFromValue(const google::protobuf::Value& value);

Node NodeFromStruct(const google::protobuf::Struct& fields) {
  Node node;
  node.kind = Node::Kind::kMap;
  // A protobuf map has no order of its own; sorted, errors come out alike.
  std::set<std::string> names;
  for (const auto& [name, value] : fields.fields()) names.insert(name);
  for (const std::string& name : names) {
    Node key;
    key.kind = Node::Kind::kString;
    key.text = name;
    node.map.emplace_back(std::move(key),
                          NodeFromValue(fields.fields().at(name)));
  }
  return node;
}

Node NodeFromValue(const google::protobuf::Value& value) {
  Node node;
  switch (value.kind_case()) {
    case google::protobuf::Value::kBoolValue:
      node.kind = Node::Kind::kBool;
      node.boolean = value.bool_value();
      break;
    case google::protobuf::Value::kNumberValue:
      node.kind = Node::Kind::kNumber;
      node.text = SpellNumber(value.number_value());
      break;
    case google::protobuf::Value::kStringValue:
      node.kind = Node::Kind::kString;
      node.quoted = true;
      node.text = value.string_value();
      break;
    case google::protobuf::Value::kListValue:
      node.kind = Node::Kind::kList;
      for (const auto& item : value.list_value().values()) {
        node.list.push_back(NodeFromValue(item));
      }
      break;
    case google::protobuf::Value::kStructValue:
      return NodeFromStruct(value.struct_value());
    default:
      break;
  }
  return node;
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
      if (SpellNumber(d) == node.text && std::fabs(d) <= 9007199254740992.0) {
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

bool Refuse(RequestError* error, std::string code, std::string field,
            std::string message, std::string remedy) {
  *error = {std::move(code), std::move(field), std::move(message),
            std::move(remedy)};
  return false;
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
    *attributes = NodeFromStruct(message.attributes());
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
  if (node.op == "constant") NodeToValue(node.value, message->mutable_value());
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

// --- JSON -------------------------------------------------------------------

bool IsFreeForm(const Descriptor* type) {
  const std::string& name = type->full_name();
  return name.rfind("google.protobuf.", 0) == 0;
}

// Finds the first field that the message does not have, so that the answer
// can name its path and the word that was meant.
bool CheckFields(const nlohmann::json& json, const Descriptor* type,
                 const std::string& path, RequestError* error) {
  if (!json.is_object()) {
    return Refuse(error, "BL5202", path.empty() ? "." : path,
                  "a JSON object is expected here",
                  "write { … } with the fields of " + type->name());
  }
  for (const auto& [name, value] : json.items()) {
    const FieldDescriptor* field = nullptr;
    std::vector<std::string> names;
    for (int i = 0; i < type->field_count(); ++i) {
      const FieldDescriptor* f = type->field(i);
      names.push_back(f->json_name());
      if (f->json_name() == name || f->name() == name) field = f;
    }
    const std::string place = path.empty() ? name : path + "." + name;
    if (field == nullptr) {
      const auto guess = NearestOf(name, names);
      std::string remedy = guess ? DidYouMean(*guess) : "the fields are ";
      if (!guess) {
        for (size_t i = 0; i < names.size(); ++i) {
          remedy += (i ? ", " : "") + names[i];
        }
      }
      return Refuse(error, "BL5202", place,
                    type->name() + " has no field `" + name + "`",
                    std::move(remedy));
    }
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE ||
        IsFreeForm(field->message_type()) || value.is_null()) {
      continue;
    }
    if (field->is_repeated()) {
      if (!value.is_array()) continue;  // the parser says so
      for (size_t i = 0; i < value.size(); ++i) {
        if (!CheckFields(value[i], field->message_type(),
                         place + "[" + std::to_string(i) + "]", error)) {
          return false;
        }
      }
    } else if (!CheckFields(value, field->message_type(), place, error)) {
      return false;
    }
  }
  return true;
}

// Parses strictly: a key that stands twice in one object is an error.
bool ParseStrict(std::string_view text, nlohmann::json* out,
                 RequestError* error) {
  constexpr int kMaxDepth = 100;  // as protobuf's own limit
  std::vector<std::set<std::string>> keys;
  std::string duplicate;
  bool deep = false;
  const auto callback = [&](int depth, nlohmann::json::parse_event_t event,
                            nlohmann::json& value) {
    using E = nlohmann::json::parse_event_t;
    if (depth > kMaxDepth) deep = true;
    if (event == E::object_start) keys.emplace_back();
    if (event == E::object_end && !keys.empty()) keys.pop_back();
    if (event == E::key && !keys.empty() && duplicate.empty() &&
        !keys.back().insert(value.get<std::string>()).second) {
      duplicate = value.get<std::string>();
    }
    return !deep;
  };
  try {
    *out = nlohmann::json::parse(text.begin(), text.end(), callback);
  } catch (const nlohmann::json::exception& e) {
    // "[json.exception.parse_error.101] parse error at line 1, …".
    std::string message = e.what();
    const size_t bracket = message.find("] ");
    if (bracket != std::string::npos) message = message.substr(bracket + 2);
    return Refuse(error, "BL5202", ".", "this is not JSON: " + message,
                  "send one JSON object");
  }
  if (deep) {
    return Refuse(error, "BL5202", ".", "the JSON is nested too deeply",
                  "nest at most 100 levels");
  }
  if (!duplicate.empty()) {
    return Refuse(error, "BL5202", duplicate,
                  "the key `" + duplicate + "` stands twice in one object",
                  "keep one of them");
  }
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
  if (message.has_context()) {
    out->context = NodeFromStruct(message.context());
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

void ErrorToProto(const RequestError& error, v1::Error* message) {
  message->set_code(error.code);
  message->set_field(error.field);
  message->set_message(error.message);
  message->set_remedy(error.remedy);
}

SqlDialect DialectFromProto(v1::SqlDialect dialect) {
  switch (dialect) {
    case v1::POSTGRES:
      return SqlDialect::kPostgres;
    case v1::TRINO:
      return SqlDialect::kTrino;
    default:
      return SqlDialect::kNone;
  }
}

bool MessageFromJson(std::string_view json, google::protobuf::Message* out,
                     RequestError* error) {
  nlohmann::json parsed;
  if (!ParseStrict(json, &parsed, error) ||
      !CheckFields(parsed, out->GetDescriptor(), "", error)) {
    return false;
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

std::string MessageToJson(const google::protobuf::Message& message,
                          bool pretty) {
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = pretty;
  std::string text;
  const auto status =
      google::protobuf::util::MessageToJsonString(message, &text, options);
  if (!status.ok()) return "{}";
  return text;
}

}  // namespace bylaw
