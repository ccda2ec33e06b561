// What the guard promises, with the whole engine around it: closed accounts, used-up days, stopped
// processes, stepped clocks, a ledger that cannot write, a stop at every point of a run.
#include <algorithm>
#include <stop_token>
#include <type_traits>

#include <gtest/gtest.h>

#include "vortex/base/fault_record_for_test.hpp"
#include "vortex/resilience/guard.hpp"

#include "tests/simulation/simulated_sync_for_test.hpp"

namespace vortex {
namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): literals only

constexpr const char* kAccount = "yahoo@query2.finance.yahoo.com";

AccountUse use_of(const SimulatedWorld& world, const AccountLimits& limits = {}) {
  MemoryLedger ledger(world.accounts, "checker");
  return *ledger.use(kAccount, limits,
                     {.elapsed = world.clock.monotonic(), .calendar = world.clock.now()});
}

TEST(GuardFaultsTest, B1AThrottledCallClosesTheAccountForEveryCallerAndProcess) {
  SimulatedWorld world(
      {.faults = R"([{"calls": [3], "fault": "rate_limit", "retry_after": "20"}])"});
  const auto process = world.start();
  const SyncReport report = sync(world, process, 12);
  EXPECT_EQ(report.status(), "ok");
  const auto& arrivals = world.net.arrivals();
  const auto throttled = std::ranges::find(arrivals, 429, &Arrival::status);
  ASSERT_NE(throttled, arrivals.end());
  for (auto later = throttled + 1; later != arrivals.end(); ++later) {
    const bool under_way = later->at - throttled->at < 100ms;
    EXPECT_TRUE(under_way || later->at - throttled->at >= 20s) << later->target;
  }
}

TEST(GuardFaultsTest, B1AnotherProcessOfTheAccountWaitsToo) {
  SimulatedWorld world(
      {.faults = R"([{"calls": [1], "fault": "rate_limit", "retry_after": "50"}])"});
  const SyncReport first = sync(world, world.start(), 1);
  EXPECT_EQ(with_code(first, ErrorCode::rate_limited), 1) << "50 s are more than a call waits";
  const SyncReport second = sync(world, world.start(), 3);
  EXPECT_EQ(second.calls.sent, 0);
  EXPECT_EQ(with_code(second, ErrorCode::rate_limited), 3);
  for (const ItemReport& item : second.items) EXPECT_TRUE(item.error->retry_at.has_value());
  world.clock.advance(51s);
  EXPECT_EQ(sync(world, world.start(), 3).status(), "ok");
}

TEST(GuardFaultsTest, B3AbsurdHintsGetABoundedPause) {
  for (const char* hint : {"", "-5", "1000000000000", "soon", "0"}) {
    SimulatedWorld world({.faults = R"([{"calls": [1], "fault": "rate_limit", "retry_after": ")" +
                                    std::string(hint) + "\"}]"});
    const SyncReport first = sync(world, world.start(), 1);
    world.clock.advance(61s);
    EXPECT_EQ(sync(world, world.start(), 1).status(), "ok") << hint;
    EXPECT_LE(first.calls.sent, 2) << hint;
  }
}

TEST(GuardFaultsTest, B4ADailyQuotaSurvivesRestartsAndEndsAtItsReset) {
  SimulatedWorld world({.limits = {{.count = 10, .zone = "America/New_York"}}});
  world.settings.reserve = 0;
  const SyncReport first = sync(world, world.start(), 25);
  EXPECT_EQ(first.calls.sent, 10);
  EXPECT_EQ(first.status(), "deferred");
  EXPECT_EQ(first.exit_code(), 5);
  ASSERT_EQ(first.allowances.size(), 1u);
  EXPECT_EQ(first.allowances[0].calls_waiting, 15);
  EXPECT_EQ(first.allowances[0].done_after, first.allowances[0].resets_at + std::chrono::days(1));
  for (int restart = 0; restart < 5; ++restart) {
    const SyncReport again = sync(world, world.start(), 25);
    EXPECT_EQ(again.calls.sent, 0) << "process " << restart;
    EXPECT_EQ(again.exit_code(), 5);
    world.clock.advance(30min);
  }
  // New York's midnight is 04:00Z in June; the world began at 00:00Z.
  world.clock.advance(90min);
  const SyncReport after = sync(world, world.start(), 25);
  EXPECT_EQ(after.calls.sent, 10);
  EXPECT_EQ(world.arrived(), 20);
}

