// A bar file's rows as series: grouped by symbol, provider and interval, turned round where they
// run backwards, and given an interval by their spacing where the file has none.
#include <algorithm>
#include <array>
#include <cstdlib>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include "vortex/codec/bar_file.hpp"
#include "vortex/codec/bar_file_rows.hpp"
#include "vortex/codec/bar_view.hpp"
#include "vortex/model/interval.hpp"

namespace vortex {
namespace {

constexpr std::int64_t kDayMicros = 86'400'000'000;

using RowList = std::vector<std::int64_t>;

void copy_bit(const std::uint8_t* source, std::int64_t from, std::vector<std::uint8_t>& target,
              std::size_t to) {
  const bool on = (source[from / 8] >> (from % 8) & 1) != 0;
  if (on) target[to / 8] = static_cast<std::uint8_t>(target[to / 8] | (1U << (to % 8)));
}

std::shared_ptr<arrow::Buffer> gather_bits(const std::uint8_t* bits, std::int64_t offset,
                                           const RowList& rows) {
  std::vector<std::uint8_t> out((rows.size() + 7) / 8);
  for (std::size_t i = 0; i < rows.size(); ++i) copy_bit(bits, offset + rows[i], out, i);
  return arrow::Buffer::FromVector(std::move(out));
}

template <class Value>
std::shared_ptr<arrow::Buffer> gather_values(const arrow::ArrayData& data, const RowList& rows) {
  const auto* values = data.GetValues<Value>(1);
  std::vector<Value> out;
  out.reserve(rows.size());
  for (const std::int64_t row : rows) out.push_back(values[row]);
  return arrow::Buffer::FromVector(std::move(out));
}

// Columns of bar_schema are bits, or values and dictionary indices of 4 or 8 bytes.
std::shared_ptr<arrow::Array> gather(const arrow::Array& column, const RowList& rows) {
  const arrow::ArrayData& data = *column.data();
  auto out =
      arrow::ArrayData::Make(data.type, static_cast<std::int64_t>(rows.size()), {nullptr, nullptr});
  out->dictionary = data.dictionary;
  if (data.GetNullCount() != 0) {
    out->buffers[0] = gather_bits(data.buffers[0]->data(), data.offset, rows);
    out->null_count = arrow::kUnknownNullCount;
  }
  switch (data.type->bit_width()) {
    case 1: out->buffers[1] = gather_bits(data.buffers[1]->data(), data.offset, rows); break;
    case 32: out->buffers[1] = gather_values<std::int32_t>(data, rows); break;
    default: out->buffers[1] = gather_values<std::int64_t>(data, rows); break;
  }
  return arrow::MakeArray(out);
}

std::shared_ptr<arrow::RecordBatch> gather_rows(const std::shared_ptr<arrow::RecordBatch>& batch,
                                                const RowList& rows) {
  bool all = static_cast<std::int64_t>(rows.size()) == batch->num_rows();
  for (std::size_t i = 0; all && i < rows.size(); ++i)
    all = rows[i] == static_cast<std::int64_t>(i);
  if (all) return batch;
  arrow::ArrayVector columns;
  for (const auto& column : batch->columns()) columns.push_back(gather(*column, rows));
  return arrow::RecordBatch::Make(batch->schema(), static_cast<std::int64_t>(rows.size()),
                                  std::move(columns));
}

// Newest first, with nothing out of that order.
bool runs_backwards(const BarView& view, const RowList& rows) {
  bool falls = false;
  for (std::size_t i = 1; i < rows.size(); ++i) {
    if (view.is_null(kTimestamp, rows[i]) || view.is_null(kTimestamp, rows[i - 1])) return false;
    const std::int64_t before = view.timestamps()[rows[i - 1]];
    if (view.timestamps()[rows[i]] > before) return false;
    falls |= view.timestamps()[rows[i]] < before;
  }
  return falls;
}

// The interval whose length is the most frequent step, or empty. Steps of a month have four
// lengths.
std::string_view interval_by_spacing(const BarView& view, const RowList& rows) {
  std::map<std::int64_t, std::int64_t> counts;
  constexpr std::size_t kStepsSeen = 10'000;
  for (std::size_t i = 1; i < std::min(rows.size(), kStepsSeen); ++i) {
    if (view.is_null(kTimestamp, rows[i]) || view.is_null(kTimestamp, rows[i - 1])) continue;
    std::int64_t step = 0;
    if (__builtin_sub_overflow(view.timestamps()[rows[i]], view.timestamps()[rows[i - 1]], &step)) {
      continue;
    }
    step = std::abs(step);
    if (step >= 28 * kDayMicros && step <= 31 * kDayMicros) step = 31 * kDayMicros;
    ++counts[step];
  }
  const auto most =
      std::ranges::max_element(counts, {}, [](const auto& entry) { return entry.second; });
  if (most == counts.end()) return {};
  for (const Interval interval : kIntervals) {
    if (nominal_length(interval).count() == most->first) return to_string(interval);
  }
  return {};
}

std::shared_ptr<arrow::RecordBatch> with_interval(const std::shared_ptr<arrow::RecordBatch>& batch,
                                                  std::string_view interval) {
  TextColumn column;
  for (std::int64_t i = 0; i < batch->num_rows(); ++i) column.append(interval);
  return *batch->SetColumn(kInterval, bar_schema()->field(kInterval), column.finish());
}

BarSeries make_series(const BarFile& file, const BarView& view, RowList rows) {
  BarSeries series{.symbol = std::string(view.text(kSymbol, rows[0])),
                   .provider = std::string(view.text(kProvider, rows[0])),
                   .interval = std::string(view.text(kInterval, rows[0]))};
  if (runs_backwards(view, rows)) {
    std::ranges::reverse(rows);
    series.notes.emplace_back("rows run newest first: turned round");
  }
  series.bars = gather_rows(file.bars, rows);
  if (series.interval.empty()) {
    series.interval = interval_by_spacing(view, rows);
    if (!series.interval.empty()) {
      series.bars = with_interval(series.bars, series.interval);
      series.notes.push_back("interval " + series.interval + ", by the spacing of the times");
    }
  }
  series.rows = std::move(rows);
  return series;
}

}  // namespace

Result<std::vector<BarSeries>> split_by_series(const BarFile& file) {
  VORTEX_TRY(const BarView view, BarView::of(*file.bars));
  using Key = std::array<std::string_view, 3>;
  std::map<Key, std::size_t> group_of;
  std::vector<RowList> groups;
  Key last_key;
  std::size_t last_group = 0;
  for (std::int64_t row = 0; row < view.rows(); ++row) {
    const Key key{view.text(kSymbol, row), view.text(kProvider, row), view.text(kInterval, row)};
    if (row == 0 || key != last_key) {
      last_group = group_of.try_emplace(key, groups.size()).first->second;
      if (last_group == groups.size()) groups.emplace_back();
      last_key = key;
    }
    groups[last_group].push_back(row);
  }
  std::vector<BarSeries> series;
  series.reserve(groups.size());
  for (RowList& rows : groups) series.push_back(make_series(file, view, std::move(rows)));
  return series;
}

}  // namespace vortex
