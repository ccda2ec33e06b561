#include "vortex/engine/provider_diff.hpp"

#include <arrow/record_batch.h>
#include <gmock/gmock.h>

#include "vortex/base/random.hpp"
#include "vortex/codec/bar_batch_builder.hpp"
#include "vortex/store/memory_file_system.hpp"

namespace vortex {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const TimePoint kDiffNow = *parse_time("2024-06-05T00:00:00Z");

TimePoint diff_day(int n) {
  return midnight(*parse_date("2024-03-04")) + std::chrono::days(n);
}

// A dataset of two providers' bars of one symbol, ten days each.
class DiffWorld {
 public:
  DiffWorld() = default;

  struct Told {
    std::string provider;
    Adjustment adjusted = Adjustment::none;
    std::vector<BarRow> bars;
    std::vector<CorporateAction> actions;
    std::optional<double> tick;
  };

  static std::vector<BarRow> ten_bars(double price = 100) {
    std::vector<BarRow> bars;
    bars.reserve(10);
    for (int n = 0; n < 10; ++n) {
      bars.push_back({.timestamp = diff_day(n),
                      .open = price,
                      .high = price + 2,
                      .low = price - 1,
                      .close = price + 1,
                      .volume = 1000});
    }
    return bars;
  }

  void tell(const Told& told) {
    BarBatchBuilder builder;
    for (const BarRow& bar : told.bars) builder.append(bar);
    auto bars = builder.finish({.symbol = "AAPL",
                                .provider = told.provider,
                                .adjusted = told.adjusted,
                                .basis = date_of(kDiffNow),
                                .transform_timestamp = kDiffNow});
    ASSERT_TRUE(bars.has_value());
    SeriesBatch batch{.key = {.provider = told.provider, .symbol = "AAPL"},
                      .bars = {*bars},
                      .actions = told.actions,
                      .coverage = {{.range = {diff_day(0), diff_day(10)}}}};
    batch.instrument = Instrument{.provider = told.provider, .symbol = "AAPL", .tick = told.tick};
    std::vector<SeriesBatch> batches;
    batches.push_back(std::move(batch));
    const auto receipt = dataset.commit(std::move(batches));
    ASSERT_TRUE(receipt.has_value()) << receipt.error().to_line();
  }

  Result<DiffAnswer> diff(std::optional<Adjustment> adjust = {}) {
    return diff_providers(dataset, {.symbol = "AAPL",
                                    .providers = {"one", "two"},
                                    .adjust = adjust,
                                    .today = date_of(kDiffNow)});
  }

  ManualClock clock{kDiffNow};
  Dataset dataset = *Dataset::open_on(
      open_memory_file_system(std::make_shared<MemoryDisk>(), clock), "diff", clock, Random(1));
};

CorporateAction split_of(int day, double ratio) {
  return {.kind = ActionKind::split, .ex_date = date_of(diff_day(day)), .numerator = ratio};
}

TEST(ProviderDiffTest, ComparesOnOneBasisAndNamesASplitThatOneDoesNotKnow) {
  DiffWorld world;
  auto traded = DiffWorld::ten_bars();
  for (int n = 0; n < 5; ++n) {
    BarRow& bar = traded[static_cast<std::size_t>(n)];
    for (double* price : {&bar.open, &bar.high, &bar.low, &bar.close}) *price *= 2;
    bar.volume /= 2;
  }
  world.tell({.provider = "one",
              .adjusted = Adjustment::split,
              .bars = DiffWorld::ten_bars(),
              .actions = {split_of(5, 2)},
              .tick = 0.01});
  world.tell({.provider = "two", .bars = traded});
  const auto answer = world.diff();
  ASSERT_TRUE(answer.has_value()) << answer.error().to_line();
  EXPECT_EQ(answer->tick, 0.01);
  EXPECT_THAT(answer->sides[1].adjusted, ElementsAre("none"));
  ASSERT_EQ(answer->comparison.factors.size(), 1U);
  EXPECT_EQ(answer->comparison.factors[0].factor, (Factor{2, 1}));
  EXPECT_THAT(answer->notes, ElementsAre("one knows a split 2:1 of 2024-03-09 that two does not"));
  EXPECT_TRUE(world.diff(Adjustment::none)->comparison.agree());

  world.tell({.provider = "two", .bars = traded, .actions = {split_of(5, 2)}});
  const auto again = world.diff();
  EXPECT_TRUE(again->comparison.agree());
  EXPECT_THAT(again->notes, ElementsAre());
}

TEST(ProviderDiffTest, PricesWithDividendsInThemAreComparedWithThem) {
  DiffWorld world;
  world.tell({.provider = "one", .adjusted = Adjustment::all, .bars = DiffWorld::ten_bars()});
  world.tell({.provider = "two", .bars = DiffWorld::ten_bars()});
  const auto answer = world.diff();
  ASSERT_TRUE(answer.has_value()) << answer.error().to_line();
  EXPECT_EQ(answer->adjust, Adjustment::all);
  EXPECT_TRUE(answer->comparison.agree());
  EXPECT_THAT(answer->notes, ElementsAre(HasSubstr("compared with them (all)")));
  EXPECT_EQ(world.diff(Adjustment::split).error().code, ErrorCode::unsupported);
}

TEST(ProviderDiffTest, WithoutBarsOfOneItSaysWhatGetsThem) {
  DiffWorld world;
  world.tell({.provider = "one", .bars = DiffWorld::ten_bars()});
  const auto answer = world.diff();
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().code, ErrorCode::not_found);
  EXPECT_EQ(answer.error().hint,
            "vortex sync 'AAPL' --provider two --interval 1d --since 2024-03-04");
}

TEST(ProviderDiffTest, IsToldAsOneEventAndThreeMetrics) {
  DiffWorld world;
  auto bars = DiffWorld::ten_bars();
  bars[3].close += 0.5;
  bars.pop_back();
  world.tell({.provider = "one", .bars = DiffWorld::ten_bars()});
  world.tell({.provider = "two", .bars = bars});
  const auto answer = world.diff();
  ASSERT_TRUE(answer.has_value()) << answer.error().to_line();
  EventBus events;
  Meters meters;
  publish_diff(*answer, kDiffNow, events, meters);
  publish_diff(*answer, kDiffNow, events, meters);
  const auto history = events.history();
  ASSERT_EQ(history.events.size(), 2U);
  EXPECT_EQ(to_json_line(history.events[0]),
            R"({"sequence":1,"time":"2024-06-05T00:00:00Z","topic":"provider.one.data.compared",)"
            R"("provider":"one","type":"data.compared","symbol":"AAPL","differences":2,"bars":10,)"
            R"("agreement":0.8,"text":"two"})");
  EXPECT_EQ(meters.counter(kDiffBarsFamily, "one,two").value(), 20U);
  EXPECT_EQ(meters.counter(kDiffDifferencesFamily, "one,two").value(), 4U);
  EXPECT_EQ(meters.gauge(kDiffAgreementFamily, "one,two").value(), 0.8);
}

}  // namespace
}  // namespace vortex
