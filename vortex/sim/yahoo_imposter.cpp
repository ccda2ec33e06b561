#include "vortex/sim/yahoo_imposter.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "vortex/base/json.hpp"
#include "vortex/base/query_params.hpp"
#include "vortex/sim/fault_reply.hpp"
#include "vortex/sim/web_form.hpp"
#include "vortex/sim/yahoo_wire.hpp"

namespace vortex {
namespace {

constexpr std::string_view kChartPath = "/v8/finance/chart/";
constexpr std::string_view kCrumbPath = "/v1/test/getcrumb";
constexpr std::string_view kConsentPath = "/consent";
constexpr std::string_view kCollectPath = "/v2/collectConsent";
constexpr std::string_view kCopyPath = "/copyConsent";
constexpr std::string_view kJson = "application/json;charset=utf-8";
constexpr std::string_view kText = "text/plain;charset=utf-8";
constexpr std::string_view kHtml = "text/html; charset=utf-8";
constexpr std::string_view kAnotherSymbol = "WRNG";

ServerReply unauthorized(std::string_view description) {
  return reply_with(401, kJson,
                    R"({"finance":{"result":null,"error":{"code":"Unauthorized","description":")" +
                        std::string(description) + "\"}}}");
}

ServerReply too_many_requests() {
  return reply_with(429, kText, "Too Many Requests\r\n");
}

ServerReply redirect_to(std::string location) {
  ServerReply reply = reply_with(302, kHtml, "");
  reply.headers.push_back({"Location", std::move(location)});
  return reply;
}

// A real host's cookies are for the whole domain; on loopback they belong to the host alone.
std::string cookie_scope(const ServerRequest& request) {
  const std::string_view host = find_header(request.headers, "Host");
  return host.ends_with("yahoo.com") ? "; Domain=.yahoo.com; Path=/" : "; Path=/";
}

std::string consent_page(const ConsentForm& form) {
  return "<!DOCTYPE html>\n<html dir=\"ltr\"><head><title>Yahoo is part of the Yahoo family of "
         "brands</title></head>\n<body><form method=\"post\" class=\"consent-form\">"
         "<input type=\"hidden\" name=\"csrfToken\" value=\"" +
         form.csrf_token +
         "\">"
         "<input type=\"hidden\" name=\"sessionId\" value=\"" +
         form.session_id +
         "\">"
         "<input type=\"hidden\" name=\"originalDoneUrl\" value=\"https://finance.yahoo.com/\">"
         "<input type=\"hidden\" name=\"namespace\" value=\"yahoo\">"
         "<button type=\"submit\" name=\"agree\" value=\"agree\">Accept all</button>"
         "<button type=\"submit\" name=\"reject\" value=\"reject\">Reject all</button>"
         "</form></body></html>\n";
}

std::string_view kind_of(std::string_view path) {
  if (path.starts_with(kChartPath)) return "chart";
  if (path == kCrumbPath) return "crumb";
  if (path == kConsentPath || path == kCollectPath || path == kCopyPath) return "consent";
  if (path.starts_with("/ws/") || (path.starts_with("/v") && path.contains("/finance/")))
    return "other";
  return "cookie";
}

// The other interfaces know nothing, in their own words.
ServerReply other_interface(std::string_view path) {
  if (path.starts_with("/v10/finance/quoteSummary/")) {
    return reply_with(404, kJson,
                      R"({"quoteSummary":{"result":null,"error":{"code":"Not Found",)"
                      R"("description":"Quote not found for symbol"}}})");
  }
  if (path.starts_with("/v7/finance/quote")) {
    return reply_with(200, kJson, R"({"quoteResponse":{"result":[],"error":null}})");
  }
  if (path.starts_with("/ws/fundamentals-timeseries/")) {
    return reply_with(200, kJson, R"({"timeseries":{"result":[],"error":null}})");
  }
  return reply_with(404, kJson,
                    R"({"finance":{"result":null,"error":{"code":"Not Found",)"
                    R"("description":"HTTP 404 Not Found"}}})");
}

void add_usual_headers(ServerReply& reply, TimePoint now) {
  const auto set = [&](std::string_view name, std::string value) {
    if (find_header(reply.headers, name).empty()) {
      reply.headers.push_back({std::string(name), std::move(value)});
    }
  };
  set("date", http_date(now));
  set("server", "ATS");
  set("cache-control",
      reply.status == 200 ? "public, max-age=10, stale-while-revalidate=20" : "max-age=0, private");
  set("vary", "Origin,Accept-Encoding");
  set("x-content-type-options", "nosniff");
  set("referrer-policy", "no-referrer-when-downgrade");
}

}  // namespace

struct YahooImposter::Asked {
  std::string_view kind;
  std::string symbol;  // decoded; empty: none, or a malformed escape
};

YahooImposter::YahooImposter(SimWorld world, YahooImposterOptions options)
    : world_(std::move(world)), options_(options), sessions_(world_.seed()) {}

ServerReply YahooImposter::answer(const ServerRequest& request) {
  if (SimWorld::is_control(request)) return control(request);
  Asked asked{.kind = kind_of(request.path), .symbol = {}};
  if (asked.kind == "chart") {
    asked.symbol = percent_decode(std::string_view(request.path).substr(kChartPath.size()))
                       .value_or(std::string());
  }
  world_.arrived(asked.kind, asked.symbol);
  return world_.answered(answer_provider(request, asked));
}

ServerReply YahooImposter::control(const ServerRequest& request) {
  const auto end_sessions = [this](const std::string&) -> Result<void> {
    sessions_.end_all();
    return {};
  };
  return world_.control(request, {}, {{.name = "end-sessions", .change = end_sessions}});
}

