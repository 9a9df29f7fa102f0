#include "compiler/bytecode/serialize.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

namespace bylaw {
namespace {

constexpr std::string_view kMagic = "BYLW";
constexpr std::string_view kProgramSection = "program";
constexpr size_t kHeaderSize = 4 + 4 + 16;
constexpr uint32_t kMaxDepth = 64;  // of constants

// Both archives take every field in the same order: one function a struct
// writes and reads it.
class Writer {
 public:
  static constexpr bool kReading = false;
  void Number(uint64_t v) {
    while (v >= 0x80) {
      bytes_.push_back(static_cast<char>(v | 0x80));
      v >>= 7;
    }
    bytes_.push_back(static_cast<char>(v));
  }
  void Bytes(std::string_view s) {
    Number(s.size());
    bytes_.append(s);
  }
  void Raw(const void* p, size_t n) {
    bytes_.append(static_cast<const char*>(p), n);
  }
  bool Enter() { return true; }
  void Leave() {}
  bool ok() const { return true; }
  std::string Take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

class Reader {
 public:
  static constexpr bool kReading = true;
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}
  uint64_t Number() {
    uint64_t v = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (at_ == bytes_.size()) return Fail();
      const uint8_t c = static_cast<uint8_t>(bytes_[at_++]);
      if (shift == 63 && c > 1) return Fail();
      v |= uint64_t{c & 0x7fu} << shift;
      // One spelling a number: no trailing zero bytes.
      if (c < 0x80) return c == 0 && shift != 0 ? Fail() : v;
    }
    return Fail();
  }
  std::string_view Bytes() {
    const uint64_t n = Number();
    if (n > left()) {
      Fail();
      return {};
    }
    std::string_view s = bytes_.substr(at_, n);
    at_ += n;
    return s;
  }
  void Raw(void* p, size_t n) {
    if (n > left()) {
      Fail();
      std::memset(p, 0, n);
      return;
    }
    std::memcpy(p, bytes_.data() + at_, n);
    at_ += n;
  }
  // A number of elements of which each takes at least `least` bytes.
  size_t Count(size_t least) {
    const uint64_t n = Number();
    return n > left() / least ? Fail() : n;
  }
  bool Enter() { return ++depth_ <= kMaxDepth || Fail() != 0; }
  void Leave() { --depth_; }
  size_t left() const { return bytes_.size() - at_; }
  bool ok() const { return ok_; }
  uint64_t Fail() {
    ok_ = false;
    at_ = bytes_.size();
    return 0;
  }

