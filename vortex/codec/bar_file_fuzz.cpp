// Any bytes as a CSV file: read, split and written again without a crash, or a typed error.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include <arrow/record_batch.h>
#include <arrow/table.h>

#include "vortex/codec/bar_file.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto file =
      vortex::read_bar_csv(std::string_view(reinterpret_cast<const char*>(data), size), "STEM");
  if (!file) {
    if (file.error().message.empty()) std::abort();
    return 0;
  }
  if (!file->bars->ValidateFull().ok()) std::abort();
  const auto series = vortex::split_by_series(*file);
  if (!series) std::abort();
  std::int64_t rows = 0;
  for (const vortex::BarSeries& one : *series) {
    if (!one.bars->ValidateFull().ok()) std::abort();
    rows += one.bars->num_rows();
  }
  if (rows != file->bars->num_rows()) std::abort();
  const auto table = arrow::Table::FromRecordBatches({file->bars});
  if (!table.ok() || !vortex::write_bars(**table, vortex::BarFormat::csv)) std::abort();
  return 0;
}
