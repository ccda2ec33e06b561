#include "vortex/provider/barchart/barchart_site_steps.hpp"

#include <algorithm>
#include <utility>

#include "vortex/base/ascii.hpp"
#include "vortex/base/json.hpp"
#include "vortex/base/query_params.hpp"
#include "vortex/provider/barchart/barchart_site_file.hpp"
#include "vortex/provider/barchart/barchart_site_page.hpp"
#include "vortex/provider/cookies.hpp"
#include "vortex/provider/http_status.hpp"

namespace vortex {
namespace {

using State = CallSteps::State;
using Step = CallSteps::Step;

// State::step.
constexpr int kPage = 0;
constexpr int kCheck = 1;

constexpr std::string_view kDownloadPath = "/my/download";
constexpr std::string_view kXsrfCookie = "XSRF-TOKEN";
constexpr const char* kToken = "token";  // State::fields: of the page

// None where the answer before brought no token to send along.
std::optional<HttpCall> download_call(const State& state, const QueryParams& form) {
  const auto token = percent_decode(cookie_value_of(state.cookies, kXsrfCookie));
  const auto is_plain = [](char c) {
    return c > ' ' && c < '\x7F';
  };
  if (!token || token->empty() || !std::ranges::all_of(*token, is_plain)) return std::nullopt;
  return HttpCall{
      .method = HttpMethod::post,
      .host = std::string(kBarchartHost),
      .path = std::string(kDownloadPath),
      .headers = {{"Cookie", cookie_line(state.cookies)},
                  {"Content-Type", std::string(kBarchartFormType)},
                  {"Referer", "https://" + std::string(kBarchartHost) + state.wanted.path},
                  {"X-XSRF-TOKEN", *token}},
      .body = encode_params(form),
      .follow_redirects = false};
}

QueryParams file_form(const State& state) {
  const HttpCall& wanted = state.wanted;
  const std::string symbol = std::string(find_param(wanted.query, "symbol"));
  const std::string interval = std::string(find_param(wanted.query, "interval"));
  const bool minutes = !interval.empty();
  QueryParams form = {
      {"_token", state.fields.at(kToken)},
      {"fileName", symbol + (minutes ? "_Intraday_Historical Data" : "_Daily_Historical Data")},
      {"symbol", symbol},
      {"fields", std::string("tradeTime.format(") + (minutes ? "Y-m-d H:i" : "Y-m-d") +
                     "),openPrice,highPrice,lowPrice,lastPrice,volume"},
      {"startDate", std::string(find_param(wanted.query, "startDate"))},
      {"endDate", std::string(find_param(wanted.query, "endDate"))},
      {"orderBy", "tradeTime"},
      {"orderDir", "asc"},
      {"method", "historical"},
      {"limit", std::to_string(kBarchartFileRowsMax)},
      {"customView", "true"},
      {"pageTitle", "Historical Data"},
      {"type", std::string(find_param(wanted.query, "type"))}};
  if (minutes) {
    form.emplace_back("interval", interval);
  } else {
    form.emplace_back("period", std::string(find_param(wanted.query, "period")));
  }
  return form;
}

std::unexpected<Error> no_token(std::string_view where, const HttpReply& reply) {
  return std::unexpected(barchart_session_ended(
      std::string(where) + " came without a token: the session has ended, or the website blocks "
                           "plain clients",
      reply));
}

Result<Step> on_page(State& state, const HttpReply& reply) {
  if (asks_for_barchart_login(reply)) {
    return std::unexpected(barchart_session_ended(
        "the page of " + std::string(find_param(state.wanted.query, "symbol")) +
            " wants a login: the session has ended",
        reply));
  }
  if (reply.status != 200) {
    return std::unexpected(barchart_site_error(
        ErrorCode::not_found, "the website has no download page for this symbol", reply));
  }
  state.fields[kToken] = barchart_page_token(reply.body.view());
  auto check = download_call(state, {{"onlyCheckPermissions", "true"}});
  if (state.fields[kToken].empty() || !check) return no_token("the page of the symbol", reply);
  state.step = kCheck;
  return Step{.call = std::move(*check)};
}

Result<Step> on_check(State& state, const HttpReply& reply) {
  if (asks_for_barchart_login(reply)) {
    return std::unexpected(barchart_session_ended(
        "the question about the allowance wants a login: the session has ended", reply));
  }
  const auto json = Json::parse(reply.body.view());
  if (reply.status != 200 || !json || json->as_object() == nullptr) {
    const bool html = trim(reply.body.view()).starts_with('<');
    return std::unexpected(
        barchart_site_error(html ? ErrorCode::html_instead : ErrorCode::bad_payload,
                            "the question about the allowance was answered by HTTP " +
                                std::to_string(reply.status) + ", and not with JSON",
                            reply));
  }
  if (const auto words = json->string_at("error")) {
    return std::unexpected(barchart_site_told(*words, reply));
  }
  const auto count = json->int_at("count");
  if (!json->bool_at("success").value_or(false) || !count || *count < 0) {
    return std::unexpected(reply_error(
        ErrorCode::schema,
        R"(the answer about the allowance is neither {"success":true,"count":N} nor {"error":…})",
        reply));
  }
  auto data = download_call(state, file_form(state));
  if (!data) return no_token("the answer about the allowance", reply);
  return Step{.call = std::move(*data),
              .is_data = true,
              .token = SecretString(state.fields[kToken]),
              .used_today = count};
}

}  // namespace

HttpCall BarchartSiteSteps::begin(State& state, HttpCall wanted) const {
  state = State{};
  state.step = kPage;
  state.cookies = cookies_of_line(find_header(wanted.headers, "Cookie"));
  HttpCall call{.host = wanted.host, .path = wanted.path, .follow_redirects = false};
  if (!state.cookies.empty()) call.headers.push_back({"Cookie", cookie_line(state.cookies)});
  state.wanted = std::move(wanted);
  return call;
}

Result<CallSteps::Step> BarchartSiteSteps::on_reply(State& state, const HttpReply& reply) const {
  if (auto refusal = barchart_site_refusal(reply)) return std::unexpected(std::move(*refusal));
  // Of before: an answer that brings none must not be taken for one that does.
  std::erase_if(state.cookies, [](const Header& cookie) { return cookie.name == kXsrfCookie; });
  keep_cookies(state.cookies, reply, kBarchartCookies);
  return state.step == kPage ? on_page(state, reply) : on_check(state, reply);
}

}  // namespace vortex
