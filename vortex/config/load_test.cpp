#include "vortex/config/load.hpp"

#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "vortex/base/json.hpp"
#include "vortex/config/config_case_for_test.hpp"

namespace vortex {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

const ConfigValue* value_of(const LoadedSettings& loaded, const std::string& key) {
  const auto found = std::ranges::find(loaded.values, key, &ConfigValue::key);
  return found == loaded.values.end() ? nullptr : &*found;
}

TEST(LoadSettingsTest, DefaultsComeFromTheTable) {
  ConfigCase test;
  const auto loaded = test.load();
  ASSERT_TRUE(loaded) << loaded.error().message;
  const Settings& settings = loaded->settings;
  EXPECT_EQ(settings.state_dir, test.home() + "/.local/state/vortex");
  EXPECT_EQ(settings.store_uri, "./data");
  EXPECT_EQ(settings.concurrency, 16);
  EXPECT_EQ(settings.overlap_bars, 5);
  EXPECT_EQ(settings.batch_bytes_max, 32U << 20);
  EXPECT_EQ(settings.batch_age_max, std::chrono::seconds(60));
  const ProviderSettings& yahoo = settings.providers.at("yahoo");
  EXPECT_EQ(yahoo.base_url, "https://query2.example");
  EXPECT_TRUE(yahoo.base_url_is_default);
  EXPECT_FALSE(yahoo.limits.has_value());
  EXPECT_EQ(yahoo.concurrency, 4);
  EXPECT_EQ(yahoo.retry.attempts, 4);
  EXPECT_EQ(yahoo.breaker.call_timeout, std::chrono::seconds(30));
  EXPECT_EQ(yahoo.read_timeout, std::chrono::seconds(60));
  EXPECT_EQ(loaded->file, "");
}

TEST(LoadSettingsTest, DefaultsOfTheTableAreThoseOfTheStructs) {
  ConfigCase test;
  const auto loaded = test.load();
  ASSERT_TRUE(loaded);
  const Settings plain;
  EXPECT_EQ(loaded->settings.default_providers, plain.default_providers);
  EXPECT_EQ(loaded->settings.cpu_threads, plain.cpu_threads);
  EXPECT_EQ(loaded->settings.concurrency, plain.concurrency);
  EXPECT_EQ(loaded->settings.batch_bytes_max, plain.batch_bytes_max);
  const ProviderSettings own;
  const ProviderSettings& read = loaded->settings.providers.at("yahoo");
  EXPECT_EQ(read.retry.budget, own.retry.budget);
  EXPECT_EQ(read.breaker.failures, own.breaker.failures);
  EXPECT_EQ(read.breaker.reset, own.breaker.reset);
  EXPECT_EQ(read.connect_timeout, own.connect_timeout);
  EXPECT_EQ(read.body_bytes_max, own.body_bytes_max);
  EXPECT_EQ(read.allow_private_hosts, own.allow_private_hosts);
  EXPECT_EQ(read.endpoints, own.endpoints);
  EXPECT_EQ(read.strategy, own.strategy);
  EXPECT_EQ(read.critical, own.critical);
  EXPECT_EQ(loaded->settings.reserve, plain.reserve);
  EXPECT_EQ(loaded->settings.tasks.workers, plain.tasks.workers);
  EXPECT_EQ(loaded->settings.tasks.queue_items_max, plain.tasks.queue_items_max);
  EXPECT_EQ(loaded->settings.tasks.queue_bytes_max, plain.tasks.queue_bytes_max);
  EXPECT_EQ(loaded->settings.tasks.grace, plain.tasks.grace);
}

TEST(LoadSettingsTest, ReadsEveryFrozenName) {
  ConfigCase test;
  test.file(R"(
state_dir = "~/state"
[store]
uri = "./elsewhere"
[providers.alphavantage]
base_url = "https://www.alphavantage.co"
api_key  = "env:ALPHAVANTAGE_API_KEY"
limits   = ["1/s", "5/min", "25/day@America/New_York"]
concurrency = 3
depth    = { "1d" = "20y" }
retry    = { attempts = 6, budget = 0.1 }
breaker  = { failures = 7, reset = "90s", call_timeout = "20s" }
[symbols."BRK-B"]
alphavantage = "BRK.B"
[[jobs]]
name = "us-daily"
symbols = ["AAPL", "MSFT"]
providers = ["yahoo", "alphavantage"]
interval = "1h"
since = "2015-01-01"
schedule = "30 22 * * 1-5"
timezone = "America/New_York"
)");
  const auto loaded = test.load();
  ASSERT_TRUE(loaded) << loaded.error().message;
  const ProviderSettings& provider = loaded->settings.providers.at("alphavantage");
  EXPECT_EQ(provider.base_url, "https://www.alphavantage.co");
  EXPECT_FALSE(provider.base_url_is_default);
  EXPECT_EQ(provider.api_key, "env:ALPHAVANTAGE_API_KEY");
  ASSERT_TRUE(provider.limits);
  EXPECT_EQ(provider.limits->size(), 3U);
  EXPECT_EQ(provider.concurrency, 3);
  ASSERT_TRUE(provider.depth);
  EXPECT_EQ(provider.depth->at(Interval::d1), std::chrono::hours(20 * 8766));
  EXPECT_EQ(provider.retry.attempts, 6);
  EXPECT_EQ(provider.breaker.reset, std::chrono::seconds(90));
  EXPECT_EQ(loaded->settings.symbols.at("BRK-B").at("alphavantage"), "BRK.B");
  ASSERT_EQ(loaded->settings.jobs.size(), 1U);
  const JobSettings& job = loaded->settings.jobs[0];
  EXPECT_EQ(job.name, "us-daily");
  EXPECT_EQ(job.symbols, (std::vector<std::string>{"AAPL", "MSFT"}));
  EXPECT_EQ(job.providers, (std::vector<std::string>{"yahoo", "alphavantage"}));
  EXPECT_EQ(job.interval, Interval::h1);
  EXPECT_EQ(job.since, parse_date("2015-01-01"));
  EXPECT_EQ(job.timezone, "America/New_York");
}

TEST(LoadSettingsTest, ReadsEndpointsTasksAndTheReserve) {
  ConfigCase test;
  test.file(R"(
[sync]
reserve = 0.35
[tasks]
workers = 3
queue_items_max = 500
queue_bytes_max = "1MiB"
grace = "5s"
[providers.yahoo]
endpoints = ["https://a.example/v1", "http://b.example"]
strategy = "p2c_ewma"
critical = true
)");
  const auto loaded = test.load();
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_EQ(loaded->settings.reserve, 0.35);
  EXPECT_EQ(loaded->settings.tasks.workers, 3);
  EXPECT_EQ(loaded->settings.tasks.queue_items_max, 500);
  EXPECT_EQ(loaded->settings.tasks.queue_bytes_max, 1U << 20);
  EXPECT_EQ(loaded->settings.tasks.grace, std::chrono::seconds(5));
  const ProviderSettings& yahoo = loaded->settings.providers.at("yahoo");
  EXPECT_EQ(yahoo.endpoints,
            (std::vector<std::string>{"https://a.example/v1", "http://b.example"}));
  EXPECT_EQ(yahoo.strategy, "p2c_ewma");
  EXPECT_TRUE(yahoo.critical);
  EXPECT_FALSE(loaded->settings.providers.at("alphavantage").critical);
}

TEST(LoadSettingsTest, EndpointsFromTheEnvironmentAreSeparatedByCommas) {
  ConfigCase test;
  test.variable("VORTEX__PROVIDERS__YAHOO__ENDPOINTS", "https://a.example,https://b.example")
      .variable("VORTEX__TASKS__GRACE", "90s");
  const auto loaded = test.load();
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_EQ(loaded->settings.providers.at("yahoo").endpoints.size(), 2U);
  EXPECT_EQ(loaded->settings.tasks.grace, std::chrono::seconds(90));
}

TEST(LoadSettingsTest, LaterSourcesWin) {
  ConfigCase test;
  test.file("concurrency = 2\n");
  EXPECT_EQ(test.load()->settings.concurrency, 2);
  test.variable("VORTEX__CONCURRENCY", "3");
  EXPECT_EQ(test.load()->settings.concurrency, 3);
  test.set("concurrency", "4").set("concurrency", "5");
  EXPECT_EQ(test.load()->settings.concurrency, 5);
  test.file("store.uri = \"a\"\n").set("store.uri", "b").flag("--store", "c");
  EXPECT_EQ(test.load()->settings.store_uri, "c");
}

TEST(LoadSettingsTest, SaysWhereEachValueCameFrom) {
  ConfigCase test;
  test.file("\nconcurrency = 2\n").variable("VORTEX__CPU_THREADS", "3").set("store.uri", "5");
  const auto loaded = test.load();
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_EQ(value_of(*loaded, "concurrency")->origin, test.at(2));
  EXPECT_EQ(value_of(*loaded, "cpu_threads")->origin, "VORTEX__CPU_THREADS");
  EXPECT_EQ(value_of(*loaded, "store.uri")->origin, "--set");
  EXPECT_EQ(value_of(*loaded, "store.uri")->value, "\"5\"");
  EXPECT_EQ(value_of(*loaded, "providers.yahoo.limits")->value, "[\"5/5s\"]");
  EXPECT_EQ(value_of(*loaded, "providers.yahoo.retry.attempts")->origin, "default");
}

TEST(LoadSettingsTest, UnknownKeysNameTheNearest) {
  const auto problem = [](const std::string& text) {
    return ConfigCase().file(text).problem();
  };
  EXPECT_THAT(problem("[providers.yahoo]\n\nbase_ur = \"x\"\n"),
              HasSubstr("vortex.toml:3: providers.yahoo.base_ur: unknown key (did you mean "
                        "'providers.yahoo.base_url'?)"));
  EXPECT_THAT(problem("[providers.yaho]\nbase_url = \"x\"\n"),
              HasSubstr("did you mean 'providers.yahoo'?"));
  EXPECT_THAT(problem("[stroe]\nuri = \"x\"\n"), HasSubstr("did you mean 'store'?"));
  EXPECT_THAT(problem("uri = \"x\"\n"), HasSubstr("did you mean 'store.uri'?"));
  EXPECT_THAT(problem("[[jobs]]\nname=\"a\"\nsymbol=[\"A\"]\n"),
              HasSubstr("did you mean 'jobs.0.symbols'?"));
  EXPECT_THAT(problem("retry.attempts = 3\n"), HasSubstr("vortex.toml:1: retry: unknown key"));
  EXPECT_EQ(ConfigCase().file("xyzzy = 1\n").load().error().code, ErrorCode::config_unknown_key);
  EXPECT_THAT(ConfigCase().variable("VORTEX__PROVIDERS__YAHOO__BASE_URI", "x").problem(),
              HasSubstr("did you mean 'VORTEX__PROVIDERS__YAHOO__BASE_URL'?"));
  EXPECT_THAT(ConfigCase().set("store.url", "x").problem(),
              StartsWith("--set: store.url: unknown key"));
}

TEST(LoadSettingsTest, WrongTypesAndUnitsAreRefused) {
  const auto problem = [](const std::string& text) {
    return ConfigCase().file(text).problem();
  };
  EXPECT_THAT(problem("[providers.yahoo]\nread_timeout = 5\n"), HasSubstr("such as \"5s\""));
  EXPECT_THAT(problem("[providers.yahoo]\nread_timeout = \"5\"\n"), HasSubstr("found \"5\""));
  EXPECT_THAT(problem("concurrency = \"16\"\n"), HasSubstr("whole number"));
  EXPECT_THAT(problem("concurrency = 1.5\n"), HasSubstr("whole number"));
  EXPECT_THAT(problem("store = \"./data\"\n"), HasSubstr("store: is a section"));
  EXPECT_THAT(problem("[providers.yahoo]\nlimits = \"5/5s\"\n"), HasSubstr("a list"));
  EXPECT_THAT(problem("[providers.yahoo]\nbase_url = \"query2.example\"\n"), HasSubstr("http://"));
  EXPECT_THAT(problem("[providers.yahoo]\nallow_private_hosts = 1\n"), HasSubstr("true or false"));
  EXPECT_THAT(problem("[sync]\nbatch_bytes_max = 64\n"), HasSubstr("MiB"));
  EXPECT_THAT(problem("[jobs]\nname = 1\n"), HasSubstr("[[jobs]]"));
  EXPECT_THAT(problem("[[jobs]]\nname=\"a\"\nsymbols=[\"../x\"]\n"), HasSubstr("jobs.0.symbols"));
  EXPECT_THAT(problem("[[jobs]]\nname=\"a\"\nsymbols=[\"A\"]\ninterval=\"1y\"\n"),
              HasSubstr("jobs.0.interval"));
  EXPECT_THAT(problem("[[jobs]]\nname=\"a\"\nsymbols=[\"A\"]\ntimezone=\"Mars/Base\"\n"),
              HasSubstr("Mars/Base"));
  EXPECT_THAT(problem("default_providers = [\"yaho\"]\n"), HasSubstr("did you mean 'yahoo'?"));
  EXPECT_THAT(problem("[[jobs]]\nname=\"a\"\nsymbols=[\"A\"]\nschedule=\"61 * * * *\"\n"),
              HasSubstr("'61' is no minute"));
}

TEST(LoadSettingsTest, ImpossibleValuesAreRefused) {
  const auto problem = [](const std::string& text) {
    return ConfigCase().file(text).problem();
  };
  EXPECT_NE(problem("concurrency = 0\n"), "");
  EXPECT_NE(problem("concurrency = -1\n"), "");
  EXPECT_NE(problem("concurrency = 99999999999\n"), "");
  EXPECT_NE(problem("concurrency = 99999999999999999999999\n"), "");
  EXPECT_NE(problem("providers.yahoo.retry.budget = nan\n"), "");
  EXPECT_NE(problem("providers.yahoo.retry.budget = inf\n"), "");
  EXPECT_NE(problem("providers.yahoo.retry.budget = -0.1\n"), "");
  EXPECT_NE(problem("providers.yahoo.retry.attempts = 0\n"), "");
  EXPECT_NE(problem("providers.yahoo.breaker.reset = \"0s\"\n"), "");
  EXPECT_NE(problem("providers.yahoo.breaker.reset = \"99999999999999999999d\"\n"), "");
  EXPECT_NE(problem("providers.yahoo.limits = [\"0/s\"]\n"), "");
  EXPECT_NE(problem("providers.yahoo.depth = { \"1d\" = \"0d\" }\n"), "");
  EXPECT_NE(problem("store.uri = \"\"\n"), "");
  EXPECT_NE(problem("default_providers = []\n"), "");
  EXPECT_EQ(problem("providers.yahoo.limits = []\nproviders.yahoo.depth = {}\n"), "");
}

TEST(LoadSettingsTest, RepeatedKeysAndBrokenFilesNameTheLine) {
  EXPECT_THAT(ConfigCase().file("[store]\nuri=\"a\"\nuri=\"b\"\n").problem(),
              HasSubstr("vortex.toml:3:"));
  EXPECT_THAT(ConfigCase().file("[store\nuri=1\n").problem(), HasSubstr("vortex.toml:1:"));
  EXPECT_THAT(
      ConfigCase()
          .file("[[jobs]]\nname=\"a\"\nsymbols=[\"A\"]\n[[jobs]]\nname=\"a\"\nsymbols=[\"B\"]\n")
          .problem(),
      HasSubstr("a second job is named 'a'"));
  EXPECT_THAT(ConfigCase().file("[[jobs]]\nsymbols=[\"A\"]\n").problem(), HasSubstr("has no name"));
  EXPECT_THAT(ConfigCase().file("[[jobs]]\nname=\"a\"\n").problem(), HasSubstr("has no symbols"));
}

TEST(LoadSettingsTest, SecretsAreReferencesAndNeverShown) {
  ConfigCase literal;
  literal.file("[providers.alphavantage]\napi_key = \"S3CR3T-KEY\"\n");
  const auto refused = literal.load();
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("env:NAME"));
  EXPECT_THAT(refused.error().message, Not(HasSubstr("S3CR3T")));

