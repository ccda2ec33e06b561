#include "vortex/provider/barchart/barchart_errors.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <simdjson.h>

#include "vortex/base/ascii.hpp"
#include "vortex/base/time_zone.hpp"
#include "vortex/provider/http_status.hpp"

namespace vortex {
namespace {

// A phrase decides before the number does: 400 and 429 stand for several things.
struct Phrase {
  std::string_view text;  // in lower case
  ErrorCode code;
  std::string_view hint;
};

constexpr auto kPhrases = std::to_array<Phrase>({
    {"no content to return", ErrorCode::empty, ""},
    {"daily limit", ErrorCode::quota_exhausted, ""},
    {"limit for historical data downloads", ErrorCode::quota_exhausted, ""},
    {"allowance", ErrorCode::quota_exhausted, ""},
    {"quota", ErrorCode::quota_exhausted, ""},
    {"api key", ErrorCode::authentication, ""},
    {"apikey", ErrorCode::authentication, ""},
    {"too many requests", ErrorCode::rate_limited, ""},
    {"unknown symbol", ErrorCode::not_found, ""},
    {"invalid symbol", ErrorCode::not_found, ""},
    {"not entitled", ErrorCode::authorization, ""},
    {"not authorized", ErrorCode::authorization, ""},
});

std::optional<ErrorCode> code_of_number(int number) {
  switch (number) {
    case 204: return ErrorCode::empty;
    case 400: return ErrorCode::client;
    case 401: return ErrorCode::authentication;
    case 402:
    case 403: return ErrorCode::authorization;
    case 404: return ErrorCode::not_found;
    case 429: return ErrorCode::rate_limited;
    default: break;
  }
  if (number >= 400 && number < 500) return ErrorCode::client;
  if (number >= 500 && number < 600) return ErrorCode::server;
  return std::nullopt;
}

Error told(Error error, std::string_view message, const HttpReply& reply) {
  // A server's fault may repeat the request, and with it the word "apikey": it is about no key.
  if (error.error_class() == ErrorClass::server) return error;
  const std::string text = lower(message);
  for (const Phrase& phrase : kPhrases) {
    if (!text.contains(phrase.text)) continue;
    error.code = phrase.code;
    error.hint = phrase.hint;
    break;
  }
  if (error.code == ErrorCode::quota_exhausted && !error.retry_at) {
    error.retry_at = barchart_allowance_back(reply.received_at);
  }
  return error;
}

struct ShortAnswer {
  std::optional<BarchartStatus> status;
  std::string error;  // {"error": "…"}, the website's way
};

// The status object of an answer without rows, or the website's error member.
std::optional<ShortAnswer> read_short(const Body& body) {
  static_assert(Body::kBodyPadding >= simdjson::SIMDJSON_PADDING);
  constexpr std::size_t kShortMax = std::size_t{64} << 10;
  if (body.size() > kShortMax || !trim(body.view()).starts_with('{')) return std::nullopt;
  simdjson::dom::parser parser;
  simdjson::dom::object root;
  if (parser.parse(body.data(), body.size()).get(root)) return std::nullopt;
  ShortAnswer out;
  std::string_view text;
  if (!root["error"].get(text)) out.error = text;
  simdjson::dom::object status;
  if (!root["status"].get(status)) {
    std::int64_t code = 0;
    if (!status["code"].get(code)) {
      constexpr std::int64_t kNumberMax = 9999;
      BarchartStatus& found = out.status.emplace();
      found.code = static_cast<int>(std::clamp<std::int64_t>(code, 0, kNumberMax));
      if (!status["message"].get(text)) found.message = text;
    }
  }
  return out;
}

// A body that is neither rows nor a status object.
Error refusal_in_text(std::string_view body, const HttpReply& reply) {
  if (body.empty()) return reply_error(ErrorCode::bad_payload, "the body is empty", reply);
  if (body.starts_with('<')) {
    Error error = reply_error(ErrorCode::html_instead, "HTML came instead of data", reply);
    if (body.contains("Just a moment") || body.contains("challenge")) {
      error.code = ErrorCode::banned;
      error.message = "a page for browsers came instead of data: blocked as a bot";
    }
    return error;
  }
  constexpr std::size_t kTextMax = 300;
  if (body.contains("Error retrieving data")) {
    return reply_error(ErrorCode::server, "HTTP 200 that says: Error retrieving data", reply);
  }
  Error error =
      told(reply_error(ErrorCode::bad_payload, "", reply), body.substr(0, kTextMax), reply);
  error.message = error.code == ErrorCode::bad_payload
                      ? "the body is neither JSON nor CSV, at byte 0"
                      : "HTTP 200 that says: " + untrusted(body.substr(0, kTextMax));
  return error;
}

bool is_table(std::string_view body) {
  const std::string_view first = body.substr(0, body.find('\n'));
  return first.contains(',') && lower(first.substr(0, 200)).contains("open");
}

Error error_of_status(const HttpReply& reply) {
  Error error = http_status_error(reply);
  const auto answer = read_short(reply.body);
  if (!answer) return told(std::move(error), reply.body.view().substr(0, 300), reply);
  std::string_view message = answer->error;
  if (answer->status) message = answer->status->message;
  if (!message.empty()) error.message += ": " + untrusted(message);
  return told(std::move(error), message, reply);
}

}  // namespace

TimePoint barchart_allowance_back(TimePoint now) {
  const auto zone = TimeZone::find("America/Chicago");
  if (!zone) return now + std::chrono::days(1);
  return zone->to_utc(zone->local_date(now) + std::chrono::days(1));
}

std::optional<Error> barchart_status_error(const BarchartStatus& status, const HttpReply& reply) {
  if (status.code == 200) return std::nullopt;
  const auto code = code_of_number(status.code);
  if (!code) {
    return reply_error(ErrorCode::schema,
                       "status.code is " + std::to_string(status.code) +
                           "; known are 200, 204, 400, 401, 403, 404, 429 and 5xx",
                       reply);
  }
  Error error = reply_error(*code,
                            "HTTP " + std::to_string(reply.status) + " that says " +
                                std::to_string(status.code) + ": " + untrusted(status.message),
                            reply);
  return told(std::move(error), status.message, reply);
}

std::optional<Error> barchart_refusal(const HttpReply& reply) {
  if (reply.status == 204) return Error{.code = ErrorCode::empty, .message = "HTTP 204"};
  if (reply.status != 200) return error_of_status(reply);
  const std::string_view body = trim(reply.body.view());
  if (!body.starts_with('{')) {
    if (is_table(body)) return std::nullopt;
    return refusal_in_text(body, reply);
  }
  const auto answer = read_short(reply.body);
  if (!answer) return std::nullopt;
  if (answer->status) return barchart_status_error(*answer->status, reply);
  if (answer->error.empty()) return std::nullopt;
  Error error =
      reply_error(ErrorCode::bad_payload, "HTTP 200 that says: " + untrusted(answer->error), reply);
  return told(std::move(error), answer->error, reply);
}

}  // namespace vortex
