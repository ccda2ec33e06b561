#include "vortex/provider/rate_headers.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>
#include <string_view>

#include "vortex/base/ascii.hpp"

namespace vortex {
namespace {

constexpr Duration kResetMax = std::chrono::hours(24 * 31);
// Below: seconds from now. From here on: Unix seconds; from 1e11 on: Unix milliseconds.
constexpr std::int64_t kEpochSecondsMin = 1'000'000'000;
constexpr std::int64_t kEpochMillisMin = 100'000'000'000;

// The whole number of the only header of that name.
std::optional<std::int64_t> number_in(const Headers& headers, std::string_view name) {
  const auto is_it = [&](const Header& h) {
    return equals_ignoring_case(h.name, name);
  };
  if (std::ranges::count_if(headers, is_it) != 1) return std::nullopt;
  const std::string_view text = trim(find_header(headers, name));
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || number < 0) return std::nullopt;
  return number;
}

std::optional<Duration> time_until(std::int64_t reset, const HttpReply& reply) {
  if (reset < kEpochSecondsMin) return std::chrono::seconds(reset);
  const TimePoint moment =
      reset < kEpochMillisMin
          ? from_unix_seconds(reset)
          : TimePoint{std::chrono::milliseconds(std::min(reset, kEpochMillisMin * 100))};
  const auto sent = parse_http_date(trim(find_header(reply.headers, "Date")));
  const Duration left = moment - sent.value_or(reply.received_at);
  if (left < Duration::zero()) return std::nullopt;
  return left;
}

std::optional<RateHeaders> read(const HttpReply& reply, std::string_view prefix) {
  const std::string name(prefix);
  const auto limit = number_in(reply.headers, name + "Limit");
  const auto remaining = number_in(reply.headers, name + "Remaining");
  const auto reset = number_in(reply.headers, name + "Reset");
  if (!limit || !remaining || !reset || *remaining > *limit) return std::nullopt;
  const auto left = time_until(*reset, reply);
  if (!left || *left > kResetMax) return std::nullopt;
  return RateHeaders{.limit = *limit, .remaining = *remaining, .reset = *left};
}

}  // namespace

std::optional<RateHeaders> rate_headers(const HttpReply& reply) {
  const auto age = number_in(reply.headers, "Age");
  if (age && *age > 0) return std::nullopt;
  for (const std::string_view prefix : {"RateLimit-", "X-RateLimit-"}) {
    if (const auto found = read(reply, prefix)) return found;
  }
  return std::nullopt;
}

}  // namespace vortex
