#include "vortex/engine/doctor_provider.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "vortex/engine/account_name.hpp"
#include "vortex/engine/credentials.hpp"
#include "vortex/engine/doctor_answer.hpp"
#include "vortex/engine/doctor_names.hpp"
#include "vortex/net/call_check.hpp"
#include "vortex/net/url.hpp"
#include "vortex/provider/http_status.hpp"
#include "vortex/runtime/task_group.hpp"

namespace vortex {
namespace {

constexpr std::uint64_t kBodyBytesMax = std::uint64_t{4} << 20;
constexpr std::size_t kProvidersMax = 64;
constexpr auto kParts = std::to_array<std::string_view>(
    {"proxy", "dns", "connection", "answer", "throttling", "clock"});

// Known to every provider of shares; one that is not tells so, which is an answer as well.
constexpr std::string_view kCommonSymbol = "AAPL";
constexpr auto kProbedRange = std::chrono::days(7);

// Everything about one provider's check, from its settings to its rows.
struct Visit {
  std::string name;
  std::string auth;
  std::string account;
  AccountLimits limits;
  const HttpAdapter* adapter = nullptr;
  HttpRoute route;
  HttpCall call;
  std::optional<BarsRequest> request;  // none: only the status is judged
  std::string proxy;
  HostNames names;
  std::optional<Error> refused;  // no call can be made
  std::unique_ptr<Credential> credential;
  std::optional<Error> no_credential;  // what is missing of it
  bool wants_credential = false;
  std::vector<CheckRow> rows;
};

HttpRoute doctor_route(const ProviderSettings& settings, const Capabilities& can) {
  return {.base_url =
              settings.base_url_is_default ? std::string(can.default_base_url) : settings.base_url,
          .keep_hosts = settings.base_url_is_default,
          .user_agent = settings.user_agent,
          .connect_timeout = std::min(settings.connect_timeout, kDoctorConnectMax),
          .read_timeout = std::min(settings.read_timeout, kDoctorCallMax),
          .body_bytes_max = kBodyBytesMax,
          .proxy = settings.proxy,
          .ca_file = settings.ca_file,
          .allow_private_hosts = settings.allow_private_hosts,
          .connections_max = 1};
}

// The last week of a common symbol: what a sync asks, at its smallest.
Result<BarsRequest> small_request(const HttpAdapter& adapter, TimePoint now) {
  const auto& intervals = adapter.capabilities().intervals;
  if (intervals.empty()) return fail(ErrorCode::unsupported, "the provider serves no bars");
  const auto daily = std::ranges::find(intervals, Interval::d1, &IntervalSupport::interval);
  VORTEX_TRY(Symbol symbol, Symbol::parse(kCommonSymbol));
  VORTEX_TRY(std::string spelling, adapter.map_symbol(symbol));
  const TimePoint today = midnight(date_of(now));
  return BarsRequest{
      .symbol = std::move(symbol),
      .provider_symbol = std::move(spelling),
      .interval = daily == intervals.end() ? intervals.front().interval : Interval::d1,
      .range = {today - kProbedRange, today}};
}

// Where the provider cannot be asked so, its front page must do.
void choose_call(Visit& visit, TimePoint now) {
  visit.call = {.path = "/"};
  auto request = small_request(*visit.adapter, now);
  if (request) {
    auto calls = visit.adapter->plan(*request, now);
    if (calls && !calls->empty()) {
      visit.call = std::move(calls->front());
      visit.request = std::move(*request);
    }
  }
  visit.call.follow_redirects = false;  // where it leads is the finding
}

void choose_credential(Visit& visit, const CredentialSource& source, const DoctorNetwork& network) {
  visit.wants_credential = wants_credential(*source.provider);
  auto account = account_secret(source);
  auto credential =
      credential_of(source, {.runtime = network.runtime,
                             .route = visit.route,
                             .send = [&network](HttpRoute route, HttpCall call) {
                               const Monotonic now = network.runtime->clock().monotonic();
                               return network.transport->send(std::move(route), std::move(call),
                                                              Deadline::after(now, kDoctorCallMax));
                             }});
  if (!account || !credential) {
    visit.no_credential = account ? credential.error() : account.error();
    return;
  }
  visit.account = account_name(*source.settings, *source.provider, *account);
  visit.credential = std::move(*credential);
}

// Where no call goes without a session, what makes one must be there; that it is good is not tried.
void check_login(Visit& visit, const Provider& provider, const CredentialSource& source,
                 TimePoint now) {
  if (provider.before == nullptr || provider.session == nullptr) return;
  visit.wants_credential = true;
  const auto secrets = login_secrets(source);
  if (!secrets) {
    visit.no_credential = secrets.error();
  } else if (auto given = provider.session->given(*secrets, now, false); !given) {
    visit.no_credential = std::move(given).error();
  }
}

Visit prepare(const ProviderProbe& probe, const DoctorNetwork& network) {
  const Capabilities& can = probe.provider->adapter->capabilities();
  Visit visit{.name = std::string(can.name),
              .auth = std::string(can.auth),
              .adapter = probe.provider->adapter.get(),
              .route = doctor_route(*probe.settings, can)};
  if (auto limits = account_limits(*probe.settings, can)) visit.limits = std::move(*limits);
  visit.limits.concurrent = 0;  // one call beside a running sync harms nobody
  const CredentialSource source{probe.settings, &can, &network.environment};
  choose_credential(visit, source, network);
  check_login(visit, *probe.provider, source, network.runtime->clock().now());
  choose_call(visit, network.runtime->clock().now());
  const auto url = call_url(visit.route, visit.call);
  auto parts = url ? parse_url(*url) : Result<UrlParts>(std::unexpected(url.error()));
  if (!parts) {
    visit.refused = std::move(parts).error();
    return visit;
  }
  visit.proxy = proxy_for(network.proxies, visit.route, *parts);
  visit.names = host_names_of(*probe.provider, *probe.settings, parts->host, visit.proxy);
  return visit;
}

CheckTimer timer_of(const Visit& visit, std::string_view part, const Clock& clock) {
  return CheckTimer(clock, fmt::format("{}.{}", visit.name, part), visit.name);
}

void skip_from(Visit& visit, std::string_view part, const std::string& why, const Clock& clock) {
  for (auto it = std::ranges::find(kParts, part); it != kParts.end(); ++it)
    visit.rows.push_back(timer_of(visit, *it, clock).skipped(why));
}

CheckRow proxy_row(const Visit& visit, const Clock& clock) {
  const CheckTimer timer = timer_of(visit, "proxy", clock);
  if (visit.proxy.empty()) return timer.ok("none");
  const std::string_view origin = visit.route.proxy.empty() ? "environment" : "settings";
  return timer.ok(fmt::format("{}, from the {}", proxy_without_user(visit.proxy), origin));
}

std::optional<Error> refusal_of(const Visit& visit, const HttpReply& reply) {
  if (!visit.request) {
    if (reply.status >= 200 && reply.status < 300) return std::nullopt;
    return http_status_error(reply);
  }
  auto page = visit.adapter->decode(*visit.request, reply);
  if (page) return std::nullopt;
  return std::move(page).error();
}

// The visit is a call like any other: counted, and not made where the account has none left.
std::optional<LeaseRefusal> take_permit(const DoctorNetwork& network, const Visit& visit) {
  if (network.ledger == nullptr) return std::nullopt;
  const Clock& clock = network.runtime->clock();
  auto lease = network.ledger->lease(visit.account, visit.limits,
                                     {.permits = 1, .places_held = 0, .places_wanted = 0},
                                     {.elapsed = clock.monotonic(), .calendar = clock.now()});
  // A ledger that cannot be read has a row of its own (quota_db).
  return lease ? std::move(lease->refusal) : std::nullopt;
}

void leave_alone(Visit& visit, const LeaseRefusal& refusal, const Clock& clock) {
  const std::string why =
      fmt::format("not asked: {} until {}", refusal.rule, format_time(refusal.until_calendar));
  for (const std::string_view part : {"connection", "answer"})
    visit.rows.push_back(timer_of(visit, part, clock).skipped(why));
  CheckRow row = timer_of(visit, "throttling", clock)
                     .failed(refusal.code, why, "wait until then; vortex status shows the account");
  row.retry_at = refusal.until_calendar;
  visit.rows.push_back(std::move(row));
  visit.rows.push_back(timer_of(visit, "clock", clock).skipped(why));
}

CheckRow credential_failure(const CheckTimer& timer, const Error& error) {
  return timer.failed(error.code, error.message, std::string(error.next_step()));
}

// Is what the provider wants configured, and, for a token, given?
boost::asio::awaitable<bool> get_credential(const DoctorNetwork* network, Visit* visit) {
  if (!visit->wants_credential) co_return true;
  const Clock& clock = network->runtime->clock();
  const CheckTimer timer = timer_of(*visit, "credential", clock);
  if (!visit->no_credential) {
    const Result<void> ready = co_await visit->credential->prepare();
    if (ready) {
      visit->rows.push_back(timer.ok(fmt::format("{}, configured", visit->auth)));
      co_return true;
    }
    visit->rows.push_back(credential_failure(timer, ready.error()));
  }
  skip_from(*visit, "connection", "there is no credential", clock);
  co_return false;
}

// What comes back shows nothing of the credential.
Task<HttpReply> send_with_credential(const DoctorNetwork* network, const Visit* visit,
                                     Deadline deadline) {
  HttpCall call = visit->call;
  SecretMask mask;
  if (visit->credential != nullptr) {
    visit->credential->put_into(call);
    visit->credential->add_secrets(mask);
  }
  auto reply = co_await network->transport->send(visit->route, std::move(call), deadline);
  if (!reply) co_return std::unexpected(mask.masked(std::move(reply).error()));
  if (auto body = mask.masked(reply->body.view())) reply->body = Body::take(*std::move(body));
  co_return reply;
}

boost::asio::awaitable<void> exchange(const DoctorNetwork* network, Visit* visit) {
  const Clock& clock = network->runtime->clock();
  if (!co_await get_credential(network, visit)) co_return;
  if (const auto refusal = take_permit(*network, *visit)) {
    leave_alone(*visit, *refusal, clock);
    co_return;
  }
  const CheckTimer timer = timer_of(*visit, "connection", clock);
  const Deadline deadline = Deadline::after(clock.monotonic(), kDoctorCallMax);
  auto reply = co_await send_with_credential(network, visit, deadline);
  if (!reply) {
    visit->rows.push_back(connection_failure(timer, reply.error(), visit->name));
    skip_from(*visit, "answer", "there was no answer", clock);
    co_return;
  }
  visit->rows.push_back(timer.ok(visit->proxy.empty() ? "answered" : "answered through the proxy"));
  DoctorAnswer answer{.provider = visit->name, .auth = visit->auth, .reply = std::move(*reply)};
  answer.refusal = refusal_of(*visit, answer.reply);
  visit->rows.push_back(answer_row(answer, clock));
  visit->rows.push_back(throttling_row(answer, clock));
  visit->rows.push_back(clock_row(answer, clock));
}

// Every visit that may go; the group's size is no bound in practice.
boost::asio::awaitable<void> exchange_all(const DoctorNetwork* network,
                                          std::vector<Visit>* visits) {
  const Clock& clock = network->runtime->clock();
  TaskGroup group(*network->runtime, {.tasks_max = kProvidersMax});
  for (Visit& visit : *visits) {
    const bool stopped = std::ranges::any_of(
        visit.rows, [](const CheckRow& row) { return row.status == CheckStatus::skipped; });
    if (stopped) continue;
    if (!group.spawn(exchange(network, &visit)))
      skip_from(visit, "connection", "too many providers at once", clock);
  }
  co_await group.join();
}

// Rows up to dns, and the skipped rest where there is no address to connect to.
void judge_names(std::vector<Visit>& visits, const DoctorNetwork& network) {
  const Clock& clock = network.runtime->clock();
  std::vector<std::string> hosts;
  for (const Visit& visit : visits) {
    for (const std::string& host : visit.names.all) {
      if (std::ranges::find(hosts, host) == hosts.end()) hosts.push_back(host);
    }
  }
  const Monotonic begun = clock.monotonic();
  const std::vector<HostAddresses> found = network.look_up(hosts, kDoctorLookupMax);
  const auto elapsed = std::chrono::duration_cast<Duration>(clock.monotonic() - begun);
  for (Visit& visit : visits) {
    visit.rows.push_back(proxy_row(visit, clock));
    if (visit.wants_credential && visit.no_credential) {
      visit.rows.push_back(
          credential_failure(timer_of(visit, "credential", clock), *visit.no_credential));
    }
    if (visit.refused) {
      visit.rows.push_back(timer_of(visit, "dns", clock).skipped("there is no valid address"));
      visit.rows.push_back(
          connection_failure(timer_of(visit, "connection", clock), *visit.refused, visit.name));
      skip_from(visit, "answer", "there was no answer", clock);
      continue;
    }
    visit.rows.push_back(names_row(timer_of(visit, "dns", clock), visit.names, found, visit.name));
    visit.rows.back().elapsed = elapsed;
    if (visit.rows.back().status == CheckStatus::failed)
      skip_from(visit, "connection", "the name has no usable address", clock);
  }
}

}  // namespace

std::vector<CheckRow> check_providers(const DoctorNetwork& network,
                                      std::span<const ProviderProbe> probes) {
  std::vector<Visit> visits;
  visits.reserve(probes.size());
  for (const ProviderProbe& probe : probes) visits.push_back(prepare(probe, network));
  judge_names(visits, network);
  network.runtime->run(exchange_all(&network, &visits));
  std::vector<CheckRow> rows;
  for (Visit& visit : visits) std::ranges::move(visit.rows, std::back_inserter(rows));
  return rows;
}

std::vector<CheckRow> skip_providers(std::span<const std::string> providers, const std::string& why,
                                     const Clock& clock) {
  std::vector<CheckRow> rows;
  for (const std::string& provider : providers) {
    for (const std::string_view part : kParts)
      rows.push_back(
          CheckTimer(clock, fmt::format("{}.{}", provider, part), provider).skipped(why));
  }
  return rows;
}

}  // namespace vortex
