#include "vortex/discovery/directory.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "vortex/discovery/source_for_test.hpp"
#include "vortex/discovery/static_source.hpp"

namespace vortex {
namespace {

using std::chrono::hours;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class DirectoryTest : public ::testing::Test {
 protected:
  DirectoryTest() { start(); }

  void start() {
    directory_ = std::make_unique<Directory>(
        DirectoryOptions{.balancer = {}, .stale_after = hours(24)},
        std::vector<ServiceSpec>{{.service = "yahoo",
                                  .strategy = Strategy::least_requests,
                                  .sources = {config_, consul_}},
                                 {.service = "barchart", .sources = {consul_}}});
  }
  void pass(Duration time) {
    now_.elapsed += time;
    now_.calendar += time;
  }
  std::vector<std::string> addresses(std::string_view service) const {
    std::vector<std::string> urls;
    for (const ServiceStatus& status : directory_->snapshot(now_.elapsed)) {
      if (status.service != service) continue;
      for (const EndpointStatus& one : status.endpoints) urls.push_back(one.base_url);
    }
    return urls;
  }
  SourceStatus source(std::size_t service, std::size_t index) const {
    return directory_->snapshot(now_.elapsed).at(service).sources.at(index);
  }

  std::shared_ptr<StaticSource> config_ = std::make_shared<StaticSource>(
      "config", std::vector{equal_endpoints("yahoo", {"https://a", "https://b"})});
  std::shared_ptr<ScriptedSource> consul_ = std::make_shared<ScriptedSource>("consul");
  DirectoryTime now_{.elapsed = Monotonic{hours(1)}, .calendar = *parse_time("2026-01-02T00:00Z")};
  Random random_{1};
  std::unique_ptr<Directory> directory_;
};

TEST_F(DirectoryTest, MergesTheSourcesInTheirOrder) {
  consul_->say({"https://c", "https://b"});
  EXPECT_THAT(directory_->refresh(now_).services, ElementsAre("barchart", "yahoo"));
  EXPECT_THAT(addresses("yahoo"), ElementsAre("https://a", "https://b", "https://c"));
  EXPECT_THAT(addresses("barchart"), ElementsAre("https://c", "https://b"));
  EXPECT_THAT(directory_->refresh(now_).services, IsEmpty());
  auto picked = directory_->pick("yahoo", now_.elapsed, random_);
  ASSERT_TRUE(picked);
  EXPECT_TRUE(picked->base_url().starts_with("https://"));
  picked->settle(now_.elapsed, EndpointVerdict::good, std::chrono::milliseconds(5));
}

TEST_F(DirectoryTest, A3WithoutAnyAddressTheErrorSaysWhoWasAsked) {
  auto early = directory_->pick("barchart", now_.elapsed, random_);
  ASSERT_FALSE(early);
  EXPECT_EQ(early.error().code, ErrorCode::resolve);
  EXPECT_THAT(early.error().message, HasSubstr("consul: not asked yet"));
  consul_->fail_with("SERVFAIL");
  EXPECT_THAT(directory_->refresh(now_).problems, SizeIs(2)) << "one of each service";
  EXPECT_THAT(directory_->pick("barchart", now_.elapsed, random_).error().message,
              HasSubstr("barchart: no address is known (consul: SERVFAIL)"));
  EXPECT_EQ(directory_->pick("nobody", now_.elapsed, random_).error().code,
            ErrorCode::unknown_name);
}

TEST_F(DirectoryTest, I5ADirectoryThatIsDownOrEmptyDeletesNothing) {
  consul_->say({"https://c"});
  (void)directory_->refresh(now_);
  pass(hours(1));
  consul_->fail_with("connection refused");
  const auto change = directory_->refresh(now_);
  EXPECT_THAT(change.services, IsEmpty());
  EXPECT_THAT(change.problems, SizeIs(2));
  consul_->say({});
  EXPECT_THAT(directory_->refresh(now_).services, IsEmpty());
  EXPECT_THAT(addresses("yahoo"), ElementsAre("https://a", "https://b", "https://c"));
  EXPECT_EQ(source(1, 1).state, SourceState::remembered);
  EXPECT_EQ(source(1, 1).age, hours(1));
  pass(hours(24));
  EXPECT_THAT(directory_->refresh(now_).services, ElementsAre("barchart", "yahoo"));
  EXPECT_THAT(addresses("yahoo"), ElementsAre("https://a", "https://b"));
  EXPECT_FALSE(directory_->pick("barchart", now_.elapsed, random_));
}

TEST_F(DirectoryTest, A3I5AStartWithoutTheDirectoryUsesTheLastGoodList) {
  consul_->say({"https://c"});
  (void)directory_->refresh(now_);
  const auto saved = directory_->take_unsaved(now_);
  ASSERT_TRUE(saved);
  EXPECT_THAT(*saved, SizeIs(2)) << "what the configuration says is not kept";

  pass(hours(23));
  now_.elapsed = Monotonic{std::chrono::seconds(3)};  // another boot
  start();
  consul_->fail_with("connection refused");
  directory_->restore(*saved, now_);
  (void)directory_->refresh(now_);
  EXPECT_THAT(addresses("barchart"), ElementsAre("https://c"));
  EXPECT_EQ(source(0, 0).age, hours(23));
  EXPECT_TRUE(directory_->pick("barchart", now_.elapsed, random_));
  pass(hours(2));
  (void)directory_->refresh(now_);
  EXPECT_FALSE(directory_->pick("barchart", now_.elapsed, random_));

  pass(hours(24));
  start();
  directory_->restore(*saved, now_);
  (void)directory_->refresh(now_);
  EXPECT_FALSE(directory_->pick("barchart", now_.elapsed, random_)) << "too old at the start";
}

TEST_F(DirectoryTest, F1ACalendarThatStepsChangesNoAge) {
  consul_->say({"https://c"});
  (void)directory_->refresh(now_);
  consul_->fail_with("down");
  now_.calendar += hours(24 * 365);
  (void)directory_->refresh(now_);
  EXPECT_TRUE(directory_->pick("barchart", now_.elapsed, random_));
  const LastGood future = {
      {"barchart", "consul", now_.calendar + hours(100), {{"https://d", 1, "consul"}}}};
  start();
  directory_->restore(future, now_);
  (void)directory_->refresh(now_);
  EXPECT_THAT(addresses("barchart"), ElementsAre("https://d"));
  EXPECT_EQ(source(0, 0).age, Duration::zero());
}

TEST_F(DirectoryTest, WritesOnlyWhatChangedOrGrewOld) {
  EXPECT_FALSE(directory_->take_unsaved(now_)) << "nothing known, nothing to keep";
  consul_->say({"https://c"});
  (void)directory_->refresh(now_);
  EXPECT_TRUE(directory_->take_unsaved(now_));
  EXPECT_FALSE(directory_->take_unsaved(now_));
  pass(hours(5));
  (void)directory_->refresh(now_);
  EXPECT_FALSE(directory_->take_unsaved(now_));
  pass(hours(1));
  (void)directory_->refresh(now_);
  const auto again = directory_->take_unsaved(now_);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->front().at, now_.calendar);
  consul_->say({"https://d"});
  (void)directory_->refresh(now_);
  EXPECT_TRUE(directory_->take_unsaved(now_));
}

TEST_F(DirectoryTest, ListsOfOthersInTheFileAreKept) {
  const LastGood file = {{"tws", "dns", now_.calendar, {{"https://t", 1, "dns"}}},
                         {"old", "dns", now_.calendar - hours(25), {{"https://o", 1, "dns"}}}};
  directory_->restore(file, now_);
  consul_->say({"https://c"});
  (void)directory_->refresh(now_);
  const auto saved = directory_->take_unsaved(now_);
  ASSERT_TRUE(saved);
  ASSERT_THAT(*saved, SizeIs(3));
  EXPECT_EQ(saved->front(), file.front());
}

TEST_F(DirectoryTest, A4ACallInFlightSurvivesTheChangeOfItsAddress) {
  consul_->say({"https://c"});
  (void)directory_->refresh(now_);
  auto call = directory_->pick("barchart", now_.elapsed, random_);
  ASSERT_TRUE(call);
  consul_->say({"https://d"});
  (void)directory_->refresh(now_);
  EXPECT_EQ(directory_->pick("barchart", now_.elapsed, random_)->base_url(), "https://d");
  EXPECT_EQ(call->base_url(), "https://c");
  directory_.reset();
  call->settle(now_.elapsed, EndpointVerdict::bad, std::chrono::seconds(1));
}

TEST_F(DirectoryTest, TheSnapshotTellsWhatIsKnown) {
  consul_->fail_with("down");
  (void)directory_->refresh(now_);
  const auto statuses = directory_->snapshot(now_.elapsed);
  ASSERT_THAT(statuses, SizeIs(2));
  EXPECT_EQ(statuses[0].service, "barchart");
  EXPECT_EQ(statuses[1].strategy, Strategy::least_requests);
  EXPECT_FALSE(statuses[1].in_panic);
  EXPECT_EQ(statuses[1].sources[0].state, SourceState::fresh);
  EXPECT_EQ(statuses[1].sources[1].state, SourceState::nothing);
  EXPECT_EQ(statuses[1].sources[1].problem, "down");
}

}  // namespace
}  // namespace vortex
