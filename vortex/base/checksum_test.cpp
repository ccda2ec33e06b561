#include "vortex/base/checksum.hpp"

#include <gtest/gtest.h>

namespace vortex {
namespace {

std::uint64_t sum_of(std::string_view bytes) {
  Checksum sum;
  sum.add(bytes);
  return sum.value();
}

TEST(ChecksumTest, DoesNotDependOnHowTheBytesCome) {
  std::string bytes;
  for (int i = 0; i < 200; ++i) bytes += static_cast<char>(i * 7);
  for (std::size_t size = 0; size <= bytes.size(); size += 13) {
    const std::string_view part = std::string_view(bytes).substr(0, size);
    for (const std::size_t piece : {1U, 5U, 31U, 32U, 33U, 64U}) {
      Checksum sum;
      for (std::size_t at = 0; at < part.size(); at += piece) sum.add(part.substr(at, piece));
      EXPECT_EQ(sum.value(), sum_of(part)) << size << " in pieces of " << piece;
    }
  }
}

TEST(ChecksumTest, G7EveryFlippedBitAndEveryLengthIsSeen) {
  std::string bytes(100, 'x');
  const std::uint64_t whole = sum_of(bytes);
  for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_NE(sum_of(bytes), whole) << bit;
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << (bit % 8)));
  }
  EXPECT_NE(sum_of(bytes + '\0'), whole);
  EXPECT_NE(sum_of(""), sum_of(std::string(1, '\0')));
  EXPECT_EQ(Checksum().hex().size(), 16U);
}

// Stands in files: never to change.
TEST(ChecksumTest, IsTheSameEverywhere) {
  Checksum sum;
  sum.add("The quick brown fox jumps over the lazy dog");
  EXPECT_EQ(sum.hex(), "e1d7d887f8082558");
}

}  // namespace
}  // namespace vortex