 private:
  std::string_view bytes_;
  size_t at_ = 0;
  uint32_t depth_ = 0;
  bool ok_ = true;
};

template <class A, class T>
requires std::is_integral_v<T> || std::is_enum_v<T>
void Io(A& ar, T& v) {
  if constexpr (!A::kReading) {
    // kNone is common: as -1 it takes one byte.
    if constexpr (std::is_same_v<T, uint32_t>) {
      ar.Number(uint64_t{v + 1u});
    } else if constexpr (std::is_signed_v<T>) {
      const uint64_t u = static_cast<uint64_t>(int64_t{v});
      ar.Number(u << 1 ^ (v < 0 ? ~uint64_t{0} : 0));
    } else {
      ar.Number(static_cast<uint64_t>(v));
    }
  } else {
    const uint64_t n = ar.Number();
    if constexpr (std::is_same_v<T, uint32_t>) {
      if (n > 0xffffffffu) ar.Fail();
      v = static_cast<uint32_t>(n) - 1u;
    } else if constexpr (std::is_signed_v<T>) {
      v = static_cast<T>(n >> 1 ^ (~(n & 1) + 1));
    } else {
      v = static_cast<T>(n);
      if (static_cast<uint64_t>(v) != n) ar.Fail();
    }
  }
}

template <class A>
void Io(A& ar, bool& v) {
  uint8_t n = v;
  Io(ar, n);
  if constexpr (A::kReading) {
    if (n > 1) ar.Fail();
    v = n == 1;
  }
}

template <class A>
void Io(A& ar, std::string& v) {
  if constexpr (A::kReading) {
    v = ar.Bytes();
  } else {
    ar.Bytes(v);
  }
}

template <class A, class T>
void Io(A& ar, std::vector<T>& v);
template <class A>
void Io(A& ar, Constant& v);

template <class A, class T>
void Io(A& ar, std::optional<T>& v) {
  bool has = v.has_value();
  Io(ar, has);
  if (!has) return;
  if constexpr (A::kReading) v.emplace();
  Io(ar, *v);
}

template <class A, class T>
void Io(A& ar, std::map<std::string, T>& v) {
  if constexpr (A::kReading) {
    const size_t n = ar.Count(2);
    for (size_t i = 0; i < n && ar.ok(); ++i) {
      std::string key;
      T value;
      Io(ar, key);
      Io(ar, value);
      // Sorted, each once: one spelling a map.
      if (!v.empty() && v.rbegin()->first >= key) ar.Fail();
      v.emplace_hint(v.end(), std::move(key), std::move(value));
    }
  } else {
    ar.Number(v.size());
    for (auto& [key, value] : v) {
      ar.Bytes(key);
      Io(ar, value);
    }
  }
}

template <class A, class... T>
void All(A& ar, T&... fields) {
  (Io(ar, fields), ...);
}

template <class A>
void Io(A& ar, Ip& v) {
  ar.Raw(v.bytes.data(), v.bytes.size());
  All(ar, v.family, v.bits);
}
template <class A>
void Io(A& ar, Version& v) {
  All(ar, v.major, v.minor, v.patch, v.prerelease, v.build);
}
template <class A>
void Io(A& ar, Constant& v) {
  if (!ar.Enter()) return;
  All(ar, v.kind, v.number, v.text, v.index);
  if (v.kind == Kind::kIp) Io(ar, v.ip);
  if (v.kind == Kind::kVersion) Io(ar, v.version);
  All(ar, v.elements, v.keys);
  ar.Leave();
}
template <class A>
void Io(A& ar, Position& v) {
  All(ar, v.file, v.line, v.column, v.end_line, v.end_column);
}
template <class A>
void Io(A& ar, TypeInfo& v) {
  All(ar, v.kind, v.optional, v.id, v.entities, v.element);
}
template <class A>
void Io(A& ar, Vocabulary& v) {
  All(ar, v.name, v.kind, v.first_term, v.num_terms);
}
template <class A>
void Io(A& ar, Term& v) {
  All(ar, v.vocabulary, v.path, v.end, v.parent);
}
template <class A>
void Io(A& ar, Attribute& v) {
  All(ar, v.name, v.type, v.default_value, v.transitive, v.asserted, v.inverse,
      v.includes_resource, v.selects, v.default_chunk);
}
template <class A>
void Io(A& ar, EntityType& v) {
  All(ar, v.name, v.parents, v.attributes);
}
template <class A>
void Io(A& ar, RecordType& v) {
  All(ar, v.name, v.fields);
}
template <class A>
void Io(A& ar, Action& v) {
  All(ar, v.name, v.gate, v.proposes, v.resources, v.subjects, v.context,
      v.columns_slot, v.selecting_slot);
}
template <class A>
void Io(A& ar, ActionGroup& v) {
  All(ar, v.name, v.actions);
}
template <class A>
void Io(A& ar, ObligationType& v) {
  All(ar, v.name, v.parameters);
}
template <class A>
void Io(A& ar, Schema::Selectable& v) {
  All(ar, v.entity, v.columns_slot, v.column_entity, v.name_slot, v.type_slot,
      v.table_slot);
}
template <class A>
void Io(A& ar, Schema& v) {
  All(ar, v.types, v.vocabularies, v.terms, v.entities, v.records, v.actions,
      v.groups, v.obligations, v.column_type_vocabulary, v.weekday_vocabulary,
      v.selectables);
}
template <class A>
void Io(A& ar, Handler& v) {
  All(ar, v.begin, v.end, v.target);
}
template <class A>
void Io(A& ar, Chunk& v) {
  All(ar, v.begin, v.end, v.num_parameters, v.num_registers, v.roots, v.stack,
      v.handlers);
}
template <class A>
void Io(A& ar, Instruction& v) {
  // The same bytes on every machine.
  const auto split = [](uint16_t n, uint8_t* p) {
    p[0] = static_cast<uint8_t>(n);
    p[1] = static_cast<uint8_t>(n >> 8);
  };
  uint8_t p[8] = {v.op, v.a};
  split(v.b, p + 2);
  split(v.c, p + 4);
  split(v.d, p + 6);
  ar.Raw(p, sizeof p);
  if constexpr (A::kReading) {
    const auto join = [](const uint8_t* q) {
      return static_cast<uint16_t>(q[0] | q[1] << 8);
    };
    v = {p[0], p[1], join(p + 2), join(p + 4), join(p + 6)};
  }
}
template <class A>
void Io(A& ar, Condition::Path& v) {
  All(ar, v.text, v.chunk);
}
template <class A>
void Io(A& ar, Condition& v) {
  All(ar, v.role, v.text, v.position, v.chunk, v.num_elements, v.paths);
}
template <class A>
void Io(A& ar, Rule& v) {
  All(ar, v.policy, v.kind, v.position, v.text, v.chunk, v.because, v.help,
      v.num_elements, v.element_names, v.collections, v.conditions, v.applies,
      v.mentions_now, v.recheck, v.obligation, v.in_first, v.about_slot);
}
template <class A>
void Io(A& ar, Policy& v) {
  All(ar, v.id, v.scope, v.title, v.owner, v.help, v.controls, v.severity,
      v.position, v.actions, v.resource, v.subjects, v.level, v.grace_until,
      v.guard, v.guard_mentions_now, v.first_rule, v.num_rules, v.overrides);
}
template <class A>
void Io(A& ar, Scope::Governs& v) {
  All(ar, v.entity, v.chunk);
}
template <class A>
void Io(A& ar, Scope::MayAllow& v) {
  All(ar, v.actions, v.resource, v.chunk, v.mentions_now, v.position);
}
template <class A>
void Io(A& ar, Scope& v) {
  All(ar, v.name, v.owner, v.parent, v.position, v.governs, v.may_allow,
      v.may_override);
}
template <class A>
void Io(A& ar, Waiver& v) {
  All(ar, v.id, v.policy, v.scope, v.resource, v.chunk, v.mentions_now, v.from,
      v.until, v.reason, v.ticket, v.requested, v.approved, v.position);
}
template <class A>
void Io(A& ar, Limits& v) {
  for (const LimitInfo& limit : kLimits) Io(ar, v.*limit.field);
}
template <class A>
void Io(A& ar, Settings& v) {
  All(ar, v.mesh, v.timezone, v.keep_default, v.keep_with_now, v.keep_maximum,
      v.keys, v.hash_functions, v.mappings, v.facts, v.limits);
}
// All but the revision, which is the hash of the rest.
template <class A>
void Io(A& ar, Program& v) {
  All(ar, v.schema, v.files, v.constants, v.symbols, v.patterns, v.slot_tables,
      v.chunks, v.code, v.policies, v.rules, v.scopes, v.waivers, v.settings);
}

template <class A, class T>
void Io(A& ar, std::vector<T>& v) {
  if constexpr (A::kReading) {
    constexpr size_t kLeast = std::is_same_v<T, Instruction> ? 8 : 1;
    const size_t n = ar.Count(kLeast);
    // An element in memory may be larger than its bytes: grow as they come.
    v.reserve(std::min<size_t>(n, 1024));
    for (size_t i = 0; i < n && ar.ok(); ++i) {
      v.emplace_back();
      Io(ar, v.back());
    }
  } else {
    ar.Number(v.size());
    for (T& x : v) Io(ar, x);
  }
}

template <class T>
std::string Write(const T& v) {
  Writer w;
  Io(w, const_cast<T&>(v));  // a Writer reads only
  return w.Take();
}

uint64_t Mix(uint64_t a, uint64_t b) {
  const unsigned __int128 m = static_cast<unsigned __int128>(a) * b;
  return static_cast<uint64_t>(m) ^ static_cast<uint64_t>(m >> 64);
}

uint64_t Load(const char* p, size_t n) {
  uint64_t v = 0;
  for (size_t i = 0; i < n; ++i)
    v |= uint64_t{static_cast<uint8_t>(p[i])} << (8 * i);
  return v;
}

// Two lanes of multiply and fold, as wyhash does (Wang Yi, 2019).
std::pair<uint64_t, uint64_t> Hash(std::string_view s) {
  constexpr uint64_t k0 = 0xa0761d6478bd642full, k1 = 0xe7037ed1a0b428dbull,
                     k2 = 0x8ebc6af09c88c6e3ull, k3 = 0x589965cc75374cc3ull;
  uint64_t h = k0 ^ s.size(), g = k1 + s.size();
  size_t i = 0;
  for (; i + 16 <= s.size(); i += 16) {
    const uint64_t a = Load(s.data() + i, 8), b = Load(s.data() + i + 8, 8);
    h = Mix(a ^ k2 ^ g, b ^ h);
    g = Mix(b ^ k3 ^ h, (a + k0) ^ g) + h;
  }
  const size_t rest = s.size() - i;
  const uint64_t a = Load(s.data() + i, std::min<size_t>(rest, 8));
  const uint64_t b = rest > 8 ? Load(s.data() + i + 8, rest - 8) : 0;
  h = Mix(a ^ k2 ^ g, b ^ h ^ k1);
  g = Mix(b ^ k3 ^ h, (a + k0) ^ g) + h;
  return {Mix(h ^ k1, g ^ k3), Mix(g ^ k0, h ^ k2) + h};
}

void PutFixed(uint64_t v, size_t n, std::string* out) {
  for (size_t i = 0; i < n; ++i)
    out->push_back(static_cast<char>(v >> (8 * i)));
}

absl::Status Broken(std::string_view code, std::string_view what) {
  return absl::InvalidArgumentError(
      absl::StrCat(std::string(code), ": ", std::string(what)));
}

}  // namespace

