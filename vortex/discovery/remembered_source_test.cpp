#include "vortex/discovery/remembered_source.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "vortex/discovery/source_for_test.hpp"

namespace vortex {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr Duration kStaleAfter = std::chrono::hours(24);
constexpr Monotonic kStart{std::chrono::hours(1)};

class RememberedSourceTest : public ::testing::Test {
 protected:
  std::shared_ptr<ScriptedSource> consul_ = std::make_shared<ScriptedSource>("consul");
  RememberedSource memory_{consul_, "yahoo", kStaleAfter};
};

TEST_F(RememberedSourceTest, SaysWhatTheSourceSays) {
  consul_->say({"https://a/", "https://B"});
  EXPECT_EQ(memory_.state(), SourceState::unasked);
  EXPECT_FALSE(memory_.ask(kStart));
  EXPECT_THAT(urls_of(memory_.endpoints()), ElementsAre("https://a", "https://b"));
  EXPECT_EQ(memory_.endpoints()[0].source, "consul");
  EXPECT_EQ(memory_.state(), SourceState::fresh);
  consul_->say({"https://c"});
  EXPECT_FALSE(memory_.ask(kStart));
  EXPECT_THAT(urls_of(memory_.endpoints()), ElementsAre("https://c"));
}

TEST_F(RememberedSourceTest, I5EmptyIsNotDeleteAll) {
  consul_->say({"https://a"});
  (void)memory_.ask(kStart);
  consul_->say({});
  const auto problem = memory_.ask(kStart + std::chrono::hours(1));
  ASSERT_TRUE(problem);
  EXPECT_THAT(problem->message, HasSubstr("consul: endpoints of yahoo: names no endpoint"));
  EXPECT_THAT(urls_of(memory_.endpoints()), ElementsAre("https://a"));
  EXPECT_EQ(memory_.state(), SourceState::remembered);
}

TEST_F(RememberedSourceTest, I5AFailingSourceIsRememberedUpToTheLimitOfAge) {
  consul_->say({"https://a"});
  (void)memory_.ask(kStart);
  consul_->fail_with("connection refused");
  EXPECT_TRUE(memory_.ask(kStart + std::chrono::hours(1)));
  EXPECT_FALSE(memory_.ask(kStart + std::chrono::hours(2))) << "the same problem is told once";
  (void)memory_.ask(kStart + kStaleAfter);
  EXPECT_THAT(urls_of(memory_.endpoints()), ElementsAre("https://a"));
  (void)memory_.ask(kStart + kStaleAfter + std::chrono::nanoseconds(1));
  EXPECT_THAT(memory_.endpoints(), IsEmpty());
  EXPECT_EQ(memory_.state(), SourceState::nothing);
  consul_->say({"https://b"});
  EXPECT_FALSE(memory_.ask(kStart + 2 * kStaleAfter));
  EXPECT_EQ(memory_.problem(), "");
  EXPECT_THAT(urls_of(memory_.endpoints()), ElementsAre("https://b"));
}

TEST_F(RememberedSourceTest, I5AFlappingSourceLosesNothing) {
  consul_->say({"https://a", "https://b"});
  (void)memory_.ask(kStart);
  for (int second = 1; second < 100; ++second) {
    if (second % 3 == 0) consul_->say({"https://a", "https://b"});
    if (second % 3 == 1) consul_->say({});
    if (second % 3 == 2) consul_->fail_with("down");
    (void)memory_.ask(kStart + std::chrono::seconds(second));
    EXPECT_EQ(memory_.endpoints().size(), 2U);
  }
}

TEST_F(RememberedSourceTest, A3WhatAnEarlierRunSawServesUntilTheSourceAnswers) {
  memory_.restore({{.base_url = "https://old"}}, kStart - std::chrono::hours(23));
  consul_->fail_with("SERVFAIL");
  (void)memory_.ask(kStart);
  EXPECT_THAT(urls_of(memory_.endpoints()), ElementsAre("https://old"));
  (void)memory_.ask(kStart + std::chrono::hours(2));
  EXPECT_THAT(memory_.endpoints(), IsEmpty());
  consul_->say({"https://new"});
  (void)memory_.ask(kStart);
  memory_.restore({{.base_url = "https://old"}}, kStart);
  EXPECT_THAT(urls_of(memory_.endpoints()), ElementsAre("https://new"));
}

TEST_F(RememberedSourceTest, ABadEntryCostsItselfAndIsSaid) {
  consul_->say({"https://a", "file:///etc/passwd", "https://a:443/", "https://b"});
  const auto problem = memory_.ask(kStart);
  ASSERT_TRUE(problem);
  EXPECT_THAT(problem->message, HasSubstr("file:///etc/passwd"));
  EXPECT_THAT(urls_of(memory_.endpoints()), ElementsAre("https://a", "https://b"));
  consul_->say({"file:///etc/passwd"});
  (void)memory_.ask(kStart);
  EXPECT_EQ(memory_.state(), SourceState::remembered);
  EXPECT_EQ(memory_.endpoints().size(), 2U);
}

TEST_F(RememberedSourceTest, AListIsBounded) {
  std::vector<std::string> urls;
  for (std::size_t i = 0; i <= kEndpointsMax; ++i) urls.push_back("https://h" + std::to_string(i));
  consul_->say(urls);
  EXPECT_TRUE(memory_.ask(kStart));
  EXPECT_EQ(memory_.endpoints().size(), kEndpointsMax);
}

TEST(MergeEndpointsTest, KeepsTheOrderAndTheFirstOfTwo) {
  const std::vector<std::vector<Endpoint>> lists = {
      {{"https://a", 3, "config"}, {"https://b", 1, "config"}},
      {},
      {{"https://b", 7, "consul"}, {"https://c", 2, "consul"}}};
  const auto merged = merge_endpoints(lists);
  EXPECT_THAT(merged,
              ElementsAre(Endpoint{"https://a", 3, "config"}, Endpoint{"https://b", 1, "config"},
                          Endpoint{"https://c", 2, "consul"}));
  EXPECT_THAT(merge_endpoints({}), IsEmpty());
}

}  // namespace
}  // namespace vortex