  ConfigCase given;
  given.variable("VORTEX__PROVIDERS__ALPHAVANTAGE__API_KEY", "S3CR3T-KEY");
  const auto loaded = given.load();
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_EQ(loaded->settings.providers.at("alphavantage").api_key,
            "env:VORTEX__PROVIDERS__ALPHAVANTAGE__API_KEY");
  for (const ConfigValue& value : loaded->values)
    EXPECT_THAT(value.value, Not(HasSubstr("S3CR3T")));
  const auto secret = resolve_secret(loaded->settings.providers.at("alphavantage").api_key,
                                     given.sources().environment);
  ASSERT_TRUE(secret);
  EXPECT_EQ(secret->reveal(), "S3CR3T-KEY");
}

TEST(LoadSettingsTest, SetValuesCannotSmuggleKeys) {
  ConfigCase test;
  test.set("store.uri", "1\nconcurrency = 0");
  const auto loaded = test.load();
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_EQ(loaded->settings.concurrency, 16);
  EXPECT_THAT(ConfigCase().set("store.uri\nx", "1").problem(), StartsWith("--set"));
}

TEST(LoadSettingsTest, TextSourcesTakeTomlOrPlainText) {
  ConfigCase test;
  test.variable("VORTEX__DEFAULT_PROVIDERS", "alphavantage,yahoo")
      .set("providers.yahoo.limits", "[\"2/s\"]")
      .set("providers.yahoo.depth.1d", "5y")
      .set("providers.yahoo.read_timeout", "7s")
      .variable("VORTEX__SYMBOLS", R"({ "BRK-B" = { yahoo = "BRK-B" } })");
  const auto loaded = test.load();
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_EQ(loaded->settings.default_providers,
            (std::vector<std::string>{"alphavantage", "yahoo"}));
  EXPECT_EQ(loaded->settings.providers.at("yahoo").limits->at(0).count, 2);
  EXPECT_TRUE(loaded->settings.providers.at("yahoo").depth->contains(Interval::d1));
  EXPECT_EQ(loaded->settings.providers.at("yahoo").read_timeout, std::chrono::seconds(7));
  EXPECT_EQ(loaded->settings.symbols.at("BRK-B").at("yahoo"), "BRK-B");
}

