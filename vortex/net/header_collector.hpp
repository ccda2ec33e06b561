// Gathers the header lines of one answer, with limits, and refuses framing that two readers could
// understand differently. Interim answers (1xx) are dropped but count. No I/O.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "vortex/base/error.hpp"
#include "vortex/base/http_message.hpp"

namespace vortex {

class HeaderCollector {
 public:
  // Providers send 10 to 40 headers of a few KiB; cookies can make them ten times that.
  static constexpr std::size_t kHeaderCountMax = 512;
  static constexpr std::size_t kHeaderBytesMax = std::size_t{256} << 10;

  // One line with its end, the status line first. False when the answer is refused: see `error`.
  bool add_line(std::string_view line);

  bool started() const { return bytes_ != 0; }
  bool complete() const { return complete_; }  // the blank line of a final answer has come
  const std::optional<Error>& error() const { return error_; }
  std::optional<std::uint64_t> content_length() const { return content_length_; }
  // False: the body ends with the connection.
  bool has_body_end() const { return chunked_ || content_length_.has_value(); }
  const Headers& headers() const { return headers_; }
  Headers take() { return std::move(headers_); }

 private:
  bool refuse(std::string why);
  bool add_header(std::string_view line);
  bool check_framing(const Header& header);
  void start_answer(std::string_view status_line);

  Headers headers_;
  std::size_t bytes_ = 0;  // of every answer, interim ones too
  std::size_t lines_ = 0;
  bool interim_ = false;
  bool complete_ = false;
  bool chunked_ = false;
  std::optional<std::uint64_t> content_length_;
  std::optional<Error> error_;
};

}  // namespace vortex
