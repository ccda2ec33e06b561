#include "vortex/provider/yahoo/yahoo_session.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "vortex/base/ascii.hpp"
#include "vortex/base/query_params.hpp"
#include "vortex/provider/cookies.hpp"
#include "vortex/provider/html_tag.hpp"
#include "vortex/provider/http_status.hpp"
#include "vortex/provider/yahoo/yahoo_errors.hpp"

namespace vortex {
namespace {

using State = SessionSteps::State;
using Next = std::variant<HttpCall, Session>;

// State::step.
constexpr int kCookie = 0;
constexpr int kCrumb = 1;
constexpr int kConsent = 2;
constexpr int kCollect = 3;
constexpr int kSubmit = 4;
constexpr int kCopy = 5;

constexpr std::string_view kCookieHost = "fc.yahoo.com";
constexpr std::string_view kCrumbHost = "query1.finance.yahoo.com";
constexpr std::string_view kCrumbHostAfterConsent = "query2.finance.yahoo.com";
constexpr std::string_view kGuceHost = "guce.yahoo.com";
constexpr std::string_view kConsentHost = "consent.yahoo.com";
constexpr std::string_view kCollectPath = "/v2/collectConsent";
constexpr std::string_view kCopyPath = "/copyConsent";

constexpr int kCallsMax = 8;
constexpr std::size_t kCrumbMax = 64;
// Only what is for all of yahoo.com, or says nothing; a cookie of consent.yahoo.com stays there.
constexpr CookieSite kCookies{.host = "yahoo.com", .cookies_max = 32};
// The cookie lives a year; the crumb is known to go stale within days.
constexpr Duration kSessionLife = std::chrono::hours(24);

// Our notes between the steps; names that no form of Yahoo's uses.
constexpr const char* kCallsNote = "calls";
constexpr const char* kConsentNote = "consent tried";

bool is_token(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7F' && c != ';'; });
}

bool has_session_cookie(const State& state) {
  return std::ranges::any_of(state.cookies, [](const Header& cookie) {
    return cookie.name == "A1" || cookie.name == "A3" || cookie.name == "A1S";
  });
}

HttpCall call_to(const State& state, std::string_view host, std::string_view path) {
  HttpCall call{.host = std::string(host), .path = std::string(path), .follow_redirects = false};
  if (!state.cookies.empty()) call.headers.push_back({"Cookie", cookie_line(state.cookies)});
  return call;
}

HttpCall ask_crumb(State& state) {
  state.step = kCrumb;
  const bool after_consent = state.fields.contains(kConsentNote);
  return call_to(state, after_consent ? kCrumbHostAfterConsent : kCrumbHost, "/v1/test/getcrumb");
}

std::unexpected<Error> refuse(ErrorCode code, std::string message, const HttpReply& reply) {
  return std::unexpected(reply_error(code, "session: " + std::move(message), reply));
}

Result<Next> ask_consent(State& state, const HttpReply& reply) {
  if (state.fields.contains(kConsentNote)) {
    return refuse(ErrorCode::consent_wall, "the consent chain gave no session", reply);
  }
  state.fields[kConsentNote] = "1";
  state.step = kConsent;
  return call_to(state, kGuceHost, "/consent");
}

// Path and query of a Location; its host is never used (see call_to_location).
struct Target {
  std::string_view path;
  std::string_view query;
};

Target target_of(std::string_view location) {
  if (const std::size_t scheme = location.find("://"); scheme != std::string_view::npos) {
    const std::size_t slash = location.find('/', scheme + 3);
    location = slash == std::string_view::npos ? std::string_view("/") : location.substr(slash);
  }
  location = location.substr(0, location.find('#'));
  const std::size_t mark = location.find('?');
  if (mark == std::string_view::npos) return {.path = location, .query = {}};
  return {.path = location.substr(0, mark), .query = location.substr(mark + 1)};
}

bool add_query(HttpCall& call, std::string_view query) {
  while (!query.empty()) {
    const std::size_t end = query.find('&');
    const std::string_view pair = query.substr(0, end);
    query = end == std::string_view::npos ? std::string_view() : query.substr(end + 1);
    const std::size_t equals = std::min(pair.find('='), pair.size());
    const auto name = percent_decode(pair.substr(0, equals));
    const auto value =
        percent_decode(equals < pair.size() ? pair.substr(equals + 1) : std::string_view());
    if (!name || !value) return false;
    if (!name->empty()) call.query.emplace_back(*name, *value);
  }
  return true;
}

// A step of the chain is known by its path, and each path has its host: a Location that names
// another one cannot take the cookies there.
std::optional<HttpCall> call_to_location(State& state, const HttpReply& reply) {
  const Target target = target_of(find_header(reply.headers, "Location"));
  std::string_view host = kGuceHost;
  if (target.path == kCollectPath) {
    host = kConsentHost;
    state.step = kCollect;
  } else if (target.path == kCopyPath) {
    state.step = kCopy;
  } else if (target.path == "/consent") {
    state.step = kConsent;
  } else {
    return std::nullopt;
  }
  HttpCall call = call_to(state, host, target.path);
  if (!add_query(call, target.query)) return std::nullopt;
  return call;
}

std::string unescape_html(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const auto take = [&](std::string_view entity, char c) {
      if (!text.starts_with(entity)) return false;
      out += c;
      text.remove_prefix(entity.size());
      return true;
    };
    if (take("&amp;", '&') || take("&quot;", '"') || take("&#39;", '\'') || take("&#x27;", '\'') ||
        take("&#x3D;", '=') || take("&#x3d;", '=') || take("&lt;", '<') || take("&gt;", '>')) {
      continue;
    }
    out += text.front();
    text.remove_prefix(1);
  }
  return out;
}

// The value of <input … name="NAME" … value="VALUE">; empty when there is none.
std::string hidden_input(std::string_view html, std::string_view name) {
  return unescape_html(find_tag_attribute(html, "<input", name, "value"));
}

Result<Next> submit_consent(State& state, const HttpReply& reply) {
  const std::string_view html = reply.body.view();
  const std::string token = hidden_input(html, "csrfToken");
  const std::string session = hidden_input(html, "sessionId");
  if (token.empty() || session.empty()) {
    return refuse(ErrorCode::consent_wall, "the consent page has no form", reply);
  }
  std::string done = hidden_input(html, "originalDoneUrl");
  if (done.empty()) done = "https://finance.yahoo.com/";
  state.step = kSubmit;
  HttpCall call = call_to(state, kConsentHost, kCollectPath);
  call.method = HttpMethod::post;
  call.query = {{"sessionId", session}};
  call.headers.push_back({"Content-Type", "application/x-www-form-urlencoded"});
  call.body = encode_params({{"csrfToken", token},
                             {"sessionId", session},
                             {"originalDoneUrl", done},
                             {"namespace", "yahoo"},
                             {"agree", "agree"},
                             {"agree", "agree"}});
  return call;
}

bool is_crumb(std::string_view text) {
  if (text.empty() || text.size() > kCrumbMax || !is_token(text)) return false;
  return text.find_first_of("<>{}\"") == std::string_view::npos;
}

Result<Next> on_crumb(State& state, const HttpReply& reply) {
  const std::string_view text = trim(reply.body.view());
  if (reply.status == 429 || text.contains("Too Many Requests")) {
    return refuse(ErrorCode::rate_limited, "too many requests", reply);
  }
  if (reply.status == 200 && is_crumb(text)) {
    Session session;
    if (!state.cookies.empty()) session.headers.push_back({"Cookie", cookie_line(state.cookies)});
    session.params.emplace_back("crumb", std::string(text));
    session.expires = reply.received_at + kSessionLife;
    return session;
  }
  const bool wall = leads_to_consent(reply);
  if (wall || reply.status == 401) return ask_consent(state, reply);
  if (reply.status == 200) {
    const bool html = text.contains("<html") || text.starts_with('<');
    return refuse(html ? ErrorCode::html_instead : ErrorCode::session_refused, "the crumb is none",
                  reply);
  }
  auto refusal = yahoo_refusal(reply);
  if (!refusal) return refuse(ErrorCode::server, "no crumb", reply);
  return std::unexpected(std::move(*refusal).in("session"));
}

// After any step that can set cookies: go on with the crumb, or along the chain.
Result<Next> on_cookie(State& state, const HttpReply& reply) {
  if (reply.status == 429) {
    return refuse(ErrorCode::rate_limited, "too many requests", reply);
  }
  if (has_session_cookie(state)) return ask_crumb(state);
  return ask_consent(state, reply);
}

Result<Next> on_consent(State& state, const HttpReply& reply) {
  const bool redirect = reply.status >= 300 && reply.status < 400;
  if (redirect) {
    if (auto call = call_to_location(state, reply)) return std::move(*call);
  } else if (reply.status == 200 && !hidden_input(reply.body.view(), "csrfToken").empty()) {
    if (state.step == kConsent || state.step == kCollect) return submit_consent(state, reply);
  } else if (reply.status == 429) {
    return refuse(ErrorCode::rate_limited, "too many requests", reply);
  } else if (reply.status >= 500) {
    return refuse(ErrorCode::server, "HTTP " + std::to_string(reply.status), reply);
  }
  if (has_session_cookie(state)) return ask_crumb(state);
  return refuse(ErrorCode::consent_wall, "the consent chain gave no cookie", reply);
}

int count_call(State& state) {
  int calls = 0;
  std::string& note = state.fields[kCallsNote];
  std::from_chars(note.data(), note.data() + note.size(), calls);
  note = std::to_string(++calls);
  return calls;
}

}  // namespace

HttpCall YahooSession::begin(State& state, const SecretString& /*credential*/) const {
  state = State{};
  state.step = kCookie;
  return call_to(state, kCookieHost, "/");
}

Result<std::variant<HttpCall, Session>> YahooSession::on_reply(State& state,
                                                               const HttpReply& reply) const {
  if (count_call(state) >= kCallsMax && state.step != kCrumb) {
    return refuse(ErrorCode::session_refused, "no session after 8 calls", reply);
  }
  keep_cookies(state.cookies, reply, kCookies);
  switch (state.step) {
    case kCookie: return on_cookie(state, reply);
    case kCrumb: return on_crumb(state, reply);
    default: return on_consent(state, reply);
  }
}

}  // namespace vortex
