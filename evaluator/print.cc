// PrintValue: a value as policies print it.
#include <algorithm>
#include <string_view>

#include "evaluator/vm.h"

namespace bylaw {
namespace {

class Printer {
 public:
  Printer(const World& world, uint64_t most)
      : world_(world), most_(most), text_(&world.arena()) {}

  std::string_view Take() { return {text_.data(), text_.size()}; }

  void Print(const Value& v) {
    switch (v.kind) {
      case Kind::kMissing:
        return Append("(none)");
      case Kind::kBool:
        return Append(v.number ? "true" : "false");
      case Kind::kInt:
        return Append(FormatInt(v.number));
      case Kind::kDecimal:
        return Append(FormatDecimal(v.number));
      case Kind::kString:
        return Append(world_.Text(v.size));
      case Kind::kDate:
        return Append(FormatDate(v.number));
      case Kind::kTime:
        return Append(FormatTime(v.number));
      case Kind::kDuration:
        return Append(FormatDuration(v.number));
      case Kind::kPeriod:
        return Append(FormatPeriod(v.number));
      case Kind::kIp:
        return Append(FormatIp(*v.ip));
      case Kind::kVersion:
        return Append(FormatVersion(*v.version));
      case Kind::kTerm:
        return Append(world_.schema().terms[v.size].path);
      case Kind::kEntity:
        return Append(world_.IdOf(v.size));
      case Kind::kSet:
        if (v.element == Kind::kString || v.element == Kind::kEntity)
          return SortedTexts(v);
        [[fallthrough]];
      case Kind::kList:
        return Elements(v);
      case Kind::kRecord:
        Append("{");
        for (uint32_t i = 0, n = 0; i < v.size && !full(); ++i) {
          if (v.values[i].missing()) continue;
          if (n++ > 0) Append(", ");
          Print(v.values[i]);
        }
        return Append("}");
      case Kind::kMap:
        Append("{");
        for (uint32_t i = 0; i < v.size && !full(); ++i) {
          if (i > 0) Append(", ");
          Append(world_.Text(v.entries[i].key));
          Append(": ");
          Print(v.entries[i].value);
        }
        return Append("}");
      case Kind::kFilter:
        return Append("(rows)");
    }
  }

 private:
  void Append(std::string_view s) {
    for (char c : s) text_.push_back(c);
  }

  bool full() const { return text_.size() > most_; }

  void Elements(const Value& v) {
    for (uint32_t i = 0; i < v.size && !full(); ++i) {
      if (i > 0) Append(", ");
      Print(IsCellKind(v.element) ? Value::OfCell(v.element, v.cells[i])
                                  : v.values[i]);
    }
  }

  // In the order of the texts: numbers of symbols and entities depend on what
  // else is loaded.
  void SortedTexts(const Value& v) {
    // With what stands between them they are too long, if empty too.
    if (v.size > 1 + most_ / 2) return Elements(v);
    std::string_view* texts =
        static_cast<std::string_view*>(world_.arena().Allocate(
            sizeof(std::string_view) * v.size, alignof(std::string_view)));
    for (uint32_t i = 0; i < v.size; ++i) {
      texts[i] = v.element == Kind::kString ? world_.Text(v.cells[i])
                                            : world_.IdOf(v.cells[i]);
    }
    std::sort(texts, texts + v.size);
    for (uint32_t i = 0; i < v.size && !full(); ++i) {
      if (i > 0) Append(", ");
      Append(texts[i]);
    }
  }

  const World& world_;
  const uint64_t most_;
  ArenaVector<char> text_;
};

}  // namespace

std::string_view PrintValue(const World& world, const Value& v, uint64_t most) {
  Printer printer(world, most);
  printer.Print(v);
  return printer.Take();
}

}  // namespace bylaw
