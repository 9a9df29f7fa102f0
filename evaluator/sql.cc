#include "evaluator/sql.h"

#include <algorithm>
#include <limits>

#include "evaluator/spelling.h"

namespace bylaw {
namespace {

std::string Quoted(std::string_view text, char quote) {
  std::string out(1, quote);
  for (const char c : text) {
    if (c == quote) out += quote;
    out += c;
  }
  return out + quote;
}

std::string Identifier(std::string_view name) { return Quoted(name, '"'); }

// A dotted name, each part quoted.
std::string DottedName(std::string_view name) {
  std::string out;
  for (;;) {
    const size_t dot = name.find('.');
    out += Identifier(name.substr(0, dot));
    if (dot == std::string_view::npos) return out;
    out += '.';
    name.remove_prefix(dot + 1);
  }
}

// A function as the manifest spells it, if it is plain; else quoted by parts.
std::string FunctionName(std::string_view name) {
  const bool plain = std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.';
  });
  return plain ? std::string(name) : DottedName(name);
}

std::string TypeName(Kind k, SqlDialect dialect) {
  const bool postgres = dialect == SqlDialect::kPostgres;
  switch (k) {
    case Kind::kBool:
      return "boolean";
    case Kind::kInt:
      return "bigint";
    case Kind::kDecimal:
      return postgres ? "numeric" : "decimal(18, 6)";
    case Kind::kDate:
      return "date";
    case Kind::kTime:
      return postgres ? "timestamptz" : "timestamp(6) with time zone";
    case Kind::kDuration:
      return postgres ? "interval" : "interval day to second";
    case Kind::kIp:
      return postgres ? "inet" : "ipaddress";
    default:
      return postgres ? "text" : "varchar";
  }
}

std::string Cast(const std::string& e, Kind k, SqlDialect dialect) {
  return "CAST(" + e + " AS " + TypeName(k, dialect) + ")";
}

// 2026-11-20 10:00:00.000000, in UTC.
std::string TimeText(int64_t micros) {
  std::string text = FormatTime(micros);  // 2026-11-20T10:00:00Z
  std::replace(text.begin(), text.end(), 'T', ' ');
  text.pop_back();
  const size_t dot = text.find('.');
  if (dot == std::string::npos) return text + ".000000";
  return text + std::string(7 - (text.size() - dot), '0');
}

std::string SecondsText(int64_t micros) {
  // Millionths of a second are millionths.
  return FormatDecimal(micros);
}

// The text of a value as the dialect reads it, unquoted.
std::string ValueText(const World& world, const Value& v, SqlDialect dialect) {
  switch (v.kind) {
    case Kind::kTime:
      return TimeText(v.number) +
             (dialect == SqlDialect::kPostgres ? "+00" : " UTC");
    case Kind::kDuration:
      return SecondsText(v.number) +
             (dialect == SqlDialect::kPostgres ? " seconds" : "s");
    default:
      return SpellScalar(world, v);
  }
}

std::string TextLiteral(std::string_view text, SqlDialect dialect) {
  // In PostgreSQL a backslash may or may not escape, as a setting says; in
  // E'' it always does.
  if (dialect == SqlDialect::kPostgres &&
      text.find('\\') != std::string_view::npos) {
    std::string doubled;
    for (const char c : text) {
      if (c == '\\') doubled += '\\';
      doubled += c;
    }
    return "E" + Quoted(doubled, '\'');
  }
  return Quoted(text, '\'');
}

std::string IntLiteral(int64_t v, SqlDialect dialect) {
  // The digits of the least number alone are past the range.
  if (v == std::numeric_limits<int64_t>::min()) {
    return Cast("'" + FormatInt(v) + "'", Kind::kInt, dialect);
  }
  return FormatInt(v);
}

// parse_duration reads no sign.
std::string TrinoDuration(const std::string& text) {
  if (text[0] != '-') return "parse_duration('" + text + "')";
  return "(parse_duration('0s') - parse_duration('" + text.substr(1) + "'))";
}

