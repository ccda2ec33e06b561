#include "vortex/provider/http_status.hpp"

#include <algorithm>
#include <charconv>
#include <string>
#include <string_view>
#include <utility>

#include "vortex/base/ascii.hpp"

namespace vortex {
namespace {

constexpr std::string_view kRetryAfter = "Retry-After";

ErrorCode code_of(int status) {
  switch (status) {
    case 401: return ErrorCode::authentication;
    case 403: return ErrorCode::authorization;
    case 204:
    case 404:
    case 410: return ErrorCode::not_found;
    case 407: return ErrorCode::proxy_authentication;
    case 408: return ErrorCode::timeout;
    case 429: return ErrorCode::rate_limited;
    default: break;
  }
  if (status >= 300 && status < 400) return ErrorCode::redirect_refused;
  if (status >= 400 && status < 500) return ErrorCode::client;
  return ErrorCode::server;
}

// Digits only: "-5", "1e3", "1.5" and "soon" are no number of seconds.
std::optional<Duration> delay_in_seconds(std::string_view text) {
  std::int64_t seconds = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (ec != std::errc{} || end != text.data() + text.size() || !is_digit(text.front())) {
    return std::nullopt;
  }
  constexpr auto kSecondsMax =
      std::chrono::duration_cast<std::chrono::seconds>(kRetryAfterPlausible).count();
  if (seconds > kSecondsMax) return std::nullopt;
  return std::chrono::seconds(seconds);
}

std::optional<Duration> delay_by_date(std::string_view text, const HttpReply& reply) {
  const auto when = parse_http_date(text);
  if (!when) return std::nullopt;
  const auto sent = parse_http_date(trim(find_header(reply.headers, "Date")));
  const Duration delay = *when - sent.value_or(reply.received_at);
  if (delay < Duration::zero() || delay > kRetryAfterPlausible) return std::nullopt;
  return delay;
}

}  // namespace

std::optional<TimePoint> retry_after(const HttpReply& reply) {
  const auto is_wish = [](const Header& h) {
    return equals_ignoring_case(h.name, kRetryAfter);
  };
  if (std::ranges::count_if(reply.headers, is_wish) != 1) return std::nullopt;
  const std::string_view text = trim(find_header(reply.headers, kRetryAfter));
  if (text.empty()) return std::nullopt;
  auto delay = delay_in_seconds(text);
  if (!delay) delay = delay_by_date(text, reply);
  if (!delay) return std::nullopt;
  return reply.received_at + std::min(*delay, kRetryAfterMax);
}

Error reply_error(ErrorCode code, std::string message, const HttpReply& reply) {
  Error error{.code = code, .message = std::move(message), .http_status = reply.status};
  error.retry_at = retry_after(reply);
  constexpr std::size_t kEvidenceMax = 1024;  // cut further by with_evidence
  return std::move(error).with_evidence(reply.body.view().substr(0, kEvidenceMax));
}

Error http_status_error(const HttpReply& reply) {
  return reply_error(code_of(reply.status), "HTTP " + std::to_string(reply.status), reply);
}

}  // namespace vortex