std::string SerializeConstant(const Constant& constant) {
  return Write(constant);
}

std::string SerializeProgram(const Program& program) { return Write(program); }

absl::StatusOr<Program> ParseProgram(std::string_view bytes) {
  Reader reader(bytes);
  Program program;
  Io(reader, program);
  if (!reader.ok() || reader.left() != 0)
    return Broken("BL6004", "the program's bytes are damaged");
  program.revision = Fingerprint(bytes);
  return program;
}

std::string Fingerprint(std::string_view bytes) {
  const auto [a, b] = Hash(bytes);
  return absl::StrCat(absl::Hex(a, absl::kZeroPad16),
                      absl::Hex(b, absl::kZeroPad16));
}

std::string Revision(const Program& program) {
  return Fingerprint(SerializeProgram(program));
}

bool IsBundle(std::string_view bytes) {
  return bytes.substr(0, kMagic.size()) == kMagic;
}

std::string SerializeBundle(const Bundle& bundle) {
  Writer body;
  body.Number(bundle.sections.size() + 1);
  body.Bytes(kProgramSection);
  body.Bytes(SerializeProgram(bundle.program));
  for (const auto& [name, bytes] : bundle.sections) {
    body.Bytes(name);
    body.Bytes(bytes);
  }
  const std::string rest = body.Take();
  const auto [a, b] = Hash(rest);
  std::string out(kMagic);
  PutFixed(kBytecodeVersion, 4, &out);
  PutFixed(a, 8, &out);
  PutFixed(b, 8, &out);
  return out + rest;
}