TEST(GuardFaultsTest, B4TheDailyUpdateGoesBeforeTheBacklog) {
  SimulatedWorld world({.limits = {{.count = 10, .zone = "UTC"}}});
  EXPECT_EQ(sync(world, world.start(), 8).rows.fresh > 0, true);
  world.clock.advance(24h);
  // 8 stored series want an update, 12 others are new; 2 of 10 calls are reserved.
  const SyncReport report = sync(world, world.start(), 20);
  for (int i = 0; i < 8; ++i)
    EXPECT_EQ(report.items[static_cast<std::size_t>(i)].status, ItemStatus::ok) << i;
  EXPECT_EQ(report.calls.sent, 10);
  EXPECT_EQ(with_code(report, ErrorCode::deferred), 10);
}

TEST(GuardFaultsTest, B6TheProvidersOwnCountHoldsUsBackAndNeverLetsMoreGo) {
  SimulatedWorld world({.limits = {{.count = 5, .window = 1s}}});
  int asked = 0;
  world.net.serve("yahoo", "", [&](const HttpCall& call, TimePoint /*now*/) {
    ++asked;
    const ServerReply reply =
        world.yahoo.answer({.method = "GET", .path = call.path, .query = call.query});
    // First far more than we allow ourselves, then nothing for 20 s.
    const bool generous = asked < 6;
    return HttpReply{.status = reply.status,
                     .headers = {{"X-RateLimit-Limit", "1000"},
                                 {"X-RateLimit-Remaining", generous ? "999" : "0"},
                                 {"X-RateLimit-Reset", generous ? "60" : "20"}},
                     .body = Body::copy_of(reply.body)};
  });
  EXPECT_EQ(sync(world, world.start(), 16).status(), "ok");
  const auto& arrivals = world.net.arrivals();
  ASSERT_EQ(arrivals.size(), 16u);
  EXPECT_LE(most_in(arrivals, 750ms), 5) << "a generous count raises nothing";
  int paused = 0;
  for (std::size_t i = 1; i < arrivals.size(); ++i)
    if (arrivals[i].at - arrivals[i - 1].at >= 19s) ++paused;
  EXPECT_GE(paused, 1) << "nothing remaining means waiting for the reset";
}

TEST(GuardFaultsTest, B9ARefusedSessionIsRenewedOnceForAll) {
  SimulatedWorld world({.faults = R"([{"calls": [5], "path": "/v8/", "fault": "bad_session"}])"});
  const SyncReport report = sync(world, world.start(), 40);
  EXPECT_EQ(report.status(), "ok");
  EXPECT_LE(world.arrived(), 40 + 4 + 4) << "each call under way once more, and one login";
}

TEST(GuardFaultsTest, B10UnknownSymbolsOpenNoBreaker) {
  SimulatedWorld world({});
  const auto process = world.start();
  std::vector<std::string> names;
  names.reserve(51);
  for (int i = 0; i < 50; ++i) names.push_back("NOSUCH" + std::to_string(i));
  names.emplace_back("AAPL");
  const auto report = process.engine->sync(world.request(names));
  ASSERT_TRUE(report.has_value());
  EXPECT_EQ(with_code(*report, ErrorCode::not_found), 50);
  EXPECT_EQ(report->items.back().status, ItemStatus::ok);
  EXPECT_EQ(report->calls.sent, 51) << "nobody asks twice for what does not exist";
}

