#include "compiler/bytecode/disassemble.h"

#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "compiler/bytecode/opcode.h"

namespace bylaw {
namespace {

std::string Quoted(std::string_view text) {
  std::string out = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (c == '\n') {
      out += "\\n";
    } else if (static_cast<unsigned char>(c) < 0x20) {
      absl::StrAppend(&out, "\\u{", absl::Hex(static_cast<uint8_t>(c)), "}");
    } else {
      out += c;
    }
  }
  return out + "\"";
}

std::string Join(const Schema& schema, const std::vector<Constant>& list) {
  std::string out;
  for (const Constant& c : list)
    absl::StrAppend(&out, out.empty() ? "" : ", ", ConstantText(schema, c));
  return out;
}

// One operand, by its letter in opcodes.def; empty if there is nothing to say.
std::string Operand(const Program& p, const Instruction& i, char form,
                    uint32_t v, uint32_t pc) {
  switch (form) {
    case 'r':
    case 'w':
    case 'p':
    case 'W':
    case 'R':
      return absl::StrCat("r", v);
    case 'j':
    case 'l':
      return absl::StrCat(v <= pc ? "^" : ">", v);
    case 'k':
      return ConstantText(p.schema, p.constants[i.wide()]);
    case 'x':
      return Quoted(p.patterns[i.wide()]);
    case 'f':
      return absl::StrCat("chunk ", v);
    case 's':
      if (kOpcodes[i.op].operands[0] == 't' && i.a != kAnyType)
        return absl::StrCat(".", p.schema.entities[i.a].attributes[v].name);
      return absl::StrCat(".", v);
    case 'e':
      return p.schema.entities[v].name;
    case 'v': {
      const bool context = static_cast<Opcode>(i.op) == Opcode::CONTEXT;
      const std::vector<uint32_t>& table = p.slot_tables[v];
      for (size_t k = 0; k < table.size(); ++k) {
        if (table[k] == kNone) continue;
        const auto& list = context ? p.schema.actions[k].context
                                   : p.schema.entities[k].attributes;
        return absl::StrCat(context ? "context." : ".", list[table[k]].name);
      }
      return "none";
    }
    case 'g': {
      static constexpr std::string_view kModes[] = {"optional", "required",
                                                    "set", "list", "map"};
      return std::string(kModes[v]);
    }
    case 'b':
      return v ? "true" : "false";
    case 'n':
    case 'c':
      return absl::StrCat("x", v);
    case 'q':
    case 'm':
    case 'o':
      return absl::StrCat("#", v);
    default:
      return "";
  }
}

void Append(const Program& p, std::string_view title, uint32_t chunk,
            std::string* out) {
  if (chunk == kNone) return;
  absl::StrAppend(out, "  ", std::string(title), "\n",
                  DisassembleChunk(p, chunk));
}

std::string_view RuleKindName(RuleKind kind) {
  static constexpr std::string_view kNames[] = {"allow", "deny", "mask",
                                                "hide",  "rows", "require"};
  return kNames[static_cast<size_t>(kind)];
}

}  // namespace

std::string ConstantText(const Schema& schema, const Constant& c) {
  switch (c.kind) {
    case Kind::kMissing:
      return "missing";
    case Kind::kBool:
      return c.number ? "true" : "false";
    case Kind::kInt:
      return FormatInt(c.number);
    case Kind::kDecimal:
      return FormatDecimal(c.number) +
             (c.number % kDecimalOne == 0 ? ".0" : "");
    case Kind::kString:
      return Quoted(c.text);
    case Kind::kDate:
      return absl::StrCat("date(\"", FormatDate(c.number), "\")");
    case Kind::kTime:
      return absl::StrCat("time(\"", FormatTime(c.number), "\")");
    case Kind::kDuration:
      return FormatDuration(c.number);
    case Kind::kPeriod:
      return FormatPeriod(c.number);
    case Kind::kIp:
      return absl::StrCat("ip(\"", FormatIp(c.ip), "\")");
    case Kind::kVersion:
      return absl::StrCat("version(\"", FormatVersion(c.version), "\")");
    case Kind::kTerm:
      return schema.terms[c.index].path;
    case Kind::kEntity:
      return absl::StrCat(schema.entities[c.index].name, " ", Quoted(c.text));
    case Kind::kSet:
      return absl::StrCat("{", Join(schema, c.elements), "}");
    case Kind::kList:
      return absl::StrCat("[", Join(schema, c.elements), "]");
    case Kind::kRecord: {
      const RecordType& record = schema.records[c.index];
      std::string out = record.name + " {";
      for (size_t i = 0; i < c.elements.size(); ++i) {
        if (c.elements[i].kind == Kind::kMissing) continue;
        absl::StrAppend(&out, out.back() == '{' ? " " : ", ",
                        record.fields[i].name, ": ",
                        ConstantText(schema, c.elements[i]));
      }
      return out + " }";
    }
    case Kind::kMap: {
      std::string out = "{";
      for (size_t i = 0; i < c.elements.size(); ++i) {
        absl::StrAppend(&out, i == 0 ? "" : ", ", Quoted(c.keys[i]), ": ",
                        ConstantText(schema, c.elements[i]));
      }
      return out + "}";
    }
    case Kind::kFilter:
      break;
  }
  return "?";
}

