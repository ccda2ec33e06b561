#include "vortex/engine/replay.hpp"

#include <filesystem>
#include <fstream>
#include <map>

#include <arrow/table.h>
#include <gmock/gmock.h>

#include "vortex/base/random.hpp"
#include "vortex/codec/bar_view.hpp"
#include "vortex/engine/engine_parts.hpp"
#include "vortex/engine/fake_provider_for_test.hpp"
#include "vortex/engine/why.hpp"

namespace vortex {
namespace {

using fake::Answer;
using fake::FakeTransport;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr TimeRange kWholeTime{TimePoint::min(), TimePoint::max()};

SeriesKey of(const std::string& symbol) {
  return {.provider = "fake", .symbol = symbol, .interval = Interval::d1};
}

std::string told_of(const arrow::Table& bars) {
  std::string out;
  const auto rows = bars.CombineChunksToBatch().ValueOrDie();
  const BarView view(*rows);
  for (std::int64_t row = 0; row < view.rows(); ++row) {
    out += format_time(view.time(row));
    for (const auto column :
         {kOpen, kHigh, kLow, kClose, kVolume, kVwap, kTradeCount, kOpenInterest}) {
      out += view.is_null(column, row) ? " none" : fmt::format(" {}", view.value(column, row));
    }
    for (const auto column : {kSymbol, kProvider, kInterval, kAdjusted, kCaptureId}) {
      out += fmt::format(" {}", view.text(column, row));
    }
    out += fmt::format(" {} {} {}\n", format_date(view.basis(row)), view.is_final(row),
                       format_time(view.transform_time(row)));
  }
  return out;
}

// Everything of a series but the names of commits and packs, as text.
std::string told_of(Dataset& dataset, const SeriesKey& key) {
  std::string out;
  const auto bars = dataset.stored_bars(key, kWholeTime);
  if (bars) out += told_of(**bars);
  const auto time = [](const auto& moment) {
    return moment ? format_time(*moment) : "none";
  };
  for (const RevisionRow& row : dataset.revisions_of(key, kWholeTime).value()) {
    out += fmt::format("{} {} {} → {} {} {} {} v{}\n", format_time(row.timestamp), row.kind,
                       fmt::join(row.before, " "), fmt::join(row.after, " "), row.old_capture_id,
                       row.new_capture_id, time(row.noticed_at), row.bars_version);
  }
  for (const QuarantineRow& row : dataset.quarantine_of(key, kWholeTime).value()) {
    out += fmt::format("{} {} {} {} {}\n", time(row.timestamp), row.reasons, row.row_text,
                       row.capture_id, time(row.noticed_at));
  }
  for (const CaptureRow& row : dataset.captures_of(key, kWholeTime).value()) {
    out += fmt::format("{} {} {} {} {} {} {} {}\n", row.id, row.sha256, row.request, row.status,
                       row.headers, to_string(row.range), format_time(row.received_at),
                       row.coverage.size());
  }
  return out;
}

class ReplayTest : public testing::Test {
 protected:
  ReplayTest()
      : folder_(std::filesystem::temp_directory_path() /
                ("vortex-replay-" + Random::from_system().uuid())),
        settings_(fake::fake_settings((folder_ / "data").string())) {
    settings_.state_dir = (folder_ / "state").string();
    settings_.providers["fake"].retry.attempts = 1;
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  SyncReport sync(const std::vector<std::string>& symbols, std::string_view until) {
    SyncRequest request;
    for (const std::string& symbol : symbols) {
      request.items.push_back({.symbol = *Symbol::parse(symbol),
                               .providers = {"fake"},
                               .since = fake::at("2024-01-01"),
                               .until = fake::at(until)});
    }
    EngineParts parts{.providers = fake::fake_registry(),
                      .transport = std::make_unique<FakeTransport>(nullptr, clock_, script_, log_)};
    auto made = Engine::create(settings_, clock_, std::move(parts));
    EXPECT_TRUE(made.has_value());
    auto report = (*made)->sync(request);
    EXPECT_TRUE(report.has_value());
    return report ? *std::move(report) : SyncReport{};
  }

  Result<ReplayReport> replay(const std::string& into = "again", ReplayHooks hooks = {}) {
    return replay_dataset(settings_.store_uri, (folder_ / into).string(),
                          {.providers = &providers_,
                           .settings = &settings_,
                           .clock = &clock_,
                           .hooks = std::move(hooks)});
  }

  Dataset open(const std::string& name) {
    auto dataset = Dataset::open((folder_ / name).string(), clock_);
    EXPECT_TRUE(dataset.has_value()) << dataset.error().to_line();
    return *std::move(dataset);
  }

  void expect_equal(const std::vector<std::string>& symbols) {
    auto one = open("data");
    auto other = open("again");
    for (const std::string& symbol : symbols) {
      EXPECT_EQ(told_of(one, of(symbol)), told_of(other, of(symbol))) << symbol;
    }
  }

  std::filesystem::path folder_;
  Settings settings_;
  SystemClock clock_;
  ProviderRegistry providers_ = fake::fake_registry();
  FakeTransport::Log log_;
  FakeTransport::Script script_ = [](const HttpCall&) {
    return Answer{.body = "2024-01-02 10\n2024-01-03 11\n2024-01-04 12\n"};
  };
};

// Bars of 2024 that change their mind, with bad rows, failures and unknown symbols among them.
class RandomMarket {
 public:
  explicit RandomMarket(std::uint64_t seed) : random_(seed) {}

