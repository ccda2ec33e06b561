// For the tests of this room: a provider called "fake" that lives in memory. FakeAdapter asks and
// reads a line format of its own; FakeTransport answers from a script. No socket, no file.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <fmt/format.h>

#include "vortex/codec/bar_batch_builder.hpp"
#include "vortex/config/settings.hpp"
#include "vortex/net/http_transport.hpp"
#include "vortex/provider/registry.hpp"
#include "vortex/runtime/runtime.hpp"

namespace vortex::fake {

inline TimePoint at(std::string_view text) {
  return *parse_time(text);
}

// What one fake provider has other than the next.
struct FakeTraits {
  std::string_view name = "fake";
  std::string_view auth = "session";
  std::string_view credential_place;
  Adjustment adjusted = Adjustment::split;
  std::string_view unknown;  // a symbol it has no spelling for
};

// GET /bars/SYMBOL?from=…&to=… → lines "2024-01-02 101.5".
class FakeAdapter final : public HttpAdapter {
 public:
  explicit FakeAdapter(FakeTraits traits = {})
      : traits_(traits),
        capabilities_{.name = traits.name,
                      .title = "Fake",
                      .default_base_url = "http://fake.invalid",
                      .intervals = {{.interval = Interval::d1, .provider_word = "d"}},
                      .limits = {"1000/s"},
                      .auth = traits.auth,
                      .credential_place = traits.credential_place} {}
  const Capabilities& capabilities() const override { return capabilities_; }
  Result<std::string> map_symbol(const Symbol& symbol) const override {
    if (symbol.text() == traits_.unknown) return fail(ErrorCode::bad_symbol, "it has no such");
    return symbol.text();
  }

  Result<std::vector<HttpCall>> plan(const BarsRequest& request, TimePoint /*now*/) const override {
    return std::vector<HttpCall>{{.path = "/bars/" + percent_encode(request.provider_symbol),
                                  .query = {{"from", format_time(request.range.start)},
                                            {"to", format_time(request.range.end)}}}};
  }

  Result<Page> decode(const BarsRequest& request, const HttpReply& reply) const override {
    if (reply.status == 401 && traits_.auth == "session")
      return fail(ErrorCode::session_refused, "401");
    if (reply.status == 401) {
      Error error{.code = ErrorCode::authentication, .message = "401"};
      return std::unexpected(std::move(error).with_evidence(reply.body.view()));
    }
    if (reply.status == 404) return fail(ErrorCode::not_found, "404");
    if (reply.status >= 500) return fail(ErrorCode::server, "5xx");
    if (reply.status == 429) {
      Error error{.code = ErrorCode::rate_limited, .message = "429"};
      if (const auto wait = parse_duration(find_header(reply.headers, "wait")))
        error.retry_at = reply.received_at + *wait;
      return std::unexpected(error);
    }
    return read_lines(request, reply);
  }

 private:
  Result<Page> read_lines(const BarsRequest& request, const HttpReply& reply) const {
    BarBatchBuilder builder;
    std::string_view text = reply.body.view();
    while (!text.empty()) {
      const std::string_view line = text.substr(0, text.find('\n'));
      text.remove_prefix(std::min(text.size(), line.size() + 1));
      const auto date = parse_date(line.substr(0, std::min<std::size_t>(10, line.size())));
      if (!date || line.size() < 12) return fail(ErrorCode::bad_payload, "no bar line");
      const double close = std::stod(std::string(line.substr(11)));
      if (!request.range.holds(midnight(*date))) continue;
      builder.append({.timestamp = midnight(*date),
                      .open = close,
                      .high = close + 1,
                      .low = close - 1,
                      .close = close,
                      .volume = 10});
    }
    VORTEX_TRY(auto bars, builder.finish({.symbol = request.symbol.text(),
                                          .provider = std::string(traits_.name),
                                          .interval = request.interval,
                                          .adjusted = traits_.adjusted,
                                          .basis = date_of(reply.received_at),
                                          .transform_timestamp = reply.received_at}));
    return Page{.bars = std::move(bars)};
  }

  FakeTraits traits_;
  Capabilities capabilities_;
};

// One step: GET /login → the body is the token.
class FakeSession final : public SessionSteps {
 public:
  HttpCall begin(State& /*state*/, const SecretString& /*credential*/) const override {
    return {.path = "/login"};
  }
  Result<std::variant<HttpCall, Session>> on_reply(State& /*state*/,
                                                   const HttpReply& reply) const override {
    if (reply.status != 200) return fail(ErrorCode::session_refused, "login refused");
    return Session{.params = {{"token", std::string(reply.body.view())}}};
  }
};

struct Answer {
  int status = 200;
  std::string body;
  Headers headers;
  std::optional<Error> error;  // instead of a reply
  Duration delay = Duration::zero();
};

// Answers by a function of the call; remembers what was asked and how many were under way at once.
class FakeTransport final : public HttpTransport {
 public:
  using Script = std::function<Answer(const HttpCall&)>;
  struct Log {
    std::vector<std::string> targets;
    std::vector<Headers> headers;  // of each of them
    int running = 0;
    int running_max = 0;
  };

  FakeTransport(Runtime* runtime, const Clock& clock, Script script, Log& log)
      : runtime_(runtime), clock_(clock), script_(std::move(script)), log_(log) {}

  Task<HttpReply> send(HttpRoute route, HttpCall call, Deadline deadline) override;

 private:
  Runtime* runtime_;
  const Clock& clock_;
  Script script_;
  Log& log_;
};

inline ProviderRegistry fake_registry() {
  ProviderRegistry registry;
  registry.add(std::make_unique<FakeAdapter>(), std::make_unique<FakeSession>());
  return registry;
}

inline Settings fake_settings(const std::string& store) {
  Settings settings{.store_uri = store, .default_providers = {"fake"}, .cpu_threads = 1};
  settings.providers["fake"] = {.limits = std::vector<RateLimit>{}};
  return settings;
}

}  // namespace vortex::fake
