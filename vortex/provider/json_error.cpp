#include "vortex/provider/json_error.hpp"

#include <cstdint>
#include <string>

#include "vortex/provider/http_status.hpp"

namespace vortex {
namespace {

// Ends inside a string, or with brackets open.
bool is_cut(std::string_view text) {
  std::int64_t depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c == '\\') ++i;
      if (c == '"') quoted = false;
    } else if (c == '"') {
      quoted = true;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return quoted || depth > 0;
}

}  // namespace

Error json_error(std::string_view where, simdjson::error_code error, const char* location,
                 const HttpReply& reply) {
  std::string message = "at " + std::string(where.empty() ? "the document" : where) + ": " +
                        simdjson::error_message(error);
  if (location != nullptr) message += ", at byte " + std::to_string(location - reply.body.data());
  if (is_cut(reply.body.view())) {
    message = "cut at byte " + std::to_string(reply.body.size()) + ", " + message;
    return reply_error(ErrorCode::truncated, std::move(message), reply);
  }
  const bool other_type = error == simdjson::INCORRECT_TYPE;
  return reply_error(other_type ? ErrorCode::schema : ErrorCode::bad_payload, std::move(message),
                     reply);
}

}  // namespace vortex
