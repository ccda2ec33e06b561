#include "vortex/sim/sim_world.hpp"

#include <gtest/gtest.h>

#include "vortex/base/json.hpp"

namespace vortex {
namespace {

class SimWorldTest : public testing::Test {
 protected:
  ServerReply post(std::string name, std::string body, const std::vector<SimPath>& paths = {}) {
    return world_.control(
        {.method = "POST", .path = "/__sim/" + std::move(name), .body = std::move(body)},
        [this] { ++resets_; }, paths);
  }
  std::int64_t counted(std::string_view name) {
    const auto json = Json::parse(world_.control({.method = "GET", .path = "/__sim/counts"}).body);
    const Json* mine = json->find("providers")->find("acme");
    return mine == nullptr ? 0 : mine->int_at(name).value_or(0);
  }

  ManualClock clock_{*parse_time("2025-06-04T15:00Z")};
  SimWorld world_{"acme",
                  clock_,
                  Market(1),
                  FaultScript(),
                  {.limit = RequestWindow(1, std::chrono::seconds(1))}};
  int resets_ = 0;
};

TEST_F(SimWorldTest, ARequestIsCountedWithItsFaultAndItsLimit) {
  EXPECT_EQ(post("faults", R"([{"symbol":"A","calls":[1],"fault":"hang"}])").status, 200);
  world_.arrived("bars", "A");
  EXPECT_TRUE(world_.is_within_limit());
  ASSERT_NE(world_.draw_fault("A", "/a"), nullptr);
  EXPECT_EQ(world_.last_fault(), FaultKind::hang);
  world_.answered({.status = 200, .hang = true});
  world_.arrived("bars", "A");
  EXPECT_FALSE(world_.last_fault());
  EXPECT_FALSE(world_.is_within_limit());
  EXPECT_EQ(world_.draw_fault("A", "/a"), nullptr);
  EXPECT_EQ(counted("requests"), 2);
  EXPECT_EQ(counted("violations"), 1);
}

TEST_F(SimWorldTest, AResetForgetsAllThatWasCountedAndChanged) {
  world_.arrived("bars", "A");
  EXPECT_TRUE(world_.is_within_limit());
  EXPECT_EQ(post("reset", "").status, 200);
  EXPECT_EQ(resets_, 1);
  EXPECT_EQ(counted("requests"), 0);
  EXPECT_TRUE(world_.is_within_limit());
}

TEST_F(SimWorldTest, TheMomentIsSetAndStandsStill) {
  EXPECT_EQ(world_.now(), clock_.now());
  EXPECT_EQ(post("now", R"({"now":"2024-01-02T14:30:00Z"})").status, 200);
  clock_.advance(std::chrono::seconds(5));
  EXPECT_EQ(world_.now(), *parse_time("2024-01-02T14:30:00Z"));
  EXPECT_EQ(world_.clients_now(), clock_.now());
}

TEST_F(SimWorldTest, AnImpostersOwnPathIsReachedAndItsErrorTold) {
  std::string got;
  const auto change = [&](const std::string& body) -> Result<void> {
    if (body.empty()) return fail(ErrorCode::usage, "says nothing");
    got = body;
    return {};
  };
  EXPECT_EQ(post("door", "open", {{.name = "door", .change = change}}).status, 200);
  EXPECT_EQ(got, "open");
  EXPECT_TRUE(post("door", "", {{.name = "door", .change = change}}).body.contains("nothing"));
  EXPECT_TRUE(post("dor", "", {{.name = "door", .change = change}}).body.contains("door"));
  EXPECT_EQ(post("door", "open").status, 400) << "of that imposter alone";
}

TEST_F(SimWorldTest, BadChangesAreRefusedWithAReason) {
  const std::string place = R"({"symbol":"AAPL","date":"2025-06-02")";
  EXPECT_TRUE(post("restate", R"({"symbol":"AAPL"})").body.contains("date"));
  EXPECT_TRUE(post("restate", place + "}").body.contains("volume")) << "no value";
  EXPECT_TRUE(post("split", place + "}").body.contains("ratio"));
  EXPECT_TRUE(post("split", place + R"(,"ratio":0})").body.contains("above 0"));
  EXPECT_TRUE(post("faults", R"([{"fault":"hagn"}])").body.contains("hang"));
  EXPECT_TRUE(post("restat", "{}").body.contains("restate"));
  EXPECT_EQ(post("now", "not json").status, 400);
  EXPECT_EQ(post("now", R"({"now":"soon"})").status, 400);
  EXPECT_EQ(world_.control({.method = "GET", .path = "/__sim/restate"}).status, 405);
}

}  // namespace
}  // namespace vortex
