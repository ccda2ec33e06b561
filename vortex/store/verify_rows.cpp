// The rows of bars files, for Dataset::verify.

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <optional>
#include <set>

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <fmt/core.h>

#include "vortex/base/checksum.hpp"
#include "vortex/codec/arrow_error.hpp"
#include "vortex/model/adjustment.hpp"
#include "vortex/model/interval.hpp"
#include "vortex/store/parquet_file.hpp"
#include "vortex/store/row_columns.hpp"
#include "vortex/store/verify_parts.hpp"

namespace vortex {
namespace {

constexpr std::int64_t kSliceRows = std::int64_t{64} * 1024;
constexpr std::size_t kKeysMax = std::size_t{8} << 20;  // held at once; more take several readings

using EachBatch = std::function<Result<void>(const arrow::RecordBatch&)>;

Result<void> each_batch(FileSystem& files, const std::string& path,
                        const std::vector<std::string>& columns, const EachBatch& visit) {
  VORTEX_TRY(const auto file, ParquetTableFile::open(files, path));
  VORTEX_TRY(const auto reader, file.batches(columns, kSliceRows));
  while (true) {
    std::shared_ptr<arrow::RecordBatch> batch;
    VORTEX_TRY_VOID(to_result(reader->ReadNext(&batch), ErrorCode::corrupt));
    if (!batch) return {};
    VORTEX_TRY_VOID(visit(*batch));
  }
}

std::string key_text(std::string_view symbol, std::optional<TimePoint> time) {
  return fmt::format("{} {}", untrusted(symbol, 60), time ? format_time(*time) : "without a time");
}

// The first row of each kind of trouble and how many there are.
class RowTroubles {
 public:
  void note(const char* kind, const char* what, std::string_view symbol,
            std::optional<TimePoint> time) {
    Trouble& trouble = troubles_[{kind, what}];
    if (trouble.count++ == 0) trouble.first = key_text(symbol, time);
  }
  void tell(const NamedFile& file, Findings& findings) const {
    for (const auto& [place, trouble] : troubles_) {
      findings.note(
          file, place.first.c_str(),
          fmt::format("{} rows: {}; the first is {}", trouble.count, place.second, trouble.first));
    }
  }

 private:
  struct Trouble {
    std::int64_t count = 0;
    std::string first;
  };
  std::map<std::pair<std::string, std::string>, Trouble> troubles_;
};

// What is known of a file once all its rows were read.
struct RowBounds {
  std::int64_t rows = 0;
  std::string symbol_min;
  std::string symbol_max;
  std::optional<TimePoint> time_min;
  std::optional<TimePoint> time_max;
};

class BarsRows {
 public:
  explicit BarsRows(bool ours) : ours_(ours) {}

  Result<void> take(const arrow::RecordBatch& rows) {
    for (const char* name : {"timestamp", "symbol", "open", "high", "low", "close", "volume",
                             "adjusted", "basis", "final", "transform_timestamp"}) {
      if (!rows.GetColumnByName(name)) {
        return fail(ErrorCode::corrupt, fmt::format("column {} is missing", name));
      }
    }
    const ColumnReader symbols(rows, "symbol");
    const ColumnReader stamps(rows, "timestamp");
    const ColumnReader adjusted(rows, "adjusted");
    const ColumnReader basis(rows, "basis");
    const std::array<ColumnReader, 5> prices = {
        ColumnReader(rows, "open"), ColumnReader(rows, "high"), ColumnReader(rows, "low"),
        ColumnReader(rows, "close"), ColumnReader(rows, "volume")};
    for (std::int64_t row = 0; row < rows.num_rows(); ++row) {
      const std::string_view symbol = symbols.text(row);
      const auto time = stamps.moment(row);
      check_key(symbol, time);
      check_values(prices, row, symbol, time);
      if (!parse_adjustment(adjusted.text(row))) {
        troubles_.note("adjusted", "adjusted is none of none, split and all", symbol, time);
      }
      if (basis.is_null(row)) troubles_.note("basis", "there is no basis", symbol, time);
    }
    return {};
  }

  const RowBounds& bounds() const { return bounds_; }
  const RowTroubles& troubles() const { return troubles_; }

