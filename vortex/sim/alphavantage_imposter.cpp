#include "vortex/sim/alphavantage_imposter.hpp"

#include <utility>

#include "vortex/base/json.hpp"
#include "vortex/base/query_params.hpp"
#include "vortex/sim/alphavantage_wire.hpp"
#include "vortex/sim/fault_reply.hpp"
#include "vortex/sim/yahoo_sessions.hpp"

namespace vortex {
namespace {

constexpr std::string_view kThanks = "Thank you for using Alpha Vantage! ";
constexpr std::string_view kPlans =
    " You may subscribe to any of the premium plans at https://www.alphavantage.co/premium/ to ";
constexpr std::string_view kAnotherSymbol = "WRNG";

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

}  // namespace

AlphaVantageImposter::AlphaVantageImposter(SimWorld world, AlphaVantageImposterOptions options)
    : world_(std::move(world)),
      options_(std::move(options)),
      days_("America/New_York", options_.day_calls) {}

ServerReply AlphaVantageImposter::answer(const ServerRequest& request) {
  if (SimWorld::is_control(request)) return world_.control(request, [this] { days_.clear(); });
  const std::string_view from = find_param(request.query, "from_symbol");
  const std::string_view symbol = from.empty() ? find_param(request.query, "symbol") : from;
  world_.arrived(find_param(request.query, "function"), symbol);
  const FaultRule* rule = world_.draw_fault(symbol, request.path);
  ServerReply reply = answer_query(request, rule);
  // Too many calls and a wrong key have the vendor's own form, which is no status.
  const bool in_words = rule != nullptr && rule->kind == FaultKind::rate_limit;
  if (rule != nullptr && !in_words) reply = with_fault(std::move(reply), *rule);
  reply.headers.push_back({"date", http_date(world_.now())});
  reply.headers.push_back({"server", "cloudflare"});
  return world_.answered(std::move(reply));
}

std::string AlphaVantageImposter::refusal_of_caller(const std::string& key) {
  if (!world_.is_within_limit()) return spread_out();
  if (days_.admit(key, world_.now())) return {};
  world_.violated();
  return day_is_over(key, days_.max());
}

ServerReply AlphaVantageImposter::answer_query(const ServerRequest& request,
                                               const FaultRule* rule) {
  if (request.path != "/query") return reply_with(404, "text/html", "<html>Not Found</html>");
  const std::string key(find_param(request.query, "apikey"));
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
  auto body = series_answer(world_.market(), *query, world_.now(),
                            std::string(wrong ? kAnotherSymbol : ""));
  if (!body) return saying("Error Message", invalid_call(query->function));
  return reply_with(200, query->csv ? "application/x-download" : "application/json",
                    std::move(*body));
}

}  // namespace vortex
