#include "vortex/store/bars_statistics.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

#include <fmt/core.h>

#include "vortex/base/checksum.hpp"
#include "vortex/base/json.hpp"
#include "vortex/base/time.hpp"

namespace vortex {
namespace {

// "2024-01-02T14:30:00.000Z"
std::string stamp_in_ms(std::chrono::sys_time<std::chrono::milliseconds> time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  std::string text = format_time(TimePoint{seconds.time_since_epoch()});
  text.pop_back();
  return text + fmt::format(".{:03}Z", (time - seconds).count());
}

std::int64_t count_missing(const NumberColumn& column) {
  if (column.all_missing()) return static_cast<std::int64_t>(column.size());
  return std::ranges::count_if(column.values(), [](double value) { return std::isnan(value); });
}

std::vector<std::uint64_t> hashes_of(const TextPool& pool) {
  std::vector<std::uint64_t> hashes;
  hashes.reserve(pool.size());
  for (std::size_t i = 0; i < pool.size(); ++i) {
    Checksum sum;
    sum.add(pool.text(static_cast<std::int32_t>(i)));
    hashes.push_back(sum.value());
  }
  return hashes;
}

std::uint64_t bits_of(double value) {
  return std::isnan(value) ? ~std::uint64_t{0} : std::bit_cast<std::uint64_t>(value);
}

}  // namespace

void BarsStatistics::add(const BarColumns& rows) {
  if (rows.rows() == 0) return;
  const auto [first, last] = std::ranges::minmax(rows.timestamp);
  first_ = std::min(first_, first);
  last_ = std::max(last_, last);
  for (std::size_t i = 0; i < rows.symbols.size(); ++i) {
    const std::string_view symbol = rows.symbols.text(static_cast<std::int32_t>(i));
    if (rows_ == 0 && i == 0) lowest_ = highest_ = symbol;
    if (symbol < lowest_) lowest_ = symbol;
    if (symbol > highest_) highest_ = symbol;
  }
  for (std::size_t i = 0; i < missing_.size(); ++i) missing_[i] += count_missing(rows.numbers[i]);
  rows_ += static_cast<std::int64_t>(rows.rows());
}

std::string BarsStatistics::to_json() const {
  using std::chrono::milliseconds;
  JsonWriter writer;
  writer.begin_object();
  writer.member("numRecords", rows_);
  if (rows_ > 0) {
    writer.key("minValues");
    writer.begin_object();
    const TimePoint first{Duration{first_}};
    writer.member("timestamp", stamp_in_ms(std::chrono::floor<milliseconds>(first)));
    writer.member("symbol", lowest_);
    writer.end_object();
    writer.key("maxValues");
    writer.begin_object();
    const TimePoint last{Duration{last_}};
    writer.member("timestamp", stamp_in_ms(std::chrono::ceil<milliseconds>(last)));
    writer.member("symbol", highest_);
    writer.end_object();
  }
  writer.key("nullCount");
  writer.begin_object();
  writer.member("timestamp", 0);
  writer.member("symbol", 0);
  for (std::size_t i = 0; i < kNumberColumns.size(); ++i) {
    writer.member(bar_column_name(kNumberColumns[i]), missing_[i]);
  }
  writer.end_object();
  writer.end_object();
  return writer.take();
}

void RowsDigest::add_row(std::uint64_t hash) {
  ++rows;
  sum += hash;
  mixed += mix_bits(hash ^ 1);
}

void RowsDigest::add(const RowsDigest& other) {
  rows += other.rows;
  sum += other.sum;
  mixed += other.mixed;
}

void RowsDigest::add(const BarColumns& columns) {
  const auto symbols = hashes_of(columns.symbols);
  const auto adjustments = hashes_of(columns.adjustments);
  const auto captures = hashes_of(columns.captures);
  const auto text = [](const std::vector<std::uint64_t>& hashes, std::int32_t number) {
    return hashes[static_cast<std::size_t>(number)];
  };
  for (std::size_t row = 0; row < columns.rows(); ++row) {
    std::uint64_t hash = mix_bits(static_cast<std::uint64_t>(columns.timestamp[row]));
    const auto take = [&hash](std::uint64_t value) {
      hash = mix_bits(hash ^ value) + value;
    };
    take(static_cast<std::uint64_t>(columns.transform_timestamp[row]));
    for (const NumberColumn& numbers : columns.numbers) take(bits_of(numbers.at(row)));
    take(static_cast<std::uint32_t>(columns.basis[row]));
    take(columns.final[row]);
    take(text(symbols, columns.symbol[row]));
    take(text(adjustments, columns.adjusted[row]));
    take(text(captures, columns.capture[row]));
    add_row(hash);
  }
}

}  // namespace vortex
