// Undoes a Content-Encoding: gzip, deflate, br, zstd. Here and not in libcurl, which takes a
// compressed stream that ends early for a whole one. Pure; heavy enough for the CPU pool.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "vortex/base/error.hpp"

namespace vortex {

inline constexpr std::string_view kAcceptEncoding = "gzip, deflate, br, zstd";

struct DecodeLimits {
  std::uint64_t bytes_max = 0;
  std::uint32_t ratio_max = 0;  // decoded / encoded, looked at above kRatioFreeBytes
};
inline constexpr std::uint64_t kRatioFreeBytes = std::uint64_t{1} << 20;

// True when there is nothing to undo: no encoding, or "identity".
bool is_identity(std::string_view encoding);

// `truncated` when the stream ends before its end mark, `bad_payload` when it is not what
// `encoding` says or the encoding is unknown, `body_too_large` beyond a limit. Capacity for a
// Body's padding is left at the end.
Result<std::string> decode_content(std::string_view encoding, std::string_view encoded,
                                   const DecodeLimits& limits);

}  // namespace vortex
