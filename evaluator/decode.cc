#include "evaluator/decode.h"

#include <algorithm>
#include <utility>

#include "evaluator/nearest.h"
#include "evaluator/value_order.h"

namespace bylaw {
namespace {

constexpr int64_t kExactDouble = int64_t{1} << 53;

std::string Quote(std::string_view text) {
  constexpr size_t kLongest = 80;
  std::string s = "`";
  if (text.size() <= kLongest) return s + std::string(text) + "`";
  size_t cut = kLongest;
  while (cut > 0 && (static_cast<uint8_t>(text[cut]) & 0xc0) == 0x80) --cut;
  return s + std::string(text.substr(0, cut)) + "…`";
}

}  // namespace

std::string_view NodeKindName(const Node& node) {
  switch (node.kind) {
    case Node::Kind::kNull:
      return "null";
    case Node::Kind::kBool:
      return "a truth value";
    case Node::Kind::kNumber:
      return "a number";
    case Node::Kind::kString:
      return "a text";
    case Node::Kind::kList:
      return "a list";
    case Node::Kind::kMap:
      return "a map";
  }
  return "a value";
}

std::optional<int64_t> ExactNumber(std::string_view text, int scale,
                                   bool* is_number) {
  if (is_number != nullptr) *is_number = false;
  size_t i = 0;
  bool negative = false;
  if (i < text.size() && (text[i] == '-' || text[i] == '+')) {
    negative = text[i++] == '-';
  }
  std::string digits;
  int64_t exponent = scale;
  bool any = false, point = false;
  for (; i < text.size(); ++i) {
    const char c = text[i];
    if (c >= '0' && c <= '9') {
      any = true;
      if (point) --exponent;
      if (!digits.empty() || c != '0') digits += c;
    } else if (c == '.' && !point) {
      point = true;
    } else {
      break;
    }
  }
  if (!any) return std::nullopt;
  if (i < text.size()) {
    if (text[i] != 'e' && text[i] != 'E') return std::nullopt;
    ++i;
    bool minus = false;
    if (i < text.size() && (text[i] == '-' || text[i] == '+')) {
      minus = text[i++] == '-';
    }
    if (i == text.size()) return std::nullopt;
    int64_t e = 0;
    for (; i < text.size(); ++i) {
      if (text[i] < '0' || text[i] > '9') return std::nullopt;
      if (e < 1'000'000) e = e * 10 + (text[i] - '0');
    }
    exponent += minus ? -e : e;
  }
  if (is_number != nullptr) *is_number = true;
  if (digits.empty()) return 0;
  while (!digits.empty() && digits.back() == '0') {
    digits.pop_back();
    ++exponent;
  }
  if (exponent < 0) return std::nullopt;
  if (digits.size() + static_cast<size_t>(exponent) > 19) return std::nullopt;
  digits.append(static_cast<size_t>(exponent), '0');
  unsigned __int128 v = 0;
  for (char c : digits) v = v * 10 + static_cast<unsigned>(c - '0');
  const unsigned __int128 limit =
      static_cast<unsigned __int128>(INT64_MAX) + (negative ? 1 : 0);
  if (v > limit) return std::nullopt;
  const uint64_t u = static_cast<uint64_t>(v);
  return static_cast<int64_t>(negative ? 0 - u : u);
}

bool ValueDecoder::WrongType(const Node& node, TypeId type,
                             std::string_view hint) {
  std::string name = schema_.TypeName(type);
  if (!name.empty() && name.back() == '?') name.pop_back();
  std::string message = name + " is expected, not ";
  message += NodeKindName(node);
  if (node.kind == Node::Kind::kString || node.kind == Node::Kind::kNumber) {
    message += " (" + Quote(node.text) + ")";
  }
  Fail(DecodeProblem::kWrongType, node, std::move(message), std::string(hint));
  return false;
}

bool ValueDecoder::Decode(const Node& node, TypeId type, Value* out) {
  const TypeInfo& info = schema_.type(type);
  if (node.kind == Node::Kind::kNull) {
    Fail(DecodeProblem::kNull, node, "null is no value",
         "leave the name out where there is no value");
    return false;
  }
  switch (info.kind) {
    case Kind::kBool:
      if (node.kind != Node::Kind::kBool) {
        return WrongType(node, type, "write true or false");
      }
      *out = Value::Bool(node.boolean);
      return true;
    case Kind::kInt:
    case Kind::kDecimal:
      return DecodeNumber(node, type, out);
    case Kind::kString:
      if (node.kind != Node::Kind::kString) {
        return WrongType(
            node, type,
            node.kind == Node::Kind::kNumber ? "put the text in quotes" : "");
      }
      *out = Value::OfCell(Kind::kString, Intern(node.text));
      return true;
    case Kind::kDate:
    case Kind::kTime:
    case Kind::kDuration:
    case Kind::kPeriod:
    case Kind::kIp:
    case Kind::kVersion:
      return DecodeScalarText(node, type, out);
    case Kind::kTerm:
      return DecodeTerm(node, info, out);
    case Kind::kEntity:
      return DecodeEntity(node, type, out);
    case Kind::kRecord:
      return DecodeRecord(node, type, out);
    case Kind::kSet:
    case Kind::kList:
      return DecodeCollection(node, type, out);
    case Kind::kMap:
      return DecodeMap(node, type, out);
    case Kind::kMissing:
    case Kind::kFilter:
      break;
  }
  return WrongType(node, type);
}

bool ValueDecoder::DecodeNumber(const Node& node, TypeId type, Value* out) {
  const Kind kind = schema_.type(type).kind;
  const bool is_int = kind == Kind::kInt;
  std::optional<int64_t> v;
  if (node.kind == Node::Kind::kNumber) {
    v = ExactNumber(node.text, is_int ? 0 : 6);
    if (is_int && v && (*v > kExactDouble || *v < -kExactDouble)) {
      Fail(DecodeProblem::kInexact, node,
           "the number " + Quote(node.text) +
               " is past 2^53, where numbers lose their last digits",
           "write it as a text: \"" + node.text + "\"");
      return false;
    }
  } else if (node.kind == Node::Kind::kString) {
    v = is_int ? ParseInt(node.text) : ParseDecimal(node.text);
    bool is_number = false;
    const bool exact =
        ExactNumber(node.text, is_int ? 0 : 6, &is_number).has_value();
    if (!v && (exact || !is_number)) {
      return WrongType(node, type,
                       is_int ? "write a whole number" : "write a number");
    }
    if (v && is_int && *v <= kExactDouble && *v >= -kExactDouble) {
      return WrongType(node, type, "write the number without quotes");
    }
  } else {
    return WrongType(node, type);
  }
  if (v && !is_int && (*v >= kDecimalLimit || *v <= -kDecimalLimit)) v.reset();
  if (!v) {
    Fail(DecodeProblem::kInexact, node,
         "the number " + Quote(node.text) + " cannot be held exactly",
         is_int ? "Int holds whole numbers of 64 bits"
                : "Decimal holds 18 digits, 6 of them fractional");
    return false;
  }
  *out = Value::Number(kind, *v);
  return true;
}

bool ValueDecoder::DecodeScalarText(const Node& node, TypeId type, Value* out) {
  const Kind kind = schema_.type(type).kind;
  const char* hint = "";
  switch (kind) {
    case Kind::kDate:
      hint = "dates are written 2026-11-20";
      break;
    case Kind::kTime:
      hint = "times are written 2026-11-20T10:00:00Z";
      break;
    case Kind::kDuration:
      hint = "durations are written 90s, 15m, 8h, 30d or 1h30m";
      break;
    case Kind::kPeriod:
      hint = "periods are written 6mo, 18y or 1y6mo";
      break;
    case Kind::kIp:
      hint = "addresses are written 10.1.2.3, networks 10.0.0.0/8";
      break;
    default:
      hint = "versions are written 1.2.0";
      break;
  }
  if (node.kind != Node::Kind::kString) return WrongType(node, type, hint);
  std::optional<int64_t> number;
  switch (kind) {
    case Kind::kDate:
      number = ParseDate(node.text);
      break;
    case Kind::kTime:
      number = ParseTime(node.text);
      break;
    case Kind::kDuration:
      number = ParseDuration(node.text);
      break;
    case Kind::kPeriod:
      number = ParsePeriod(node.text);
      break;
    case Kind::kIp:
      if (const std::optional<Ip> ip = ParseIp(node.text)) {
        *out = Value();
        out->kind = kind;
        out->ip = arena_.Make(*ip);
        return true;
      }
      break;
    default:
      if (std::optional<Version> version = ParseVersion(node.text)) {
        *out = Value();
        out->kind = kind;
        out->version = arena_.Make(*std::move(version));
        return true;
      }
      break;
  }
  if (number) {
    *out = Value::Number(kind, *number);
    return true;
  }
  std::string name = schema_.TypeName(type);
  if (!name.empty() && name.back() == '?') name.pop_back();
  Fail(DecodeProblem::kBadSpelling, node, Quote(node.text) + " is no " + name,
       hint);
  return false;
}

bool ValueDecoder::DecodeTerm(const Node& node, const TypeInfo& info,
                              Value* out) {
  const Vocabulary& v = schema_.vocabularies[info.id];
  // A term may be spelled as YAML's true or false; their text is kept.
  if (node.kind != Node::Kind::kString &&
      !(node.kind == Node::Kind::kBool && !node.text.empty())) {
    Fail(DecodeProblem::kWrongType, node,
         "a term of " + v.name + " is expected, not " +
             std::string(NodeKindName(node)),
         "");
    return false;
  }
  const uint32_t term = FindTerm(info.id, node.text);
  if (term != kNone) {
    *out = Value::OfCell(Kind::kTerm, term);
    return true;
  }
  std::vector<std::string_view> paths;
  for (uint32_t t = v.first_term; t < v.first_term + v.num_terms; ++t) {
    paths.push_back(schema_.terms[t].path);
  }
  std::string hint = GuessText(node.text, paths);
  if (hint.empty() && !paths.empty() && paths.size() <= 12) {
    hint = "its terms are ";
    for (size_t i = 0; i < paths.size(); ++i) {
      if (i) hint += ", ";
      hint += paths[i];
    }
  }
  Fail(DecodeProblem::kUnknownTerm, node,
       v.name + " has no term " + Quote(node.text), std::move(hint));
  return false;
}

bool ValueDecoder::DecodeEntity(const Node& node, TypeId type, Value* out) {
  const TypeInfo& info = schema_.type(type);
  Cell cell;
  if (node.kind == Node::Kind::kMap) {
    if (!ReferenceMap(node, info, &cell)) return false;
    *out = Value::OfCell(Kind::kEntity, cell);
    return true;
  }
  if (info.entities.size() != 1) {
    return WrongType(node, type,
                     "name the type too: {type: " +
                         schema_.entities[info.entities[0]].name + ", id: …}");
  }
  if (node.kind != Node::Kind::kString) {
    return WrongType(node, type,
                     node.kind == Node::Kind::kNumber
                         ? "a reference is an id: put it in quotes"
                         : "a reference is an id");
  }
  if (!Reference(info.entities[0], node.text, node, &cell)) return false;
  *out = Value::OfCell(Kind::kEntity, cell);
  return true;
}

bool ValueDecoder::ReferenceMap(const Node& node, const TypeInfo& type,
                                Cell* out) {
  // {type: T, id: x}, where T is one of the types that are expected.
  const Node* type_node = nullptr;
  const Node* id_node = nullptr;
  bool ok = true;
  if (type.entities.size() == 1) {
    Fail(DecodeProblem::kWrongType, node,
         "a reference to " + schema_.entities[type.entities[0]].name +
             " is its id, not a map",
         "");
    return false;
  }
  for (const auto& [key, value] : node.map) {
    if (key.text == "type") {
      type_node = &value;
    } else if (key.text == "id") {
      id_node = &value;
    } else {
      Push(key.text);
      Fail(DecodeProblem::kUnknownField, key,
           "a reference has no " + Quote(key.text), "write {type: …, id: …}");
      Pop();
      ok = false;
    }
  }
  if (type_node == nullptr || id_node == nullptr ||
      type_node->kind != Node::Kind::kString ||
      id_node->kind != Node::Kind::kString) {
    Fail(
        DecodeProblem::kWrongType, node,
        "a reference to one of several types has a type and an id",
        "write {type: " + schema_.entities[type.entities[0]].name + ", id: …}");
    return false;
  }
  if (!ok) return false;
  for (uint32_t e : type.entities) {
    if (schema_.entities[e].name == type_node->text) {
      return Reference(e, id_node->text, *id_node, out);
    }
  }
  std::vector<std::string_view> names;
  for (uint32_t e : type.entities) names.push_back(schema_.entities[e].name);
  const bool known = schema_.FindEntity(type_node->text) != kNone;
  Fail(known ? DecodeProblem::kWrongType : DecodeProblem::kUnknownType,
       *type_node,
       known ? Quote(type_node->text) + " is not one of the types expected"
             : "there is no entity type " + Quote(type_node->text),
       GuessText(type_node->text, names));
  return false;
}

bool ValueDecoder::Nested(const Node& node, const TypeInfo& collection,
                          Value* out) {
  (void)out;
  (void)collection;
  Fail(DecodeProblem::kWrongType, node, "a list is expected, not a map",
       "write the ids in a list");
  return false;
}

bool ValueDecoder::DecodeRecord(const Node& node, TypeId type, Value* out) {
  const uint32_t index = schema_.type(type).id;
  const RecordType& record = schema_.records[index];
  if (node.kind != Node::Kind::kMap) return WrongType(node, type);
  const size_t n = record.fields.size();
  Value* fields = arena_.New<Value>(n);
  bool* given = arena_.New<bool>(n);
  std::fill_n(given, n, false);
  for (size_t i = 0; i < n; ++i) fields[i] = Absent(record.fields[i]);
  bool ok = true;
  for (const auto& [key, value] : node.map) {
    const uint32_t slot = Schema::FindAttribute(record.fields, key.text);
    if (slot == kNone) {
      std::vector<std::string_view> names;
      for (const Attribute& f : record.fields) names.push_back(f.name);
      Push(key.text);
      Fail(DecodeProblem::kUnknownField, key,
           record.name + " has no field " + Quote(key.text),
           GuessText(key.text, names));
      Pop();
      ok = false;
      // What was probably meant is not missed besides.
      const uint32_t meant =
          Schema::FindAttribute(record.fields, NearestWord(key.text, names));
      if (meant != kNone) given[meant] = true;
      continue;
    }
    given[slot] = true;
    Push(key.text);
    ok &= Decode(value, record.fields[slot].type, &fields[slot]);
    Pop();
  }
  for (size_t i = 0; i < n; ++i) {
    if (!given[i] && schema_.IsRequired(record.fields[i])) {
      Fail(DecodeProblem::kMissingField, node,
           record.name + " lacks its field `" + record.fields[i].name + "`",
           "");
      ok = false;
    }
  }
  *out = Value();
  out->kind = Kind::kRecord;
  out->size = static_cast<uint32_t>(n);
  out->values = fields;
  return ok;
}

bool ValueDecoder::DecodeCollection(const Node& node, TypeId type, Value* out) {
  const TypeInfo& info = schema_.type(type);
  const TypeInfo& element = schema_.type(info.element);
  if (node.kind == Node::Kind::kMap && element.kind == Kind::kEntity &&
      element.entities.size() == 1) {
    return Nested(node, info, out);
  }
  if (node.kind != Node::Kind::kList) {
    return WrongType(node, type, "write a list: […]");
  }
  const TypeId element_type = info.element;
  const Kind kind = info.kind, element_kind = element.kind;
  const size_t n = node.list.size();
  ArenaVector<Value> values(&arena_);
  bool ok = true;
  for (size_t i = 0; i < n; ++i) {
    Value v;
    Push(i);
    if (Decode(node.list[i], element_type, &v)) {
      values.push_back(v);
    } else {
      ok = false;
    }
    Pop();
  }
  *out = MakeCollection(arena_, kind, element_kind, values.span());
  return ok;
}

bool ValueDecoder::DecodeMap(const Node& node, TypeId type, Value* out) {
  const TypeId element = schema_.type(type).element;
  if (node.kind != Node::Kind::kMap) return WrongType(node, type);
  MapEntry* entries = arena_.New<MapEntry>(node.map.size());
  uint32_t n = 0;
  bool ok = true;
  for (const auto& [key, value] : node.map) {
    Value v;
    Push(key.text);
    if (Decode(value, element, &v)) {
      entries[n].key = Intern(key.text);
      entries[n++].value = v;
    } else {
      ok = false;
    }
    Pop();
  }
  std::sort(entries, entries + n,
            [](const MapEntry& a, const MapEntry& b) { return a.key < b.key; });
  for (uint32_t i = 1; i < n; ++i) {
    if (entries[i].key == entries[i - 1].key) {
      Fail(DecodeProblem::kOther, node, "a key stands twice in the map", "");
      ok = false;
    }
  }
  *out = EmptyCollection(Kind::kMap, schema_.type(element).kind);
  out->size = n;
  out->entries = entries;
  return ok;
}

Value ValueDecoder::Absent(const Attribute& attribute) {
  if (attribute.default_value) {
    return FromConstant(*attribute.default_value, attribute.type);
  }
  const TypeInfo& info = schema_.type(attribute.type);
  if (info.kind == Kind::kSet || info.kind == Kind::kList ||
      info.kind == Kind::kMap) {
    return EmptyCollection(info.kind, schema_.type(info.element).kind);
  }
  return Value::Missing();
}

Value ValueDecoder::FromConstant(const Constant& c, TypeId type) {
  const TypeInfo& info = schema_.type(type);
  switch (info.kind) {
    case Kind::kDecimal:
      if (c.kind == Kind::kInt) {
        return Value::Number(Kind::kDecimal, c.number * kDecimalOne);
      }
      break;
    case Kind::kSet:
    case Kind::kList: {
      if (c.kind != Kind::kSet && c.kind != Kind::kList) break;
      ArenaVector<Value> values(&arena_);
      for (const Constant& e : c.elements) {
        values.push_back(FromConstant(e, info.element));
      }
      return MakeCollection(arena_, info.kind, schema_.type(info.element).kind,
                            values.span());
    }
    case Kind::kMap: {
      if (c.kind != Kind::kMap) break;
      const size_t n = std::min(c.keys.size(), c.elements.size());
      MapEntry* entries = arena_.New<MapEntry>(n);
      for (size_t i = 0; i < n; ++i) {
        entries[i].key = Intern(c.keys[i]);
        entries[i].value = FromConstant(c.elements[i], info.element);
      }
      std::sort(entries, entries + n, [](const MapEntry& a, const MapEntry& b) {
        return a.key < b.key;
      });
      Value v = EmptyCollection(Kind::kMap, schema_.type(info.element).kind);
      v.size = static_cast<uint32_t>(n);
      v.entries = entries;
      return v;
    }
    case Kind::kRecord: {
      if (c.kind != Kind::kRecord) break;
      const RecordType& record = schema_.records[info.id];
      Value* fields = arena_.New<Value>(record.fields.size());
      for (size_t i = 0; i < record.fields.size(); ++i) {
        const bool given =
            i < c.elements.size() && c.elements[i].kind != Kind::kMissing;
        fields[i] = given ? FromConstant(c.elements[i], record.fields[i].type)
                          : Absent(record.fields[i]);
      }
      Value v;
      v.kind = Kind::kRecord;
      v.size = static_cast<uint32_t>(record.fields.size());
      v.values = fields;
      return v;
    }
    default:
      break;
  }
  return FromLiteral(c);
}

Value ValueDecoder::FromLiteral(const Constant& c) {
  Value v;
  switch (c.kind) {
    case Kind::kMissing:
    case Kind::kFilter:
      return v;
    case Kind::kString:
      return Value::OfCell(Kind::kString, Intern(c.text));
    case Kind::kTerm:
      return Value::OfCell(Kind::kTerm, c.index);
    case Kind::kEntity:
      return Value::OfCell(Kind::kEntity, NameEntity(c.index, c.text));
    case Kind::kIp:
      v.kind = c.kind;
      v.ip = arena_.Make(c.ip);
      return v;
    case Kind::kVersion:
      v.kind = c.kind;
      v.version = arena_.Make(c.version);
      return v;
    case Kind::kSet:
    case Kind::kList: {
      ArenaVector<Value> values(&arena_);
      for (const Constant& e : c.elements) values.push_back(FromLiteral(e));
      const Kind element =
          c.elements.empty() ? Kind::kMissing : c.elements[0].kind;
      return MakeCollection(arena_, c.kind, element, values.span());
    }
    case Kind::kRecord: {
      Value* fields = arena_.New<Value>(c.elements.size());
      for (size_t i = 0; i < c.elements.size(); ++i) {
        fields[i] = FromLiteral(c.elements[i]);
      }
      v.kind = c.kind;
      v.size = static_cast<uint32_t>(c.elements.size());
      v.values = fields;
      return v;
    }
    case Kind::kMap: {
      const size_t n = std::min(c.keys.size(), c.elements.size());
      MapEntry* entries = arena_.New<MapEntry>(n);
      for (size_t i = 0; i < n; ++i) {
        entries[i].key = Intern(c.keys[i]);
        entries[i].value = FromLiteral(c.elements[i]);
      }
      std::sort(entries, entries + n, [](const MapEntry& a, const MapEntry& b) {
        return a.key < b.key;
      });
      v.kind = Kind::kMap;
      v.size = static_cast<uint32_t>(n);
      v.entries = entries;
      return v;
    }
    default:
      return Value::Number(c.kind, c.number);
  }
}

}  // namespace bylaw