TEST(GuardFaultsTest, B9RefusedCredentialsOpenNoBreaker) {
  SimulatedWorld world({.faults = R"([{"path": "/v8/", "fault": "bad_session"}])"});
  const auto process = world.start();
  const SyncReport report = sync(world, process, 30);
  EXPECT_EQ(with_code(report, ErrorCode::breaker_open), 0);
  EXPECT_EQ(report.status(), "failed");
  EXPECT_LE(world.arrived(), 30 * 1.2 + 10) << "a session that is refused afresh is not renewed";
}

TEST(GuardFaultsTest, B1AThrottledLoginClosesTheAccount) {
  SimulatedWorld world({.faults = R"([{"path": "/v1/test/getcrumb", "fault": "rate_limit"}])",
                        .require_crumb = true});
  const SyncReport report = sync(world, world.start(), 60);
  EXPECT_EQ(report.status(), "failed");
  EXPECT_EQ(with_code(report, ErrorCode::rate_limited), 60);
  EXPECT_LE(world.arrived(), 4 + 4 + 3) << "those under way, one login, and no more";
  EXPECT_EQ(sync(world, world.start(), 5).calls.sent, 0) << "nor does another process";
}

// A machine that is short of descriptors.
class StarvedTransport final : public HttpTransport {
 public:
  StarvedTransport(std::unique_ptr<HttpTransport> inner, const bool& starved)
      : inner_(std::move(inner)), starved_(starved) {}
  Task<HttpReply> send(HttpRoute route, HttpCall call, Deadline deadline) override {
    if (starved_) co_return fail(ErrorCode::local_resource, "too many open files");
    co_return co_await inner_->send(std::move(route), std::move(call), deadline);
  }

 private:
  std::unique_ptr<HttpTransport> inner_;
  const bool& starved_;
};

TEST(GuardFaultsTest, A17ShortOfDescriptorsIsNotTheProvidersFault) {
  SimulatedWorld world({});
  bool starved = true;
  world.wrap_transport = [&starved](std::unique_ptr<HttpTransport> inner) {
    return std::make_unique<StarvedTransport>(std::move(inner), starved);
  };
  const auto process = world.start();
  const SyncReport report = sync(world, process, 50);
  EXPECT_EQ(with_code(report, ErrorCode::local_resource), 50);
  EXPECT_LE(report.calls.sent, 50 * 1.2 + 10) << "no spin";
  starved = false;
  EXPECT_EQ(sync(world, process, 50).status(), "ok") << "recovers when they are free";
}

// A stop before or after each call: everything ends, nothing is held, what came is kept.
TEST(GuardFaultsTest, H2H10AStopAtEveryPointOfARunHoldsNothingBack) {
  constexpr int kSymbols = 12;
  for (int point = 1; point <= kSymbols; ++point) {
    SimulatedWorld world({.limits = {{.count = 3, .window = 1s}}});
    std::stop_source stop;
    world.on_send = [&](std::int64_t number) {
      if (number == point) stop.request_stop();
    };
    const auto process = world.start();
    const SyncReport report = sync(world, process, kSymbols, {.stop = stop.get_token()});
    EXPECT_TRUE(report.interrupted);
    EXPECT_EQ(world.net.traffic("yahoo").running, 0) << "point " << point;
    EXPECT_EQ(use_of(world).places_held, 0) << "point " << point;
    EXPECT_LE(report.calls.sent, point + 4);
    world.on_send = nullptr;
    EXPECT_EQ(sync(world, process, kSymbols).status(), "ok") << "and can be asked again";
    test::fault_fired("H10");
  }
}

TEST(GuardFaultsTest, K7AStopWhileEverythingHangsEndsAtOnce) {
  SimulatedWorld world({.faults = R"([{"fault": "hang"}])"});
  std::stop_source stop;
  world.on_send = [&](std::int64_t number) {
    if (number == 4) stop.request_stop();
  };
  const Monotonic before = world.clock.monotonic();
  const SyncReport report = sync(world, world.start(), 20, {.stop = stop.get_token()});
  EXPECT_TRUE(report.interrupted);
  EXPECT_LE(world.clock.monotonic() - before, 1s);
}

