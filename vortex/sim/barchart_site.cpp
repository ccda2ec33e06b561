#include "vortex/sim/barchart_site.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "vortex/base/json.hpp"
#include "vortex/base/query_params.hpp"
#include "vortex/sim/barchart_wire.hpp"
#include "vortex/sim/hash.hpp"
#include "vortex/sim/web_form.hpp"
#include "vortex/sim/yahoo_sessions.hpp"

namespace vortex {
namespace {

constexpr std::size_t kSessionsMax = 10'000;
constexpr std::size_t kXsrfMax = 1'000;  // of a session; then the oldest go
constexpr std::size_t kTokenLength = 40;
constexpr std::string_view kPageEnd = "/historical-download";
constexpr std::string_view kQuotes = "/quotes/";
constexpr std::string_view kSessionCookie = "laravel_session";

ServerReply page(int status, std::string_view head, std::string_view body) {
  return reply_with(
      status, "text/html; charset=UTF-8",
      fmt::format("<!DOCTYPE html>\n<html><head><title>Barchart.com</title>\n{}</head>"
                  "\n<body>{}</body></html>",
                  head, body));
}

ServerReply json(std::string body) {
  return reply_with(200, "application/json", std::move(body));
}

ServerReply redirect_to(std::string_view path) {
  ServerReply reply = page(302, "", "");
  reply.headers.push_back({"Location", std::string(path)});
  return reply;
}

ServerReply page_expired() {
  return page(419, "", "<h1>419</h1><p>Page Expired</p>");
}

std::string symbol_of_page(std::string_view path) {
  const std::size_t begin = path.find(kQuotes);
  if (begin == std::string_view::npos || !path.ends_with(kPageEnd)) return {};
  const std::size_t at = begin + kQuotes.size();
  if (at + kPageEnd.size() >= path.size()) return {};
  return percent_decode(path.substr(at, path.size() - kPageEnd.size() - at)).value_or("");
}

bool is_check(const QueryParams& form) {
  return find_param(form, "onlyCheckPermissions") == "true";
}

}  // namespace

BarchartSite::BarchartSite(std::uint64_t seed, std::int64_t day_downloads)
    : seed_(seed), downloads_(kBarchartZone, day_downloads) {}

BarchartSite::Subject BarchartSite::subject_of(const ServerRequest& request) const {
  const bool is_post = request.method == "POST";
  if (request.path == "/login") return {.kind = is_post ? "login" : "login_page", .symbol = {}};
  if (request.path == "/" || request.path == "/logout") return {.kind = "front", .symbol = {}};
  if (request.path == "/my/download") {
    const QueryParams form = read_form(request.body);
    if (is_check(form)) return {.kind = "check", .symbol = {}};
    return {.kind = "download", .symbol = std::string(find_param(form, "symbol"))};
  }
  std::string symbol = symbol_of_page(request.path);
  if (symbol.empty()) return {};
  return {.kind = "page", .symbol = std::move(symbol)};
}

BarchartSite::Answer BarchartSite::answer(const ServerRequest& request, Market& market,
                                          TimePoint now) {
  if (request.path == "/login") {
    return {.reply = request.method == "POST" ? log_in(request) : login_page(request)};
  }
  if (request.path == "/my/download") return my_download(request, market, now);
  if (request.path == "/logout") {
    sessions_.erase(
        std::string(cookie_value(find_header(request.headers, "Cookie"), kSessionCookie)));
    return {.reply = redirect_to("/")};
  }
  if (request.path == "/") return {.reply = page(200, "", "<h1>Market data</h1>")};
  return {.reply = contract_page(request, market)};
}

void BarchartSite::end_sessions() {
  sessions_.clear();
}

void BarchartSite::reset() {
  sessions_.clear();
  downloads_.clear();
  blocked_ = false;
}

ServerReply BarchartSite::login_page(const ServerRequest& request) {
  constexpr std::string_view kForm =
      R"(<form method="POST" action="/login">{}<input type="text" name="email">)"
      R"(<input type="password" name="password"></form>)";
  if (blocked_) return page(200, "", fmt::format(kForm, ""));
  Session* session = session_of(request);
  if (session != nullptr && !session->user.empty()) return redirect_to("/");
  ServerReply reply = page(200, "", "");
  Session& own = session != nullptr ? *session : open_session(reply, "");
  give_xsrf(own, reply);
  const std::string token =
      fmt::format(R"(<input type="hidden" name="_token" value="{}">)", own.csrf);
  reply.body = page(200, "", fmt::format(kForm, token)).body;
  return reply;
}

ServerReply BarchartSite::log_in(const ServerRequest& request) {
  if (blocked_) return login_page(request);
  const QueryParams form = read_form(request.body);
  const Session* session = session_of(request);
  if (session == nullptr || find_param(form, "_token") != session->csrf) return page_expired();
  const std::string_view password = find_param(form, "password");
  const std::string_view user = find_param(form, "email");
  if (user.empty() || password.empty() || password.starts_with("BAD")) {
    return redirect_to("/login");
  }
  ServerReply reply = redirect_to("/");
  give_xsrf(open_session(reply, std::string(user)), reply);
  return reply;
}

ServerReply BarchartSite::contract_page(const ServerRequest& request, Market& market) {
  const std::string symbol = symbol_of_page(request.path);
  if (!knows_symbol(market, symbol)) return page(404, "", "<h1>Page Not Found</h1>");
  Session* session = session_of(request);
  if (session == nullptr && blocked_) return page(200, "", "<h1>Historical Download</h1>");
  ServerReply reply = page(200, "", "");
  Session& own = session != nullptr ? *session : open_session(reply, "");
  give_xsrf(own, reply);
  reply.body = page(200, fmt::format("<meta name=\"csrf-token\" content=\"{}\">\n", own.csrf),
                    "<h1>Historical Download</h1>")
                   .body;
  return reply;
}

BarchartSite::Answer BarchartSite::my_download(const ServerRequest& request, Market& market,
                                               TimePoint now) {
  Session* session = session_of(request);
  if (session == nullptr || session->user.empty()) return {.reply = redirect_to("/login")};
  if (!take_xsrf(*session, request)) return {.reply = page_expired()};
  const QueryParams form = read_form(request.body);
  const bool used_up = downloads_.is_used_up(session->user, now);
  const bool check = is_check(form);
  Answer answer{.reply = {}, .over_allowance = used_up && !check};
  if (used_up) {
    answer.reply = json(R"({"error":"You have EXCEEDED your daily download limit."})");
  } else if (check) {
    answer.reply =
        json(fmt::format(R"({{"success":true,"count":{}}})", downloads_.made(session->user, now)));
  } else if (find_param(form, "_token") != session->csrf) {
    answer.reply = page_expired();
  } else {
    downloads_.admit(session->user, now);
    answer.reply = file(form, market, now);
  }
  give_xsrf(*session, answer.reply);
  return answer;
}

ServerReply BarchartSite::file(const QueryParams& form, Market& market, TimePoint now) {
  const auto query = read_download_form(form);
  return reply_with(200, "text/csv; charset=UTF-8",
                    query ? download_answer(market, *query, now) : "Error retrieving data");
}

BarchartSite::Session* BarchartSite::session_of(const ServerRequest& request) {
  const auto found =
      sessions_.find(cookie_value(find_header(request.headers, "Cookie"), kSessionCookie));
  return found == sessions_.end() ? nullptr : &found->second;
}

BarchartSite::Session& BarchartSite::open_session(ServerReply& reply, std::string user) {
  if (sessions_.size() >= kSessionsMax) sessions_.clear();
  const std::string id = token(kTokenLength) + "=";
  reply.headers.push_back(
      {"Set-Cookie", fmt::format("{}={}; path=/; httponly", kSessionCookie, percent_encode(id))});
  Session& session = sessions_[percent_encode(id)];
  session = {.user = std::move(user), .csrf = token(kTokenLength), .xsrf = {}};
  return session;
}

// Its value stands in the cookie as a URL has it, and must come back decoded.
void BarchartSite::give_xsrf(Session& session, ServerReply& reply) {
  if (session.xsrf.size() >= kXsrfMax) session.xsrf.pop_front();
  session.xsrf.push_back("eyJ" + token(kTokenLength) + "=");
  reply.headers.push_back({"Set-Cookie", fmt::format("XSRF-TOKEN={}; path=/; Max-Age=7200",
                                                     percent_encode(session.xsrf.back()))});
}

bool BarchartSite::take_xsrf(Session& session, const ServerRequest& request) {
  const auto found = std::ranges::find(session.xsrf, find_header(request.headers, "X-XSRF-TOKEN"));
  if (found == session.xsrf.end()) return false;
  session.xsrf.erase(found);
  return true;
}

std::string BarchartSite::token(std::size_t length) {
  constexpr std::string_view kLetters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  const std::uint64_t key = hash_at(seed_, ++tokens_);
  std::string text;
  for (std::size_t i = 0; i < length; ++i) {
    text += kLetters[hash_at(key, static_cast<std::int64_t>(i)) % kLetters.size()];
  }
  return text;
}

}  // namespace vortex