TEST(LoadSettingsTest, FileOfTheDirectoryGoesBeforeTheHomeOne) {
  ConfigCase test;
  test.home_file("concurrency = 7\n");
  EXPECT_EQ(test.load()->settings.concurrency, 7);
  test.file("concurrency = 8\n");
  EXPECT_EQ(test.load()->settings.concurrency, 8);
  ConfigSources sources = test.sources();
  sources.file = "/nonexistent/vortex.toml";
  EXPECT_THAT(load_settings(sources).error().message, HasSubstr("/nonexistent/vortex.toml"));
}

TEST(LoadSettingsTest, CheckListsEveryProblem) {
  ConfigCase test;
  test.file("concurrency = 0\nxyzzy = 1\n[store]\nurl = \"x\"\n");
  EXPECT_EQ(check_settings(test.sources()).problems.size(), 3U);
}

TEST(CommentedConfigTest, LoadsAndEqualsTheDefaults) {
  ConfigCase plain;
  const auto defaults = plain.load();
  ConfigCase written;
  written.file(commented_config(written.sources().providers));
  const auto loaded = written.load();
  ASSERT_TRUE(defaults);
  ASSERT_TRUE(loaded) << loaded.error().message;
  ASSERT_EQ(loaded->values.size(), defaults->values.size());
  for (std::size_t i = 0; i < loaded->values.size(); ++i) {
    EXPECT_EQ(loaded->values[i].key, defaults->values[i].key);
    EXPECT_EQ(loaded->values[i].value, defaults->values[i].value);
  }
}

