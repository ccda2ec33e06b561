// Settings nobody can mean: each is refused with file, line and key (faults I1, I2).
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "vortex/config/config_case_for_test.hpp"

namespace vortex {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

struct BadSetting {
  std::string line;   // as written, on the third line of the file
  std::string key;    // that the message names
  std::string named;  // what else it says
};

void expect_refused(const std::string& section, const std::vector<BadSetting>& settings) {
  for (const BadSetting& bad : settings) {
    ConfigCase test;
    test.file(section + "\n\n" + bad.line + "\n");
    const auto loaded = test.load();
    ASSERT_FALSE(loaded) << bad.line;
    EXPECT_EQ(exit_code(loaded.error().error_class()), 78) << bad.line;
    EXPECT_THAT(loaded.error().message, HasSubstr(test.at(3) + ": " + bad.key + ": ")) << bad.line;
    EXPECT_THAT(loaded.error().message, HasSubstr(bad.named)) << bad.line;
  }
}

TEST(LoadFaultsTest, I1MisspeltKeysNameTheNearest) {
  expect_refused("[providers.yahoo]",
                 {{"endpoint = []", "providers.yahoo.endpoint", "'providers.yahoo.endpoints'"},
                  {"stratgy = 'p2c_ewma'", "providers.yahoo.stratgy", "'providers.yahoo.strategy'"},
                  {"critcal = true", "providers.yahoo.critcal", "'providers.yahoo.critical'"}});
  expect_refused("[tasks]", {{"worker = 3", "tasks.worker", "'tasks.workers'"},
                             {"queue_item_max = 3", "tasks.queue_item_max", "queue_items_max"}});
  expect_refused("[sync]", {{"reserved = 0.1", "sync.reserved", "'sync.reserve'"}});
  expect_refused(
      "", {{"task.grace = '5s'", "task", "'tasks'"}, {"grace = '5s'", "grace", "'tasks.grace'"}});
}

TEST(LoadFaultsTest, I1AnUnknownStrategyNamesTheNearest) {
  expect_refused(
      "[providers.yahoo]",
      {{"strategy = 'roundrobin'", "providers.yahoo.strategy", "did you mean 'round_robin'?"},
       {"strategy = 'least_request'", "providers.yahoo.strategy", "did you mean 'least_requests'?"},
       {"strategy = 'P2C_EWMA'", "providers.yahoo.strategy", "p2c_ewma"},
       {"strategy = 'fastest'", "providers.yahoo.strategy",
        "none of round_robin, least_requests, p2c_ewma"},
       {"strategy = ''", "providers.yahoo.strategy", "none of"},
       {"strategy = 1", "providers.yahoo.strategy", "a string"}});
}

TEST(LoadFaultsTest, I1AValueOfTheWrongTypeOrUnitIsRefused) {
  expect_refused("[tasks]", {{"grace = 5", "tasks.grace", "such as \"5s\""},
                             {"grace = '5'", "tasks.grace", "such as \"5s\""},
                             {"grace = '5 s'", "tasks.grace", "such as \"5s\""},
                             {"queue_bytes_max = 64", "tasks.queue_bytes_max", "MiB"},
                             {"queue_bytes_max = '64'", "tasks.queue_bytes_max", "MiB"},
                             {"queue_bytes_max = '64MB'", "tasks.queue_bytes_max", "MiB"},
                             {"workers = '10'", "tasks.workers", "whole number"},
                             {"workers = 2.5", "tasks.workers", "whole number"}});
  expect_refused("[sync]", {{"reserve = '20%'", "sync.reserve", "a number"},
                            {"reserve = '0.2'", "sync.reserve", "a number"},
                            {"reserve = true", "sync.reserve", "a number"}});
  expect_refused(
      "[providers.yahoo]",
      {{"critical = 'yes'", "providers.yahoo.critical", "true or false"},
       {"critical = 1", "providers.yahoo.critical", "true or false"},
       {"endpoints = 'https://a.example'", "providers.yahoo.endpoints", "a list"},
       {"endpoints = [1]", "providers.yahoo.endpoints", "a list of strings"},
       {"endpoints = ['a.example']", "providers.yahoo.endpoints", "'a.example'"},
       {"endpoints = ['']", "providers.yahoo.endpoints", "http://"},
       {"endpoints = ['https://']", "providers.yahoo.endpoints", "http://"},
       {"endpoints = ['file:///etc/passwd']", "providers.yahoo.endpoints", "http://"},
       {"endpoints = ['https://a.example/?x=1']", "providers.yahoo.endpoints", "no query"},
       {"endpoints = ['https://a b']", "providers.yahoo.endpoints", "http://"}});
}

TEST(LoadFaultsTest, I1AKeyWrittenTwiceIsRefused) {
  ConfigCase test;
  test.file("[tasks]\nworkers = 1\nworkers = 2\n");
  EXPECT_THAT(test.problem(), HasSubstr(test.at(3) + ":"));
}

TEST(LoadFaultsTest, I2ImpossibleNumbersAreRefused) {
  expect_refused("[tasks]", {{"workers = 0", "tasks.workers", "1 to 1000"},
                             {"workers = -1", "tasks.workers", "1 to 1000"},
                             {"workers = 1001", "tasks.workers", "1 to 1000"},
                             {"queue_items_max = 0", "tasks.queue_items_max", "1 to 1000000"},
                             {"queue_items_max = 1000001", "tasks.queue_items_max", "1 to 1000000"},
                             {"queue_bytes_max = '0B'", "tasks.queue_bytes_max", "0B"},
                             {"queue_bytes_max = '-1MiB'", "tasks.queue_bytes_max", "MiB"},
                             {"queue_bytes_max = '99999999999GiB'", "tasks.queue_bytes_max", "GiB"},
                             {"grace = '0s'", "tasks.grace", "0s"},
                             {"grace = '-5s'", "tasks.grace", "-5s"},
                             {"grace = 'NaNs'", "tasks.grace", "NaNs"},
                             {"grace = '99999999999999999999s'", "tasks.grace", "999"}});
  expect_refused("[sync]", {{"reserve = nan", "sync.reserve", "from 0 to 1"},
                            {"reserve = inf", "sync.reserve", "from 0 to 1"},
                            {"reserve = -0.1", "sync.reserve", "from 0 to 1"},
                            {"reserve = 1.01", "sync.reserve", "from 0 to 1"},
                            {"reserve = 20", "sync.reserve", "from 0 to 1"}});
}

TEST(LoadFaultsTest, I2ImpossibleLimitsAreRefused) {
  const std::string key = "providers.yahoo.limits";
  std::vector<BadSetting> settings = {{"limits = 5", key, "a list"},
                                      {"limits = nan", key, "a list"},
                                      {"limits = [5]", key, "a list of strings"},
                                      {"limits = [nan]", key, "a list of strings"}};
  for (const char* text :
       {"0/s", "-1/s", "5/0s", "5/-1s", "0/0s", "NaN/s", "5/NaNs", "inf/s", "5", "5/5", "",
        "99999999999999999999/s", "0/day@America/New_York", "-25/day@America/New_York"}) {
    settings.push_back({std::string("limits = ['") + text + "']", key,
                        std::string("'") + text + "' is no rate limit"});
  }
  expect_refused("[providers.yahoo]", settings);
}

TEST(LoadFaultsTest, I2ZeroNegativeAndEndlessTimesAreRefused) {
  expect_refused(
      "[providers.yahoo]",
      {{"breaker.reset = '0s'", "providers.yahoo.breaker.reset", "0s"},
       {"breaker.call_timeout = '5'", "providers.yahoo.breaker.call_timeout", "such as \"5s\""},
       {"breaker.failures = 0", "providers.yahoo.breaker.failures", "1 to 10000"},
       {"connect_timeout = '-1s'", "providers.yahoo.connect_timeout", "-1s"},
       {"retry.budget = nan", "providers.yahoo.retry.budget", "from 0 to 1"},
       {"retry.attempts = 0", "providers.yahoo.retry.attempts", "1 to 20"}});
}

TEST(LoadFaultsTest, CredentialsInEndpointsAreNotShown) {
  ConfigCase test;
  test.file("[providers.yahoo]\nendpoints = ['https://user:S3CR3T@a.example']\n");
  const auto loaded = test.load();
  ASSERT_TRUE(loaded) << loaded.error().message;
  for (const ConfigValue& value : loaded->values)
    EXPECT_THAT(value.value, Not(HasSubstr("S3CR3T"))) << value.key;
  for (const char* address : {"ftp://user:S3CR3T@a.example", "https://a.example?apikey=S3CR3T"}) {
    ConfigCase bad;
    bad.file("[providers.yahoo]\nendpoints = ['" + std::string(address) + "']\n");
    EXPECT_THAT(bad.problem(), HasSubstr("providers.yahoo.endpoints")) << address;
    EXPECT_THAT(bad.problem(), Not(HasSubstr("S3CR3T"))) << address;
  }
}

}  // namespace
}  // namespace vortex