absl::StatusOr<Bundle> ParseBundle(std::string_view bytes) {
  if (!IsBundle(bytes)) return Broken("BL6001", "this is no bundle");
  if (bytes.size() < kHeaderSize)
    return Broken("BL6003", "the bundle is cut short");
  const uint64_t version = Load(bytes.data() + 4, 4);
  if (version != kBytecodeVersion) {
    return Broken("BL6002", absl::StrCat("the bundle is of version ", version,
                                         ", this build reads version ",
                                         kBytecodeVersion));
  }
  const std::string_view rest = bytes.substr(kHeaderSize);
  const auto [a, b] = Hash(rest);
  if (a != Load(bytes.data() + 8, 8) || b != Load(bytes.data() + 16, 8))
    return Broken("BL6003", "the bundle's checksum does not fit its bytes");
  Reader reader(rest);
  const size_t n = reader.Count(2);
  Bundle bundle;
  for (size_t i = 0; i < n && reader.ok(); ++i) {
    const std::string_view name = reader.Bytes();
    const std::string_view section = reader.Bytes();
    if (!reader.ok()) break;
    if ((i == 0) != (name == kProgramSection))
      return Broken("BL6004", "the bundle's sections are out of order");
    if (i == 0) {
      auto program = ParseProgram(section);
      if (!program.ok()) return program.status();
      bundle.program = *std::move(program);
    } else if (!bundle.sections.emplace(std::string(name), std::string(section))
                    .second) {
      return Broken("BL6004", "a section of the bundle stands there twice");
    }
  }
  if (!reader.ok() || reader.left() != 0 || n == 0)
    return Broken("BL6004", "the bundle's sections are damaged");
  return bundle;
}

}  // namespace bylaw
