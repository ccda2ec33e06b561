#include "vortex/codec/bar_file_rows.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/builder.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/util/utf8.h>

#include "vortex/codec/arrow_error.hpp"

namespace vortex {
namespace {

constexpr std::int64_t kDayMicros = 86'400'000'000;

bool is_utf8(std::string_view text) {
  return arrow::util::ValidateUTF8(text);
}

// The bits of a column of which some values are missing; null where none are.
template <class IsMissing>
std::shared_ptr<arrow::Buffer> valid_bits(std::size_t rows, IsMissing is_missing) {
  std::size_t first = 0;
  while (first < rows && !is_missing(first)) ++first;
  if (first == rows) return nullptr;
  std::vector<std::uint8_t> bits((rows + 7) / 8);
  for (std::size_t i = 0; i < rows; ++i) {
    if (!is_missing(i)) bits[i / 8] = static_cast<std::uint8_t>(bits[i / 8] | (1U << (i % 8)));
  }
  return arrow::Buffer::FromVector(std::move(bits));
}

template <class Value, class IsMissing>
std::shared_ptr<arrow::Array> plain_column(BarColumn column, std::vector<Value> values,
                                           IsMissing is_missing) {
  const auto rows = static_cast<std::int64_t>(values.size());
  auto bits = valid_bits(values.size(), [&](std::size_t i) { return is_missing(values[i]); });
  auto data =
      arrow::ArrayData::Make(bar_schema()->field(column)->type(), rows,
                             {std::move(bits), arrow::Buffer::FromVector(std::move(values))});
  return arrow::MakeArray(std::move(data));
}

// Every stamp is a midnight where it was written, and some are none in UTC.
bool are_session_dates(const std::vector<WallStamp>& stamps) {
  bool moved = false;
  for (const WallStamp& stamp : stamps) {
    if (stamp.wall == kNoTime) continue;
    if (stamp.wall % kDayMicros != 0) return false;
    moved |= stamp.offset != 0;
  }
  return moved;
}

std::shared_ptr<arrow::Array> time_column(BarFileRows& rows) {
  const bool dates = are_session_dates(rows.stamps);
  if (dates) rows.notes.emplace_back("every time is a local midnight: taken as session dates");
  std::vector<std::int64_t> times;
  times.reserve(rows.stamps.size());
  for (const WallStamp& stamp : rows.stamps) {
    times.push_back(stamp.wall == kNoTime || dates ? stamp.wall : stamp.utc());
  }
  return plain_column(kTimestamp, std::move(times), [](std::int64_t t) { return t == kNoTime; });
}

std::shared_ptr<arrow::Array> number_column(BarColumn column, std::vector<double> values,
                                            std::size_t rows) {
  if (values.empty()) values.assign(rows, kNoNumber);
  return plain_column(column, std::move(values), [](double value) { return std::isnan(value); });
}

std::shared_ptr<arrow::Array> text_column(TextColumn column, std::size_t rows,
                                          std::string_view otherwise) {
  if (column.size() == 0) {
    for (std::size_t i = 0; i < rows; ++i) column.append(otherwise);
  }
  return column.finish();
}

std::shared_ptr<arrow::Array> final_column(std::vector<std::uint8_t> finals, std::size_t rows) {
  if (finals.empty()) finals.assign(rows, 1);
  std::vector<std::uint8_t> bits((rows + 7) / 8);
  for (std::size_t i = 0; i < rows; ++i) {
    if (finals[i] != 0) bits[i / 8] = static_cast<std::uint8_t>(bits[i / 8] | (1U << (i % 8)));
  }
  return arrow::MakeArray(
      arrow::ArrayData::Make(arrow::boolean(), static_cast<std::int64_t>(rows),
                             {nullptr, arrow::Buffer::FromVector(std::move(bits))}, 0));
}

std::shared_ptr<arrow::Array> finish_column(BarFileRows& rows, BarColumn column, std::size_t count,
                                            const std::string& stem) {
  const auto at = static_cast<std::size_t>(column);
  switch (column) {
    case kTimestamp: return time_column(rows);
    case kSymbol: return text_column(std::move(rows.texts[at]), count, stem);
    case kProvider:
    case kInterval:
    case kAdjusted:
    case kCaptureId: return text_column(std::move(rows.texts[at]), count, "");
    case kBasis:
      if (rows.basis.empty()) rows.basis.assign(count, BarFileRows::kNoDay);
      return plain_column(column, std::move(rows.basis),
                          [](std::int32_t day) { return day == BarFileRows::kNoDay; });
    case kFinal: return final_column(std::move(rows.finals), count);
    case kTransformTimestamp:
      if (rows.transforms.empty()) rows.transforms.assign(count, kNoTime);
      return plain_column(column, std::move(rows.transforms),
                          [](std::int64_t time) { return time == kNoTime; });
    default: return number_column(column, std::move(rows.numbers[at]), count);
  }
}

// Bytes that are no UTF-8 in a string column would reach Parquet files that others refuse to read.
Result<void> check_texts(const BarFileRows& rows, const std::string& stem) {
  for (const BarColumn column : {kSymbol, kProvider, kInterval, kAdjusted, kCaptureId}) {
    const auto bad = rows.texts[static_cast<std::size_t>(column)].first_row_not_utf8();
    if (!bad) continue;
    return fail(ErrorCode::bad_payload, std::string(rows.place_word) + " " +
                                            std::to_string(rows.places[*bad]) + ", column '" +
                                            std::string(bar_column_name(column)) +
                                            "': text that is not UTF-8");
  }
  if (rows.texts[kSymbol].size() == 0 && !is_utf8(stem)) {
    return fail(ErrorCode::usage, "no symbol column, and the file's name is not UTF-8");
  }
  return {};
}

}  // namespace

std::optional<std::size_t> TextColumn::first_row_not_utf8() const {
  // Values are numbered as they appear, so the first bad one has the first bad row.
  const auto bad = std::ranges::find_if_not(values_, is_utf8);
  if (bad == values_.end()) return std::nullopt;
  const auto code = static_cast<std::int32_t>(bad - values_.begin());
  return static_cast<std::size_t>(std::ranges::find(codes_, code) - codes_.begin());
}

void TextColumn::append(std::string_view text) {
  if (!codes_.empty() && values_[static_cast<std::size_t>(codes_.back())] == text) {
    codes_.push_back(codes_.back());
    return;
  }
  codes_.push_back(code_of(text));
}

std::int32_t TextColumn::code_of(std::string_view text) {
  const auto [entry, is_new] =
      code_by_value_.try_emplace(std::string(text), static_cast<std::int32_t>(values_.size()));
  if (is_new) values_.emplace_back(text);
  return entry->second;
}

std::shared_ptr<arrow::Array> TextColumn::finish() {
  std::vector<std::int32_t> offsets{0};
  std::string bytes;
  for (const std::string& value : values_) {
    bytes += value;
    offsets.push_back(static_cast<std::int32_t>(bytes.size()));
  }
  auto values = std::make_shared<arrow::StringArray>(static_cast<std::int64_t>(values_.size()),
                                                     arrow::Buffer::FromVector(std::move(offsets)),
                                                     arrow::Buffer::FromString(std::move(bytes)));
  const auto rows = static_cast<std::int64_t>(codes_.size());
  auto codes =
      std::make_shared<arrow::Int32Array>(rows, arrow::Buffer::FromVector(std::move(codes_)));
  return std::make_shared<arrow::DictionaryArray>(bar_schema()->field(kSymbol)->type(),
                                                  std::move(codes), std::move(values));
}

Result<BarFile> finish_rows(BarFileRows rows, const std::string& stem) {
  const std::size_t count = rows.stamps.size();
  VORTEX_TRY_VOID(check_texts(rows, stem));
  if (rows.bare_times) rows.notes.emplace_back("times carry no zone: read as UTC");
  if (rows.texts[kSymbol].size() == 0) {
    rows.notes.push_back("no symbol column: '" + untrusted(stem, 64) + "' after the file's name");
  }
  arrow::ArrayVector columns;
  for (int i = 0; i < kBarColumns; ++i) {
    columns.push_back(finish_column(rows, static_cast<BarColumn>(i), count, stem));
  }
  BarFile file{.notes = std::move(rows.notes), .places = std::move(rows.places)};
  file.bars =
      arrow::RecordBatch::Make(bar_schema(), static_cast<std::int64_t>(count), std::move(columns));
  return file;
}

}  // namespace vortex
