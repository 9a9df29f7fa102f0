// The types of ODCS and of the systems behind it, onto ColumnType: the table
// of docs/descriptors.md.
#include <string>
#include <string_view>

#include "descriptors/odcs.h"

namespace bylaw {
namespace {

std::string Lower(std::string_view text) {
  std::string s(text);
  for (char& c : s) {
    if (c >= 'A' && c <= 'Z') c += 'a' - 'A';
  }
  return s;
}

struct TypeRow {
  std::string_view name, column_type;
};
// logicalType: v3.0 and v3.1. `time` is a time of day, which ColumnType lacks.
constexpr TypeRow kLogical[] = {
    {"string", "string"},  {"date", "date"},    {"timestamp", "time"},
    {"number", "decimal"}, {"integer", "int"},  {"object", "object"},
    {"array", "array"},    {"boolean", "bool"},
};
// physicalType, without what stands in brackets.
constexpr TypeRow kPhysical[] = {
    {"bool", "bool"},
    {"boolean", "bool"},
    {"bit", "bool"},
    {"int", "int"},
    {"integer", "int"},
    {"bigint", "int"},
    {"smallint", "int"},
    {"tinyint", "int"},
    {"mediumint", "int"},
    {"int2", "int"},
    {"int4", "int"},
    {"int8", "int"},
    {"int16", "int"},
    {"int32", "int"},
    {"int64", "int"},
    {"uint8", "int"},
    {"uint16", "int"},
    {"uint32", "int"},
    {"uint64", "int"},
    {"long", "int"},
    {"short", "int"},
    {"byte", "int"},
    {"serial", "int"},
    {"bigserial", "int"},
    {"decimal", "decimal"},
    {"numeric", "decimal"},
    {"number", "decimal"},
    {"bignumeric", "decimal"},
    {"float", "decimal"},
    {"float4", "decimal"},
    {"float8", "decimal"},
    {"float32", "decimal"},
    {"float64", "decimal"},
    {"double", "decimal"},
    {"double precision", "decimal"},
    {"real", "decimal"},
    {"money", "decimal"},
    {"smallmoney", "decimal"},
    {"string", "string"},
    {"text", "string"},
    {"char", "string"},
    {"character", "string"},
    {"character varying", "string"},
    {"varchar", "string"},
    {"varchar2", "string"},
    {"nchar", "string"},
    {"nvarchar", "string"},
    {"nvarchar2", "string"},
    {"ntext", "string"},
    {"clob", "string"},
    {"nclob", "string"},
    {"bpchar", "string"},
    {"citext", "string"},
    {"uuid", "string"},
    {"uniqueidentifier", "string"},
    {"enum", "string"},
    {"date", "date"},
    {"timestamp", "time"},
    {"timestamptz", "time"},
    {"timestamp_tz", "time"},
    {"timestamp_ntz", "time"},
    {"timestamp_ltz", "time"},
    {"timestamp with time zone", "time"},
    {"timestamp without time zone", "time"},
    {"timestamp with local time zone", "time"},
    {"datetime", "time"},
    {"datetime2", "time"},
    {"smalldatetime", "time"},
    {"datetimeoffset", "time"},
    {"interval", "duration"},
    {"inet", "ip"},
    {"cidr", "ip"},
    {"ipaddress", "ip"},
    {"ipprefix", "ip"},
    {"object", "object"},
    {"struct", "object"},
    {"record", "object"},
    {"row", "object"},
    {"map", "object"},
    {"json", "object"},
    {"jsonb", "object"},
    {"variant", "object"},
    {"super", "object"},
    {"xml", "object"},
    {"array", "array"},
    {"list", "array"},
    {"repeated", "array"},
};

template <size_t n>
std::string_view Find(const TypeRow (&rows)[n], std::string_view name) {
  for (const TypeRow& row : rows) {
    if (row.name == name) return row.column_type;
  }
  return {};
}

}  // namespace

std::string_view OdcsColumnType(std::string_view logical,
                                std::string_view physical) {
  std::string p = Lower(physical.substr(0, physical.find_first_of("(<[")));
  while (!p.empty() && p.back() == ' ') p.pop_back();
  // `timestamp(6) with time zone`, `int unsigned`: the first word decides.
  std::string_view by_physical = Find(kPhysical, p);
  if (by_physical.empty()) {
    by_physical = Find(kPhysical, std::string_view(p).substr(0, p.find(' ')));
  }
  if (physical.size() > 2 && physical.substr(physical.size() - 2) == "[]") {
    by_physical = "array";
  }
  if (logical.empty()) return by_physical;
  const std::string l = Lower(logical);
  const std::string_view by_logical = Find(kLogical, l);
  // v3.0 has `date` for instants too; the physical type tells.
  if (by_logical == "date" && by_physical == "time") return "time";
  // What no logical type says.
  if (by_logical == "string" && by_physical == "ip") return "ip";
  return by_logical;
}

}  // namespace bylaw
