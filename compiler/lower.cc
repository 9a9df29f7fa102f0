#include "compiler/lower.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "compiler/bytecode/serialize.h"
#include "compiler/bytecode/verify_size.h"
#include "compiler/lower_chunk.h"
#include "compiler/lower_rule.h"

namespace bylaw {
namespace {

class Lowerer {
 public:
  Lowerer(const typed::Program& typed, DiagnosticSink& sink)
      : typed_(typed),
        sink_(sink),
        program_(std::make_unique<Program>()),
        builder_(program_.get()) {
    context_.typed = &typed_;
    context_.builder = &builder_;
  }

  std::unique_ptr<Program> Run() {
    program_->schema = typed_.schema;
    program_->settings = typed_.settings;
    Defs();
    for (size_t i = 0; i < typed_.policies.size(); ++i)
      Policy(typed_.policies[i], static_cast<uint32_t>(i));
    for (const typed::Scope& scope : typed_.scopes) Scope(scope);
    for (const typed::Waiver& waiver : typed_.waivers) Waiver(waiver);
    for (const typed::ContextDefault& d : typed_.context_defaults) {
      ChunkLowerer chunk(&context_, 0, 0);
      chunk.code.Emit(Opcode::RETURN, 0, chunk.Operand(*d.value));
      program_->schema.actions[d.action].context[d.slot].default_chunk =
          chunk.code.Finish();
      CheckSize("a default", d.value->span);
    }
    builder_.Finish();
    CheckSize("the program", Span());
    CheckProducts();
    if (failed_) return nullptr;
    program_->revision = Revision(*program_);
    return std::move(program_);
  }

 private:
  // Reports that what was just lowered does not fit.
  void CheckSize(const std::string& what, const Span& span) {
    if (!builder_.overflow() || failed_) return;
    failed_ = true;
    sink_.Add(Code::BL6020, span,
              what +
                  " needs more than 65,535 instructions or registers, or "
                  "more than 200 calls within calls",
              "split it: these are the bounds of bytecode, which nothing "
              "raises");
  }

  void CheckProducts() {
    if (failed_) return;
    const std::string problem = SizeProblem(*program_);
    if (problem.empty()) return;
    failed_ = true;
    sink_.Add(Code::BL6020, Span(), problem,
              "have fewer of them, or serve them as several meshes: this is a "
              "bound of bytecode, which nothing raises");
  }

  // Files are numbered as positions name them: one that holds nothing of the
  // program, such as one of tests, is no part of its bytes.
  Position PositionOf(const Span& span) {
    Position p;
    if (span.file == nullptr) return p;
    const auto [it, added] = files_.try_emplace(
        span.file, static_cast<uint32_t>(program_->files.size()));
    if (added) program_->files.push_back(span.file->path());
    const LineColumn start = span.Start(), end = span.End();
    p.file = it->second;
    p.line = start.line;
    p.column = start.column;
    p.end_line = end.line;
    p.end_column = end.column;
    return p;
  }

  void Defs() {
    for (size_t i = 0; i < typed_.defs.size(); ++i)
      context_.def_chunks.push_back(builder_.Reserve());
    for (size_t i = 0; i < typed_.defs.size(); ++i) {
      const typed::Def& def = typed_.defs[i];
      const uint32_t n = static_cast<uint32_t>(def.parameters.size());
      ChunkLowerer chunk(&context_, n, n, /*roots=*/false);
      for (uint32_t k = 0; k < n; ++k)
        chunk.SetLocal(def.parameters[k], static_cast<uint16_t>(k));
      chunk.code.Emit(Opcode::RETURN, 0, chunk.Operand(*def.body));
      chunk.code.Finish(context_.def_chunks[i]);
      CheckSize("`" + def.id + "`", def.span);
    }
  }

  // Of `when and not unless`; kNone if there is neither.
  uint32_t ConditionChunk(const typed::Expr* when, const typed::Expr* unless) {
    if (when == nullptr && unless == nullptr) return kNone;
    ChunkLowerer chunk(&context_, 0, 0);
    chunk.ReturnBoth(when, unless);
    return chunk.code.Finish();
  }

