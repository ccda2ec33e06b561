#include "vortex/codec/bar_schema.hpp"

#include <array>
#include <cassert>
#include <string>

#include <arrow/type.h>

namespace vortex {
namespace {

constexpr std::array<std::string_view, kBarColumns> kColumnNames = {
    "timestamp", "open",   "high",        "low",
    "close",     "volume", "symbol",      "provider",
    "interval",  "vwap",   "trade_count", "open_interest",
    "adjusted",  "basis",  "final",       "transform_timestamp",
    "capture_id"};

std::shared_ptr<arrow::DataType> column_type(BarColumn column) {
  switch (column) {
    case kTimestamp:
    case kTransformTimestamp: return arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
    case kSymbol:
    case kProvider:
    case kInterval:
    case kAdjusted:
    case kCaptureId: return arrow::dictionary(arrow::int32(), arrow::utf8());
    case kBasis: return arrow::date32();
    case kFinal: return arrow::boolean();
    default: return arrow::float64();
  }
}

// The key of a row is never null; everything else may be in rows that came from elsewhere.
bool is_key(BarColumn column) {
  return column == kTimestamp || column == kSymbol || column == kProvider || column == kInterval;
}

std::shared_ptr<arrow::Schema> make_schema() {
  arrow::FieldVector fields;
  for (int i = 0; i < kBarColumns; ++i) {
    const auto column = static_cast<BarColumn>(i);
    fields.push_back(arrow::field(std::string(bar_column_name(column)), column_type(column),
                                  /*nullable=*/!is_key(column)));
  }
  return arrow::schema(std::move(fields));
}

}  // namespace

const std::shared_ptr<arrow::Schema>& bar_schema() {
  static const std::shared_ptr<arrow::Schema> schema = make_schema();
  return schema;
}

std::string_view bar_column_name(BarColumn column) {
  assert(column >= 0 && column < kBarColumns);
  return kColumnNames[static_cast<std::size_t>(column)];
}

}  // namespace vortex
