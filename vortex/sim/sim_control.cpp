// The /__sim/ paths of the imposter: a test looks in and changes the world.
#include <array>
#include <string_view>

#include "vortex/base/json.hpp"
#include "vortex/base/suggest.hpp"
#include "vortex/sim/yahoo_imposter.hpp"

namespace vortex {
namespace {

constexpr std::string_view kPrefix = "/__sim/";
constexpr std::array<std::string_view, 6> kChanges = {"reset", "faults", "restate",
                                                      "split", "now",    "end-sessions"};

ServerReply json_reply(int status, std::string body) {
  ServerReply reply;
  reply.status = status;
  reply.headers = {{.name = "Content-Type", .value = "application/json;charset=utf-8"}};
  reply.body = std::move(body);
  return reply;
}

ServerReply refusal(const Error& error) {
  return json_reply(400, R"({"error":)" + json_quote(error.message) + "}");
}

struct SymbolAndDate {
  std::string symbol;
  Date date;
};

Result<SymbolAndDate> read_place(const Json& json) {
  const auto symbol = json.string_at("symbol");
  const auto text = json.string_at("date");
  const auto date = text ? parse_date(*text) : std::nullopt;
  if (!symbol || !date) return fail(ErrorCode::usage, R"(needs "symbol" and "date": "YYYY-MM-DD")");
  return SymbolAndDate{.symbol = std::string(*symbol), .date = *date};
}

}  // namespace

ServerReply YahooImposter::control(const ServerRequest& request) {
  if (request.method == "GET" && request.path == "/__sim/counts")
    return json_reply(200, counts_.to_json());
  if (request.method != "POST" && request.method != "PUT") {
    return json_reply(405, R"({"error":"GET /__sim/counts, or POST"})");
  }
  if (auto done = change(request); !done) return refusal(done.error());
  return json_reply(200, R"({"status":"ok"})");
}

Result<void> YahooImposter::change(const ServerRequest& request) {
  const std::string_view name = std::string_view(request.path).substr(kPrefix.size());
  if (name == "reset") {
    counts_.clear();
    market_.clear_changes();
    if (options_.limit) options_.limit->clear();
    return {};
  }
  if (name == "end-sessions") {
    sessions_.end_all();
    return {};
  }
  if (name == "faults") {
    VORTEX_TRY(faults_, FaultScript::parse(request.body, options_.seed));
    started_ = clock_->monotonic();
    return {};
  }
  VORTEX_TRY(const Json json, Json::parse(request.body));
  if (name == "restate") return restate(json);
  if (name == "split") return split(json);
  if (name == "now") return set_now(json);
  return fail(ErrorCode::usage,
              "no such path: " + untrusted(request.path, 80) + did_you_mean(name, kChanges));
}

Result<void> YahooImposter::restate(const Json& json) {
  VORTEX_TRY(const SymbolAndDate place, read_place(json));
  const auto number = [&](std::string_view name) {
    const Json* found = json.find(name);
    return found == nullptr ? std::nullopt : found->as_number();
  };
  const Restatement values{.open = number("open"),
                           .high = number("high"),
                           .low = number("low"),
                           .close = number("close"),
                           .volume = json.int_at("volume")};
  if (!values.open && !values.high && !values.low && !values.close && !values.volume) {
    return fail(ErrorCode::usage, "needs one of open, high, low, close, volume");
  }
  market_.restate(place.symbol, place.date, values);
  return {};
}

Result<void> YahooImposter::split(const Json& json) {
  VORTEX_TRY(const SymbolAndDate place, read_place(json));
  const Json* found = json.find("ratio");
  const auto ratio = found == nullptr ? std::nullopt : found->as_number();
  if (!ratio || *ratio <= 0) return fail(ErrorCode::usage, "needs a \"ratio\" above 0");
  market_.add_split(place.symbol, {.date = place.date, .numerator = *ratio, .denominator = 1});
  return {};
}

Result<void> YahooImposter::set_now(const Json& json) {
  const auto text = json.string_at("now");
  const auto time = text ? parse_time(*text) : std::nullopt;
  if (!time) return fail(ErrorCode::usage, R"(needs "now": "2024-01-02T14:30:00Z")");
  options_.now = *time;
  return {};
}

}  // namespace vortex