ServerReply YahooImposter::answer_provider(const ServerRequest& request, const Asked& asked) {
  if (!world_.is_within_limit()) return too_many_requests();
  const FaultRule* rule = world_.draw_fault(asked.symbol, request.path);
  ServerReply reply = route(request, asked, rule);
  if (rule != nullptr) reply = with_fault(std::move(reply), *rule);
  add_usual_headers(reply, world_.now());
  return reply;
}

ServerReply YahooImposter::route(const ServerRequest& request, const Asked& asked,
                                 const FaultRule* rule) {
  if (rule != nullptr && rule->kind == FaultKind::bad_session) {
    sessions_.end_all();
    return unauthorized("Invalid Crumb");
  }
  if (asked.kind == "chart") {
    return chart(request, asked, rule != nullptr && rule->kind == FaultKind::wrong_symbol);
  }
  if (request.path == kCrumbPath) return crumb(request);
  if (request.path == kConsentPath) return consent(request);
  if (request.path == kCollectPath) return collect_consent(request);
  if (request.path == kCopyPath) return copy_consent(request);
  if (asked.kind == "other") return other_interface(request.path);
  return landing(request);
}

ServerReply YahooImposter::chart(const ServerRequest& request, const Asked& asked,
                                 bool wrong_symbol) {
  if (options_.require_crumb) {
    const std::string_view cookies = find_header(request.headers, "Cookie");
    if (!sessions_.crumb(cookies)) return unauthorized("Invalid Cookie");
    if (!sessions_.accepts(cookies, find_param(request.query, "crumb")))
      return unauthorized("Invalid Crumb");
  }
  ChartRequest wanted{.symbol = asked.symbol, .params = request.query, .answer_symbol = {}};
  if (wrong_symbol) wanted.answer_symbol = asked.symbol == kAnotherSymbol ? "AAPL" : kAnotherSymbol;
  WireAnswer answer = chart_answer(world_.market(), wanted, world_.now());
  return reply_with(answer.status, kJson, std::move(answer.body));
}

ServerReply YahooImposter::crumb(const ServerRequest& request) const {
  const auto crumb = sessions_.crumb(find_header(request.headers, "Cookie"));
  if (!crumb) return unauthorized("Invalid Cookie");
  ServerReply reply = reply_with(200, kText, *crumb);
  reply.headers.push_back({"cache-control", "private, max-age=60, stale-while-revalidate=30"});
  return reply;
}

void YahooImposter::add_session_cookies(const ServerRequest& request, Headers& headers) {
  constexpr auto kYear = std::chrono::hours(24 * 365);
  const std::string a3 = sessions_.open();
  const std::string age =
      "; Expires=" + http_date(world_.clients_now() + kYear) + "; Max-Age=31536000";
  const std::string scope = cookie_scope(request);
  headers.push_back({"Set-Cookie", "A1=" + a3 + age + scope + "; SameSite=Lax; HttpOnly"});
  headers.push_back({"Set-Cookie", "A3=" + a3 + age + scope + "; HttpOnly"});
  headers.push_back({"Set-Cookie", "A1S=" + a3 + scope + "; SameSite=Lax"});
}

// What every unknown path gives, and fc.yahoo.com's only purpose: 404 and a cookie.
ServerReply YahooImposter::landing(const ServerRequest& request) {
  ServerReply reply = reply_with(404, kHtml,
                                 "<!DOCTYPE html>\n<html><head><title>Yahoo</title></head>"
                                 "<body><h1>404 Not Found</h1></body></html>");
  const bool has_session = sessions_.crumb(find_header(request.headers, "Cookie")).has_value();
  if (!options_.consent_wall && !has_session) add_session_cookies(request, reply.headers);
  return reply;
}

ServerReply YahooImposter::consent(const ServerRequest& request) {
  const ConsentForm form = sessions_.begin_consent();
  ServerReply reply =
      redirect_to(std::string(kCollectPath) + "?sessionId=" + percent_encode(form.session_id));
  reply.headers.push_back(
      {"Set-Cookie", "GUCS=AR" + form.csrf_token + "; Max-Age=1800" + cookie_scope(request)});
  return reply;
}

ServerReply YahooImposter::collect_consent(const ServerRequest& request) {
  const auto form = sessions_.consent_form(find_param(request.query, "sessionId"));
  if (!form) return reply_with(400, kHtml, "<html><body>no such session</body></html>");
  if (request.method != "POST") return reply_with(200, kHtml, consent_page(*form));
  if (!sessions_.agree(read_form(request.body))) {
    return reply_with(400, kHtml, "<html><body>the form was not agreed to</body></html>");
  }
  ServerReply reply = redirect_to(std::string(kCopyPath) +
                                  "?sessionId=" + percent_encode(form->session_id) + "&lang=en-GB");
  reply.headers.push_back({"Set-Cookie", "CFC=AQAB" + form->csrf_token + "; Path=/"});
  return reply;
}

ServerReply YahooImposter::copy_consent(const ServerRequest& request) {
  // A client that follows redirects asks twice: once led here, once by itself.
  const bool agreed = sessions_.take_agreed(find_param(request.query, "sessionId"));
  const bool has_session = sessions_.crumb(find_header(request.headers, "Cookie")).has_value();
  if (!agreed && !has_session)
    return reply_with(400, kHtml, "<html><body>no consent</body></html>");
  ServerReply reply = redirect_to("/?guccounter=1");
  if (!has_session) {
    reply.headers.push_back({"Set-Cookie", "GUC=AQABCAFn" + cookie_scope(request)});
    add_session_cookies(request, reply.headers);
  }
  return reply;
}

}  // namespace vortex
