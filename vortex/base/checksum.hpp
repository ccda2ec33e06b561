// A 64-bit checksum of bytes that come in pieces: finds damage, not forgery. Four lanes of eight
// bytes each take turns, so that a file is summed faster than a disk reads it. Any change of one
// word changes the result. A value type.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace vortex {

class Checksum {
 public:
  void add(std::string_view bytes);
  // Of all bytes so far; more may follow.
  std::uint64_t value() const;
  std::string hex() const;  // 16 lower-case digits

 private:
  static constexpr std::size_t kBlock = 32;
  void add_block(const char* block);

  std::array<std::uint64_t, 4> lanes_{1, 2, 3, 4};
  std::array<char, kBlock> rest_{};
  std::size_t rest_size_ = 0;
  std::uint64_t size_ = 0;
};

// Spreads every bit of a number over all bits; one to one.
std::uint64_t mix_bits(std::uint64_t number);

}  // namespace vortex
