// A day of outages, throttling storms, lost sessions, killed processes and clock steps.
#include <gtest/gtest.h>

#include "tests/simulation/simulated_world.hpp"

namespace vortex {
namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): literals only

constexpr int kSymbols = 40;

constexpr const char* kBadDay = R"([
  {"after": "2h",  "until": "150m", "fault": "status", "status": 503},
  {"after": "5h",  "until": "330m", "fault": "rate_limit", "retry_after": "20"},
  {"after": "8h",  "until": "485m", "fault": "hang"},
  {"after": "11h", "until": "665m", "fault": "refuse"},
  {"after": "14h", "until": "845m", "probability": 0.5, "fault": "bad_session"},
  {"after": "17h", "until": "1025m", "fault": "garbage"},
  {"probability": 0.02, "fault": "status", "status": 500},
  {"probability": 0.01, "fault": "reset", "at_byte": 100},
  {"probability": 0.01, "fault": "delay", "delay": "2s"}
])";

struct Day {
  std::string events;
  std::string arrivals;
  std::int64_t rows = 0;
  std::int64_t planned = 0;
  std::int64_t sent = 0;
  std::int64_t arrived = 0;
};

// A sync every quarter of an hour by processes that are killed now and then; the calendar steps.
Day live_through(std::uint64_t seed) {
  SimulatedWorld world({.seed = seed, .faults = kBadDay, .limits = {{.count = 5, .window = 5s}}});
  Day day;
  Random chance(seed);
  SimulatedWorld::Process process = world.start();
  for (int quarter = 0; quarter < 96; ++quarter) {
    if (chance.below(8) == 0) process = world.start();
    if (quarter == 40) world.clock.step(-2h);
    if (quarter == 60) world.clock.step(2h);
    const Monotonic began = world.clock.monotonic();
    const auto report = process.engine->sync(world.request(SimulatedWorld::symbols(kSymbols), 10));
    EXPECT_TRUE(report.has_value()) << report.error().message;
    if (!report) return day;
    day.rows += report->rows.fresh;
    day.planned += report->calls.planned;
    day.sent += report->calls.sent;
    const auto took = world.clock.monotonic() - began;
    if (took < 15min) world.clock.advance(std::chrono::duration_cast<Duration>(15min - took));
  }
  day.events = world.event_log();
  day.arrivals = world.net.log_text();
  day.arrived = world.arrived();
  return day;
}

TEST(SimulatedDayTest, F1H3SameSeedTwiceGivesTheSameLogToTheByte) {
  const Day first = live_through(7);
  const Day second = live_through(7);
  EXPECT_GT(first.events.size(), 100'000u);
  EXPECT_TRUE(first.events == second.events) << "event logs differ";
  EXPECT_TRUE(first.arrivals == second.arrivals) << "the provider saw something else";
  EXPECT_FALSE(live_through(8).events == first.events) << "another seed, another day";
}

TEST(SimulatedDayTest, EveryKindOfTroubleIsTold) {
  const Day day = live_through(7);
  for (const char* type :
       {"connected", "disconnected", "call.sent", "call.retried", "error", "data.received",
        "data.transformed", "dataset.committed", "rate_limit.hit", "circuit_breaker.open",
        "circuit_breaker.half_open", "circuit_breaker.closed", "session.renewed"}) {
    const std::string member = std::string(R"("type":")") + type + "\"";
    EXPECT_NE(day.events.find(member), std::string::npos) << type;
  }
}

TEST(SimulatedDayTest, NothingIsLostAndNoStormIsMade) {
  const Day day = live_through(9);
  EXPECT_GE(day.rows, kSymbols * 5) << "every series got the days it has";
  EXPECT_LE(day.arrived,
            static_cast<std::int64_t>(1.2 * static_cast<double>(day.planned)) + 10L * 20);
}

}  // namespace
}  // namespace vortex
