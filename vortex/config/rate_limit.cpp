#include "vortex/config/rate_limit.hpp"

#include <charconv>

#include <fmt/core.h>

#include "vortex/base/time_zone.hpp"

namespace vortex {
namespace {

constexpr std::int64_t kCountMax = 1'000'000'000;
constexpr std::int64_t kWindowSecondsMax = 31LL * 24 * 3600;

std::unexpected<Error> refused(std::string_view text, std::string_view why) {
  Error error{.code = ErrorCode::config,
              .message = fmt::format("'{}' is no rate limit: {}", untrusted(text, 60), why),
              .hint = R"(write "5/5s", "60/10min", "2/s" or "25/day@America/New_York")"};
  return std::unexpected(std::move(error));
}

// The leading digits of `text`, which are removed; none when there are none or they overflow.
std::optional<std::int64_t> take_number(std::string_view& text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || text.front() == '-') return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

std::optional<std::int64_t> seconds_of(std::string_view unit) {
  if (unit == "s") return 1;
  if (unit == "min") return 60;
  if (unit == "h") return 3600;
  return std::nullopt;
}

Result<RateLimit> day_limit(std::string_view text, std::int64_t count, std::string_view zone) {
  if (zone.empty()) return refused(text, "a day needs its zone, as in 25/day@America/New_York");
  VORTEX_TRY(const TimeZone found, TimeZone::find(zone));
  return RateLimit{.count = count, .window = Duration::zero(), .zone = std::string(found.name())};
}

}  // namespace

Result<RateLimit> parse_rate_limit(std::string_view text) {
  std::string_view rest = text;
  const auto count = take_number(rest);
  if (!count || rest.empty() || rest.front() != '/') return refused(text, "it is not n/window");
  if (*count < 1 || *count > kCountMax) return refused(text, "the count must be 1 to 1000000000");
  rest.remove_prefix(1);
  if (rest == "day" || rest.starts_with("day@")) {
    return day_limit(text, *count, rest == "day" ? std::string_view() : rest.substr(4));
  }
  std::int64_t multiple = 1;
  if (!rest.empty() && rest.front() >= '0' && rest.front() <= '9') {
    const auto given = take_number(rest);
    if (!given) return refused(text, "the window overflows");
    multiple = *given;
  }
  const auto unit = seconds_of(rest);
  if (!unit) return refused(text, "the window's unit must be s, min, h or day@Zone");
  if (multiple < 1 || multiple > kWindowSecondsMax / *unit) {
    return refused(text, "the window must be 1 second to 31 days");
  }
  return RateLimit{.count = *count, .window = std::chrono::seconds(multiple * *unit), .zone = ""};
}

std::string to_string(const RateLimit& limit) {
  if (limit.window == Duration::zero()) return fmt::format("{}/day@{}", limit.count, limit.zone);
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(limit.window).count();
  const auto spell = [&](std::int64_t unit, std::string_view name) {
    const std::int64_t multiple = seconds / unit;
    return multiple == 1 ? fmt::format("{}/{}", limit.count, name)
                         : fmt::format("{}/{}{}", limit.count, multiple, name);
  };
  if (seconds % 3600 == 0) return spell(3600, "h");
  if (seconds % 60 == 0) return spell(60, "min");
  return spell(1, "s");
}

}  // namespace vortex
