// A table of somebody's types as bars: each column is walked once, value by value, into rows.
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <arrow/array.h>
#include <arrow/chunked_array.h>
#include <arrow/table.h>
#include <arrow/type.h>
#include <arrow/util/decimal.h>

#include "vortex/base/time.hpp"
#include "vortex/base/time_zone.hpp"
#include "vortex/codec/bar_file_cells.hpp"
#include "vortex/codec/bar_file_columns.hpp"
#include "vortex/codec/bar_file_read_arrow.hpp"
#include "vortex/codec/bar_file_rows.hpp"

namespace vortex {
namespace {

constexpr std::int64_t kDayMicros = 86'400'000'000;
constexpr std::int64_t kZonedMax = 200'000 * kDayMicros;  // zones are not asked 550 years from 1970

struct Column {
  const arrow::ChunkedArray& values;
  std::string name;

  Error cannot_hold(std::string_view what) const {
    return {.code = ErrorCode::schema,
            .message = "column '" + untrusted(name, 64) + "' is " + values.type()->ToString() +
                       ", which holds no " + std::string(what)};
  }
  Error bad_row(std::size_t row, std::string_view why) const {
    return {.code = ErrorCode::bad_payload,
            .message = "row " + std::to_string(row + 1) + ", column '" + untrusted(name, 64) +
                       "': " + std::string(why)};
  }
};

// `each(chunk, i)` for every value, with the chunk as its own type.
template <class ArrayType, class Each>
void walk(const arrow::ChunkedArray& values, Each each) {
  for (const auto& chunk : values.chunks()) {
    const auto& typed = static_cast<const ArrayType&>(*chunk);
    for (std::int64_t i = 0; i < typed.length(); ++i) each(typed, i);
  }
}

template <class ArrayType>
void plain_numbers(const arrow::ChunkedArray& values, std::vector<double>& out) {
  walk<ArrayType>(values, [&](const ArrayType& chunk, std::int64_t i) {
    out.push_back(chunk.IsNull(i) ? kNoNumber : static_cast<double>(chunk.Value(i)));
  });
}

template <class ArrayType, class Decimal>
void decimal_numbers(const arrow::ChunkedArray& values, std::vector<double>& out) {
  const int scale = static_cast<const arrow::DecimalType&>(*values.type()).scale();
  walk<ArrayType>(values, [&](const ArrayType& chunk, std::int64_t i) {
    out.push_back(chunk.IsNull(i) ? kNoNumber : Decimal(chunk.GetValue(i)).ToDouble(scale));
  });
}

// The text of row i of a string column, dictionary or not; empty where null.
std::string_view text_at(const arrow::Array& chunk, std::int64_t i) {
  if (chunk.IsNull(i)) return {};
  switch (chunk.type_id()) {
    case arrow::Type::STRING:
    case arrow::Type::BINARY: return static_cast<const arrow::BinaryArray&>(chunk).GetView(i);
    case arrow::Type::LARGE_STRING:
    case arrow::Type::LARGE_BINARY:
      return static_cast<const arrow::LargeBinaryArray&>(chunk).GetView(i);
    case arrow::Type::STRING_VIEW:
    case arrow::Type::BINARY_VIEW:
      return static_cast<const arrow::BinaryViewArray&>(chunk).GetView(i);
    case arrow::Type::DICTIONARY: {
      const auto& coded = static_cast<const arrow::DictionaryArray&>(chunk);
      return text_at(*coded.dictionary(), coded.GetValueIndex(i));
    }
    default: return {};
  }
}

bool holds_text(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
    case arrow::Type::LARGE_STRING:
    case arrow::Type::LARGE_BINARY:
    case arrow::Type::STRING_VIEW:
    case arrow::Type::BINARY_VIEW: return true;
    case arrow::Type::DICTIONARY:
      return holds_text(*static_cast<const arrow::DictionaryType&>(type).value_type());
    default: return false;
  }
}

Result<void> text_numbers(const Column& column, std::vector<double>& out) {
  for (const auto& chunk : column.values.chunks()) {
    for (std::int64_t i = 0; i < chunk->length(); ++i) {
      const auto number = read_number_cell(text_at(*chunk, i));
      if (!number) return std::unexpected(column.bad_row(out.size(), "is no number"));
      out.push_back(*number);
    }
  }
  return {};
}

Result<void> read_numbers(const Column& column, std::vector<double>& out) {
  const auto& values = column.values;
  out.reserve(static_cast<std::size_t>(values.length()));
  switch (values.type()->id()) {
    case arrow::Type::DOUBLE: plain_numbers<arrow::DoubleArray>(values, out); return {};
    case arrow::Type::FLOAT: plain_numbers<arrow::FloatArray>(values, out); return {};
    case arrow::Type::INT64: plain_numbers<arrow::Int64Array>(values, out); return {};
    case arrow::Type::INT32: plain_numbers<arrow::Int32Array>(values, out); return {};
    case arrow::Type::INT16: plain_numbers<arrow::Int16Array>(values, out); return {};
    case arrow::Type::INT8: plain_numbers<arrow::Int8Array>(values, out); return {};
    case arrow::Type::UINT64: plain_numbers<arrow::UInt64Array>(values, out); return {};
    case arrow::Type::UINT32: plain_numbers<arrow::UInt32Array>(values, out); return {};
    case arrow::Type::UINT16: plain_numbers<arrow::UInt16Array>(values, out); return {};
    case arrow::Type::UINT8: plain_numbers<arrow::UInt8Array>(values, out); return {};
    case arrow::Type::DECIMAL128:
      decimal_numbers<arrow::Decimal128Array, arrow::Decimal128>(values, out);
      return {};
    case arrow::Type::DECIMAL256:
      decimal_numbers<arrow::Decimal256Array, arrow::Decimal256>(values, out);
      return {};
    case arrow::Type::NA:
      out.assign(static_cast<std::size_t>(values.length()), kNoNumber);
      return {};
    default: break;
  }
  if (holds_text(*values.type())) return text_numbers(column, out);
  return std::unexpected(column.cannot_hold("numbers"));
}

// Microseconds since 1970 of a value in this unit, rounded down.
std::optional<std::int64_t> micros_of(std::int64_t value, arrow::TimeUnit::type unit) {
  switch (unit) {
    case arrow::TimeUnit::SECOND: return unix_micros(value, UnixUnit::seconds);
    case arrow::TimeUnit::MILLI: return unix_micros(value, UnixUnit::millis);
    case arrow::TimeUnit::MICRO: return value;
    case arrow::TimeUnit::NANO: break;
  }
  return unix_micros(value, UnixUnit::nanos);
}

Result<void> typed_stamps(const Column& column, BarFileRows& rows) {
  const auto& type = static_cast<const arrow::TimestampType&>(*column.values.type());
  std::optional<TimeZone> zone;
  if (!type.timezone().empty() && type.timezone() != "UTC") {
    auto found = TimeZone::find(type.timezone());  // a bare offset has no entry: UTC will do
    if (found) zone = *found;
  }
  TimeZone::Stretch stretch{};
  bool overflow = false;
  walk<arrow::TimestampArray>(column.values, [&](const auto& chunk, std::int64_t i) {
    const auto micros = chunk.IsNull(i) ? kNoTime : micros_of(chunk.Value(i), type.unit());
    overflow |= !micros;
    WallStamp stamp{.wall = micros.value_or(kNoTime), .has_zone = true};
    if (zone && stamp.wall > -kZonedMax && stamp.wall < kZonedMax) {
      const TimePoint time{Duration(stamp.wall)};
      if (!stretch.holds(time)) stretch = zone->stretch_at(time);
      stamp.offset = stretch.offset.count();
      stamp.wall += stamp.offset;
    }
    rows.bare_times |= type.timezone().empty() && stamp.wall % kDayMicros != 0;
    rows.stamps.push_back(stamp);
  });
  if (overflow) return std::unexpected(column.bad_row(0, "a time is beyond the year 290,000"));
  return {};
}

template <class ArrayType>
void day_stamps(const arrow::ChunkedArray& values, std::int64_t unit_micros, BarFileRows& rows) {
  walk<ArrayType>(values, [&](const ArrayType& chunk, std::int64_t i) {
    std::int64_t wall = kNoTime;
    if (!chunk.IsNull(i) && __builtin_mul_overflow(chunk.Value(i), unit_micros, &wall))
      wall = kNoTime;
    rows.stamps.push_back({.wall = wall, .has_zone = true});
  });
}

// Text, and integers that count from 1970 in a unit that must be plausible.
Result<void> written_stamps(const Column& column, BarFileRows& rows) {
  StampReader reader;
  for (const auto& chunk : column.values.chunks()) {
    for (std::int64_t i = 0; i < chunk->length(); ++i) {
      std::string number;
      if (chunk->type_id() == arrow::Type::INT64) {
        number = std::to_string(static_cast<const arrow::Int64Array&>(*chunk).Value(i));
      } else if (chunk->type_id() == arrow::Type::INT32) {
        number = std::to_string(static_cast<const arrow::Int32Array&>(*chunk).Value(i));
      }
      const std::string_view cell = number.empty() ? trimmed(text_at(*chunk, i)) : number;
      if (chunk->IsNull(i) || is_missing_cell(cell)) {
        rows.stamps.push_back({.wall = kNoTime});
        continue;
      }
      const auto stamp = reader.read(cell);
      if (!stamp) {
        return std::unexpected(
            column.bad_row(rows.stamps.size(), "'" + untrusted(cell, 40) + "' is no time"));
      }
      rows.stamps.push_back(*stamp);
    }
  }
  rows.bare_times = reader.saw_bare();
  return {};
}

Result<void> read_stamps(const Column& column, BarFileRows& rows) {
  rows.stamps.reserve(static_cast<std::size_t>(column.values.length()));
  const arrow::DataType& type = *column.values.type();
  switch (type.id()) {
    case arrow::Type::TIMESTAMP: return typed_stamps(column, rows);
    case arrow::Type::DATE32:
      day_stamps<arrow::Date32Array>(column.values, kDayMicros, rows);
      return {};
    case arrow::Type::DATE64: day_stamps<arrow::Date64Array>(column.values, 1000, rows); return {};
    case arrow::Type::INT64:
    case arrow::Type::INT32: return written_stamps(column, rows);
    default: break;
  }
  if (holds_text(type)) return written_stamps(column, rows);
  return std::unexpected(column.cannot_hold("times"));
}

Result<void> read_texts(const Column& column, TextColumn& out) {
  if (!holds_text(*column.values.type())) return std::unexpected(column.cannot_hold("text"));
  for (const auto& chunk : column.values.chunks()) {
    for (std::int64_t i = 0; i < chunk->length(); ++i) out.append(text_at(*chunk, i));
  }
  return {};
}

// The columns only Vortex writes; in other types than Vortex's they are left alone.
void read_own(const Column& column, BarColumn which, BarFileRows& rows) {
  const auto type = column.values.type()->id();
  if (which == kFinal && type == arrow::Type::BOOL) {
    walk<arrow::BooleanArray>(column.values, [&](const auto& chunk, std::int64_t i) {
      rows.finals.push_back(chunk.IsNull(i) || chunk.Value(i) ? 1 : 0);
    });
  } else if (which == kBasis && type == arrow::Type::DATE32) {
    walk<arrow::Date32Array>(column.values, [&](const auto& chunk, std::int64_t i) {
      rows.basis.push_back(chunk.IsNull(i) ? BarFileRows::kNoDay : chunk.Value(i));
    });
  } else if (which == kTransformTimestamp && type == arrow::Type::TIMESTAMP) {
    const auto unit = static_cast<const arrow::TimestampType&>(*column.values.type()).unit();
    walk<arrow::TimestampArray>(column.values, [&](const auto& chunk, std::int64_t i) {
      const auto micros = chunk.IsNull(i) ? kNoTime : micros_of(chunk.Value(i), unit);
      rows.transforms.push_back(micros.value_or(kNoTime));
    });
  }
}

Result<void> read_column(const Column& column, BarColumn which, BarFileRows& rows) {
  const auto at = static_cast<std::size_t>(which);
  switch (which) {
    case kTimestamp: return read_stamps(column, rows);
    case kSymbol:
    case kProvider:
    case kInterval:
    case kAdjusted:
    case kCaptureId: return read_texts(column, rows.texts[at]);
    case kBasis:
    case kFinal:
    case kTransformTimestamp: read_own(column, which, rows); return {};
    default: return read_numbers(column, rows.numbers[at]);
  }
}

}  // namespace

Result<BarFile> bars_of_table(const arrow::Table& table, const std::string& stem) {
  if (table.num_rows() > kBarFileRowsMax) {
    return fail(ErrorCode::body_too_large, std::to_string(table.num_rows()) + " rows are too many");
  }
  const std::vector<std::string> names = table.ColumnNames();
  VORTEX_TRY(const FileColumns columns, recognise_columns(names));
  BarFileRows rows;
  for (int i = 0; i < kBarColumns; ++i) {
    const auto& at = columns.at[static_cast<std::size_t>(i)];
    if (!at) continue;
    const Column column{*table.column(static_cast<int>(*at)), names[*at]};
    VORTEX_TRY_VOID(read_column(column, static_cast<BarColumn>(i), rows));
  }
  for (std::int64_t row = 1; row <= table.num_rows(); ++row) rows.places.push_back(row);
  std::string ignored;
  for (const std::string& name : columns.ignored) {
    ignored.append(ignored.empty() ? "" : ", ").append(name);
  }
  if (!ignored.empty()) rows.notes.push_back("columns not read: " + untrusted(ignored));
  return finish_rows(std::move(rows), stem);
}

}  // namespace vortex
