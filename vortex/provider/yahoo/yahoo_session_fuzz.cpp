// The input is a script of answers, one a line: status and kind by the first byte, the rest is
// header and body alike. A login must end within its number of calls.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <variant>

#include "vortex/provider/yahoo/yahoo_session.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr int kStatuses[] = {200, 302, 401, 429, 404, 503};
  constexpr int kCallsMax = 10;
  const vortex::YahooSession steps;
  vortex::SessionSteps::State state;
  std::string_view text{reinterpret_cast<const char*>(data), size};
  vortex::HttpCall call = steps.begin(state, {});
  for (int calls = 1; !text.empty(); ++calls) {
    if (calls > kCallsMax) std::abort();
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const unsigned kind = line.empty() ? 0U : static_cast<unsigned char>(line[0]);
    const std::string rest(line.substr(line.empty() ? 0 : 1));
    const auto next = steps.on_reply(state, {.status = kStatuses[kind % 6],
                                             .headers = {{"Set-Cookie", rest}, {"Location", rest}},
                                             .body = vortex::Body::copy_of(rest)});
    if (!next || std::holds_alternative<vortex::Session>(*next)) return 0;
    call = std::get<vortex::HttpCall>(*next);
    if (!call.host.ends_with("yahoo.com")) std::abort();
    for (const vortex::Header& header : call.headers) {
      if (header.value.contains('\r') || header.value.contains('\n')) std::abort();
    }
  }
  return 0;
}
