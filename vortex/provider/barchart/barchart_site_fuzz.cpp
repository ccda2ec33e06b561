// The input is a script of answers, one a line: its first byte picks the status, the rest is header
// and body alike. A login and the steps before a download end within their number of calls, go to
// one host, and put nothing into a header that could end it.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <variant>

#include "vortex/provider/barchart/barchart_site.hpp"
#include "vortex/provider/cookies.hpp"

namespace {

vortex::HttpReply next_reply(std::string_view& text) {
  constexpr int kStatuses[] = {200, 302, 401, 403, 404, 419, 429, 503};
  const std::string_view line = text.substr(0, text.find('\n'));
  text.remove_prefix(std::min(line.size() + 1, text.size()));
  const unsigned kind = line.empty() ? 0U : static_cast<unsigned char>(line[0]);
  const std::string rest(line.substr(line.empty() ? 0 : 1));
  return {.status = kStatuses[kind % 8],
          .headers = {{"Set-Cookie", rest},
                      {"Set-Cookie", "XSRF-TOKEN=" + rest.substr(0, rest.find('<'))},
                      {"Location", rest}},
          .body = vortex::Body::copy_of(rest)};
}

void expect_sound(const vortex::HttpCall& call) {
  if (call.host != "www.barchart.com") std::abort();
  for (const vortex::Header& header : call.headers) {
    if (header.value.find_first_of("\r\n") != std::string::npos) std::abort();
  }
}

void log_in(const vortex::Provider& site, std::string_view text) {
  vortex::SessionSteps::State state;
  expect_sound(site.session->begin(state, vortex::SecretString("me:secret")));
  for (int calls = 1; !text.empty(); ++calls) {
    const auto next = site.session->on_reply(state, next_reply(text));
    if (!next || std::holds_alternative<vortex::Session>(*next)) return;
    expect_sound(std::get<vortex::HttpCall>(*next));
    if (calls > 2) std::abort();
  }
}

void walk(const vortex::Provider& site, std::string_view text) {
  vortex::CallSteps::State state;
  expect_sound(site.before->begin(
      state, {.host = "www.barchart.com", .path = "/x", .query = {{"symbol", "GCZ24"}}}));
  for (int calls = 1; !text.empty(); ++calls) {
    const auto next = site.before->on_reply(state, next_reply(text));
    if (!next) return;
    expect_sound(next->call);
    if (next->is_data) return;
    if (calls > 2) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const vortex::Provider site = vortex::barchart_website();
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  log_in(site, text);
  walk(site, text);
  (void)vortex::read_cookie_file(text, {.host = "www.barchart.com"}, {});
  return 0;
}
