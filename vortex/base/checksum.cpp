#include "vortex/base/checksum.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include <fmt/core.h>

namespace vortex {
namespace {

constexpr std::uint64_t kOdd = 0xd1b54a32d192ed03;
constexpr int kTurn = 29;

}  // namespace

std::uint64_t mix_bits(std::uint64_t number) {
  number ^= number >> 32;
  number *= kOdd;
  number ^= number >> 29;
  number *= kOdd;
  return number ^ (number >> 32);
}

void Checksum::add_block(const char* block) {
  std::array<std::uint64_t, 4> words{};
  std::memcpy(words.data(), block, kBlock);
  for (std::size_t i = 0; i < words.size(); ++i) {
    lanes_[i] = std::rotl(lanes_[i] ^ words[i], kTurn) * kOdd;
  }
}

void Checksum::add(std::string_view bytes) {
  size_ += bytes.size();
  if (rest_size_ > 0) {
    const std::size_t taken = std::min(kBlock - rest_size_, bytes.size());
    std::memcpy(rest_.data() + rest_size_, bytes.data(), taken);
    rest_size_ += taken;
    bytes.remove_prefix(taken);
    if (rest_size_ < kBlock) return;
    add_block(rest_.data());
    rest_size_ = 0;
  }
  // NOLINTNEXTLINE(bugprone-suspicious-stringview-data-usage): a block is kBlock bytes, by contract
  for (; bytes.size() >= kBlock; bytes.remove_prefix(kBlock)) add_block(bytes.data());
  if (!bytes.empty()) std::memcpy(rest_.data(), bytes.data(), bytes.size());
  rest_size_ = bytes.size();
}

std::uint64_t Checksum::value() const {
  Checksum last = *this;
  if (rest_size_ > 0) {
    std::fill(last.rest_.begin() + static_cast<std::ptrdiff_t>(rest_size_), last.rest_.end(), '\0');
    last.add_block(last.rest_.data());
  }
  std::uint64_t sum = mix_bits(size_);
  for (const std::uint64_t lane : last.lanes_) sum = mix_bits(sum ^ lane);
  return sum;
}

std::string Checksum::hex() const {
  return fmt::format("{:016x}", value());
}

}  // namespace vortex
