#include <gtest/gtest.h>

#include "vortex/base/clock.hpp"
#include "vortex/store/dataset.hpp"
#include "vortex/store/store_test_support.hpp"

namespace vortex {
namespace {

using store_test::bar;
using store_test::day;
using store_test::key;
using store_test::TempDirectory;

using Stamps = std::vector<TimePoint>;

SeriesBatch with_name(SeriesBatch batch, const std::string& name) {
  batch.instrument = Instrument{.provider = batch.key.provider,
                                .symbol = batch.key.symbol,
                                .name = name,
                                .zone = "America/New_York"};
  return batch;
}

void commit_one(Dataset& dataset, SeriesBatch batch) {
  std::vector<SeriesBatch> all;
  all.push_back(std::move(batch));
  const auto receipt = dataset.commit(std::move(all));
  ASSERT_TRUE(receipt.has_value()) << receipt.error().to_line();
}

TEST(DatasetSeriesTest, StampsComeInTheOrderAskedAscendingAndOncePerBar) {
  const TempDirectory directory;
  const SystemClock clock;
  auto dataset = Dataset::open_or_create(directory.path(), clock);
  ASSERT_TRUE(dataset.has_value()) << dataset.error().to_line();
  commit_one(*dataset, store_test::series(key("MSFT"), {bar(5, 1), bar(7, 1)}));
  commit_one(*dataset, store_test::series(key("AAPL"), {bar(3, 1)}));
  commit_one(*dataset, store_test::series(key("MSFT"), {bar(2, 1), bar(5, 9)}));  // one restated
  commit_one(*dataset, store_test::series(key("MSFT", "other"), {bar(4, 1)}));
  const auto stamps =
      dataset->stamps({key("MSFT"), key("NOPE"), key("AAPL"), key("MSFT", "other")});
  ASSERT_TRUE(stamps.has_value()) << stamps.error().to_line();
  EXPECT_EQ(*stamps, (std::vector<Stamps>{{day(2), day(5), day(7)}, {}, {day(3)}, {day(4)}}));
  EXPECT_TRUE(dataset->stamps({})->empty());
}

TEST(DatasetSeriesTest, TheNewestWordOnEachInstrumentIsGiven) {
  const TempDirectory directory;
  const SystemClock clock;
  auto dataset = Dataset::open_or_create(directory.path(), clock);
  ASSERT_TRUE(dataset.has_value()) << dataset.error().to_line();
  commit_one(*dataset, with_name(store_test::series(key("AAPL"), {bar(1, 1)}), "Apple Computer"));
  commit_one(*dataset, with_name(store_test::series(key("MSFT"), {bar(1, 1)}), "Microsoft"));
  commit_one(*dataset, with_name(store_test::series(key("AAPL"), {bar(2, 1)}), "Apple"));
  const auto all = dataset->instruments();
  ASSERT_TRUE(all.has_value()) << all.error().to_line();
  ASSERT_EQ(all->size(), 2u);
  EXPECT_EQ(all->at({"yahoo", "AAPL"}).name, "Apple");
  EXPECT_EQ(all->at({"yahoo", "MSFT"}).name, "Microsoft");
}

}  // namespace
}  // namespace vortex