  Answer answer(const HttpCall& call) {
    if (chance(10)) return {.status = 503};
    if (call.path.ends_with("NOPE")) return {.status = 404};
    if (chance(8)) return {.body = ""};
    std::string body;
    auto& closes = closes_[call.path];
    for (int day = 2; day <= 28; ++day) {
      auto& close = closes.try_emplace(day, "1" + std::to_string(day)).first->second;
      if (chance(40)) close = std::to_string(100 + random_.below(50));
      if (chance(60)) close = "nan";
      body += fmt::format("2024-01-{:02} {}\n", day, close);
    }
    return {.body = body};
  }

 private:
  bool chance(std::uint64_t one_in) { return random_.below(one_in) == 0; }

  Random random_;
  std::map<std::string, std::map<int, std::string>> closes_;
};

TEST_F(ReplayTest, ARandomHistoryComesOutEqualInEveryColumn) {
  const std::vector<std::string> symbols = {"AAPL", "MSFT", "GOOG", "NOPE"};
  std::int64_t restated = 0;
  std::int64_t quarantined = 0;
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    RandomMarket market(seed);
    script_ = [&](const HttpCall& call) {
      return market.answer(call);
    };
    settings_.overlap_bars = 40;
    for (int step = 4; step <= 28; step += 3) {
      const SyncReport report = sync(symbols, fmt::format("2024-01-{:02}", step));
      // Files merged now and then; those of the captures' table too.
      if (seed == 2 && step % 2 == 0) ASSERT_TRUE(open("data").compact({}).has_value());
      restated += report.rows.restated;
      quarantined += report.rows.quarantined;
    }
    const auto done = replay();
    ASSERT_TRUE(done.has_value()) << done.error().to_line();
    EXPECT_EQ(done->status(), "ok") << seed;
    EXPECT_EQ(done->exit_code(), 0);
    EXPECT_EQ(done->table_version, done->source_version);
    expect_equal(symbols);
    std::filesystem::remove_all(folder_ / "data");
    std::filesystem::remove_all(folder_ / "again");
  }
  EXPECT_GT(restated, 0);
  EXPECT_GT(quarantined, 0);
}

TEST_F(ReplayTest, J1AnEchoedSecretIsKeptMaskedAndLoginsAreNotKept) {
  const std::string token = "token-0123456789";
  script_ = [&](const HttpCall& call) {
    if (call.path == "/login") return Answer{.body = token};
    const bool known =
        std::ranges::any_of(call.query, [](const auto& param) { return param.first == "token"; });
    return known ? Answer{.body = "2024-01-02 10 " + token + "\n"} : Answer{.status = 401};
  };
  EXPECT_EQ(sync({"AAPL"}, "2024-02-01").rows.fresh, 1);
  auto dataset = open("data");
  const auto kept = dataset.captures_of(of("AAPL"), kWholeTime);
  ASSERT_TRUE(kept.has_value());
  ASSERT_THAT(*kept, SizeIs(1));
  EXPECT_THAT(kept->front().request, Not(HasSubstr(token)));
  EXPECT_THAT(kept->front().request, Not(HasSubstr("/login")));
  EXPECT_THAT(kept->front().headers, HasSubstr("vortex-masked"));
  EXPECT_EQ(dataset.body_of(kept->front()).value_or(""), "2024-01-02 10 ****************\n");
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_)) {
    if (!entry.is_regular_file()) continue;
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(file), {}};
    EXPECT_FALSE(bytes.contains(token)) << entry.path();
  }
  ASSERT_EQ(replay()->status(), "ok");
  expect_equal({"AAPL"});
}