// A disk that takes nothing more, once the provider has said stop.
class FullDiskLedger final : public Ledger {
 public:
  explicit FullDiskLedger(std::unique_ptr<Ledger> inner) : inner_(std::move(inner)) {}
  Result<Lease> lease(const std::string& account, const AccountLimits& limits,
                      const LeaseRequest& request, Now now) override {
    if (full_) return fail(ErrorCode::disk_full, "no space for the ledger");
    return inner_->lease(account, limits, request, now);
  }
  Result<void> give_back(const std::string& account, std::uint64_t lease, std::int64_t permits,
                         int places, Now now) override {
    return inner_->give_back(account, lease, permits, places, now);
  }
  Result<void> close_until(const std::string& /*account*/, const LeaseRefusal& /*refusal*/,
                           Now /*now*/) override {
    full_ = true;
    return fail(ErrorCode::disk_full, "no space for the ledger");
  }
  Result<void> correct(const std::string& account, const AccountLimits& limits,
                       const ProviderCount& count, Now now) override {
    return inner_->correct(account, limits, count, now);
  }
  Result<AccountUse> use(const std::string& account, const AccountLimits& limits,
                         Now now) override {
    return inner_->use(account, limits, now);
  }

 private:
  std::unique_ptr<Ledger> inner_;
  bool full_ = false;
};

TEST(GuardFaultsTest, K1AStopThatCannotBeWrittenStaysInForceAndNothingIsGuessed) {
  SimulatedWorld world(
      {.faults = R"([{"calls": [3], "fault": "rate_limit", "retry_after": "3600"}])",
       .limits = {{.count = 2, .window = 1s}}});
  world.make_ledger = [&world] {
    return std::make_unique<FullDiskLedger>(std::make_unique<MemoryLedger>(world.accounts, "full"));
  };
  const auto process = world.start();
  const SyncReport report = sync(world, process, 20);
  EXPECT_LE(world.arrived(), 3 + 2) << "none left after the stop";
  EXPECT_EQ(with_code(report, ErrorCode::rate_limited) + with_code(report, ErrorCode::disk_full),
            20 - std::ranges::count(report.items, ItemStatus::ok, &ItemReport::status));
  world.clock.advance(30min);
  const std::int64_t before = world.arrived();
  const SyncReport later = sync(world, process, 20);
  EXPECT_EQ(world.arrived(), before) << "closed in memory for the hour the provider asked";
  EXPECT_EQ(later.calls.sent, 0);
}

TEST(GuardOrderTest, I8AnotherOrderOfLayersCannotBeWritten) {
  // Leave to call comes from a Guard and from nowhere else …
  static_assert(!std::is_default_constructible_v<Permit>);
  static_assert(!std::is_copy_constructible_v<Permit>);
  static_assert(
      !std::is_constructible_v<Permit, Guard*, CircuitBreaker::Ticket, std::uint64_t, Monotonic>);
  // … which shows none of its layers and takes none from outside.
  static_assert(!std::is_copy_constructible_v<Guard> && !std::is_move_constructible_v<Guard>);
  static_assert(!std::is_constructible_v<Guard, CircuitBreaker, Bulkhead>);
  // An open breaker spends no permit: it stands before the limiter.
  const Now now{.elapsed = Monotonic{1h}, .calendar = *parse_time("2025-06-04T00:00:00Z")};
  Guard guard({.name = "x",
               .limits = {.rolling = {{.count = 1000, .length = 1s}}},
               .breaker = {.track = {.failures_in_a_row = 1}}});
  guard.accept({.id = 1, .permits = 5, .places = 5, .issued = now.elapsed}, now);
  Admission first = guard.try_enter(now);
  ASSERT_TRUE(first.has_value());
  guard.leave(std::move(*first), now, Verdict::failure);
  const Admission refused = guard.try_enter(now);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().layer, GuardLayer::breaker);
  EXPECT_EQ(guard.snapshot(now).permits_left, 4);
  // And what it refuses is never retried.
  Random random(1);
  EXPECT_FALSE(
      guard.retry_delay(guard.to_error(refused.error(), now), 1, now, Monotonic::max(), random));
}

}  // namespace
}  // namespace vortex
