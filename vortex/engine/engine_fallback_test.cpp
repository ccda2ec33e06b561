#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include <arrow/table.h>
#include <gtest/gtest.h>

#include "vortex/base/json.hpp"
#include "vortex/base/random.hpp"
#include "vortex/engine/engine_parts.hpp"
#include "vortex/engine/fake_provider_for_test.hpp"
#include "vortex/engine/sync.hpp"
#include "vortex/store/dataset.hpp"

namespace vortex {
namespace {

using fake::Answer;
using fake::FakeTransport;

// An engine with two providers, "first" and "second". Calls are told apart by the key they carry.
class EngineFallbackTest : public testing::Test {
 protected:
  EngineFallbackTest()
      : folder_(std::filesystem::temp_directory_path() /
                ("vortex-fallback-" + Random::from_system().uuid())),
        settings_(fake::fake_settings((folder_ / "data").string())) {
    settings_.state_dir = (folder_ / "state").string();
    for (const char* name : {"first", "second"}) {
      settings_.providers[name] = {.api_key = std::string("env:") + name,
                                   .limits = std::vector<RateLimit>{}};
      settings_.providers[name].retry.attempts = 1;
    }
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::unique_ptr<Engine> engine() {
    ProviderRegistry registry;
    registry.add(std::make_unique<fake::FakeAdapter>(first_), nullptr);
    registry.add(std::make_unique<fake::FakeAdapter>(second_), nullptr);
    EngineParts parts{
        .providers = std::move(registry),
        .transport = std::make_unique<FakeTransport>(
            nullptr, clock_, [this](const HttpCall& call) { return answer(call); }, log_),
        .environment = [this](const std::string& name) -> std::optional<std::string> {
          if (no_key_.contains(name)) return std::nullopt;
          return "key-of-" + name;
        }};
    auto made = Engine::create(settings_, clock_, std::move(parts));
    EXPECT_TRUE(made.has_value()) << made.error().message;
    return std::move(*made);
  }

  Answer answer(const HttpCall& call) {
    const std::string name = call.query.back().second.substr(7);
    ++asked_[name];
    return scripts_[name](call);
  }

  SyncRequest request(const std::vector<std::string>& symbols) {
    SyncRequest out;
    for (const std::string& symbol : symbols) {
      out.items.push_back({.symbol = *Symbol::parse(symbol),
                           .providers = {"first", "second"},
                           .since = fake::at("2024-01-01"),
                           .until = fake::at("2024-02-01")});
    }
    return out;
  }
  SyncReport sync(const std::vector<std::string>& symbols) {
    asked_.clear();
    auto report = engine()->sync(request(symbols));
    EXPECT_TRUE(report.has_value()) << report.error().message;
    return report ? std::move(*report) : SyncReport{};
  }

  std::int64_t rows_of(const std::string& provider, const std::string& symbol = "AAPL") {
    auto dataset = Dataset::open(settings_.store_uri, clock_);
    const auto table = dataset->stored_bars({provider, symbol, Interval::d1},
                                            {fake::at("2024-01-01"), fake::at("2024-02-01")});
    return table ? (*table)->num_rows() : -1;
  }

  static Answer bars(const HttpCall& /*call*/) {
    return {.body = "2024-01-02 10\n2024-01-03 11\n"};
  }
  static Answer down(const HttpCall& /*call*/) { return {.status = 503}; }
  static Answer refused(const HttpCall& /*call*/) { return {.status = 401}; }

  std::filesystem::path folder_;
  Settings settings_;
  SystemClock clock_;
  fake::FakeTraits first_{.name = "first", .auth = "api_key", .credential_place = "query:key"};
  fake::FakeTraits second_{.name = "second", .auth = "api_key", .credential_place = "query:key"};
  std::set<std::string> no_key_;
  std::map<std::string, FakeTransport::Script> scripts_ = {{"first", bars}, {"second", bars}};
  std::map<std::string, int> asked_;
  FakeTransport::Log log_;
};

TEST_F(EngineFallbackTest, TheFirstThatServesIsTheOnlyOneAsked) {
  const SyncReport report = sync({"AAPL", "MSFT"});
  EXPECT_EQ(report.exit_code(), 0);
  for (const ItemReport& item : report.items) {
    EXPECT_EQ(item.provider, "first");
    EXPECT_TRUE(item.skipped.empty());
  }
  EXPECT_EQ(asked_["second"], 0);
}

TEST_F(EngineFallbackTest, AMissingKeyIsToldOfEachSeriesAndTheNextServesIt) {
  no_key_ = {"first"};
  const SyncReport report = sync({"AAPL", "MSFT"});
  EXPECT_EQ(report.exit_code(), 0);
  for (const ItemReport& item : report.items) {
    EXPECT_EQ(item.provider, "second");
    ASSERT_EQ(item.skipped.size(), 1u);
    EXPECT_EQ(item.skipped[0].provider, "first");
    EXPECT_EQ(item.skipped[0].code, ErrorCode::authentication);
  }
  EXPECT_EQ(asked_["first"], 0);
  EXPECT_EQ(rows_of("second"), 2);
  EXPECT_EQ(rows_of("first"), 0);
}

TEST_F(EngineFallbackTest, B9WithoutAnyKeyItIsExit3AndNoCallIsSent) {
  no_key_ = {"first", "second"};
  const SyncReport report = sync({"AAPL", "MSFT"});
  EXPECT_EQ(report.exit_code(), 3);
  EXPECT_EQ(report.status(), "failed");
  EXPECT_TRUE(log_.targets.empty());
  EXPECT_FALSE(report.items[0].error->next_step().empty());
  ASSERT_EQ(report.items[0].skipped.size(), 1u);
  EXPECT_EQ(report.items[0].skipped[0].provider, "first");
}

TEST_F(EngineFallbackTest, B9ARefusedKeyCostsOneCallAndEverySeriesTurnsToTheNext) {
  scripts_["first"] = refused;
  const SyncReport report = sync({"A", "B", "C", "D", "E", "F"});
  EXPECT_EQ(report.exit_code(), 0);
  EXPECT_EQ(asked_["first"], 1);
  for (const ItemReport& item : report.items) {
    EXPECT_EQ(item.provider, "second");
    EXPECT_EQ(item.skipped.at(0).code, ErrorCode::authentication);
  }
  EXPECT_EQ(report.rows.fresh, 12);
}

TEST_F(EngineFallbackTest, B9ARefusedKeyWithoutAnotherProviderIsExit3ForAll) {
  scripts_["first"] = refused;
  SyncRequest only = request({"A", "B", "C", "D"});
  for (SyncItem& item : only.items) item.providers = {"first"};
  const auto report = engine()->sync(only);
  ASSERT_TRUE(report.has_value());
  EXPECT_EQ(report->exit_code(), 3);
  EXPECT_EQ(asked_["first"], 1);
  for (const ItemReport& item : report->items)
    EXPECT_EQ(item.error->code, ErrorCode::authentication);
}

TEST_F(EngineFallbackTest, WhatIsDownIsPassedOverAndAskedAgainTheNextTime) {
  scripts_["first"] = down;
  const SyncReport report = sync({"AAPL"});
  EXPECT_EQ(report.items[0].provider, "second");
  EXPECT_EQ(report.items[0].skipped.at(0).code, ErrorCode::server);
  EXPECT_EQ(report.exit_code(), 0);
  scripts_["first"] = bars;
  const SyncReport again = sync({"AAPL"});
  EXPECT_EQ(again.items[0].provider, "first");
  EXPECT_EQ(again.rows.fresh, 2);
  EXPECT_EQ(rows_of("first"), 2) << "each provider's rows are a series of their own";
  EXPECT_EQ(rows_of("second"), 2);
}

TEST_F(EngineFallbackTest, ASymbolItCannotWriteIsASkipAndSoIsOneItDoesNotKnow) {
  first_.unknown = "ODD";
  scripts_["first"] = [](const HttpCall& call) {
    return call.path.ends_with("NEW") ? Answer{.status = 404} : bars(call);
  };
  const SyncReport report = sync({"ODD", "NEW", "AAPL"});
  EXPECT_EQ(report.exit_code(), 0);
  EXPECT_EQ(report.items[0].skipped.at(0).code, ErrorCode::bad_symbol);
  EXPECT_EQ(report.items[1].skipped.at(0).code, ErrorCode::not_found);
  EXPECT_TRUE(report.items[2].skipped.empty());
  EXPECT_EQ(asked_["second"], 2);
}

TEST_F(EngineFallbackTest, B4AnAllowanceUsedUpIsASkipInThisRunAndInTheNext) {
  settings_.providers["first"].limits = std::vector<RateLimit>{{.count = 2, .zone = "UTC"}};
  settings_.reserve = 0;
  const SyncReport report = sync({"A", "B", "C", "D"});
  EXPECT_EQ(report.exit_code(), 0);
  EXPECT_EQ(asked_["first"], 2);
  EXPECT_EQ(asked_["second"], 2);
  const SyncReport again = sync({"E"});
  EXPECT_EQ(again.items[0].provider, "second");
  EXPECT_EQ(again.items[0].skipped.at(0).code, ErrorCode::quota_exhausted);
  EXPECT_EQ(asked_["first"], 0);
}

TEST_F(EngineFallbackTest, B4WhoTurnsToAProviderLeavesItsReserveAlone) {
  settings_.providers["second"].limits = std::vector<RateLimit>{{.count = 5, .zone = "UTC"}};
  settings_.reserve = 0.4;
  scripts_["first"] = down;
  const SyncReport report = sync({"A", "B", "C", "D", "E"});
  EXPECT_EQ(asked_["second"], 3) << "of 5, with 2 kept for updates";
  EXPECT_EQ(report.exit_code(), 5);
  for (const std::size_t waiting : {3u, 4u}) {
    const ItemReport& item = report.items[waiting];
    EXPECT_EQ(item.status, ItemStatus::deferred);
    ASSERT_TRUE(item.error);
    EXPECT_EQ(item.error->code, ErrorCode::deferred);
    EXPECT_TRUE(item.error->retry_at);
    EXPECT_EQ(item.skipped.at(0).provider, "first");
  }
  // The reserve is for what is stored already.
  const SyncReport again = sync({"A", "D"});
  EXPECT_EQ(asked_["second"], 1);
  EXPECT_EQ(again.items[0].status, ItemStatus::ok);
  EXPECT_EQ(again.items[1].status, ItemStatus::deferred);
}

TEST_F(EngineFallbackTest, AnOpenBreakerIsASkip) {
  settings_.providers["first"].breaker.failures = 1;
  settings_.concurrency = 1;
  scripts_["first"] = down;
  const auto one = engine();
  ASSERT_TRUE(one->sync(request({"A"})).has_value());
  asked_.clear();
  const auto report = one->sync(request({"B"}));
  EXPECT_EQ(report->items[0].skipped.at(0).code, ErrorCode::breaker_open);
  EXPECT_EQ(report->items[0].provider, "second");
  EXPECT_EQ(asked_["first"], 0);
}

TEST_F(EngineFallbackTest, ARunThatFailsEverywhereTellsOfEach) {
  scripts_["first"] = refused;
  scripts_["second"] = down;
  const SyncReport report = sync({"AAPL"});
  EXPECT_EQ(report.exit_code(), 4);
  EXPECT_EQ(report.items[0].provider, "second");
  EXPECT_EQ(report.items[0].skipped.at(0).provider, "first");
}

TEST_F(EngineFallbackTest, ASeriesThatBeganIsNotContinuedByAnother) {
  scripts_["first"] = [this](const HttpCall& call) {
    return asked_["first"] == 1 ? bars(call) : down(call);
  };
  sync({"AAPL"});
  EXPECT_EQ(rows_of("second"), 0);
}

TEST_F(EngineFallbackTest, AnEmptyAnswerIsNoReasonToAskAnother) {
  scripts_["first"] = [](const HttpCall&) {
    return Answer{};
  };
  EXPECT_EQ(sync({"AAPL"}).items[0].status, ItemStatus::empty);
  EXPECT_EQ(asked_["second"], 0);
}

TEST_F(EngineFallbackTest, K6AdjustedRowsDoNotStandInForUnadjustedOnes) {
  second_.adjusted = Adjustment::all;
  sync({"AAPL"});
  scripts_["first"] = down;
  SyncRequest later = request({"AAPL", "MSFT"});
  const auto report = engine()->sync(later);
  ASSERT_TRUE(report.has_value());
  EXPECT_EQ(report->items[0].error->code, ErrorCode::mismatch);
  EXPECT_EQ(report->items[0].skipped.at(0).provider, "first");
  EXPECT_EQ(rows_of("second"), 0);
  EXPECT_EQ(report->items[1].status, ItemStatus::ok) << "no other rows are there to mix with";
  EXPECT_EQ(rows_of("second", "MSFT"), 2);
  EXPECT_EQ(rows_of("first"), 2) << "what is stored stays";
}

TEST_F(EngineFallbackTest, K6WhatCanBeBroughtToTheSeriesMayStandIn) {
  first_.adjusted = Adjustment::all;
  sync({"AAPL"});
  scripts_["first"] = down;
  const SyncReport report = sync({"AAPL"});
  EXPECT_EQ(report.exit_code(), 0);
  EXPECT_EQ(rows_of("second"), 2);
}

TEST_F(EngineFallbackTest, FetchFallsBackToo) {
  scripts_["first"] = down;
  const auto report = engine()->fetch(request({"AAPL"}));
  ASSERT_TRUE(report.has_value());
  EXPECT_EQ(report->bars->num_rows(), 2);
  EXPECT_EQ(report->items[0].provider, "second");
}

TEST_F(EngineFallbackTest, J1TheReportSaysWhyAndShowsNoKey) {
  scripts_["first"] = [](const HttpCall& call) {
    return Answer{.status = 401, .body = "bad " + call.query.back().second};
  };
  const std::string text = sync({"AAPL"}).to_json("sync");
  EXPECT_FALSE(text.contains("key-of-")) << text;
  const auto json = Json::parse(text);
  const Json& skipped = json->find("items")->as_array()->front().find("skipped")->as_array()->at(0);
  EXPECT_EQ(skipped.string_at("provider"), "first");
  EXPECT_EQ(skipped.string_at("class"), "authentication");
  EXPECT_EQ(skipped.string_at("code"), "VX-2110");
}

TEST_F(EngineFallbackTest, TwoItemsOfOneSeriesAreAskedOnce) {
  scripts_["first"] = down;
  SyncRequest both = request({"AAPL", "AAPL"});
  both.items[1].providers = {"second"};
  const auto report = engine()->sync(both);
  ASSERT_EQ(report->items.size(), 2u);
  EXPECT_EQ(asked_["second"], 1);
  EXPECT_EQ(report->items[0].error->code, ErrorCode::server) << "the other item has its rows";
}

}  // namespace
}  // namespace vortex
