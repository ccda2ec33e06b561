#include "vortex/sim/alphavantage_imposter.hpp"

#include <utility>

#include "vortex/base/json.hpp"
#include "vortex/base/time_zone.hpp"
#include "vortex/sim/alphavantage_wire.hpp"
#include "vortex/sim/fault_reply.hpp"
#include "vortex/sim/yahoo_sessions.hpp"

namespace vortex {
namespace {

constexpr std::string_view kProvider = "alphavantage";
constexpr std::string_view kThanks = "Thank you for using Alpha Vantage! ";
constexpr std::string_view kPlans =
    " You may subscribe to any of the premium plans at https://www.alphavantage.co/premium/ to ";
constexpr std::string_view kAnotherSymbol = "WRNG";
constexpr std::size_t kKeysMax = 10'000;  // whose days are counted; later ones share a count

ServerReply reply_with(int status, std::string_view type, std::string body) {
  ServerReply reply;
  reply.status = status;
  reply.headers = {{.name = "Content-Type", .value = std::string(type)}};
  reply.body = std::move(body);
  return reply;
}

// All of them come with status 200.
ServerReply saying(std::string_view member, std::string_view text) {
  return reply_with(200, "application/json",
                    "{\n    \"" + std::string(member) + "\": " + json_quote(text) + "\n}");
}

std::string wrong_key() {
  return "the parameter apikey is invalid or missing. Please claim your free API key on "
         "(https://www.alphavantage.co/support/#api-key). It should take less than 20 seconds.";
}

std::string spread_out() {
  return std::string(kThanks) +
         "Please consider spreading out your free API requests more sparingly (1 request per "
         "second)." +
         std::string(kPlans) +
         "lift the free key rate limit (25 requests per day), raise the per-second burst limit, "
         "and instantly unlock all premium endpoints";
}

std::string day_is_over(const std::string& key, std::int64_t calls) {
  return "We have detected your API key as " + key + " and our standard API rate limit is " +
         std::to_string(calls) + " requests per day." + std::string(kPlans) +
         "instantly remove all daily rate limits.";
}

std::string premium(const SeriesQuery& query) {
  if (query.is_premium()) {
    return std::string(kThanks) + "This is a premium endpoint." + std::string(kPlans) +
           "instantly unlock all premium endpoints";
  }
  return std::string(kThanks) +
         "The outputsize=full parameter value is a premium feature for the " + query.function +
         " endpoint." + std::string(kPlans) + "instantly unlock all premium features";
}

Date day_in_new_york(TimePoint now) {
  const auto zone = TimeZone::find("America/New_York");
  return zone ? zone->local_date(now) : date_of(now);
}

}  // namespace

AlphaVantageImposter::AlphaVantageImposter(const Clock& clock, Market market, FaultScript faults,
                                           AlphaVantageImposterOptions options)
    : clock_(&clock),
      started_(clock.monotonic()),
      market_(std::move(market)),
      faults_(std::move(faults)),
      options_(std::move(options)) {}

ServerReply AlphaVantageImposter::answer(const ServerRequest& request) {
  last_fault_.reset();
  if (request.path.starts_with("/__sim/")) return control(request);
  const std::string_view from = query_value(request.query, "from_symbol");
  const std::string_view symbol = from.empty() ? query_value(request.query, "symbol") : from;
  counts_.request(kProvider, query_value(request.query, "function"), symbol);
  const auto since_start = std::chrono::duration_cast<Duration>(clock_->monotonic() - started_);
  const FaultRule* rule = faults_.decide(
      {.provider = kProvider, .symbol = symbol, .path = request.path, .since_start = since_start});
  if (rule != nullptr) {
    counts_.fault(kProvider, to_string(rule->kind));
    last_fault_ = rule->kind;
  }
  ServerReply reply = answer_query(request, rule);
  // Too many calls and a wrong key have the vendor's own form, which is no status.
  const bool in_words = rule != nullptr && rule->kind == FaultKind::rate_limit;
  if (rule != nullptr && !in_words) reply = with_fault(std::move(reply), *rule);
  reply.headers.push_back({"date", http_date(now())});
  reply.headers.push_back({"server", "cloudflare"});
  const bool silent = reply.hang || (reply.reset && reply.close_after_bytes.value_or(0) == 0U);
  counts_.answered(kProvider, silent ? 0 : reply.status);
  return reply;
}

bool AlphaVantageImposter::admit_today(const std::string& key) {
  if (options_.day_calls == 0) return true;
  const bool known = days_.contains(key) || days_.size() < kKeysMax;
  Day& day = days_[known ? key : std::string("(others)")];
  const Date today = day_in_new_york(now());
  if (day.date != today) day = {.date = today, .calls = 0};
  if (day.calls >= options_.day_calls) return false;
  ++day.calls;
  return true;
}

std::string AlphaVantageImposter::refusal_of_caller(const std::string& key) {
  if (options_.limit && !options_.limit->admit(clock_->monotonic())) {
    counts_.violation(kProvider);
    return spread_out();
  }
  if (!admit_today(key)) {
    counts_.violation(kProvider);
    return day_is_over(key, options_.day_calls);
  }
  return {};
}

ServerReply AlphaVantageImposter::answer_query(const ServerRequest& request,
                                               const FaultRule* rule) {
  if (request.path != "/query") return reply_with(404, "text/html", "<html>Not Found</html>");
  const std::string key(query_value(request.query, "apikey"));
  const bool refused = rule != nullptr && rule->kind == FaultKind::bad_session;
  if (refused || key.empty() || (!options_.api_key.empty() && key != options_.api_key)) {
    return saying("Error Message", wrong_key());
  }
  if (rule != nullptr && rule->kind == FaultKind::rate_limit) {
    return saying("Information", spread_out());
  }
  if (const std::string refusal = refusal_of_caller(key); !refusal.empty()) {
    return saying("Information", refusal);
  }
  const auto query = read_series_query(request.query);
  if (!query) return saying("Error Message", query.error());
  const bool full_day =
      query->length == SeriesLength::day && query->full && query->market != SeriesMarket::coin;
  if (options_.free_plan && (query->is_premium() || full_day)) {
    return saying("Information", premium(*query));
  }
  const bool wrong = rule != nullptr && rule->kind == FaultKind::wrong_symbol;
  auto body = series_answer(market_, *query, now(), std::string(wrong ? kAnotherSymbol : ""));
  if (!body) return saying("Error Message", invalid_call(query->function));
  return reply_with(200, query->csv ? "application/x-download" : "application/json",
                    std::move(*body));
}

ServerReply AlphaVantageImposter::control(const ServerRequest& request) {
  constexpr std::string_view kJson = "application/json;charset=utf-8";
  if (request.method == "GET" && request.path == "/__sim/counts") {
    return reply_with(200, kJson, counts_.to_json());
  }
  if (request.method != "POST") {
    return reply_with(405, kJson, R"({"error":"GET /__sim/counts, or POST"})");
  }
  if (auto done = change(request); !done) {
    return reply_with(400, kJson, R"({"error":)" + json_quote(done.error().message) + "}");
  }
  return reply_with(200, kJson, R"({"status":"ok"})");
}

Result<void> AlphaVantageImposter::change(const ServerRequest& request) {
  if (request.path == "/__sim/reset") {
    counts_.clear();
    days_.clear();
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
  const auto text = json.string_at("now");
  const auto time = text ? parse_time(*text) : std::nullopt;
  if (request.path != "/__sim/now" || !time) {
    return fail(ErrorCode::usage, R"(no such path, or no "now": "2024-01-02T14:30:00Z")");
  }
  options_.now = *time;
  return {};
}

Result<void> AlphaVantageImposter::restate(const Json& json) {
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