std::string Literal(const World& world, const Value& v, SqlDialect dialect) {
  const std::string text = ValueText(world, v, dialect);
  const bool postgres = dialect == SqlDialect::kPostgres;
  switch (v.kind) {
    case Kind::kMissing:
      return "NULL";
    case Kind::kBool:
      return v.number != 0 ? "TRUE" : "FALSE";
    case Kind::kInt:
      return IntLiteral(v.number, dialect);
    case Kind::kDecimal:
      return postgres ? Cast("'" + text + "'", v.kind, dialect)
                      : "DECIMAL '" + text + "'";
    case Kind::kDate:
      return "DATE '" + text + "'";
    case Kind::kTime:
      return (postgres ? "TIMESTAMPTZ '" : "TIMESTAMP '") + text + "'";
    case Kind::kDuration:
      return postgres ? "INTERVAL '" + text + "'" : TrinoDuration(text);
    case Kind::kIp:
      if (postgres) return Cast("'" + text + "'", v.kind, dialect);
      return "IPADDRESS '" + text + "'";
    default:
      return TextLiteral(text, dialect);
  }
}

// --- Masks ------------------------------------------------------------------

class MaskWriter {
 public:
  MaskWriter(const FittedMask& mask, Kind type, std::string_view column,
             SqlDialect dialect, const World& world)
      : mask_(mask),
        type_(type),
        column_(Identifier(column)),
        dialect_(dialect),
        postgres_(dialect == SqlDialect::kPostgres),
        world_(world) {}

  std::string Write(std::string_view hash_function) {
    switch (mask_.kind) {
      case MaskKind::kNone:
        return column_;
      case MaskKind::kShowFirst:
      case MaskKind::kShowLast:
        return Show();
      case MaskKind::kKeepDomain:
        return KeepDomain();
      case MaskKind::kHash:
        if (hash_function.empty()) return "NULL";
        return Typed(FunctionName(hash_function) + "(" + column_ + ")");
      case MaskKind::kTruncate:
        return Truncate();
      case MaskKind::kRound:
        return Round();
      case MaskKind::kNetwork:
        return Network();
      case MaskKind::kConstant:
        return Typed(Literal(world_, mask_.constant, dialect_));
      case MaskKind::kRedact:
        return Redact();
      case MaskKind::kNull:
      case MaskKind::kHide:
        return "NULL";
    }
    return "NULL";
  }

 private:
  std::string Typed(const std::string& e) { return Cast(e, type_, dialect_); }

  std::string Length() {
    return (postgres_ ? "char_length(" : "length(") + column_ + ")";
  }
  // n times x.
  std::string Xs(const std::string& n) {
    return postgres_ ? "repeat('x', " + n + ")" : "rpad('', " + n + ", 'x')";
  }

  std::string Show() {
    const std::string n = std::to_string(mask_.n), k = std::to_string(mask_.k);
    const std::string hidden = Xs(Length() + " - " + n);
    std::string shown;
    if (mask_.kind == MaskKind::kShowFirst) {
      shown = (postgres_ ? "left(" + column_ + ", " + n + ")"
                         : "substr(" + column_ + ", 1, " + n + ")") +
              " || " + hidden;
    } else {
      shown = hidden + " || " +
              (postgres_ ? "right(" + column_ + ", " + n + ")"
                         : "substr(" + column_ + ", -" + n + ")");
    }
    return Typed("CASE WHEN " + Length() + " <= " + k + " THEN " +
                 Xs(Length()) + " ELSE " + shown + " END");
  }

  std::string KeepDomain() {
    const std::string without = (postgres_ ? "char_length(" : "length(") +
                                std::string("replace(") + column_ +
                                ", '@', ''))";
    return Typed("CASE WHEN " + Length() + " - " + without +
                 " = 1 THEN 'x@' || split_part(" + column_ + ", '@', 2) ELSE " +
                 Xs(Length()) + " END");
  }