 private:
  void check_key(std::string_view symbol, std::optional<TimePoint> time) {
    if (symbol.empty() || !time) {
      troubles_.note("key", "the key is not whole", symbol, time);
    } else if (bounds_.rows > 0 && last_time_) {
      const auto order =
          std::pair(symbol, *time) <=> std::pair(std::string_view(last_symbol_), *last_time_);
      if (order == 0) troubles_.note("duplicate", "the key stands twice", symbol, time);
      if (order < 0 && ours_)
        troubles_.note("unsorted", "it stands behind a later one", symbol, time);
    }
    if (bounds_.rows == 0 || symbol < bounds_.symbol_min) bounds_.symbol_min = symbol;
    if (bounds_.rows == 0 || symbol > bounds_.symbol_max) bounds_.symbol_max = symbol;
    if (time && (!bounds_.time_min || *time < *bounds_.time_min)) bounds_.time_min = time;
    if (time && (!bounds_.time_max || *time > *bounds_.time_max)) bounds_.time_max = time;
    if (symbol != last_symbol_) last_symbol_ = symbol;
    last_time_ = time;
    ++bounds_.rows;
  }

  void check_values(const std::array<ColumnReader, 5>& columns, std::int64_t row,
                    std::string_view symbol, std::optional<TimePoint> time) {
    std::array<double, 5> values{};
    for (std::size_t i = 0; i < values.size(); ++i) {
      values[i] = columns[i].number(row);
      if (columns[i].is_null(row)) continue;
      if (!std::isfinite(values[i])) {
        troubles_.note("value", "a number is not finite", symbol, time);
        return;
      }
    }
    const auto [open, high, low, close, volume] = values;  // NaN where null: compares false
    if (high < open || high < close) {
      troubles_.note("value", "high is below open or close", symbol, time);
    }
    if (low > open || low > close) {
      troubles_.note("value", "low is above open or close", symbol, time);
    }
    if (volume < 0) troubles_.note("value", "volume is negative", symbol, time);
  }

  bool ours_;
  RowBounds bounds_;
  std::string last_symbol_;
  std::optional<TimePoint> last_time_;
  RowTroubles troubles_;
};

// Statistics may be wider than the rows, never narrower: a reader would miss rows.
void compare_statistics(const NamedFile& file, const RowBounds& bounds, Findings& findings) {
  const FileStatistics& stats = file.add.stats;
  const auto wrong = [&](const char* what) {
    findings.note(file, "statistics",
                  fmt::format("{} of the statistics is not that of the rows", what));
  };
  if (stats.rows >= 0 && stats.rows != bounds.rows) {
    findings.note(file, "statistics",
                  fmt::format("{} rows; the statistics say {}", bounds.rows, stats.rows));
  }
  if (bounds.rows == 0) return;
  if (stats.symbol_min && *stats.symbol_min > bounds.symbol_min) wrong("the lowest symbol");
  if (stats.symbol_max && *stats.symbol_max < bounds.symbol_max) wrong("the highest symbol");
  if (stats.timestamp_min && bounds.time_min && *stats.timestamp_min > *bounds.time_min) {
    wrong("the earliest time");
  }
  if (stats.timestamp_max && bounds.time_max && *stats.timestamp_max < *bounds.time_max) {
    wrong("the latest time");
  }
}

void check_partition(const NamedFile& file, Findings& findings) {
  const auto value = [&](const char* name) {
    const auto it = file.add.partition_values.find(name);
    return it == file.add.partition_values.end() ? std::nullopt : it->second;
  };
  const auto provider = value("provider");
  const auto interval = value("interval");
  if (!provider || provider->empty() || !interval || !parse_interval(*interval)) {
    findings.note(file, "partition",
                  fmt::format("provider '{}', interval '{}'", untrusted(provider.value_or(""), 60),
                              untrusted(interval.value_or(""), 60)));
  }
}

std::uint64_t key_hash(std::string_view symbol, std::int64_t stamp) {
  Checksum sum;
  sum.add(symbol);
  return mix_bits(sum.value() ^ mix_bits(static_cast<std::uint64_t>(stamp)));
}

using VisitKey = std::function<void(std::string_view symbol, TimePoint time)>;

Result<void> each_key(FileSystem& files, const std::string& path, const VisitKey& visit) {
  return each_batch(files, path, {"timestamp", "symbol"},
                    [&](const arrow::RecordBatch& rows) -> Result<void> {
                      const ColumnReader symbols(rows, "symbol");
                      const ColumnReader stamps(rows, "timestamp");
                      for (std::int64_t row = 0; row < rows.num_rows(); ++row) {
                        if (const auto time = stamps.moment(row)) visit(symbols.text(row), *time);
                      }
                      return {};
                    });
}

bool may_share_keys(const AddFile& one, const AddFile& other) {
  const FileStatistics& a = one.stats;
  const FileStatistics& b = other.stats;
  const auto apart = [](const auto& high, const auto& low) {
    return high && low && *high < *low;
  };
  return !apart(a.symbol_max, b.symbol_min) && !apart(b.symbol_max, a.symbol_min) &&
         !apart(a.timestamp_max, b.timestamp_min) && !apart(b.timestamp_max, a.timestamp_min);
}

// Keys that two files of the list hold, found by their hashes, a share of all hashes at a time.
class SharedKeys {
 public:
  SharedKeys(FileSystem& files, std::vector<const NamedFile*> inputs, Findings& findings)
      : files_(files), inputs_(std::move(inputs)), findings_(findings) {}

