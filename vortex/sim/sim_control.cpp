// The /__sim/ paths of a SimWorld: a test looks in and changes the world.
#include <algorithm>
#include <array>

#include "vortex/base/json.hpp"
#include "vortex/base/suggest.hpp"
#include "vortex/sim/sim_world.hpp"

namespace vortex {
namespace {

constexpr std::string_view kPrefix = "/__sim/";
constexpr std::string_view kJson = "application/json;charset=utf-8";
constexpr std::array<std::string_view, 5> kChanges = {"reset", "faults", "restate", "split", "now"};

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

Error no_such_path(std::string_view name, const std::vector<SimPath>& paths) {
  std::vector<std::string_view> names(kChanges.begin(), kChanges.end());
  for (const SimPath& path : paths) names.push_back(path.name);
  return {.code = ErrorCode::usage,
          .message = "no such path: " + untrusted(name, 80) + did_you_mean(name, names)};
}

}  // namespace

bool SimWorld::is_control(const ServerRequest& request) {
  return request.path.starts_with(kPrefix);
}

ServerReply SimWorld::control(const ServerRequest& request, const std::function<void()>& reset,
                              const std::vector<SimPath>& paths) {
  const std::string_view name = std::string_view(request.path).substr(kPrefix.size());
  if (request.method == "GET" && name == "counts") {
    return reply_with(200, kJson, counts_.to_json());
  }
  if (request.method != "POST" && request.method != "PUT") {
    return reply_with(405, kJson, R"({"error":"GET /__sim/counts, or POST"})");
  }
  if (auto done = change(name, request.body, paths); !done) {
    return reply_with(400, kJson, R"({"error":)" + json_quote(done.error().message) + "}");
  }
  if (name == "reset" && reset) reset();
  return reply_with(200, kJson, R"({"status":"ok"})");
}

Result<void> SimWorld::change(std::string_view name, const std::string& body,
                              const std::vector<SimPath>& paths) {
  if (name == "reset") {
    clear();
    return {};
  }
  if (name == "faults") return set_faults(body);
  if (name == "restate") return restate(body);
  if (name == "split") return split(body);
  if (name == "now") return set_now(body);
  const auto own = std::ranges::find(paths, name, &SimPath::name);
  if (own == paths.end()) return std::unexpected(no_such_path(name, paths));
  return own->change(body);
}

void SimWorld::clear() {
  counts_.clear();
  market_.clear_changes();
  if (options_.limit) options_.limit->clear();
}

Result<void> SimWorld::set_faults(const std::string& script) {
  VORTEX_TRY(faults_, FaultScript::parse(script, options_.seed));
  script_since_ = clock_->monotonic();
  return {};
}

Result<void> SimWorld::restate(const std::string& body) {
  VORTEX_TRY(const Json json, Json::parse(body));
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

Result<void> SimWorld::split(const std::string& body) {
  VORTEX_TRY(const Json json, Json::parse(body));
  VORTEX_TRY(const SymbolAndDate place, read_place(json));
  const Json* found = json.find("ratio");
  const auto ratio = found == nullptr ? std::nullopt : found->as_number();
  if (!ratio || *ratio <= 0) return fail(ErrorCode::usage, "needs a \"ratio\" above 0");
  market_.add_split(place.symbol, {.date = place.date, .numerator = *ratio, .denominator = 1});
  return {};
}

Result<void> SimWorld::set_now(const std::string& body) {
  VORTEX_TRY(const Json json, Json::parse(body));
  const auto text = json.string_at("now");
  const auto time = text ? parse_time(*text) : std::nullopt;
  if (!time) return fail(ErrorCode::usage, R"(needs "now": "2024-01-02T14:30:00Z")");
  options_.now = *time;
  return {};
}

}  // namespace vortex