  std::string Truncate() {
    const std::string unit =
        "date_trunc('" + std::string(TruncateUnitName(mask_.unit)) + "', ";
    if (type_ == Kind::kDate) {
      return Typed(
          unit + (postgres_ ? "CAST(" + column_ + " AS timestamp)" : column_) +
          ")");
    }
    const std::string utc = unit + column_ + " AT TIME ZONE 'UTC')";
    return postgres_ ? Typed(utc + " AT TIME ZONE 'UTC'") : Typed(utc);
  }

  // c - (c mod s), the rest taken so that it is never negative; what has no
  // multiple at or below it in the range is NULL, as in the engine.
  std::string Round() {
    const Value step = Value::Number(type_, mask_.step);
    const int64_t lowest =
        (type_ == Kind::kDecimal ? -(kDecimalLimit - 1)
                                 : std::numeric_limits<int64_t>::min()) /
        mask_.step * mask_.step;
    const std::string s = Literal(world_, step, dialect_);
    const std::string rest = "mod(" + column_ + ", " + s + ")";
    return Typed("CASE WHEN " + column_ + " >= " +
                 Literal(world_, Value::Number(type_, lowest), dialect_) +
                 " THEN " + column_ + " - " + rest + " - CASE WHEN " + rest +
                 " < 0 THEN " + s + " ELSE 0 END END");
  }

  std::string Network() {
    if (postgres_) {
      const auto cut = [this](uint64_t bits) {
        return "set_masklen(CAST(network(set_masklen(" + column_ + ", " +
               std::to_string(bits) + ")) AS inet), masklen(" + column_ + "))";
      };
      return Typed("CASE family(" + column_ + ") WHEN 4 THEN " + cut(mask_.n) +
                   " WHEN 6 THEN " + cut(mask_.k) + " END");
    }
    // Trino keeps an IPv4 address in the last 32 of 128 bits.
    return Typed("CASE WHEN strpos(CAST(" + column_ +
                 " AS varchar), ':') = 0 THEN " + FirstBits(96 + mask_.n) +
                 " ELSE " + FirstBits(mask_.k) + " END");
  }

  // The first of the 128 bits of an address in Trino, which has no function
  // for it: each half as a number, the rest of it cut off.
  std::string FirstBits(uint64_t bits) {
    const auto half = [this](int start, uint64_t kept) {
      const int64_t ones =
          kept == 0 ? 0 : static_cast<int64_t>(~uint64_t{0} << (64 - kept));
      return "to_big_endian_64(bitwise_and(from_big_endian_64(substr(CAST(" +
             column_ + " AS varbinary), " + std::to_string(start) + ", 8)), " +
             IntLiteral(ones, dialect_) + "))";
    };
    const uint64_t first = std::min<uint64_t>(bits, 64);
    return "CAST(" + half(1, first) + " || " + half(9, bits - first) +
           " AS ipaddress)";
  }

  std::string Redact() {
    Value v = Value::Number(type_, 0);
    Ip zero_ip;
    switch (type_) {
      case Kind::kString:
        return Typed("'***'");
      case Kind::kVersion:
        return Typed("'0.0.0'");
      case Kind::kIp:
        v.ip = &zero_ip;
        return Typed(Literal(world_, v, dialect_));
      case Kind::kBool:
      case Kind::kInt:
      case Kind::kDecimal:
      case Kind::kDate:
      case Kind::kTime:
      case Kind::kDuration:
        return Typed(Literal(world_, v, dialect_));
      default:
        return "NULL";
    }
  }

  const FittedMask& mask_;
  const Kind type_;
  const std::string column_;
  const SqlDialect dialect_;
  const bool postgres_;
  const World& world_;
};

// --- Filters ----------------------------------------------------------------

// What escapes the wildcards of LIKE. Not the backslash, which literals may
// read in two ways.
constexpr char kLikeEscape = '!';

class FilterWriter {
 public:
  FilterWriter(SqlDialect dialect, const World& world)
      : dialect_(dialect),
        postgres_(dialect == SqlDialect::kPostgres),
        world_(world) {}

