#include "vortex/sim/simulated_transport.hpp"

#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "vortex/runtime/sleep.hpp"
#include "vortex/runtime/task_group.hpp"

namespace vortex {
namespace {

using boost::asio::awaitable;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr const char* kBase = "http://fake.invalid";

HttpReply hundred_bytes(const HttpCall& call, TimePoint /*now*/) {
  return {.status = 200, .body = Body::take(call.path + std::string(100 - call.path.size(), '.'))};
}

// One provider, "fake", on one road of exactly 10 ms each way.
struct TransportWorld {
  explicit TransportWorld(std::string_view faults = "[]", std::uint64_t seed = 1,
                          SimulatedRoad road = {.latency_rest_mean = Duration::zero()})
      : net(clock, {.seed = seed, .road = road}) {
    net.serve("fake", "fake.invalid", hundred_bytes);
    auto script = FaultScript::parse(faults, seed);
    EXPECT_TRUE(script) << script.error().message;
    if (script) net.set_faults(std::move(*script));
  }

  Result<HttpReply> ask(HttpCall call, Duration deadline = seconds(30));
  Duration elapsed() const {
    return std::chrono::duration_cast<Duration>(clock.monotonic().time_since_epoch());
  }

  ManualClock clock{*parse_time("2025-06-04T15:00Z")};
  SimulatedNet net;
  Runtime runtime{SimulatedTime{.clock = &clock}};
  SimulatedTransport transport{runtime, net};
  HttpRoute route{.base_url = kBase,
                  .connect_timeout = seconds(3),
                  .read_timeout = seconds(5),
                  .body_bytes_max = 1 << 20};
};

awaitable<void> ask_once(TransportWorld* world, HttpCall call, Duration deadline,
                         Result<HttpReply>* reply) {
  *reply = co_await world->transport.send(world->route, std::move(call),
                                          Deadline::after(world->clock.monotonic(), deadline));
}

Result<HttpReply> TransportWorld::ask(HttpCall call, Duration deadline) {
  Result<HttpReply> reply = fail(ErrorCode::internal, "never ended");
  runtime.run(ask_once(this, std::move(call), deadline, &reply));
  return reply;
}

TEST(SimulatedTransportTest, AnAnswerTakesItsWayThereAndBack) {
  TransportWorld world;
  const auto reply = world.ask({.path = "/bars/AAPL", .query = {{"from", "1"}}});
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->status, 200);
  EXPECT_TRUE(reply->body.view().starts_with("/bars/AAPL..."));
  EXPECT_EQ(reply->received_at - reply->sent_at, world.elapsed());
  EXPECT_EQ(reply->final_url, "http://fake.invalid/bars/AAPL?from=1");
  EXPECT_GE(world.elapsed(), milliseconds(20));
  EXPECT_LT(world.elapsed(), milliseconds(21)) << "a hundred bytes at 4 MiB/s";
  ASSERT_EQ(world.net.arrivals().size(), 1U);
  EXPECT_EQ(world.net.log_text(), "10000 fake /bars/AAPL?from=1 200\n");
  EXPECT_EQ(world.net.traffic("fake").running, 0);
}

TEST(SimulatedTransportTest, ABadCallOrAnUnknownHostNeverArrives) {
  TransportWorld world;
  EXPECT_EQ(world.ask({.path = "no slash"}).error().code, ErrorCode::client);
  EXPECT_EQ(world.ask({.host = "other.invalid", .path = "/"}).error().code, ErrorCode::resolve);
  EXPECT_TRUE(world.net.arrivals().empty());
}

struct Expected {
  const char* fault;
  std::optional<ErrorCode> code;  // none: a reply of `status`
  int status = 0;
  Duration at = Duration::zero();
};

TEST(SimulatedTransportTest, EachFaultIsWhatTheRealTransportWouldReport) {
  using enum ErrorCode;
  const std::vector<Expected> table = {
      {.fault = R"("fault":"refuse")", .code = network, .at = milliseconds(20)},
      {.fault = R"("fault":"resolve")", .code = resolve, .at = milliseconds(10)},
      {.fault = R"("fault":"tls")", .code = tls, .at = milliseconds(20)},
      {.fault = R"("fault":"connect_hang")", .code = timeout, .at = seconds(3)},
      {.fault = R"("fault":"hang")", .code = timeout, .at = seconds(5)},
      {.fault = R"("fault":"reset","at_byte":7)", .code = truncated, .at = milliseconds(20)},
      {.fault = R"("fault":"cut")", .code = truncated, .at = milliseconds(20)},
      {.fault = R"("fault":"cut","at_byte":1000)", .status = 200, .at = milliseconds(20)},
      {.fault = R"("fault":"trickle")", .status = 200, .at = milliseconds(20 + 99 * 10)},
      {.fault = R"("fault":"trickle","delay":"6s")", .code = timeout, .at = milliseconds(5'020)},
      {.fault = R"("fault":"trickle","delay":"1s")", .code = deadline, .at = seconds(30)},
      {.fault = R"("fault":"delay","delay":"2s")", .status = 200, .at = milliseconds(2'020)},
      {.fault = R"("fault":"delay","delay":"8s")", .code = timeout, .at = seconds(5)},
      {.fault = R"("fault":"status","status":502)", .status = 502, .at = milliseconds(20)},
      {.fault = R"("fault":"rate_limit","retry_after":7)", .status = 429, .at = milliseconds(20)},
      {.fault = R"("fault":"html")", .status = 200, .at = milliseconds(20)},
      {.fault = R"("fault":"empty")", .status = 200, .at = milliseconds(20)},
      {.fault = R"("fault":"garbage")", .status = 200, .at = milliseconds(20)},
      {.fault = R"("fault":"bad_session")", .status = 401, .at = milliseconds(20)},
      {.fault = R"("fault":"gzip_bomb","at_byte":4000)",
       .code = body_too_large,
       .at = milliseconds(20)},
      {.fault = R"("fault":"redirect","location":"http://169.254.1.1/x")",
       .code = redirect_refused,
       .at = milliseconds(20)},
  };
  for (const Expected& expected : table) {
    TransportWorld world("[{" + std::string(expected.fault) + "}]");
    const auto reply = world.ask({.path = "/bars/AAPL"});
    EXPECT_EQ(reply.has_value(), !expected.code) << expected.fault;
    if (!reply) EXPECT_EQ(reply.error().code, expected.code) << expected.fault;
    if (reply) EXPECT_EQ(reply->status, expected.status) << expected.fault;
    EXPECT_GE(world.elapsed(), expected.at) << expected.fault;
    EXPECT_LT(world.elapsed(), expected.at + milliseconds(2)) << expected.fault;
  }
}

TEST(SimulatedTransportTest, NothingOutlastsItsDeadline) {
  for (const char* fault : {"hang", "trickle", "connect_hang"}) {
    TransportWorld world(R"([{"fault":")" + std::string(fault) + R"("}])");
    EXPECT_EQ(world.ask({.path = "/bars/AAPL"}, milliseconds(500)).error().code,
              ErrorCode::deadline)
        << fault;
    EXPECT_EQ(world.elapsed(), milliseconds(500)) << fault;
  }
  TransportWorld world;
  EXPECT_EQ(world.ask({.path = "/bars/AAPL"}, milliseconds(5)).error().code, ErrorCode::deadline);
  EXPECT_TRUE(world.net.arrivals().empty()) << "the request was still on its way";
}

TEST(SimulatedTransportTest, AnOutageHasABeginAndAnEnd) {
  TransportWorld world(R"([{"provider":"fake","after":"1h","until":"2h","fault":"refuse"},
                           {"provider":"other","fault":"hang"}])");
  EXPECT_TRUE(world.ask({.path = "/bars/AAPL"}));
  world.clock.advance(hours(1));
  EXPECT_EQ(world.ask({.path = "/bars/AAPL"}).error().code, ErrorCode::network);
  EXPECT_EQ(world.ask({.path = "/bars/MSFT"}).error().code, ErrorCode::network);
  world.clock.advance(hours(1));
  EXPECT_TRUE(world.ask({.path = "/bars/AAPL"}));
  EXPECT_EQ(world.net.traffic("fake").asked, 2);
  EXPECT_EQ(world.net.traffic("fake").failed_before_sending, 2);
}

TEST(SimulatedTransportTest, AWrongSymbolIsAnotherSymbolsAnswer) {
  TransportWorld world(R"([{"symbol":"BRK/B","fault":"wrong_symbol"}])");
  EXPECT_TRUE(world.ask({.path = "/bars/BRK%2FB"})->body.view().starts_with("/bars/WRNG."));
  EXPECT_TRUE(world.ask({.path = "/bars/AAPL"})->body.view().starts_with("/bars/AAPL."));
}

TEST(SimulatedTransportTest, RedirectsAreFollowedOverHosts) {
  TransportWorld world(R"([{"path":"/old","fault":"redirect",
                            "location":"http://elsewhere.invalid/new?a=b%20c"}])");
  world.net.serve("else", "elsewhere.invalid", [](const HttpCall& call, TimePoint) {
    return HttpReply{.status = 200, .body = Body::copy_of(call.query.at(0).second)};
  });
  const auto reply = world.ask({.path = "/old"});
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->body.view(), "b c");
  EXPECT_EQ(world.net.traffic("else").asked, 1);
  EXPECT_EQ(world.ask({.path = "/old", .follow_redirects = false})->status, 302);
}

TEST(SimulatedTransportTest, TheImpostersWorldIsReachedWithItsOwnFaults) {
  TransportWorld world;
  YahooImposter yahoo(SimWorld("yahoo", world.clock, Market(1),
                               *FaultScript::parse(R"([{"calls":[2],"fault":"resolve"},
                                                       {"calls":[3],"fault":"cut"}])",
                                                   1)));
  world.net.serve("yahoo", "query2.finance.yahoo.com", yahoo);
  const HttpCall call{.host = "query2.finance.yahoo.com",
                      .path = "/v8/finance/chart/AAPL",
                      .query = {{"range", "5d"}, {"interval", "1d"}}};
  const auto good = world.ask(call);
  ASSERT_TRUE(good) << good.error().message;
  EXPECT_TRUE(good->body.view().contains(R"("symbol":"AAPL")"));
  EXPECT_EQ(world.ask(call).error().code, ErrorCode::resolve);
  EXPECT_EQ(world.ask(call).error().code, ErrorCode::truncated);
  EXPECT_EQ(world.net.traffic("yahoo").asked, 2);
}

