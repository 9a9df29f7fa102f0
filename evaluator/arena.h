// Memory of one decision: bump allocation, released all at once by Reset,
// blocks kept for the next. One a thread; not thread-safe. Steady state
// allocates nothing from the heap.
#ifndef BYLAW_EVALUATOR_ARENA_H_
#define BYLAW_EVALUATOR_ARENA_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace bylaw {

class Arena {
 public:
  explicit Arena(size_t first_block = 64 * 1024) : first_block_(first_block) {}
  ~Arena() { RunCleanups(); }
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  void* Allocate(size_t bytes, size_t alignment = 8) {
    uintptr_t p = (position_ + alignment - 1) & ~uintptr_t{alignment - 1};
    if (p + bytes > limit_) return AllocateSlow(bytes, alignment);
    position_ = p + bytes;
    return reinterpret_cast<void*>(p);
  }
  // `n` elements, not initialised.
  template <typename T>
  T* New(size_t n) {
    static_assert(std::is_trivially_destructible_v<T>);
    return static_cast<T*>(Allocate(n * sizeof(T), alignof(T)));
  }
  // One object that needs its destructor (a Version with long texts): it runs
  // at Reset.
  template <typename T>
  T* Make(T value) {
    T* p = new (Allocate(sizeof(T), alignof(T))) T(std::move(value));
    if constexpr (!std::is_trivially_destructible_v<T>) {
      cleanups_.push_back({p, [](void* q) { static_cast<T*>(q)->~T(); }});
    }
    return p;
  }
  std::string_view Copy(std::string_view text) {
    if (text.empty()) return {};
    char* p = New<char>(text.size());
    std::memcpy(p, text.data(), text.size());
    return {p, text.size()};
  }
  // Forgets everything allocated; keeps the blocks.
  void Reset() {
    if (!cleanups_.empty()) RunCleanups();
    current_ = 0;
    if (!blocks_.empty()) Use(0);
  }

 private:
  struct Cleanup {
    void* object;
    void (*destroy)(void*);
  };
  void RunCleanups() {
    for (const Cleanup& c : cleanups_) c.destroy(c.object);
    cleanups_.clear();
  }
  struct Block {
    std::unique_ptr<char[]> bytes;
    size_t size;
  };
  void Use(size_t i) {
    current_ = i;
    position_ = reinterpret_cast<uintptr_t>(blocks_[i].bytes.get());
    limit_ = position_ + blocks_[i].size;
  }
  void* AllocateSlow(size_t bytes, size_t alignment) {
    const size_t need = bytes + alignment;
    size_t next = blocks_.empty() ? 0 : current_ + 1;
    while (next < blocks_.size() && blocks_[next].size < need) ++next;
    if (next == blocks_.size()) {
      size_t size = blocks_.empty() ? first_block_ : blocks_.back().size * 2;
      if (size < need) size = need;
      blocks_.push_back({std::make_unique_for_overwrite<char[]>(size), size});
    }
    Use(next);
    return Allocate(bytes, alignment);
  }

  const size_t first_block_;
  std::vector<Block> blocks_;
  std::vector<Cleanup> cleanups_;
  size_t current_ = 0;
  uintptr_t position_ = 0, limit_ = 0;
};

// A growing array in an arena (old storage is left behind, not freed).
template <typename T>
class ArenaVector {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  explicit ArenaVector(Arena* arena) : arena_(arena) {}
  void push_back(const T& v) {
    if (size_ == capacity_) Grow();
    data_[size_++] = v;
  }
  T& operator[](size_t i) { return data_[i]; }
  const T& operator[](size_t i) const { return data_[i]; }
  T& back() { return data_[size_ - 1]; }
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  void clear() { size_ = 0; }
  void resize_down(size_t n) { size_ = static_cast<uint32_t>(n); }
  T* data() { return data_; }
  T* begin() { return data_; }
  T* end() { return data_ + size_; }
  const T* begin() const { return data_; }
  const T* end() const { return data_ + size_; }
  std::span<const T> span() const { return {data_, size_}; }

 private:
  void Grow() {
    const uint32_t n = capacity_ ? capacity_ * 2 : 8;
    T* bigger = arena_->New<T>(n);
    if (size_)
      std::memcpy(static_cast<void*>(bigger), data_, size_ * sizeof(T));
    data_ = bigger;
    capacity_ = n;
  }
  Arena* arena_;
  T* data_ = nullptr;
  uint32_t size_ = 0, capacity_ = 0;
};

}  // namespace bylaw

#endif  // BYLAW_EVALUATOR_ARENA_H_