  void run() {
    std::size_t rows = 0;
    for (const NamedFile* file : inputs_) {
      rows += static_cast<std::size_t>(std::max<std::int64_t>(file->add.stats.rows, 0));
    }
    const std::size_t shares = rows / kKeysMax + 1;
    for (std::size_t share = 0; share < shares; ++share) run_share(share, shares);
  }

 private:
  void run_share(std::size_t share, std::size_t shares) {
    std::vector<std::pair<std::uint64_t, std::uint32_t>> keys;
    for (std::size_t i = 0; i < inputs_.size(); ++i) {
      // What cannot be read was noted when its rows were looked at.
      std::ignore = each_key(files_, place(i), [&](std::string_view symbol, TimePoint time) {
        const std::uint64_t hash = key_hash(symbol, time.time_since_epoch().count());
        if (hash % shares == share) keys.emplace_back(hash, static_cast<std::uint32_t>(i));
      });
    }
    std::ranges::sort(keys);
    std::map<std::pair<std::uint32_t, std::uint32_t>, std::pair<std::int64_t, std::uint64_t>> pairs;
    for (std::size_t i = 1; i < keys.size(); ++i) {
      if (keys[i].first != keys[i - 1].first || keys[i].second == keys[i - 1].second) continue;
      auto& [count, hash] = pairs[{keys[i - 1].second, keys[i].second}];
      ++count;
      hash = keys[i].first;
    }
    for (const auto& [pair, what] : pairs) {
      findings_.note(*inputs_[pair.second], "duplicate",
                     fmt::format("{} keys stand also in {}; one is {}", what.first,
                                 inputs_[pair.first]->add.path, name_of(pair.second, what.second)));
    }
  }

  std::string name_of(std::size_t input, std::uint64_t hash) {
    std::string name;
    std::ignore = each_key(files_, place(input), [&](std::string_view symbol, TimePoint time) {
      if (name.empty() && key_hash(symbol, time.time_since_epoch().count()) == hash) {
        name = key_text(symbol, time);
      }
    });
    return name;
  }

  std::string place(std::size_t input) const {
    return findings_.table() + "/" + inputs_[input]->add.path;
  }

  FileSystem& files_;
  std::vector<const NamedFile*> inputs_;
  Findings& findings_;
};

}  // namespace

void verify_bars_rows(FileSystem& files, const NamedFile& file, Findings& findings) {
  check_partition(file, findings);
  const std::string path = findings.table() + "/" + file.add.path;
  BarsRows rows(file.add.tags.contains(kChecksumTag));
  const auto done = each_batch(files, path, {},
                               [&](const arrow::RecordBatch& batch) { return rows.take(batch); });
  findings.report().rows += rows.bounds().rows;
  rows.troubles().tell(file, findings);
  if (!done) return findings.note(file, done.error());
  compare_statistics(file, rows.bounds(), findings);
}

void verify_bars_keys(FileSystem& files, const std::vector<const NamedFile*>& partition,
                      Findings& findings) {
  std::set<const NamedFile*> near;
  for (std::size_t i = 0; i < partition.size(); ++i) {
    for (std::size_t k = i + 1; k < partition.size(); ++k) {
      if (!may_share_keys(partition[i]->add, partition[k]->add)) continue;
      near.insert(partition[i]);
      near.insert(partition[k]);
    }
  }
  std::vector<const NamedFile*> inputs;
  for (const NamedFile* file : partition) {
    if (near.contains(file)) inputs.push_back(file);
  }
  if (!inputs.empty()) SharedKeys(files, std::move(inputs), findings).run();
}

}  // namespace vortex
