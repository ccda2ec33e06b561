#include <filesystem>

#include <arrow/array.h>
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

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): literals only
using fake::Answer;
using fake::FakeTransport;

class EngineTest : public testing::Test {
 protected:
  EngineTest()
      : folder_(std::filesystem::temp_directory_path() /
                ("vortex-engine-" + Random::from_system().uuid())),
        settings_(fake::fake_settings((folder_ / "data").string())) {
    settings_.state_dir = (folder_ / "state").string();
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  SyncReport sync(const std::vector<std::string>& symbols, SyncRequest request = {},
                  const SyncHooks& hooks = {}) {
    for (const std::string& symbol : symbols) {
      request.items.push_back({.symbol = *Symbol::parse(symbol),
                               .providers = {"fake"},
                               .since = fake::at("2024-01-01"),
                               .until = fake::at("2024-02-01")});
    }
    auto report = engine()->sync(request, hooks);
    EXPECT_TRUE(report.has_value()) << report.error().message;
    return report ? std::move(*report) : SyncReport{};
  }

  std::unique_ptr<Engine> engine() {
    EngineParts parts{.providers = fake::fake_registry(),
                      .transport = std::make_unique<FakeTransport>(nullptr, clock_, script_, log_)};
    auto made = Engine::create(settings_, clock_, std::move(parts));
    EXPECT_TRUE(made.has_value());
    return std::move(*made);
  }

  std::vector<double> closes(const std::string& symbol, AsOf as_of = {}) {
    auto dataset = Dataset::open(settings_.store_uri, clock_);
    EXPECT_TRUE(dataset.has_value()) << dataset.error().message;
    const auto table = dataset->read({.key = {"fake", symbol, Interval::d1}, .as_of = as_of});
    EXPECT_TRUE(table.has_value()) << table.error().message;
    std::vector<double> out;
    if (!table) return out;
    for (const auto& chunk : (*table)->column(kClose)->chunks()) {
      const auto& closes = dynamic_cast<const arrow::DoubleArray&>(*chunk);
      for (std::int64_t row = 0; row < closes.length(); ++row) out.push_back(closes.Value(row));
    }
    return out;
  }

  std::filesystem::path folder_;
  Settings settings_;
  SystemClock clock_;
  FakeTransport::Log log_;
  FakeTransport::Script script_ = [](const HttpCall&) {
    return Answer{.body = "2024-01-02 10\n2024-01-03 11\n2024-01-04 12\n"};
  };
};

TEST_F(EngineTest, AFirstSyncStoresAndASecondCommitsNothing) {
  const SyncReport first = sync({"AAPL", "MSFT"});
  EXPECT_EQ(first.status(), "ok");
  EXPECT_EQ(first.exit_code(), 0);
  EXPECT_EQ(first.rows.fresh, 6);
  EXPECT_TRUE(first.committed);
  EXPECT_EQ(closes("AAPL"), (std::vector<double>{10, 11, 12}));

  const SyncReport second = sync({"AAPL", "MSFT"});
  EXPECT_EQ(second.rows.fresh, 0);
  EXPECT_EQ(second.rows.unchanged, 6);
  EXPECT_FALSE(second.committed);
  EXPECT_EQ(second.table_version, first.table_version);
  EXPECT_EQ(second.dataset_id, first.dataset_id);
}

TEST_F(EngineTest, ASecondSyncAsksOnlyTheOverlap) {
  settings_.overlap_bars = 2;
  sync({"AAPL"});
  log_.targets.clear();
  sync({"AAPL"});
  ASSERT_EQ(log_.targets.size(), 1u);
  EXPECT_TRUE(log_.targets[0].contains("from=2024-01-03")) << log_.targets[0];
  log_.targets.clear();
  sync({"AAPL"}, {.overlap = false});
  EXPECT_TRUE(log_.targets.empty());
}

TEST_F(EngineTest, ARestatedBarIsNoticedAndTheOldVersionStays) {
  const SyncReport first = sync({"AAPL"});
  script_ = [](const HttpCall&) {
    return Answer{.body = "2024-01-02 10\n2024-01-03 11.5\n2024-01-04 12\n"};
  };
  const SyncReport second = sync({"AAPL"});
  EXPECT_EQ(second.rows.restated, 1);
  EXPECT_EQ(second.rows.unchanged, 2);
  EXPECT_EQ(closes("AAPL"), (std::vector<double>{10, 11.5, 12}));
  EXPECT_EQ(closes("AAPL", first.table_version), (std::vector<double>{10, 11, 12}));
}

TEST_F(EngineTest, OneFailedSymbolLeavesTheOthersAlone) {
  script_ = [](const HttpCall& call) {
    return call.path.ends_with("NOPE") ? Answer{.status = 404} : Answer{.body = "2024-01-02 10\n"};
  };
  const SyncReport report = sync({"AAPL", "NOPE", "MSFT"});
  EXPECT_EQ(report.status(), "partial");
  EXPECT_EQ(report.exit_code(), 8);
  EXPECT_EQ(report.items[1].error->code, ErrorCode::not_found);
  EXPECT_EQ(report.items[1].symbol, "NOPE");
  EXPECT_EQ(closes("MSFT").size(), 1u);
}

TEST_F(EngineTest, AllFailedForOneClassTakesItsExitCode) {
  script_ = [](const HttpCall&) {
    return Answer{.status = 404};
  };
  EXPECT_EQ(sync({"A", "B"}).exit_code(), 2);
  script_ = [](const HttpCall&) {
    return Answer{.error = Error{.code = ErrorCode::tls, .message = "expired"}};
  };
  EXPECT_EQ(sync({"A", "B"}).exit_code(), 4);
}

TEST_F(EngineTest, AFailedRangeIsAskedAgainNextTime) {
  script_ = [](const HttpCall&) {
    return Answer{.status = 404};
  };
  sync({"AAPL"});
  log_.targets.clear();
  script_ = [](const HttpCall&) {
    return Answer{.body = "2024-01-02 10\n"};
  };
  EXPECT_EQ(sync({"AAPL"}).rows.fresh, 1);
  EXPECT_EQ(log_.targets.size(), 1u);
}

TEST_F(EngineTest, AnEmptyAnswerIsNoFailureAndCostsNoSecondCall) {
  script_ = [](const HttpCall&) {
    return Answer{};
  };
  const SyncReport report = sync({"AAPL"});
  EXPECT_EQ(report.items[0].status, ItemStatus::empty);
  EXPECT_EQ(report.exit_code(), 0);
  log_.targets.clear();
  sync({"AAPL"});
  EXPECT_TRUE(log_.targets.empty()) << "a range known to be empty was asked again";
}

TEST_F(EngineTest, ADryRunPlansAndAsksNothing) {
  const SyncReport report = sync({"AAPL"}, {.dry_run = true});
  EXPECT_EQ(report.calls.planned, 1);
  EXPECT_TRUE(log_.targets.empty());
  EXPECT_EQ(report.rows.fresh, 0);
  EXPECT_FALSE(std::filesystem::exists(settings_.store_uri)) << "planning made a dataset";
}

TEST_F(EngineTest, BadRowsGoToQuarantineAndTheRestIsStored) {
  script_ = [](const HttpCall&) {
    return Answer{.body = "2024-01-02 10\n2024-01-03 10\n2024-01-03 12\n2024-01-04 11\n"};
  };
  const SyncReport report = sync({"AAPL"});
  EXPECT_EQ(report.exit_code(), 0);
  EXPECT_EQ(report.exit_code(true), 6);
  EXPECT_GE(report.rows.quarantined, 1);
  EXPECT_EQ(report.rows.fresh + report.rows.quarantined, 4);
}

TEST_F(EngineTest, AnUnknownProviderIsRefusedBeforeAnyCall) {
  SyncRequest request{.items = {{.symbol = *Symbol::parse("AAPL"), .providers = {"fkae"}}}};
  const auto report = engine()->sync(request);
  ASSERT_FALSE(report.has_value());
  EXPECT_EQ(report.error().code, ErrorCode::unknown_name);
  EXPECT_TRUE(report.error().message.contains("did you mean 'fake'"));
  EXPECT_FALSE(std::filesystem::exists(settings_.store_uri));
}

TEST_F(EngineTest, AnUnservedIntervalSaysWhatIsServed) {
  SyncRequest request{
      .items = {
          {.symbol = *Symbol::parse("AAPL"), .providers = {"fake"}, .interval = Interval::m1}}};
  const auto report = engine()->sync(request);
  ASSERT_TRUE(report.has_value());
  EXPECT_EQ(report->exit_code(), 2);
  EXPECT_TRUE(report->items[0].error->message.contains("it has 1d"))
      << report->items[0].error->message;
}

TEST_F(EngineTest, AStopKeepsWhatCameBefore) {
  std::stop_source stop;
  settings_.concurrency = 1;
  int calls = 0;
  script_ = [&](const HttpCall&) {
    if (++calls == 3) stop.request_stop();
    return Answer{.body = "2024-01-02 10\n"};
  };
  const SyncReport report = sync({"A", "B", "C", "D", "E"}, {}, {.stop = stop.get_token()});
  EXPECT_TRUE(report.interrupted);
  EXPECT_EQ(report.items[4].error->code, ErrorCode::cancelled);
  EXPECT_EQ(closes("A").size(), 1u);
  EXPECT_LE(calls, 4);
}

TEST_F(EngineTest, ManySymbolsAreOneCommitPerBatch) {
  std::vector<std::string> symbols;
  symbols.reserve(300);
  for (int i = 0; i < 300; ++i) symbols.push_back(fmt::format("S{:04}", i));
  const SyncReport report = sync(symbols);
  EXPECT_EQ(report.rows.fresh, 900);
  EXPECT_EQ(report.table_version, 1) << "version 0 makes the table, one append holds all symbols";
}

TEST_F(EngineTest, TheReportIsTheFrozenJson) {
  const auto json = Json::parse(sync({"AAPL"}).to_json("sync"));
  ASSERT_TRUE(json.has_value());
  for (const char* key : {"schema_version", "command", "status", "dataset_id", "store",
                          "table_version", "calls", "rows", "items", "elapsed_s"}) {
    EXPECT_NE(json->find(key), nullptr) << key;
  }
  const Json& item = json->find("items")->as_array()->front();
  for (const char* key : {"symbol", "provider", "interval", "status", "code", "message",
                          "retryable", "retry_at", "rows_new", "from", "to"}) {
    EXPECT_NE(item.find(key), nullptr) << key;
  }
}

TEST_F(EngineTest, FetchGivesRowsAndStoresNothing) {
  SyncRequest request{.items = {{.symbol = *Symbol::parse("AAPL"),
                                 .providers = {"fake"},
                                 .since = fake::at("2024-01-01"),
                                 .until = fake::at("2024-02-01")}}};
  const auto report = engine()->fetch(request);
  ASSERT_TRUE(report.has_value()) << report.error().message;
  EXPECT_EQ(report->bars->num_rows(), 3);
  EXPECT_FALSE(std::filesystem::exists(settings_.store_uri));
}

}  // namespace
}  // namespace vortex
