#include "vortex/sim/barchart_imposter.hpp"

#include <algorithm>
#include <utility>

#include "vortex/base/time_zone.hpp"
#include "vortex/sim/barchart_wire.hpp"
#include "vortex/sim/fault_reply.hpp"
#include "vortex/sim/yahoo_sessions.hpp"

namespace vortex {
namespace {

constexpr std::string_view kProvider = "barchart";
constexpr std::string_view kJsonType = "application/json";
constexpr std::string_view kAnotherSymbol = "WRNG";
constexpr std::size_t kKeysMax = 10'000;  // whose days are counted; later ones share a count

ServerReply reply_with(int status, std::string_view type, std::string body) {
  ServerReply reply;
  reply.status = status;
  reply.headers = {{.name = "Content-Type", .value = std::string(type)}};
  reply.body = std::move(body);
  return reply;
}

ServerReply refusal(int code, std::string_view message) {
  return reply_with(code, kJsonType, history_status(code, message));
}

std::string_view value_of(const QueryParams& params, std::string_view name) {
  const auto found = std::ranges::find(params, name, &QueryParams::value_type::first);
  return found == params.end() ? std::string_view() : std::string_view(found->second);
}

Date day_in_chicago(TimePoint now) {
  const auto zone = TimeZone::find("America/Chicago");
  return zone ? zone->local_date(now) : date_of(now);
}

}  // namespace

BarchartImposter::BarchartImposter(const Clock& clock, Market market, FaultScript faults,
                                   BarchartImposterOptions options)
    : clock_(&clock),
      started_(clock.monotonic()),
      market_(std::move(market)),
      faults_(std::move(faults)),
      options_(std::move(options)),
      site_(options_.seed, options_.day_calls) {}

ServerReply BarchartImposter::answer(const ServerRequest& request) {
  last_fault_.reset();
  if (request.path.starts_with("/__sim/")) return control(request);
  const BarchartSite::Subject page = site_.subject_of(request);
  const bool of_site = !page.kind.empty();
  const std::string_view symbol = of_site ? page.symbol : value_of(request.query, "symbol");
  counts_.request(kProvider, of_site ? page.kind : value_of(request.query, "type"), symbol);
  const auto since_start = std::chrono::duration_cast<Duration>(clock_->monotonic() - started_);
  const FaultRule* rule = faults_.decide(
      {.provider = kProvider, .symbol = symbol, .path = request.path, .since_start = since_start});
  if (rule != nullptr) {
    counts_.fault(kProvider, to_string(rule->kind));
    last_fault_ = rule->kind;
  }
  ServerReply reply = of_site ? answer_site(request, rule) : answer_history(request, rule);
  if (rule != nullptr) reply = with_fault(std::move(reply), *rule);
  reply.headers.push_back({"date", http_date(now())});
  const bool silent = reply.hang || (reply.reset && reply.close_after_bytes.value_or(0) == 0U);
  counts_.answered(kProvider, silent ? 0 : reply.status);
  return reply;
}

bool BarchartImposter::is_good(std::string_view key) const {
  if (!options_.api_key.empty()) return key == options_.api_key;
  return !key.empty() && !key.starts_with("BAD");
}

bool BarchartImposter::admit_today(const std::string& key) {
  if (options_.day_calls == 0) return true;
  const bool known = days_.contains(key) || days_.size() < kKeysMax;
  Day& day = days_[known ? key : std::string("(others)")];
  const Date today = day_in_chicago(now());
  if (day.date != today) day = {.date = today, .calls = 0};
  if (day.calls >= options_.day_calls) return false;
  ++day.calls;
  return true;
}

ServerReply BarchartImposter::answer_history(const ServerRequest& request, const FaultRule* rule) {
  const bool csv = request.path == "/getHistory.csv";
  if (!csv && request.path != "/getHistory.json") {
    return reply_with(404, "text/html", "<html><body>Not Found</body></html>");
  }
  const std::string key(value_of(request.query, "apikey"));
  const bool refused = rule != nullptr && rule->kind == FaultKind::bad_session;
  if (refused || !is_good(key)) return refusal(401, "Invalid API key.");
  if (options_.limit && !options_.limit->admit(clock_->monotonic())) {
    counts_.violation(kProvider);
    return refusal(429, "Too many requests.");
  }
  if (!admit_today(key)) {
    counts_.violation(kProvider);
    return refusal(429, "You have reached your daily limit.");
  }
  const auto query = read_history_query(request.query, csv);
  if (!query) return refusal(400, query.error());
  const bool wrong = rule != nullptr && rule->kind == FaultKind::wrong_symbol;
  std::string body = history_answer(market_, *query, now(), wrong ? kAnotherSymbol : "");
  if (body.empty()) {
    return reply_with(200, kJsonType, history_status(204, "Success, but no content to return."));
  }
  return reply_with(200, csv ? "text/csv" : kJsonType, std::move(body));
}

ServerReply BarchartImposter::answer_site(const ServerRequest& request, const FaultRule* rule) {
  if (rule != nullptr && rule->kind == FaultKind::bad_session) site_.end_sessions();
  if (options_.limit && !options_.limit->admit(clock_->monotonic())) {
    counts_.violation(kProvider);
    return reply_with(429, "text/html", "<html><body>Too Many Requests</body></html>");
  }
  BarchartSite::Answer answer = site_.answer(request, market_, now());
  if (answer.over_allowance) counts_.violation(kProvider);
  return std::move(answer.reply);
}

ServerReply BarchartImposter::control(const ServerRequest& request) {
  if (request.method == "GET" && request.path == "/__sim/counts") {
    return reply_with(200, kJsonType, counts_.to_json());
  }
  if (request.method != "POST") {
    return reply_with(405, kJsonType, R"({"error":"GET /__sim/counts, or POST"})");
  }
  if (auto done = change(request); !done) {
    return reply_with(400, kJsonType, R"({"error":)" + json_quote(done.error().message) + "}");
  }
  return reply_with(200, kJsonType, R"({"status":"ok"})");
}

Result<void> BarchartImposter::change(const ServerRequest& request) {
  if (request.path == "/__sim/reset") {
    counts_.clear();
    days_.clear();
    site_.reset();
    market_.clear_changes();
    if (options_.limit) options_.limit->clear();
    return {};
  }
  if (request.path == "/__sim/faults") {
    VORTEX_TRY(faults_, FaultScript::parse(request.body, options_.seed));
    started_ = clock_->monotonic();
    return {};
  }
  VORTEX_TRY(const Json json, Json::parse(request.body));
  if (request.path == "/__sim/restate") return restate(json);
  if (request.path == "/__sim/site") return change_site(json);
  const auto text = json.string_at("now");
  const auto time = text ? parse_time(*text) : std::nullopt;
  if (request.path != "/__sim/now" || !time) {
    return fail(ErrorCode::usage, R"(no such path, or no "now": "2024-01-02T14:30:00Z")");
  }
  options_.now = *time;
  return {};
}

Result<void> BarchartImposter::change_site(const Json& json) {
  const auto blocked = json.bool_at("blocked");
  const bool end = json.bool_at("end_sessions").value_or(false);
  if (!blocked && !end) {
    return fail(ErrorCode::usage, R"(needs "blocked": true, or "end_sessions": true)");
  }
  if (blocked) site_.block(*blocked);
  if (end) site_.end_sessions();
  return {};
}

Result<void> BarchartImposter::restate(const Json& json) {
  const auto symbol = json.string_at("symbol");
  const auto text = json.string_at("date");
  const auto date = text ? parse_date(*text) : std::nullopt;
  const auto number = [&](std::string_view name) {
    const Json* found = json.find(name);
    return found == nullptr ? std::nullopt : found->as_number();
  };
  if (!symbol || !date) {
    return fail(ErrorCode::usage, R"(needs "symbol" and "date": "YYYY-MM-DD")");
  }
  market_.restate(std::string(*symbol), *date,
                  {.open = number("open"),
                   .high = number("high"),
                   .low = number("low"),
                   .close = number("close"),
                   .volume = json.int_at("volume")});
  return {};
}

}  // namespace vortex