  std::string Write(const FilterNode& n) {
    switch (n.op) {
      case FilterOp::kColumn:
        return Identifier(n.column);
      case FilterOp::kConstant:
        return Constant(n.constant);
      case FilterOp::kAnd:
      case FilterOp::kOr: {
        std::string out = "(";
        for (uint32_t i = 0; i < n.num_operands; ++i) {
          if (i > 0) out += n.op == FilterOp::kAnd ? " AND " : " OR ";
          out += Write(*n.operands[i]);
        }
        return out + ")";
      }
      case FilterOp::kNot:
      case FilterOp::kNotIn:
      case FilterOp::kDrop:
      case FilterOp::kKeep:
        return "(NOT " + Write(*n.operands[0]) + ")";
      case FilterOp::kIn:
        return In(n);
      case FilterOp::kInColumn:
        return InColumn(n);
      case FilterOp::kIsMissing:
        return "(" + Operand(n, 0) + " IS NULL)";
      case FilterOp::kIsPresent:
        return "(" + Operand(n, 0) + " IS NOT NULL)";
      case FilterOp::kCoalesce:
        return "COALESCE(" + Operand(n, 0) + ", " + Operand(n, 1) + ")";
      case FilterOp::kStartsWith:
        return "starts_with(" + Operand(n, 0, true) + ", " +
               Operand(n, 1, true) + ")";
      case FilterOp::kContains:
        return "(strpos(" + Operand(n, 0, true) + ", " + Operand(n, 1, true) +
               ") > 0)";
      case FilterOp::kEndsWith:
        return EndsWith(n);
      case FilterOp::kLike:
        return Like(n);
      default:
        return Comparison(n);
    }
  }

  std::vector<Node> TakeParameters() { return std::move(parameters_); }

 private:
  std::string Constant(const Value& v, bool as_text = false) {
    if (!postgres_ || v.missing() || v.kind == Kind::kBool) {
      return Literal(world_, v, dialect_);
    }
    Node n = ToNode(world_, v);
    if (v.kind == Kind::kTime || v.kind == Kind::kDuration) {
      n = TextNode(ValueText(world_, v, dialect_));
    }
    parameters_.push_back(std::move(n));
    const std::string name = "$" + std::to_string(parameters_.size());
    // A text takes the type of what it is compared with: varchar, uuid, an
    // enumeration; where no column gives one it has to be said.
    const bool text = v.kind == Kind::kString;
    return text && !as_text ? name : Cast(name, v.kind, dialect_);
  }

  // An operand; `as_text` where it is a function's argument.
  std::string Operand(const FilterNode& n, uint32_t i, bool as_text = false) {
    const FilterNode& o = *n.operands[i];
    return o.op == FilterOp::kConstant ? Constant(o.constant, as_text)
                                       : Write(o);
  }

  std::string In(const FilterNode& n) {
    const Value& set = n.operands[1]->constant;
    if (set.size == 0) return "FALSE";
    const bool as_text =
        !postgres_ && std::any_of(set.values, set.values + set.size, IsNetwork);
    std::string out =
        "(" +
        (as_text ? AddressText(*n.operands[0]) : Compared(*n.operands[0])) +
        " IN (";
    for (uint32_t i = 0; i < set.size; ++i) {
      if (i > 0) out += ", ";
      out += as_text ? Quoted(SpellScalar(world_, set.values[i]), '\'')
                     : ComparedConstant(set.values[i]);
    }
    return out + "))";
  }

  // The alias keeps the column the listed table's: without one, a column that
  // the table lacks would be the row's own, and every row in the list. It hides
  // nothing, since nothing else is named within.
  std::string InColumn(const FilterNode& n) {
    const std::string column = "l." + Identifier(n.column);
    return "(" + Operand(n, 0) + " IN (SELECT " + column + " FROM " +
           DottedName(n.table_name) + " AS l WHERE " + column +
           " IS NOT NULL))";
  }

