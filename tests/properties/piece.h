// Text made of pieces, so that a generated case that fails can be shrunk: a
// piece may be left out, or a simpler expression of its type may stand in its
// place. A shrunk text need not compile; whoever shrinks asks again.
#ifndef BYLAW_TESTS_PROPERTIES_PIECE_H_
#define BYLAW_TESTS_PROPERTIES_PIECE_H_

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace bylaw::properties {

// Deterministic on every machine (splitmix64; Steele et al., OOPSLA 2014).
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  uint64_t Next() {
    uint64_t z = (state_ += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  // REQUIRES: n > 0.
  size_t Below(size_t n) { return static_cast<size_t>(Next() % n); }
  bool Chance(size_t percent) { return Below(100) < percent; }
  template <typename T>
  T Pick(const std::vector<T>& list) {
    return list[Below(list.size())];
  }

 private:
  uint64_t state_;
};

struct Piece {
  std::string text;  // stands before the parts
  std::vector<Piece> parts;
  bool optional = false;  // the text around it stays well-formed without it
  std::string type;       // of an expression
  std::string simplest;   // what may stand in its place; "" if nothing

  Piece() = default;
  Piece(std::string t) : text(std::move(t)) {}  // NOLINT: text is a piece
  Piece(const char* t) : text(t) {}             // NOLINT
};

// Join("a ", piece, " b"): a piece of these parts.
template <typename... Parts>
Piece Join(Parts&&... parts) {
  Piece piece;
  (piece.parts.emplace_back(std::forward<Parts>(parts)), ...);
  return piece;
}

inline Piece Optional(Piece piece) {
  piece.optional = true;
  return piece;
}

std::string Render(const Piece& piece);

// Makes `pieces` smaller as long as `fails` says that what is left still
// fails; asks at most `budget` times.
void Shrink(std::vector<Piece>* pieces,
            const std::function<bool(const std::vector<Piece>&)>& fails,
            size_t budget = 4000);

}  // namespace bylaw::properties

#endif  // BYLAW_TESTS_PROPERTIES_PIECE_H_
