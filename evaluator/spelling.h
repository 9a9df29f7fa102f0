// How decisions spell values: as literals of the language in the canonical
// text of a filter, and as nodes where a protocol carries them. Free functions
// without state.
#ifndef BYLAW_EVALUATOR_SPELLING_H_
#define BYLAW_EVALUATOR_SPELLING_H_

#include <string>
#include <string_view>

#include "evaluator/node.h"
#include "evaluator/value.h"
#include "evaluator/world.h"

namespace bylaw {

// In double quotes with the language's escapes.
std::string QuoteText(std::string_view text);

// A literal that reads back as the value: `"EU"`, `date("2026-11-20")`,
// `{"a", "b"}`. Terms and entities, which reach filters as texts alone, are
// their path and id in quotes. Missing is `unknown`.
std::string SpellLiteral(const World& world, const Value& v);

// As facts and JSON write it. Ints past 2^53 and Decimals of more digits than
// a double holds are texts.
Node ToNode(const World& world, const Value& v);
Node TextNode(std::string_view text);
Node NumberNode(int64_t v);

// Text of a scalar as facts spell it, without quotes; a term's path, an
// entity's id.
std::string SpellScalar(const World& world, const Value& v);

}  // namespace bylaw

#endif  // BYLAW_EVALUATOR_SPELLING_H_
