#include "vortex/quality/series_columns.hpp"

#include <limits>
#include <string>

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include "vortex/codec/bar_schema.hpp"
#include "vortex/model/interval.hpp"

namespace vortex {
namespace {

constexpr std::int64_t kMinute = 60'000'000;
constexpr std::int64_t kDay = 86'400'000'000;

Result<void> check_column(const arrow::RecordBatch& batch, int position) {
  const auto& wanted = *bar_schema()->field(position);
  if (position >= batch.num_columns()) {
    return fail(ErrorCode::schema, "column '" + wanted.name() + "' is missing");
  }
  const auto& found = *batch.schema()->field(position);
  if (found.name() != wanted.name()) {
    return fail(ErrorCode::schema, "column " + std::to_string(position + 1) + " is '" +
                                       untrusted(found.name()) + "', not '" + wanted.name() + "'");
  }
  if (!found.type()->Equals(*wanted.type())) {
    return fail(ErrorCode::schema, "column '" + wanted.name() + "' is " + found.type()->ToString() +
                                       ", not " + wanted.type()->ToString());
  }
  return {};
}

template <class Value>
ColumnView<Value> view_of(const arrow::RecordBatch& batch, int position) {
  const auto& data = *batch.column_data(position);
  ColumnView<Value> view{.values = data.GetValues<Value>(1)};
  if (data.GetNullCount() != 0) {
    view.valid_bits = data.buffers[0]->data();
    view.bit_offset = data.offset;
  }
  return view;
}

// What stamps must be a multiple of. Exchanges open at any minute, so bars of a minute to hours
// need whole minutes only; from a day up a stamp is a date.
std::int64_t grid_of(const arrow::RecordBatch& batch) {
  if (batch.num_rows() == 0) return 0;
  const auto& column = static_cast<const arrow::DictionaryArray&>(*batch.column(kInterval));
  if (column.IsNull(0)) return 0;
  const auto& names = static_cast<const arrow::StringArray&>(*column.dictionary());
  const auto interval = parse_interval(names.GetView(column.GetValueIndex(0)));
  if (!interval) return 0;
  return is_intraday(*interval) ? kMinute : kDay;
}

}  // namespace

Result<SeriesColumns> series_columns(const arrow::RecordBatch& batch, const TimeRange& range) {
  for (int position = 0; position < kBarColumns; ++position) {
    VORTEX_TRY_VOID(check_column(batch, position));
  }
  SeriesColumns columns{
      .time = view_of<std::int64_t>(batch, kTimestamp),
      .open = view_of<double>(batch, kOpen),
      .high = view_of<double>(batch, kHigh),
      .low = view_of<double>(batch, kLow),
      .close = view_of<double>(batch, kClose),
      .volume = view_of<double>(batch, kVolume),
      .rows = batch.num_rows(),
      .volume_nulls = batch.column_data(kVolume)->GetNullCount(),
      .grid = grid_of(batch),
      .range_min = range.start.time_since_epoch().count(),
      .range_max = range.end.time_since_epoch().count(),
  };
  // The end is not part of a range, unless nothing is meant to be outside.
  if (range.end != TimePoint::max() && range.end != TimePoint::min()) --columns.range_max;
  const auto& finals = *batch.column_data(kFinal);
  if (finals.buffers[1] != nullptr) {
    columns.final_bits = finals.buffers[1]->data();
    columns.final_offset = finals.offset;
  }
  return columns;
}

}  // namespace vortex
