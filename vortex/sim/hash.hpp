// Randomness by place instead of by order: the same (key, position) always gives the same value, so
// that any part of a history can be made without making what came before it. Pure, not for secrets.
#pragma once

#include <cstdint>
#include <numbers>
#include <string_view>

namespace vortex {

// splitmix64's finaliser.
constexpr std::uint64_t mix(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15ULL;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

constexpr std::uint64_t hash_at(std::uint64_t key, std::int64_t position,
                                std::uint64_t stream = 0) {
  return mix(mix(key + stream * 0xd1342543de82ef95ULL) ^ static_cast<std::uint64_t>(position));
}

constexpr std::uint64_t hash_text(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325ULL;  // FNV-1a
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  return mix(hash);
}

constexpr double uniform_of(std::uint64_t hash) {
  return static_cast<double>(hash >> 11) * 0x1.0p-53;
}

// Mean 0, deviation 1, within ±3.5: the sum of four uniform parts, near enough to normal for
// prices.
constexpr double normal_of(std::uint64_t hash) {
  constexpr double kPart = 1.0 / 65536.0;
  const auto part = [hash](int n) {
    return static_cast<double>((hash >> (16 * n)) & 0xffff) * kPart;
  };
  return (part(0) + part(1) + part(2) + part(3) - 2.0) * std::numbers::sqrt3;
}

}  // namespace vortex