awaitable<void> ask_often(TransportWorld* world, std::string symbol, int calls) {
  for (int i = 0; i < calls; ++i) {
    (void)co_await world->transport.send(
        world->route, {.path = "/bars/" + symbol, .query = {{"page", std::to_string(i)}}},
        Deadline::after(world->clock.monotonic(), seconds(10)));
    (void)co_await sleep_for(world->runtime, milliseconds(100));
  }
}

awaitable<void> ask_by_many(TransportWorld* world) {
  TaskGroup tasks(world->runtime);
  for (const char* symbol : {"AAPL", "MSFT", "NVDA", "TSLA"})
    EXPECT_TRUE(tasks.spawn(ask_often(world, symbol, 100)));
  co_await tasks.join();
}

std::string storm_log(std::uint64_t seed) {
  TransportWorld world(R"([{"probability":0.1,"fault":"reset"},
                           {"probability":0.1,"fault":"delay","delay":"300ms"},
                           {"symbol":"TSLA","probability":0.05,"fault":"hang"}])",
                       seed, {});
  world.runtime.run(ask_by_many(&world));
  EXPECT_EQ(world.net.traffic("fake").asked, 400);
  EXPECT_LE(world.net.traffic("fake").running_max, 4);
  EXPECT_GT(world.net.traffic("fake").running_max, 1);
  return world.net.log_text();
}

TEST(SimulatedTransportTest, TheSameSeedGivesTheSameArrivalsToTheByte) {
  const std::string once = storm_log(11);
  EXPECT_EQ(once, storm_log(11));
  EXPECT_NE(once, storm_log(12));
}

awaitable<void> stop_a_call(TransportWorld* world) {
  TaskGroup tasks(world->runtime);
  Result<HttpReply> reply = fail(ErrorCode::internal, "never ended");
  EXPECT_TRUE(tasks.spawn(ask_once(world, {.path = "/bars/AAPL"}, hours(1), &reply)));
  (void)co_await sleep_for(world->runtime, seconds(1));
  EXPECT_EQ(world->net.traffic("fake").running, 1);
  tasks.stop();
  co_await tasks.join();
  EXPECT_EQ(reply.error().code, ErrorCode::cancelled);
  EXPECT_EQ(world->net.traffic("fake").running, 0);
}

TEST(SimulatedTransportTest, ACancelledCallEndsAtOnce) {
  TransportWorld world(R"([{"fault":"hang"}])");
  world.runtime.run(stop_a_call(&world));
  EXPECT_EQ(world.elapsed(), seconds(1));
}

}  // namespace
}  // namespace vortex