  void Policy(const typed::Policy& from, uint32_t index) {
    bylaw::Policy to;
    to.id = from.id;
    to.scope = from.scope;
    to.title = from.title;
    to.owner = from.owner;
    to.help = from.help;
    to.controls = from.controls;
    to.severity = from.severity;
    to.position = PositionOf(from.span);
    to.actions = from.actions;
    to.resource = from.resource;
    to.subjects = from.subjects;
    to.level = from.level;
    to.grace_until = from.grace_until;
    to.guard = ConditionChunk(from.guard_when.get(), from.guard_unless.get());
    to.guard_mentions_now = from.guard_mentions_now;
    to.first_rule = static_cast<uint32_t>(program_->rules.size());
    to.num_rules = static_cast<uint32_t>(from.rules.size());
    to.overrides = from.overrides;
    for (const typed::Rule& rule : from.rules) {
      bylaw::Rule r;
      r.policy = index;
      r.kind = rule.kind;
      r.position = PositionOf(rule.span);
      r.text = FoldSource(rule.span.text());
      r.mentions_now = rule.mentions_now;
      r.recheck = rule.recheck;
      r.obligation = rule.obligation;
      r.in_first = rule.in_first;
      r.about_slot = rule.about_slot;
      LowerRule(
          &context_, from, rule,
          [this](const Span& span) { return PositionOf(span); }, &r);
      CheckSize("this rule", rule.span);
      program_->rules.push_back(std::move(r));
    }
    program_->policies.push_back(std::move(to));
  }

  void Scope(const typed::Scope& from) {
    bylaw::Scope to;
    to.name = from.name;
    to.owner = from.owner;
    to.parent = from.parent;
    to.position = PositionOf(from.span);
    for (const typed::Governs& g : from.governs) {
      ChunkLowerer chunk(&context_, 0, 0);
      chunk.ReturnBoth(g.where.get(), nullptr);
      to.governs.push_back({g.entity, chunk.code.Finish()});
    }
    for (const typed::MayAllow& m : from.may_allow) {
      bylaw::Scope::MayAllow may;
      may.actions = m.actions;
      may.resource = m.resource;
      may.chunk = ConditionChunk(m.when.get(), nullptr);
      may.mentions_now = m.mentions_now;
      may.position = PositionOf(m.span);
      to.may_allow.push_back(std::move(may));
    }
    to.may_override = from.may_override;
    CheckSize("scope `" + from.name + "`", from.span);
    program_->scopes.push_back(std::move(to));
  }

  void Waiver(const typed::Waiver& from) {
    bylaw::Waiver to;
    to.id = from.id;
    to.policy = from.policy;
    to.scope = from.scope;
    to.resource = from.resource;
    to.chunk = ConditionChunk(from.where.get(), nullptr);
    to.mentions_now = from.mentions_now;
    to.from = from.from;
    to.until = from.until;
    to.reason = from.reason;
    to.ticket = from.ticket;
    to.requested = from.requested;
    to.approved = from.approved;
    to.position = PositionOf(from.span);
    CheckSize("waiver `" + from.id + "`", from.span);
    program_->waivers.push_back(std::move(to));
  }

  const typed::Program& typed_;
  DiagnosticSink& sink_;
  std::unique_ptr<Program> program_;
  ProgramBuilder builder_;
  LowerContext context_;
  std::unordered_map<const SourceFile*, uint32_t> files_;
  bool failed_ = false;
};

}  // namespace

std::string FoldSource(std::string_view text) {
  std::string out;
  bool space = false;
  for (size_t i = 0; i < text.size();) {
    const char c = text[i];
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
      space = true;
      ++i;
      continue;
    }
    if (text.substr(i, 2) == "//") {
      i = std::min(text.find('\n', i), text.size());
      space = true;
      continue;
    }
    if (text.substr(i, 2) == "/*") {
      const size_t end = text.find("*/", i + 2);
      i = end == std::string_view::npos ? text.size() : end + 2;
      space = true;
      continue;
    }
    if (space && !out.empty()) out += ' ';
    space = false;
    if (c != '"' && c != '`') {
      out += c;
      ++i;
      continue;
    }
    size_t end = i + 1;
    while (end < text.size() && text[end] != c)
      end += c == '"' && text[end] == '\\' ? 2 : 1;
    end = std::min(end + 1, text.size());
    out += text.substr(i, end - i);
    i = end;
  }
  return out;
}

std::unique_ptr<Program> Lower(const typed::Program& typed,
                               DiagnosticSink& sink) {
  return Lowerer(typed, sink).Run();
}

}  // namespace bylaw
