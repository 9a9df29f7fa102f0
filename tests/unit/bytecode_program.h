// A program of a few chunks, written by hand, for tests of what reads and
// checks bytecode.
#ifndef BYLAW_TESTS_UNIT_BYTECODE_PROGRAM_H_
#define BYLAW_TESTS_UNIT_BYTECODE_PROGRAM_H_

#include <string>

#include "compiler/bytecode/builder.h"
#include "compiler/bytecode/serialize.h"

namespace bylaw {

inline Constant IntConstant(int64_t n) {
  Constant c;
  c.kind = Kind::kInt;
  c.number = n;
  return c;
}

inline Constant TextConstant(const std::string& text) {
  Constant c;
  c.kind = Kind::kString;
  c.text = text;
  return c;
}

inline Constant ListConstant(std::vector<Constant> elements) {
  Constant c;
  c.kind = Kind::kList;
  c.elements = std::move(elements);
  return c;
}

// One entity type, one action, one policy with one deny in a loop over a list
// (chunk 1), a def that doubles its argument (chunk 0) and a text (chunk 3).
inline Program SampleProgram() {
  Program p;
  Schema& s = p.schema;
  TypeInfo text;
  text.kind = Kind::kString;
  const TypeId text_type = s.Intern(text);
  EntityType thing;
  thing.name = "Thing";
  Attribute name;
  name.name = "name";
  name.type = text_type;
  thing.attributes.push_back(name);
  s.entities.push_back(thing);
  Vocabulary tags;
  tags.name = "Tag";
  tags.kind = VocabularyKind::kTree;
  tags.num_terms = 2;
  s.vocabularies.push_back(tags);
  s.terms.push_back({0, "pii", 2, kNone});
  s.terms.push_back({0, "pii.email", 2, 0});
  Action act;
  act.name = "act";
  act.resources = {0};
  act.subjects = {0};
  s.actions.push_back(act);
  p.files = {"a.bylaw"};

  ProgramBuilder builder(&p);
  const uint32_t two = builder.Add(IntConstant(2));
  const uint32_t list = builder.Add(
      ListConstant({IntConstant(1), IntConstant(2), IntConstant(3)}));
  const uint32_t because = builder.Add(TextConstant("because"));
  builder.AddPattern("a+");

  ChunkBuilder def(&builder, 1, 1, false);
  const uint16_t d = def.NewRegister();
  def.EmitWide(Opcode::CONST, 0, d, two);
  def.Emit(Opcode::MUL, 0, d, 0, d);
  def.Emit(Opcode::RETURN, 0, d);
  const uint32_t twice = def.Finish();

  // for x in [1, 2, 3] { deny when twice(x) == 2 }
  ChunkBuilder main(&builder, 0, 1, true);
  const uint16_t it = main.NewRun(2), r = main.NewRun(2);
  Label next, skip, failed, end;
  main.EmitWide(Opcode::CONST, 0, r, list);
  main.Emit(Opcode::BEGIN, 0, it, r);
  main.Bind(&next);
  main.EmitJump(Opcode::NEXT, 0, 0, it, &end);
  const uint32_t begin = main.here();
  main.Emit(Opcode::CALL, 0, r, 0, twice);
  main.EmitWide(Opcode::CONST, 0, r + 1, two);
  main.EmitJump(Opcode::UNLESS_EQ, 1, r, r + 1, &skip);
  main.Emit(Opcode::DENY);
  main.AddHandler(begin, main.here(), &failed);
  main.Bind(&skip);
  main.EmitJump(Opcode::JUMP, 0, 0, 0, &next);
  main.Bind(&failed);
  main.Emit(Opcode::FAIL, 1);
  main.EmitJump(Opcode::JUMP, 0, 0, 0, &next);
  main.Bind(&end);
  main.Emit(Opcode::END);

  Rule rule;
  rule.policy = 0;
  rule.kind = RuleKind::kDeny;
  rule.position.file = 0;
  rule.position.line = 3;
  rule.text = "deny when twice(x) == 2";
  rule.num_elements = 1;
  rule.element_names = {"x"};
  rule.chunk = main.Finish();

  ChunkBuilder collection(&builder, 0, 0, true);
  const uint16_t c = collection.NewRegister();
  collection.EmitWide(Opcode::CONST, 0, c, list);
  collection.Emit(Opcode::RETURN, 0, c);
  rule.collections = {collection.Finish()};

  ChunkBuilder words(&builder, 1, 1, true);
  const uint16_t w = words.NewRegister();
  words.EmitWide(Opcode::CONST, 0, w, because);
  words.Emit(Opcode::RETURN, 0, w);
  rule.because = words.Finish();
  p.rules.push_back(rule);

  Scope root;
  root.name = "org";
  p.scopes.push_back(root);
  Policy policy;
  policy.id = "council.p";
  policy.actions = {0};
  policy.resource = 0;
  policy.subjects = {0};
  policy.num_rules = 1;
  p.policies.push_back(policy);
  builder.Finish();
  p.revision = Revision(p);
  return p;
}

}  // namespace bylaw

#endif  // BYLAW_TESTS_UNIT_BYTECODE_PROGRAM_H_
