#include "vortex/telemetry/health_monitor.hpp"

#include <gtest/gtest.h>

#include "vortex/base/clock.hpp"
#include "vortex/base/json.hpp"

namespace vortex {
namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): literals only

using Types = std::vector<EventType>;

struct HealthMonitorTest : testing::Test {
  // One check of that service; the types of the events told.
  Types check(std::string_view service, CheckOutcome outcome) {
    const auto events = monitor.record(
        service, {.time = clock.now(), .outcome = outcome, .latency = 12ms, .reason = "HTTP 503"},
        clock.monotonic());
    EXPECT_TRUE(events.has_value());
    Types types;
    for (const Event& event : *events) {
      EXPECT_EQ(event.provider.view(), service);
      EXPECT_EQ(event.time, clock.now());
      types.push_back(event.type);
    }
    return types;
  }
  Types ok(std::string_view service) { return check(service, CheckOutcome::ok); }
  Types failed(std::string_view service) { return check(service, CheckOutcome::failed); }
  HealthState overall() const { return monitor.overall(clock.monotonic()); }
  HealthState state(std::string_view service) const {
    return monitor.state(service, clock.monotonic());
  }
  void add(const std::string& name, bool critical = false) {
    EXPECT_TRUE(monitor.add({.name = name, .critical = critical}));
  }

  ManualClock clock{*parse_time("2024-01-02T12:00:00Z")};
  HealthMonitor monitor;
};

TEST_F(HealthMonitorTest, AlertsOnceAfterThreeFailuresInARowAndRecoversOnce) {
  add("yahoo");
  EXPECT_EQ(failed("yahoo"), Types{});
  EXPECT_EQ(failed("yahoo"), Types{});
  EXPECT_EQ(ok("yahoo"), Types{}) << "two were not enough, and nothing is taken back";
  for (int i = 0; i < 2; ++i) EXPECT_EQ(failed("yahoo"), Types{});
  EXPECT_EQ(failed("yahoo"), Types{EventType::health_check_failed});
  for (int i = 0; i < 10; ++i) EXPECT_EQ(failed("yahoo"), Types{}) << "once";
  EXPECT_EQ(ok("yahoo"), Types{EventType::health_check_recovered});
  EXPECT_EQ(ok("yahoo"), Types{});
}

TEST_F(HealthMonitorTest, TheEventSaysHowOftenAndWhy) {
  add("yahoo");
  failed("yahoo");
  failed("yahoo");
  const auto events = monitor.record(
      "yahoo",
      {.time = clock.now(), .outcome = CheckOutcome::failed, .latency = 12ms, .reason = "refused"},
      clock.monotonic());
  ASSERT_EQ(events->size(), 1U);
  EXPECT_EQ(events->front().count, 3);
  EXPECT_EQ(events->front().measure, 12.0);
  EXPECT_EQ(events->front().text.view(), "refused");
}

TEST_F(HealthMonitorTest, EachServiceIsDueOnceAnInterval) {
  EXPECT_FALSE(monitor.next_due());
  add("yahoo");
  EXPECT_TRUE(monitor.add({.name = "ib", .interval = 10s}));
  using Names = std::vector<std::string>;
  EXPECT_EQ(monitor.due(clock.monotonic()), (Names{"ib", "yahoo"}));
  EXPECT_EQ(monitor.due(clock.monotonic()), Names{});
  EXPECT_EQ(monitor.next_due(), clock.monotonic() + 10s);
  clock.advance(59s);
  EXPECT_EQ(monitor.due(clock.monotonic()), Names{"ib"});
  clock.advance(1s);
  EXPECT_EQ(monitor.due(clock.monotonic()), Names{"yahoo"});
}

TEST_F(HealthMonitorTest, F3AfterAPauseOfHoursEachIsCheckedOnceAndUnknownUntilThen) {
  add("yahoo", true);
  monitor.due(clock.monotonic());
  ok("yahoo");
  EXPECT_EQ(overall(), HealthState::healthy);
  clock.advance(8h);
  EXPECT_EQ(state("yahoo"), HealthState::unknown);
  EXPECT_EQ(overall(), HealthState::unknown);
  EXPECT_EQ(monitor.due(clock.monotonic()).size(), 1U);
  EXPECT_TRUE(monitor.due(clock.monotonic()).empty());
}

