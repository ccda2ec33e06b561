// Randomness that is given, never taken: a seeded generator (xoshiro256**, public domain algorithm
// by Blackman and Vigna, https://prng.di.unimi.it). Same seed, same sequence, on every machine. Not
// for secrets. Not thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <string>

namespace vortex {

class Random {
 public:
  explicit Random(std::uint64_t seed);
  static Random from_system();  // seeded by the operating system

  std::uint64_t next();
  double uniform();                      // [0, 1)
  double normal();                       // mean 0, deviation 1
  std::uint64_t below(std::uint64_t n);  // [0, n); n > 0
  std::string uuid();                    // version 4, "xxxxxxxx-xxxx-4xxx-…"

 private:
  std::array<std::uint64_t, 4> state_{};
};

}  // namespace vortex
