#include "vortex/net/header_collector.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "vortex/base/ascii.hpp"

namespace vortex {

namespace {

std::optional<std::uint64_t> parse_length(std::string_view text) {
  std::uint64_t length = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), length);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return length;
}

}  // namespace

bool HeaderCollector::add_line(std::string_view line) {
  if (error_) return false;
  bytes_ += line.size();
  if (bytes_ > kHeaderBytesMax) return refuse("headers beyond 256 KiB");
  if (line.starts_with("HTTP/")) {
    start_answer(line);
    return true;
  }
  while (line.ends_with('\n') || line.ends_with('\r')) line.remove_suffix(1);
  if (line.empty()) {
    complete_ = !interim_;
    return true;
  }
  return add_header(line);
}

void HeaderCollector::start_answer(std::string_view status_line) {
  const auto blank = status_line.find(' ');
  interim_ = blank != std::string_view::npos && status_line.substr(blank + 1).starts_with('1');
  headers_.clear();
  content_length_.reset();
  chunked_ = false;
  complete_ = false;
}

bool HeaderCollector::add_header(std::string_view line) {
  if (++lines_ > kHeaderCountMax) return refuse("more than 512 headers");
  if (line.find('\0') != std::string_view::npos || line.find('\r') != std::string_view::npos) {
    return refuse("a header holds a NUL or a bare CR");
  }
  if ((line.front() == ' ' || line.front() == '\t') && !headers_.empty()) {
    headers_.back().value += ' ';  // an obsolete folded line, RFC 9112 §5.2
    headers_.back().value += trim(line);
    return true;
  }
  const auto colon = line.find(':');
  if (colon == std::string_view::npos || colon == 0) return refuse("a header line without a name");
  headers_.push_back(
      {std::string(trim(line.substr(0, colon))), std::string(trim(line.substr(colon + 1)))});
  return check_framing(headers_.back());
}

// Two lengths that differ, or a length beside chunks: whoever sits between may have cut the stream
// elsewhere (request smuggling, RFC 9112 §6.3).
bool HeaderCollector::check_framing(const Header& header) {
  if (equals_ignoring_case(header.name, "Transfer-Encoding")) {
    chunked_ = true;
  } else if (equals_ignoring_case(header.name, "Content-Length")) {
    const auto length = parse_length(header.value);
    if (!length) return refuse("a Content-Length that is no number");
    if (content_length_ && content_length_ != length)
      return refuse("two different Content-Lengths");
    content_length_ = length;
  }
  if (chunked_ && content_length_) return refuse("both Content-Length and Transfer-Encoding");
  return true;
}

bool HeaderCollector::refuse(std::string why) {
  error_ = Error{.code = ErrorCode::bad_payload, .message = "answer refused: " + std::move(why)};
  return false;
}

}  // namespace vortex
