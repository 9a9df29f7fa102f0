#include "tests/properties/piece.h"

#include <algorithm>

namespace bylaw::properties {
namespace {

void AppendText(const Piece& piece, std::string* out) {
  *out += piece.text;
  for (const Piece& part : piece.parts) AppendText(part, out);
}

size_t SizeOf(const Piece& piece) {
  size_t size = piece.text.size();
  for (const Piece& part : piece.parts) size += SizeOf(part);
  return size;
}

// All pieces below, outer before inner.
void List(Piece* piece, std::vector<Piece*>* out) {
  out->push_back(piece);
  for (Piece& part : piece->parts) List(&part, out);
}

void Candidates(const Piece& piece, const std::string& type,
                std::vector<const Piece*>* out) {
  for (const Piece& part : piece.parts) {
    if (part.type == type) {
      out->push_back(&part);
    } else {
      Candidates(part, type, out);
    }
  }
}

class Shrinker {
 public:
  Shrinker(std::vector<Piece>* pieces,
           const std::function<bool(const std::vector<Piece>&)>& fails,
           size_t budget)
      : pieces_(*pieces), fails_(fails), budget_(budget) {}

  void Run() {
    for (bool smaller = true; smaller && budget_ > 0;) {
      smaller = false;
      std::vector<Piece*> all = All();
      for (size_t i = 0; i < all.size() && budget_ > 0;) {
        Piece* piece = all[i];
        if ((piece->optional && Try(piece, Piece())) || Replace(piece)) {
          smaller = true;
          all = All();  // what was below the piece is gone
        } else {
          ++i;
        }
      }
    }
  }

 private:
  std::vector<Piece*> All() {
    std::vector<Piece*> all;
    for (Piece& piece : pieces_) List(&piece, &all);
    std::erase_if(all, [](Piece* p) {
      return !p->optional && (p->type.empty() || p->simplest == p->text);
    });
    // Large pieces first, so that most of the text goes early.
    std::stable_sort(all.begin(), all.end(), [](Piece* a, Piece* b) {
      return SizeOf(*a) > SizeOf(*b);
    });
    return all;
  }

  bool Replace(Piece* piece) {
    if (piece->type.empty()) return false;
    if (!piece->simplest.empty() && piece->simplest != Render(*piece)) {
      Piece simplest(piece->simplest);
      simplest.type = piece->type;
      simplest.simplest = piece->simplest;
      if (Try(piece, std::move(simplest))) return true;
    }
    std::vector<const Piece*> below;
    Candidates(*piece, piece->type, &below);
    for (const Piece* candidate : below) {
      if (Try(piece, *candidate)) return true;
    }
    return false;
  }

  bool Try(Piece* piece, Piece other) {
    if (budget_ == 0) return false;
    --budget_;
    other.optional =
        piece->optional && !(other.text.empty() && other.parts.empty());
    Piece kept = std::exchange(*piece, std::move(other));
    if (fails_(pieces_)) return true;
    *piece = std::move(kept);
    return false;
  }

  std::vector<Piece>& pieces_;
  const std::function<bool(const std::vector<Piece>&)>& fails_;
  size_t budget_;
};

}  // namespace

std::string Render(const Piece& piece) {
  std::string text;
  AppendText(piece, &text);
  return text;
}

void Shrink(std::vector<Piece>* pieces,
            const std::function<bool(const std::vector<Piece>&)>& fails,
            size_t budget) {
  Shrinker(pieces, fails, budget).Run();
}

}  // namespace bylaw::properties
