#include "vortex/provider/yahoo/yahoo_errors.hpp"

#include <array>
#include <utility>

#include <simdjson.h>

#include "vortex/base/ascii.hpp"
#include "vortex/provider/http_status.hpp"
#include "vortex/provider/yahoo/yahoo_json.hpp"

namespace vortex {
namespace {

namespace json = simdjson::ondemand;

// A phrase of the description decides before the status does: Yahoo uses 400 for an empty window
// and for a bad request alike.
struct Phrase {
  std::string_view text;
  ErrorCode code;
  std::string_view hint;
};

constexpr auto kPhrases = std::to_array<Phrase>({
    {"Data doesn't exist for startDate", ErrorCode::empty, ""},
    {"Invalid Crumb", ErrorCode::session_refused, ""},
    {"Invalid Cookie", ErrorCode::session_refused, ""},
    {"Too Many Requests", ErrorCode::rate_limited, ""},
    {"data not available for startTime", ErrorCode::range_limit, ""},
    {"must be within the last", ErrorCode::range_limit, ""},
    {"allowed to be fetched per request", ErrorCode::range_limit, ""},
    {"Duplicate key", ErrorCode::server,
     "the fault is permanent for this symbol and range; ask another range"},
});

std::optional<ErrorCode> code_of_word(std::string_view word) {
  if (word == "Not Found") return ErrorCode::not_found;
  if (word == "Unauthorized") return ErrorCode::session_refused;
  if (word == "Too Many Requests") return ErrorCode::rate_limited;
  if (word == "Bad Request" || word == "Unprocessable Entity") return ErrorCode::client;
  if (word == "Forbidden") return ErrorCode::banned;
  if (word == "Internal Server Error") return ErrorCode::server;
  return std::nullopt;
}

// Where Yahoo's use of a status differs from everybody's: there is no key to be wrong and no plan
// to lack, so 401 is the session and 403 a block.
ErrorCode code_of_status(int status, ErrorCode usual) {
  if (status == 401) return ErrorCode::session_refused;
  if (status == 403) return ErrorCode::banned;
  return usual;
}

// The error object of a short answer, under any wrapper.
std::optional<YahooErrorText> find_error_text(const Body& body) {
  static_assert(Body::kBodyPadding >= simdjson::SIMDJSON_PADDING);
  constexpr std::size_t kErrorBodyMax = std::size_t{1} << 20;
  if (body.empty() || body.size() > kErrorBodyMax) return std::nullopt;
  json::parser parser;
  json::document document;
  json::object root;
  const simdjson::padded_string_view view(body.data(), body.size(),
                                          body.size() + Body::kBodyPadding);
  if (parser.iterate(view).get(document) || document.get_object().get(root)) return std::nullopt;
  std::optional<YahooErrorText> found;
  const auto in_wrapper = [&](std::string_view key, json::value& value) {
    json::object object;
    if (key != "error" || found) return simdjson::SUCCESS;
    if (const auto error = value.get_object().get(object)) {
      return yahoo_json::unless_other_type(error);
    }
    found.emplace();
    return yahoo_json::read_error_text(object, *found);
  };
  const auto error = yahoo_json::each_member(root, [&](std::string_view, json::value& value) {
    return yahoo_json::each_member(value, in_wrapper);
  });
  return error ? std::nullopt : found;
}

bool is_html(std::string_view body) {
  return body.starts_with('<');
}

Error consent_error(const HttpReply& reply) {
  return reply_error(ErrorCode::consent_wall, "yahoo answers with its consent page", reply);
}

// A 200 whose body is no JSON object.
std::optional<Error> refusal_in_text(const HttpReply& reply) {
  const std::string_view body = trim(reply.body.view());
  if (body.empty()) return reply_error(ErrorCode::bad_payload, "the body is empty", reply);
  if (is_html(body)) {
    return reply_error(ErrorCode::html_instead, "HTML came instead of JSON", reply);
  }
  if (body.starts_with('{')) return std::nullopt;
  if (body.contains("Too Many Requests")) {
    return reply_error(ErrorCode::rate_limited, "HTTP 200 that says: too many requests", reply);
  }
  return reply_error(ErrorCode::bad_payload, "the body is no JSON object, at byte 0", reply);
}

}  // namespace

bool leads_to_consent(const HttpReply& reply) {
  const bool redirect = reply.status >= 300 && reply.status < 400;
  const std::string_view target =
      redirect ? find_header(reply.headers, "Location") : std::string_view(reply.final_url);
  return target.contains("guce.yahoo.com") || target.contains("consent.yahoo.com") ||
         target.contains("/collectConsent");
}

Error yahoo_error(const YahooErrorText& text, const HttpReply& reply) {
  Error error = reply.status == 200 ? reply_error(ErrorCode::server, "HTTP 200", reply)
                                    : http_status_error(reply);
  error.code = code_of_status(reply.status, error.code);
  error.message += ": " + untrusted(text.code, 60) + ": " + untrusted(text.description);
  if (const auto code = code_of_word(text.code)) error.code = *code;
  for (const Phrase& phrase : kPhrases) {
    if (!text.description.contains(phrase.text)) continue;
    error.code = phrase.code;
    error.hint = phrase.hint;
    break;
  }
  return error;
}

std::optional<Error> yahoo_refusal(const HttpReply& reply) {
  if (leads_to_consent(reply)) return consent_error(reply);
  if (reply.status == 200) return refusal_in_text(reply);
  if (const auto text = find_error_text(reply.body)) return yahoo_error(*text, reply);
  Error error = http_status_error(reply);
  error.code = code_of_status(reply.status, error.code);
  return error;
}

}  // namespace vortex
