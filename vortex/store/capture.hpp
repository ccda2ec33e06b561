// The raw bytes of one provider answer, on their way into a pack: hashed and compressed. Made on
// the CPU pool; pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "vortex/base/error.hpp"
#include "vortex/base/http_message.hpp"
#include "vortex/model/time_range.hpp"

namespace vortex {

struct Capture {
  std::string
      id;  // 32 hex digits, from the body's hash, the request and the time: stable for a replay
  std::string sha256;  // of the raw body
  std::string frame;   // one zstd frame
  std::uint64_t body_bytes = 0;
  std::string request;  // redacted: "GET https://…"
  TimeRange range;      // what was asked
  int status = 0;
  // JSON of the kept ones (content-type, date, retry-after, age, cache-control, vortex-masked).
  std::string headers;
  TimePoint received_at;
};

Result<Capture> make_capture(const HttpReply& reply, std::string_view redacted_request,
                             TimeRange range);

}  // namespace vortex
