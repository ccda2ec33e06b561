#include "vortex/provider/alphavantage/alphavantage_errors.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "vortex/base/ascii.hpp"
#include "vortex/base/time_zone.hpp"
#include "vortex/provider/http_status.hpp"

namespace vortex {
namespace {

enum class Returns : std::uint8_t { never, next_second, next_minute, next_day };

struct Wording {
  std::string_view text;  // lower case
  ErrorCode code;
  Returns returns;
  std::string_view hint;
};

// In this order: texts of one kind quote the words of others ("spreading out" names the day's
// limit, the day's limit names premium plans).
constexpr auto kWordings = std::to_array<Wording>({
    {"apikey is invalid or missing", ErrorCode::authentication, Returns::never, ""},
    {"spreading out", ErrorCode::rate_limited, Returns::next_second, ""},
    {"burst pattern", ErrorCode::rate_limited, Returns::next_second, ""},
    {"minute-level rate limit", ErrorCode::rate_limited, Returns::next_minute, ""},
    {"calls per minute", ErrorCode::rate_limited, Returns::next_minute, ""},
    {"requests per minute", ErrorCode::rate_limited, Returns::next_minute, ""},
    {"requests per day", ErrorCode::quota_exhausted, Returns::next_day, ""},
    {"calls per day", ErrorCode::quota_exhausted, Returns::next_day, ""},
    {"outputsize=full", ErrorCode::authorization, Returns::never,
     R"(a free key has the last 100 sessions: providers.alphavantage.depth = { "1d" = "130d" })"},
    {"premium endpoint", ErrorCode::authorization, Returns::never, ""},
    {"premium feature", ErrorCode::authorization, Returns::never, ""},
    {"invalid api call", ErrorCode::not_found, Returns::never,
     "Alpha Vantage says the same for a symbol it does not know and for one without such bars: "
     "look it up with its SYMBOL_SEARCH, then [symbols.\"…\"] alphavantage = \"…\""},
    {"this api function", ErrorCode::client, Returns::never, ""},
});

// Keys are 16 capitals and digits; a text may also name one of another form outright.
constexpr std::size_t kKeySize = 16;
constexpr std::array<std::string_view, 2> kKeyFollows = {"API key as ", "apikey="};

bool is_key_byte(char c) {
  return is_digit(c) || (c >= 'A' && c <= 'Z');
}

// The daily count is assumed to begin anew at midnight in New York; the vendor does not say.
TimePoint next_day(TimePoint now) {
  const auto zone = TimeZone::find("America/New_York");
  if (!zone) return midnight(date_of(now) + std::chrono::days(1));
  return zone->to_utc(zone->local_date(now) + std::chrono::days(1));
}

std::optional<TimePoint> return_of(Returns returns, TimePoint now) {
  switch (returns) {
    case Returns::next_second: return now + std::chrono::seconds(1);
    case Returns::next_minute: return now + std::chrono::minutes(1);
    case Returns::next_day: return next_day(now);
    case Returns::never: break;
  }
  return std::nullopt;
}

Error masked(Error error) {
  error.evidence = mask_keys(error.evidence);
  error.message = mask_keys(error.message);
  return error;
}

}  // namespace

std::string mask_keys(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const std::string_view rest = text.substr(at);
    for (const std::string_view before : kKeyFollows) {
      if (!rest.starts_with(before)) continue;
      const std::size_t end = std::min(rest.find_first_of(" .,&\"'", before.size()), rest.size());
      out += std::string(before) + "***";
      at += end;
      break;
    }
    if (at >= text.size()) break;
    std::size_t size = 0;
    while (at + size < text.size() && is_alnum(text[at + size])) ++size;
    const std::string_view word = text.substr(at, std::max<std::size_t>(size, 1));
    out += word.size() == kKeySize && std::ranges::all_of(word, is_key_byte) ? "***" : word;
    at += word.size();
  }
  return out;
}

Error alphavantage_reply_error(ErrorCode code, std::string message, const HttpReply& reply) {
  return masked(reply_error(code, std::move(message), reply));
}

Error alphavantage_error(std::string_view member, std::string_view text, const HttpReply& reply) {
  const std::string said = untrusted(mask_keys(text));
  const std::string words = lower(text);
  for (const Wording& wording : kWordings) {
    if (!words.contains(wording.text)) continue;
    Error error = alphavantage_reply_error(
        wording.code, "HTTP 200 with " + std::string(member) + ": " + said, reply);
    if (!error.retry_at) error.retry_at = return_of(wording.returns, reply.received_at);
    error.hint = wording.hint;
    return error;
  }
  return alphavantage_reply_error(
      ErrorCode::schema,
      "the answer has no series and words that are not known: expected \"Invalid API call\", "
      "\"rate limit\" or \"premium endpoint\", found " +
          std::string(member) + ": \"" + said + "\"",
      reply);
}

std::optional<Error> alphavantage_refusal(const HttpReply& reply) {
  const std::string_view body = trim(reply.body.view());
  if (reply.status != 200) {
    Error error = http_status_error(reply);
    if (reply.status == 403 && body.starts_with('<')) error.code = ErrorCode::banned;
    return masked(std::move(error));
  }
  if (body.empty()) {
    return alphavantage_reply_error(ErrorCode::bad_payload, "the body is empty", reply);
  }
  if (body.starts_with('<')) {
    return alphavantage_reply_error(ErrorCode::html_instead, "HTML came instead of JSON", reply);
  }
  return std::nullopt;
}

}  // namespace vortex
