#include "vortex/net/server_reply_text.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace vortex {

bool is_sendable(const ServerReply& reply) {
  const auto breaks_line = [](char c) {
    return c == '\r' || c == '\n' || c == '\0';
  };
  return std::ranges::none_of(reply.headers, [&](const Header& header) {
    return header.name.empty() || std::ranges::any_of(header.name, breaks_line) ||
           std::ranges::any_of(header.value, breaks_line);
  });
}

std::string reply_head(const ServerReply& reply, bool keep_alive) {
  std::string text = "HTTP/1.1 " + std::to_string(reply.status) + " ";
  text += reason_phrase(reply.status);
  text += "\r\n";
  for (const auto& [name, value] : reply.headers)
    text.append(name).append(": ").append(value).append("\r\n");
  const bool has_framing = !find_header(reply.headers, "Content-Length").empty() ||
                           !find_header(reply.headers, "Transfer-Encoding").empty();
  const bool has_body = reply.status >= 200 && reply.status != 204 && reply.status != 304;
  if (!has_framing && has_body) {
    text += "Content-Length: " + std::to_string(reply.body.size()) + "\r\n";
  }
  if (!keep_alive) text += "Connection: close\r\n";
  text += "\r\n";
  return text;
}

std::string_view reason_phrase(int status) {
  static constexpr auto kPhrases = std::to_array<std::pair<int, std::string_view>>({
      {200, "OK"},
      {201, "Created"},
      {202, "Accepted"},
      {204, "No Content"},
      {206, "Partial Content"},
      {301, "Moved Permanently"},
      {302, "Found"},
      {303, "See Other"},
      {304, "Not Modified"},
      {307, "Temporary Redirect"},
      {308, "Permanent Redirect"},
      {400, "Bad Request"},
      {401, "Unauthorized"},
      {403, "Forbidden"},
      {404, "Not Found"},
      {405, "Method Not Allowed"},
      {406, "Not Acceptable"},
      {407, "Proxy Authentication Required"},
      {408, "Request Timeout"},
      {409, "Conflict"},
      {413, "Content Too Large"},
      {418, "I'm a teapot"},
      {422, "Unprocessable Content"},
      {429, "Too Many Requests"},
      {431, "Request Header Fields Too Large"},
      {500, "Internal Server Error"},
      {501, "Not Implemented"},
      {502, "Bad Gateway"},
      {503, "Service Unavailable"},
      {504, "Gateway Timeout"},
  });
  const auto* found = std::ranges::find(kPhrases, status, &std::pair<int, std::string_view>::first);
  return found != kPhrases.end() ? found->second : "Unknown";
}

}  // namespace vortex
