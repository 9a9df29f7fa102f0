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
