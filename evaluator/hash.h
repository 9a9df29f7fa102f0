// A seeded hash of bytes, for tables whose keys are chosen by attackers (ids,
// names in requests). The mixing is that of wyhash (public domain).
#ifndef BYLAW_EVALUATOR_HASH_H_
#define BYLAW_EVALUATOR_HASH_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace bylaw {

inline uint64_t HashMix(uint64_t a, uint64_t b) {
  const unsigned __int128 m = static_cast<unsigned __int128>(a) * b;
  return static_cast<uint64_t>(m) ^ static_cast<uint64_t>(m >> 64);
}

// Equality of short texts, in place: a call of memcmp costs more than it does.
inline bool SameBytes(const char* a, const char* b, size_t n) {
  const auto differ8 = [&](size_t i) {
    uint64_t x, y;
    std::memcpy(&x, a + i, 8);
    std::memcpy(&y, b + i, 8);
    return x ^ y;
  };
  if (n >= 8) {
    uint64_t different = differ8(n - 8);
    for (size_t i = 0; i + 8 < n; i += 8) different |= differ8(i);
    return different == 0;
  }
  if (n >= 4) {
    uint32_t x[2], y[2];
    std::memcpy(&x[0], a, 4);
    std::memcpy(&y[0], b, 4);
    std::memcpy(&x[1], a + n - 4, 4);
    std::memcpy(&y[1], b + n - 4, 4);
    return ((x[0] ^ y[0]) | (x[1] ^ y[1])) == 0;
  }
  for (size_t i = 0; i < n; ++i) {
    if (a[i] != b[i]) return false;
  }
  return true;
}
inline bool SameText(std::string_view a, std::string_view b) {
  return a.size() == b.size() && SameBytes(a.data(), b.data(), a.size());
}

// Hash of `number` and `text` together.
inline uint64_t HashBytes(uint64_t seed, uint64_t number,
                          std::string_view text) {
  constexpr uint64_t k0 = 0xa0761d6478bd642full;
  constexpr uint64_t k1 = 0xe7037ed1a0b428dbull;
  constexpr uint64_t k2 = 0x8ebc6af09c88c6e3ull;
  const auto read8 = [](const char* p) {
    uint64_t v;
    std::memcpy(&v, p, 8);
    return v;
  };
  const auto read4 = [](const char* p) {
    uint32_t v;
    std::memcpy(&v, p, 4);
    return uint64_t{v};
  };
  const char* p = text.data();
  const size_t n = text.size();
  seed ^= k0 ^ (number + 1) * k2;
  uint64_t a = 0, b = 0;
  if (n <= 16) {
    if (n >= 4) {
      const size_t step = (n >> 3) << 2;
      a = read4(p) << 32 | read4(p + step);
      b = read4(p + n - 4) << 32 | read4(p + n - 4 - step);
    } else if (n > 0) {
      a = uint64_t{static_cast<uint8_t>(p[0])} << 16 |
          uint64_t{static_cast<uint8_t>(p[n >> 1])} << 8 |
          static_cast<uint8_t>(p[n - 1]);
    }
  } else {
    size_t i = n;
    while (i > 16) {
      seed = HashMix(read8(p) ^ k1, read8(p + 8) ^ seed);
      p += 16;
      i -= 16;
    }
    a = read8(p + i - 16);
    b = read8(p + i - 8);
  }
  return HashMix(k1 ^ n, HashMix(a ^ k1, b ^ seed));
}

}  // namespace bylaw

#endif  // BYLAW_EVALUATOR_HASH_H_
