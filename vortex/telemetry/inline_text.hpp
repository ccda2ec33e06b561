// A short text inside a value: no allocation, trivially copyable, compared byte for byte. Longer
// texts are cut; bytes other than printable ASCII become '?', so that what came from outside can
// neither break a log line nor forge one.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace vortex {

template <std::size_t SizeMax>
class InlineText {
  static_assert(SizeMax <= 255);

 public:
  static constexpr std::size_t kSizeMax = SizeMax;

  constexpr InlineText() = default;
  // Implicit, so that a member is given as it is read: {.provider = "yahoo"}.
  constexpr InlineText(std::string_view text)  // NOLINT(google-explicit-constructor): as said
      : size_(static_cast<std::uint8_t>(std::min(text.size(), SizeMax))) {
    std::ranges::transform(text.substr(0, size_), bytes_.begin(),
                           [](char c) { return c >= 0x20 && c < 0x7F ? c : '?'; });
  }
  constexpr InlineText(const char* text)  // NOLINT(google-explicit-constructor): as above
      : InlineText(std::string_view(text)) {}

  constexpr std::string_view view() const { return {bytes_.data(), size_}; }
  constexpr bool empty() const { return size_ == 0; }
  bool operator==(const InlineText&) const = default;  // unused bytes are zero

 private:
  std::uint8_t size_ = 0;
  std::array<char, SizeMax> bytes_{};
};

}  // namespace vortex