TEST_F(HealthMonitorTest, F1ASteppedCalendarChangesNoSchedule) {
  add("yahoo");
  monitor.due(clock.monotonic());
  ok("yahoo");
  clock.step(-2h);
  EXPECT_TRUE(monitor.due(clock.monotonic()).empty());
  clock.advance(60s);
  EXPECT_EQ(monitor.due(clock.monotonic()).size(), 1U);
  EXPECT_EQ(state("yahoo"), HealthState::healthy);
}

TEST_F(HealthMonitorTest, OverallGoesByTheShareOfHealthyServices) {
  EXPECT_EQ(overall(), HealthState::healthy) << "nothing promised is missing";
  for (int i = 0; i < 10; ++i) add("s" + std::to_string(i));
  EXPECT_EQ(overall(), HealthState::unknown);
  for (int i = 0; i < 10; ++i) ok("s" + std::to_string(i));
  EXPECT_EQ(overall(), HealthState::healthy);
  failed("s0");
  EXPECT_EQ(overall(), HealthState::healthy) << "90 %";
  failed("s1");
  EXPECT_EQ(overall(), HealthState::degraded) << "80 %";
  failed("s2");
  EXPECT_EQ(overall(), HealthState::degraded) << "70 %";
  failed("s3");
  EXPECT_EQ(overall(), HealthState::unhealthy) << "60 %";
  ok("s3");
  EXPECT_EQ(overall(), HealthState::degraded);
}

TEST_F(HealthMonitorTest, ACriticalServiceThatFailsDegradesTheWhole) {
  add("yahoo", true);
  for (int i = 0; i < 19; ++i) {
    add("s" + std::to_string(i));
    ok("s" + std::to_string(i));
  }
  failed("yahoo");
  EXPECT_EQ(overall(), HealthState::degraded) << "95 % are healthy, but not that one";
  ok("yahoo");
  EXPECT_EQ(overall(), HealthState::healthy);
}

TEST_F(HealthMonitorTest, ServicesNotCheckedYetAreNotCounted) {
  add("a");
  add("b");
  ok("a");
  EXPECT_EQ(overall(), HealthState::healthy);
  EXPECT_EQ(state("b"), HealthState::unknown);
}

TEST_F(HealthMonitorTest, C8AClosedMarketIsNoDeadFeed) {
  add("ib", true);
  ASSERT_TRUE(monitor.expect_silence("ib", clock.now() + 1h));
  for (int i = 0; i < 5; ++i) EXPECT_EQ(check("ib", CheckOutcome::stale), Types{});
  EXPECT_EQ(overall(), HealthState::healthy);
  EXPECT_EQ(monitor.history("ib").back().outcome, CheckOutcome::silent);
  failed("ib");
  EXPECT_EQ(overall(), HealthState::degraded) << "no answer at all is a failure at any hour";
  ok("ib");
  clock.advance(1h);
  check("ib", CheckOutcome::stale);
  check("ib", CheckOutcome::stale);
  EXPECT_EQ(check("ib", CheckOutcome::stale), Types{EventType::health_check_failed})
      << "the market is open";
}

TEST_F(HealthMonitorTest, FlappingIsToldOnceAndHoldsTheRecoveryBack) {
  add("yahoo");
  Types told;
  const auto note = [&](const Types& types) {
    told.insert(told.end(), types.begin(), types.end());
  };
  for (int i = 0; i < 3; ++i) note(failed("yahoo"));
  EXPECT_EQ(told, Types{EventType::health_check_failed});
  told.clear();
  for (int i = 0; i < 10; ++i) {
    note(ok("yahoo"));
    note(failed("yahoo"));
  }
  EXPECT_EQ(told, (Types{EventType::health_check_recovered, EventType::health_check_flapping}))
      << "the first change is believed, the later ones are not";
  EXPECT_EQ(overall(), HealthState::unhealthy);
  ok("yahoo");
  EXPECT_EQ(overall(), HealthState::unhealthy) << "a good check of a flapping service";
  told.clear();
  for (int i = 0; i < 3; ++i) note(failed("yahoo"));
  EXPECT_EQ(told, Types{EventType::health_check_failed}) << "an alert is never held back";
  told.clear();
  for (int i = 0; i < 21; ++i) note(ok("yahoo"));
  EXPECT_EQ(told, (Types{EventType::health_check_steady, EventType::health_check_recovered}));
  EXPECT_EQ(overall(), HealthState::healthy);
}