  // What is compared: versions are equal whatever their build says, and
  // Trino's addresses know no networks.
  std::string Compared(const FilterNode& n) {
    if (n.op == FilterOp::kConstant) return ComparedConstant(n.constant);
    if (n.kind == Kind::kVersion) {
      return "split_part(" + Write(n) + ", '+', 1)";
    }
    return Write(n);
  }
  std::string ComparedConstant(const Value& v) {
    if (v.kind == Kind::kVersion) {
      Version plain = *v.version;
      plain.build.clear();
      Value stripped;
      stripped.kind = Kind::kVersion;
      stripped.version = &plain;
      return Constant(stripped);
    }
    return Constant(v);
  }

  std::string Comparison(const FilterNode& n) {
    const FilterNode& a = *n.operands[0];
    const FilterNode& b = *n.operands[1];
    const bool order = n.op >= FilterOp::kLt && n.op <= FilterOp::kGe;
    const bool text = a.kind == Kind::kString || b.kind == Kind::kString;
    std::string op(FilterOpName(n.op));
    if (n.op == FilterOp::kEq) op = "=";
    if (n.op == FilterOp::kNe) op = "<>";
    std::string left, right;
    const bool first = IsNetwork(a.constant);
    if (!postgres_ && (first || IsNetwork(b.constant))) {
      left = AddressText(first ? b : a);
      right = Quoted(SpellScalar(world_, (first ? a : b).constant), '\'');
    } else if (order && text && postgres_) {
      // By code points, whatever the database's collation.
      left = Cast(Compared(a), Kind::kString, dialect_) + " COLLATE \"C\"";
      right = Compared(b);
    } else {
      left = Compared(a);
      right = Compared(b);
    }
    return "(" + left + " " + op + " " + right + ")";
  }

  static bool IsNetwork(const Value& v) {
    return v.kind == Kind::kIp && v.ip->bits != (v.ip->family == 4 ? 32 : 128);
  }
  // Trino has no type of networks. No address equals one, and neither is
  // missing: false, or unknown with the column.
  std::string AddressText(const FilterNode& n) {
    return "CAST(" + Write(n) + " AS varchar)";
  }

  std::string EndsWith(const FilterNode& n) {
    const std::string text = Operand(n, 0, true);
    const std::string end = Operand(n, 1, true);
    if (postgres_) {
      return "(right(" + text + ", char_length(" + end + ")) = " + end + ")";
    }
    // substr from -0 is empty, as it has to be.
    return "(substr(" + text + ", -length(" + end + ")) = " + end + ")";
  }

  std::string Like(const FilterNode& n) {
    std::string pattern;
    const Value& v = n.operands[1]->constant;
    if (v.missing()) return "(" + Operand(n, 0, true) + " LIKE NULL)";
    for (const char c : world_.Text(v.size)) {
      if (c == '%' || c == '_' || c == kLikeEscape) pattern += kLikeEscape;
      pattern += c == '*' ? '%' : c;
    }
    const std::string text = Operand(n, 0, true);
    std::string right;
    if (postgres_) {
      parameters_.push_back(TextNode(pattern));
      right = "$" + std::to_string(parameters_.size());
    } else {
      right = TextLiteral(pattern, dialect_);
    }
    return "(" + text + " LIKE " + right + " ESCAPE '" + kLikeEscape + "')";
  }

  const SqlDialect dialect_;
  const bool postgres_;
  const World& world_;
  std::vector<Node> parameters_;
};

}  // namespace

std::string_view SqlDialectName(SqlDialect dialect) {
  return dialect == SqlDialect::kPostgres ? "postgres"
         : dialect == SqlDialect::kTrino  ? "trino"
                                          : "";
}

std::string MaskSql(const FittedMask& mask, Kind type, std::string_view column,
                    SqlDialect dialect, std::string_view hash_function,
                    const World& world) {
  if (dialect == SqlDialect::kNone) return "";
  return MaskWriter(mask, type, column, dialect, world).Write(hash_function);
}

SqlFilter FilterSql(const FilterNode& filter, SqlDialect dialect,
                    const World& world) {
  if (dialect == SqlDialect::kNone) return {};
  FilterWriter writer(dialect, world);
  SqlFilter out;
  out.text = writer.Write(filter);
  out.parameters = writer.TakeParameters();
  return out;
}

}  // namespace bylaw