// Every line that is commented out is a valid setting too.
TEST(CommentedConfigTest, ExamplesLoadWhenUncommented) {
  ConfigCase test;
  std::string text;
  std::istringstream lines(commented_config(test.sources().providers));
  for (std::string line; std::getline(lines, line);) {
    const bool example = line.starts_with("#") && line.size() > 1 && line[1] != ' ';
    text += (example ? line.substr(1) : line) + "\n";
  }
  const auto problem = test.file(text).problem();
  EXPECT_EQ(problem, "") << text;
}

TEST(ConfigSchemaTest, IsJsonAndNamesEveryKey) {
  const auto sources = ConfigCase().sources();
  const std::string text = config_json_schema(sources.providers);
  const auto schema = Json::parse(text);
  ASSERT_TRUE(schema) << text;
  const Json* properties = schema->find("properties");
  ASSERT_NE(properties, nullptr);
  const Json* yahoo = properties->find("providers")->find("properties")->find("yahoo");
  ASSERT_NE(yahoo, nullptr);
  EXPECT_NE(yahoo->find("properties")->find("retry")->find("properties")->find("budget"), nullptr);
  EXPECT_NE(properties->find("jobs")->find("items")->find("properties")->find("since"), nullptr);
  EXPECT_NE(properties->find("symbols")->find("additionalProperties"), nullptr);
}

}  // namespace
}  // namespace vortex
