#include "vortex/sim/barchart_imposter.hpp"

#include <algorithm>
#include <utility>

#include "vortex/base/json.hpp"
#include "vortex/base/query_params.hpp"
#include "vortex/sim/barchart_wire.hpp"
#include "vortex/sim/fault_reply.hpp"
#include "vortex/sim/yahoo_sessions.hpp"

namespace vortex {
namespace {

constexpr std::string_view kJsonType = "application/json";
constexpr std::string_view kAnotherSymbol = "WRNG";

ServerReply refusal(int code, std::string_view message) {
  return reply_with(code, kJsonType, history_status(code, message));
}

}  // namespace

BarchartImposter::BarchartImposter(SimWorld world, BarchartImposterOptions options)
    : world_(std::move(world)),
      options_(std::move(options)),
      site_(world_.seed(), options_.day_calls),
      days_(kBarchartZone, options_.day_calls) {}

ServerReply BarchartImposter::answer(const ServerRequest& request) {
  if (SimWorld::is_control(request)) return control(request);
  const BarchartSite::Subject page = site_.subject_of(request);
  const bool of_site = !page.kind.empty();
  const std::string_view symbol = of_site ? page.symbol : find_param(request.query, "symbol");
  world_.arrived(of_site ? page.kind : find_param(request.query, "type"), symbol);
  const FaultRule* rule = world_.draw_fault(symbol, request.path);
  ServerReply reply = of_site ? answer_site(request, rule) : answer_history(request, rule);
  if (rule != nullptr) reply = with_fault(std::move(reply), *rule);
  reply.headers.push_back({"date", http_date(world_.now())});
  return world_.answered(std::move(reply));
}

bool BarchartImposter::is_good(std::string_view key) const {
  if (!options_.api_key.empty()) return key == options_.api_key;
  return !key.empty() && !key.starts_with("BAD");
}

ServerReply BarchartImposter::answer_history(const ServerRequest& request, const FaultRule* rule) {
  const bool csv = request.path == "/getHistory.csv";
  if (!csv && request.path != "/getHistory.json") {
    return reply_with(404, "text/html", "<html><body>Not Found</body></html>");
  }
  const std::string key(find_param(request.query, "apikey"));
  const bool refused = rule != nullptr && rule->kind == FaultKind::bad_session;
  if (refused || !is_good(key)) return refusal(401, "Invalid API key.");
  if (!world_.is_within_limit()) return refusal(429, "Too many requests.");
  if (!days_.admit(key, world_.now())) {
    world_.violated();
    return refusal(429, "You have reached your daily limit.");
  }
  const auto query = read_history_query(request.query, csv);
  if (!query) return refusal(400, query.error());
  const bool wrong = rule != nullptr && rule->kind == FaultKind::wrong_symbol;
  std::string body =
      history_answer(world_.market(), *query, world_.now(), wrong ? kAnotherSymbol : "");
  if (body.empty()) {
    return reply_with(200, kJsonType, history_status(204, "Success, but no content to return."));
  }
  return reply_with(200, csv ? "text/csv" : kJsonType, std::move(body));
}

ServerReply BarchartImposter::answer_site(const ServerRequest& request, const FaultRule* rule) {
  if (rule != nullptr && rule->kind == FaultKind::bad_session) site_.end_sessions();
  if (!world_.is_within_limit()) {
    return reply_with(429, "text/html", "<html><body>Too Many Requests</body></html>");
  }
  BarchartSite::Answer answer = site_.answer(request, world_.market(), world_.now());
  if (answer.over_allowance) world_.violated();
  return std::move(answer.reply);
}

ServerReply BarchartImposter::control(const ServerRequest& request) {
  const auto reset = [this] {
    days_.clear();
    site_.reset();
  };
  const auto site = [this](const std::string& body) {
    return change_site(body);
  };
  return world_.control(request, reset, {{.name = "site", .change = site}});
}

Result<void> BarchartImposter::change_site(const std::string& body) {
  VORTEX_TRY(const Json json, Json::parse(body));
  const auto blocked = json.bool_at("blocked");
  const bool end = json.bool_at("end_sessions").value_or(false);
  if (!blocked && !end) {
    return fail(ErrorCode::usage, R"(needs "blocked": true, or "end_sessions": true)");
  }
  if (blocked) site_.block(*blocked);
  if (end) site_.end_sessions();
  return {};
}

}  // namespace vortex