std::string DisassembleChunk(const Program& p, uint32_t index) {
  const Chunk& chunk = p.chunks[index];
  std::string out =
      absl::StrCat("    chunk ", index, ": ", chunk.num_parameters,
                   " parameters, ", chunk.num_registers, " registers");
  if (chunk.roots != kNoRoots)
    absl::StrAppend(&out, ", subject r", chunk.roots, ", resource r",
                    chunk.roots + 1);
  out += '\n';
  for (uint32_t pc = chunk.begin; pc < chunk.end; ++pc) {
    const Instruction& i = p.code[pc];
    const OpcodeInfo& info = kOpcodes[i.op];
    std::string line =
        absl::StrCat("      ", pc - chunk.begin, "\t", std::string(info.name));
    const uint32_t values[4] = {i.a, i.b, i.c, i.d};
    bool first = true;
    for (int k = 0; k < 4; ++k) {
      // The mode or mask reads best after the registers.
      const char form = info.operands[k];
      const std::string text = Operand(p, i, form, values[k], pc - chunk.begin);
      if (text.empty()) continue;
      absl::StrAppend(&line, first ? " " : ", ", text);
      first = false;
    }
    absl::StrAppend(&out, line, "\n");
  }
  for (const Handler& h : chunk.handlers)
    absl::StrAppend(&out, "      errors in [", h.begin, ", ", h.end, ") go to ",
                    h.target, "\n");
  return out;
}

std::string Disassemble(const Program& p) {
  std::string out;
  std::vector<bool> shown(p.chunks.size(), false);
  auto show = [&](std::string_view title, uint32_t chunk) {
    Append(p, title, chunk, &out);
    if (chunk != kNone) shown[chunk] = true;
  };
  for (const Policy& policy : p.policies) {
    absl::StrAppend(&out, "policy ", policy.id, "\n");
    show("guard", policy.guard);
    for (uint32_t r = policy.first_rule;
         r < policy.first_rule + policy.num_rules; ++r) {
      const Rule& rule = p.rules[r];
      show(absl::StrCat(std::string(RuleKindName(rule.kind)), " at line ",
                        rule.position.line),
           rule.chunk);
      show("applies", rule.applies);
      show("because", rule.because);
      show("help", rule.help);
    }
  }
  for (const Scope& scope : p.scopes) {
    absl::StrAppend(&out, "scope ", scope.name, "\n");
    for (const Scope::Governs& g : scope.governs)
      show(absl::StrCat("governs ", p.schema.entities[g.entity].name), g.chunk);
    for (const Scope::MayAllow& m : scope.may_allow)
      show(absl::StrCat("may allow of ", p.schema.entities[m.resource].name),
           m.chunk);
  }
  for (const Waiver& waiver : p.waivers) {
    absl::StrAppend(&out, "waiver ", waiver.id, "\n");
    show("where", waiver.chunk);
  }
  // Conditions for explain repeat what stands in the rules; they are left out.
  for (const Rule& rule : p.rules) {
    for (uint32_t c : rule.collections) shown[c] = true;
    for (const Condition& c : rule.conditions) {
      shown[c.chunk] = true;
      for (const Condition::Path& path : c.paths) shown[path.chunk] = true;
    }
  }
  out += "defs and defaults\n";
  for (uint32_t i = 0; i < p.chunks.size(); ++i) {
    if (!shown[i]) out += DisassembleChunk(p, i);
  }
  return out;
}

}  // namespace bylaw