TEST_F(ReplayTest, G7ADamagedBodyIsNamedAndTheOthersAreMadeAgain) {
  script_ = [](const HttpCall& call) {
    return Answer{.body = call.path.ends_with("AAPL") ? "2024-01-02 10\n" : "2024-01-02 20\n"};
  };
  sync({"AAPL"}, "2024-02-01");
  sync({"MSFT"}, "2024-02-01");
  CaptureRow bad;
  {
    auto dataset = open("data");
    bad = dataset.captures_of(of("AAPL"), kWholeTime)->front();
  }
  std::filesystem::resize_file(folder_ / "data" / bad.pack, 3);
  const auto done = replay();
  ASSERT_TRUE(done.has_value()) << done.error().to_line();
  EXPECT_EQ(done->status(), "partial");
  EXPECT_EQ(done->exit_code(), 8);
  ASSERT_THAT(done->lost, SizeIs(1));
  EXPECT_EQ(done->lost[0].key, of("AAPL"));
  EXPECT_EQ(done->lost[0].reason, "damaged");
  EXPECT_EQ(done->lost[0].first.code, ErrorCode::corrupt);
  EXPECT_TRUE(done->lost[0].ranges.covers(bad.range));
  expect_equal({"MSFT"});
  auto again = open("again");
  EXPECT_THAT(again.states({of("AAPL")})->front().coverage, IsEmpty());  // to be asked again
  auto dataset = open("data");
  const auto answer =
      why(dataset, {.key = of("AAPL"), .time = fake::at("2024-01-02"), .field = "close"},
          providers_, settings_);
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->capture.state, "damaged");
  EXPECT_EQ(answer->as_stored, 10);
}

TEST_F(ReplayTest, WhatTodaysDecoderRefusesIsNamed) {
  sync({"AAPL"}, "2024-02-01");
  providers_ = ProviderRegistry();
  const auto done = replay();
  ASSERT_TRUE(done.has_value()) << done.error().to_line();
  ASSERT_THAT(done->lost, SizeIs(1));
  EXPECT_EQ(done->lost[0].reason, "refused");
  EXPECT_THAT(done->lost[0].first.message, HasSubstr("no provider 'fake'"));
}

TEST_F(ReplayTest, RowsThatCameByOtherWaysAreNamed) {
  sync({"AAPL"}, "2024-02-01");
  {
    auto dataset = open("data");
    SeriesBatch batch{.key = of("AAPL")};
    BarBatchBuilder builder;
    builder.append(
        {.timestamp = fake::at("2024-01-09"), .open = 1, .high = 1, .low = 1, .close = 1});
    batch.bars.push_back(*builder.finish({.symbol = "AAPL",
                                          .provider = "fake",
                                          .interval = Interval::d1,
                                          .adjusted = Adjustment::split,
                                          .basis = date_of(fake::at("2024-02-01")),
                                          .transform_timestamp = fake::at("2024-02-01")}));
    std::vector<SeriesBatch> all;
    all.push_back(std::move(batch));
    ASSERT_TRUE(dataset.commit(std::move(all)).has_value());
  }
  const auto done = replay();
  ASSERT_TRUE(done.has_value()) << done.error().to_line();
  ASSERT_THAT(done->other_ways, SizeIs(1));
  EXPECT_EQ(done->other_ways[0].rows, 1);
  EXPECT_TRUE(done->other_ways[0].range.holds(fake::at("2024-01-09")));
  EXPECT_EQ(done->exit_code(), 8);
}

TEST_F(ReplayTest, AStopLeavesNothingBehind) {
  sync({"AAPL"}, "2024-02-01");
  std::stop_source stop;
  stop.request_stop();
  const auto done = replay("again", {.progress = {}, .stop = stop.get_token()});
  ASSERT_FALSE(done.has_value());
  EXPECT_EQ(done.error().code, ErrorCode::cancelled);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "again"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "again.partial"));
}

TEST_F(ReplayTest, ADatasetIsNeverWrittenOver) {
  sync({"AAPL"}, "2024-02-01");
  ASSERT_TRUE(replay().has_value());
  EXPECT_EQ(replay().error().code, ErrorCode::usage);
  EXPECT_EQ(replay("data").error().code, ErrorCode::usage);
  EXPECT_EQ(replay("data/inside").error().code, ErrorCode::usage);
  EXPECT_EQ(replay("state/../data").error().code, ErrorCode::usage);
}

}  // namespace
}  // namespace vortex
