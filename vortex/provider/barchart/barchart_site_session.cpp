#include "vortex/provider/barchart/barchart_site_session.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "vortex/base/query_params.hpp"
#include "vortex/provider/barchart/barchart_site_page.hpp"
#include "vortex/provider/cookies.hpp"

namespace vortex {
namespace {

using Next = std::variant<HttpCall, Session>;

// State::step.
constexpr int kPage = 0;
constexpr int kSubmit = 1;

// State::fields.
constexpr const char* kUser = "user";
constexpr const char* kPassword = "password";

HttpCall login_call(const SessionSteps::State& state) {
  HttpCall call{.host = std::string(kBarchartHost),
                .path = std::string(kBarchartLoginPath),
                .follow_redirects = false};
  if (!state.cookies.empty()) call.headers.push_back({"Cookie", cookie_line(state.cookies)});
  return call;
}

Result<Next> submit(SessionSteps::State& state, const HttpReply& reply) {
  const std::string token = barchart_form_token(reply.body.view());
  if (reply.status != 200 || token.empty()) {
    return std::unexpected(barchart_blocked("the login page carries no token", reply));
  }
  state.step = kSubmit;
  HttpCall call = login_call(state);
  call.method = HttpMethod::post;
  call.headers.push_back({"Content-Type", std::string(kBarchartFormType)});
  call.headers.push_back({"Referer", "https://" + std::string(kBarchartHost) + call.path});
  call.body = encode_params({{"email", state.fields[kUser]},
                             {"password", state.fields[kPassword]},
                             {"_token", token},
                             {"remember", "1"}});
  return call;
}

Result<Next> judge(const SessionSteps::State& state, const HttpReply& reply) {
  if (reply.status == 419) {
    return std::unexpected(
        barchart_session_ended("the website no longer knew its own login page", reply));
  }
  const bool refused = reply.status == 401 || reply.status == 422;
  if (refused || asks_for_barchart_login(reply)) {
    return std::unexpected(barchart_site_error(ErrorCode::authentication,
                                               "the website refused user and password", reply)
                               .with_hint("check providers.barchart.auth.user and auth.password"));
  }
  if (reply.status >= 400 || state.cookies.empty()) {
    return std::unexpected(
        barchart_session_ended("the login ended with HTTP " + std::to_string(reply.status), reply));
  }
  Session session;
  session.headers.push_back({"Cookie", cookie_line(state.cookies)});
  return session;
}

}  // namespace

Result<std::optional<Session>> BarchartSiteSession::given(const LoginSecrets& secrets,
                                                          TimePoint now, bool refused) const {
  if (secrets.cookies.empty() && secrets.user_password.empty()) {
    return std::unexpected(Error{
        .code = ErrorCode::authentication,
        .message = "the website wants a login, and none is set",
        .hint = "set providers.barchart.auth.user and auth.password (env:NAME, file:PATH), or "
                "auth.cookies = \"file:cookies.txt\""});
  }
  if (secrets.cookies.empty() || refused) {
    if (!secrets.user_password.empty()) return std::nullopt;
    return std::unexpected(
        Error{.code = ErrorCode::session_refused,
              .message = "the website no longer takes the cookies of auth.cookies",
              .hint = "log in with a browser and export its cookies anew"});
  }
  auto file = read_cookie_file(secrets.cookies.reveal(), kBarchartCookies, now);
  if (!file) {
    if (!secrets.user_password.empty()) return std::nullopt;
    return std::unexpected(
        std::move(file).error().with_hint("export the cookies of barchart.com from a browser that "
                                          "is logged in, in the form of cookies.txt"));
  }
  Session session;
  session.headers.push_back({"Cookie", cookie_line(file->cookies)});
  return session;
}

HttpCall BarchartSiteSession::begin(State& state, const SecretString& credential) const {
  state = State{};
  state.step = kPage;
  const std::string& text = credential.reveal();
  const std::size_t colon = std::min(text.find(':'), text.size());
  state.fields[kUser] = text.substr(0, colon);
  state.fields[kPassword] = colon < text.size() ? text.substr(colon + 1) : std::string();
  return login_call(state);
}

Result<std::variant<HttpCall, Session>> BarchartSiteSession::on_reply(
    State& state, const HttpReply& reply) const {
  const bool is_form_refused = state.step == kSubmit && reply.status == 422;
  auto refusal = is_form_refused ? std::nullopt : barchart_site_refusal(reply);
  if (refusal) return std::unexpected(std::move(*refusal).in("login"));
  keep_cookies(state.cookies, reply, kBarchartCookies);
  return state.step == kPage ? submit(state, reply) : judge(state, reply);
}

}  // namespace vortex
