#include "vortex/base/random.hpp"

#include <bit>
#include <cmath>
#include <numbers>
#include <random>

#include <fmt/format.h>

namespace vortex {

Random::Random(std::uint64_t seed) {
  for (std::uint64_t& word : state_) {  // SplitMix64, as the generator's authors advise for seeding
    seed += 0x9E3779B97F4A7C15u;
    std::uint64_t z = seed;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    word = z ^ (z >> 31);
  }
}

Random Random::from_system() {
  std::random_device device;
  return Random((std::uint64_t{device()} << 32) | device());
}

std::uint64_t Random::next() {
  const std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
  const std::uint64_t t = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= t;
  state_[3] = std::rotl(state_[3], 45);
  return result;
}

double Random::uniform() {
  return static_cast<double>(next() >> 11) * 0x1.0p-53;
}

double Random::normal() {
  const double u = 1.0 - uniform();  // (0, 1]: its logarithm is finite
  return std::sqrt(-2.0 * std::log(u)) * std::cos(2.0 * std::numbers::pi * uniform());
}

std::uint64_t Random::below(std::uint64_t n) {
  const std::uint64_t unfair = -n % n;  // the first values would make small results likelier
  std::uint64_t value = next();
  while (value < unfair) value = next();
  return value % n;
}

std::string Random::uuid() {
  const std::uint64_t a = (next() & 0xFFFFFFFFFFFF0FFFu) | 0x4000u;
  const std::uint64_t b = (next() & 0x3FFFFFFFFFFFFFFFu) | 0x8000000000000000u;
  return fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", a >> 32, (a >> 16) & 0xFFFF, a & 0xFFFF,
                     b >> 48, b & 0xFFFFFFFFFFFFu);
}

}  // namespace vortex
