// Prints the newest daily closes of one symbol in a dataset:  read_bars DATASET SYMBOL
#include <algorithm>
#include <cstdio>

#include <arrow/scalar.h>
#include <arrow/table.h>

#include "vortex/base/clock.hpp"
#include "vortex/store/dataset.hpp"

int main(int argc, char** argv) {
  if (argc != 3) return std::fputs("usage: read_bars DATASET SYMBOL\n", stderr), 2;
  const vortex::SystemClock clock;
  auto dataset = vortex::Dataset::open(argv[1], clock);
  if (!dataset) return std::fprintf(stderr, "%s\n", dataset.error().to_line().c_str()), 1;

  const vortex::SeriesKey key{
      .provider = "yahoo", .symbol = argv[2], .interval = vortex::Interval::d1};
  auto bars = dataset->read({.key = key});
  if (!bars) return std::fprintf(stderr, "%s\n", bars.error().to_line().c_str()), 1;

  const std::shared_ptr<arrow::Table>& table = *bars;
  for (std::int64_t row = std::max<std::int64_t>(0, table->num_rows() - 5); row < table->num_rows();
       ++row) {
    const auto time = table->GetColumnByName("timestamp")->GetScalar(row).ValueOrDie();
    const auto close = table->GetColumnByName("close")->GetScalar(row).ValueOrDie();
    std::printf("%s %s\n", time->ToString().c_str(), close->ToString().c_str());
  }
  std::printf("%lld bars in version %lld\n", static_cast<long long>(table->num_rows()),
              static_cast<long long>(dataset->version()));
  return 0;
}