TEST_F(HealthMonitorTest, HistoryIsTheLastThousand) {
  add("yahoo");
  const TimePoint start = clock.now();
  for (int i = 0; i < 1234; ++i) {
    ok("yahoo");
    clock.advance(60s);
  }
  const auto history = monitor.history("yahoo");
  ASSERT_EQ(history.size(), 1000U);
  EXPECT_EQ(history.front().time, start + 234 * 60s);
  EXPECT_EQ(history.back().time, start + 1233 * 60s);
}

TEST_F(HealthMonitorTest, H11ThirtyDaysOfChecksDoNotGrow) {
  add("yahoo");
  std::size_t events = 0;
  std::int64_t checks = 0;
  std::size_t size_after_a_day = 0;
  for (int second = 0; second < 30 * 24 * 3600; second += 30) {
    for (const std::string& name : monitor.due(clock.monotonic())) {
      events += check(name, second % 86'400 < 600 ? CheckOutcome::failed : CheckOutcome::ok).size();
      ++checks;
    }
    clock.advance(30s);
    if (second == 24 * 3600)
      size_after_a_day = monitor.to_json(clock.now(), clock.monotonic()).size();
  }
  EXPECT_EQ(checks, 30 * 24 * 60);
  EXPECT_EQ(events, 60U) << "one outage a day: failed and recovered";
  EXPECT_EQ(monitor.history("yahoo").size(), 1000U);
  EXPECT_LE(monitor.to_json(clock.now(), clock.monotonic()).size(), size_after_a_day + 16);
}

TEST_F(HealthMonitorTest, RefusesWhatCannotBeWatched) {
  add("yahoo");
  EXPECT_EQ(monitor.add({.name = "yahoo"}).error().code, ErrorCode::usage);
  EXPECT_EQ(monitor.add({.name = ""}).error().code, ErrorCode::usage);
  EXPECT_EQ(monitor.add({.name = std::string(32, 'a')}).error().code, ErrorCode::usage);
  EXPECT_EQ(monitor.add({.name = "ib", .interval = 0s}).error().code, ErrorCode::usage);
  EXPECT_EQ(monitor.record("ib", {}, clock.monotonic()).error().code, ErrorCode::unknown_name);
  EXPECT_EQ(monitor.expect_silence("ib", {}).error().code, ErrorCode::unknown_name);
  HealthMonitor small({.services_max = 1});
  EXPECT_TRUE(small.add({.name = "a"}));
  EXPECT_EQ(small.add({.name = "b"}).error().code, ErrorCode::local_resource);
  monitor.remove("yahoo");
  EXPECT_EQ(overall(), HealthState::healthy);
}

TEST_F(HealthMonitorTest, TheSnapshotIsJsonWithServicesByName) {
  add("yahoo", true);
  add("ib");
  failed("yahoo");
  const auto json = Json::parse(monitor.to_json(clock.now(), clock.monotonic()));
  ASSERT_TRUE(json.has_value());
  EXPECT_EQ(json->string_at("overall"), "degraded");
  const auto& services = *json->find("services")->as_array();
  ASSERT_EQ(services.size(), 2U);
  EXPECT_EQ(services[0].string_at("name"), "ib");
  EXPECT_EQ(services[0].string_at("state"), "unknown");
  EXPECT_EQ(services[1].string_at("state"), "failing");
  EXPECT_EQ(services[1].bool_at("critical"), true);
  EXPECT_EQ(services[1].int_at("failures_in_row"), 1);
  EXPECT_EQ(services[1].string_at("last_reason"), "HTTP 503");
}

TEST(FlapDetectorTest, StartsAtTheHighThresholdAndEndsBelowTheLow) {
  FlapDetector flap;
  for (int i = 0; i < 40; ++i) flap.observe(true);
  EXPECT_EQ(flap.share(), 0.0);
  bool good = true;
  int changes = 0;
  while (!flap.flapping()) {
    flap.observe(good = !good);
    ASSERT_LE(++changes, 20);
  }
  EXPECT_EQ(changes, 6) << "six of the newest twenty weigh more than 30 %";
  int steady = 0;
  while (flap.flapping()) {
    flap.observe(good);
    ASSERT_LE(++steady, 20);
  }
  EXPECT_LT(flap.share(), 0.20);
  EXPECT_GT(steady, 10) << "between the thresholds it stays as it was";
}

TEST(FlapDetectorTest, AllChangesAreAShareOfOne) {
  FlapDetector flap;
  for (int i = 0; i < 21; ++i) flap.observe(i % 2 == 0);
  EXPECT_NEAR(flap.share(), 1.0, 1e-12);
}

}  // namespace
}  // namespace vortex
