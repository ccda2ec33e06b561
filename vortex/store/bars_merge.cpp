#include "vortex/store/bars_merge.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <numeric>
#include <queue>
#include <tuple>
#include <utility>

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <fmt/core.h>

#include "vortex/base/log.hpp"
#include "vortex/store/bars_files.hpp"
#include "vortex/store/parquet_file.hpp"
#include "vortex/store/table_schema.hpp"

namespace vortex {
namespace {

constexpr std::int64_t kSliceRows = std::int64_t{16} * 1024;  // of one input in memory
constexpr std::size_t kOutputRowsMax = std::size_t{1} << 20;  // of all outputs in memory
constexpr std::size_t kGroupRowsMax = std::size_t{128} * 1024;
constexpr std::size_t kOutputsMax = 256;  // open at once; rows before them share one

std::string in_table(const std::string& path) {
  return std::string(bars_table().name) + "/" + path;
}

// The rows of one file in order, a slice at a time.
class SortedRows {
 public:
  static Result<SortedRows> open(FileSystem& files, const std::string& path) {
    VORTEX_TRY(auto file, ParquetTableFile::open(files, path));
    auto held = std::make_unique<ParquetTableFile>(std::move(file));
    SortedRows rows(path, std::move(held));
    VORTEX_TRY(const bool sorted, rows.is_sorted());
    VORTEX_TRY(rows.reader_, rows.file_->batches({}, kSliceRows));
    if (!sorted) VORTEX_TRY_VOID(rows.load_and_sort());
    VORTEX_TRY_VOID(rows.fill());
    return rows;
  }

  bool ended() const { return row_ >= slice_.rows(); }
  const BarColumns& slice() const { return slice_; }
  std::size_t row() const { return row_; }
  std::string_view symbol() const { return slice_.symbols.text(slice_.symbol[row_]); }
  std::int64_t stamp() const { return slice_.timestamp[row_]; }
  const RowsDigest& digest() const { return digest_; }

  Result<void> advance(std::size_t count) {
    row_ += count;
    return row_ < slice_.rows() ? Result<void>{} : fill();
  }

 private:
  SortedRows(std::string path, std::unique_ptr<ParquetTableFile> file)
      : path_(std::move(path)), file_(std::move(file)) {}

  // Ours are; others' are looked at.
  Result<bool> is_sorted() {
    if (file_->written_by().starts_with("Vortex")) return true;
    VORTEX_TRY(const auto reader, file_->batches({"timestamp", "symbol"}, kSliceRows));
    std::string last_symbol;
    std::int64_t last_stamp = INT64_MIN;
    while (true) {
      VORTEX_TRY(const auto batch, file_->next(*reader));
      if (!batch) return true;
      const auto* coded =
          dynamic_cast<const arrow::DictionaryArray*>(batch->GetColumnByName("symbol").get());
      const auto* stamps =
          dynamic_cast<const arrow::TimestampArray*>(batch->GetColumnByName("timestamp").get());
      if (coded == nullptr || stamps == nullptr) {
        return fail(ErrorCode::corrupt, path_ + ": key columns of another type");
      }
      const auto& texts = static_cast<const arrow::StringArray&>(*coded->dictionary());
      for (std::int64_t i = 0; i < batch->num_rows(); ++i) {
        const std::string_view symbol =
            coded->IsNull(i) ? std::string_view() : texts.GetView(coded->GetValueIndex(i));
        if (std::pair(symbol, stamps->Value(i)) <
            std::pair(std::string_view(last_symbol), last_stamp)) {
          return false;
        }
        if (symbol != last_symbol) last_symbol = symbol;
        last_stamp = stamps->Value(i);
      }
    }
  }

  Result<void> load_and_sort() {
    BarColumns all;
    while (true) {
      VORTEX_TRY(const auto batch, file_->next(*reader_));
      if (!batch) break;
      VORTEX_TRY_VOID(all.append(BarColumns::source_of(*batch->schema(), batch->columns()), 0,
                                 batch->num_rows()));
    }
    std::vector<std::size_t> order(all.rows());
    // NOLINTNEXTLINE(modernize-use-ranges): libstdc++ 12 has no std::ranges::iota
    std::iota(order.begin(), order.end(), std::size_t{0});
    const auto key = [&](std::size_t row) {
      return std::tuple(all.symbols.text(all.symbol[row]), all.timestamp[row], row);
    };
    std::ranges::sort(order, {}, key);
    slice_.reserve(all.rows());
    for (const std::size_t row : order) slice_.append_rows(all, row, row + 1);
    digest_.add(slice_);
    reader_.reset();
    return {};
  }

  Result<void> fill() {
    if (row_ < slice_.rows()) return {};
    slice_ = BarColumns{};
    row_ = 0;
    while (reader_ && slice_.rows() == 0) {
      VORTEX_TRY(const auto batch, file_->next(*reader_));
      if (!batch) reader_.reset();
      if (!batch) break;
      VORTEX_TRY_VOID(slice_.append(BarColumns::source_of(*batch->schema(), batch->columns()), 0,
                                    batch->num_rows()));
    }
    digest_.add(slice_);
    return {};
  }

  std::string path_;
  std::unique_ptr<ParquetTableFile> file_;
  std::unique_ptr<arrow::RecordBatchReader> reader_;
  BarColumns slice_;
  std::size_t row_ = 0;
  RowsDigest digest_;
};

// The file of one bucket that is being written, and those of it that are full.
class BucketOutput {
 public:
  BucketOutput(FileSystem& files, Random& random, const PartitionValues& values)
      : files_(files), random_(random), values_(values) {}

  std::size_t buffered() const { return rows_.rows(); }
  std::vector<AddFile>& adds() { return adds_; }

  Result<void> append(const BarColumns& from, std::size_t begin, std::size_t end) {
    const std::string_view symbol = from.symbols.text(from.symbol[begin]);
    const auto rows = statistics_.rows() + static_cast<std::int64_t>(rows_.rows());
    if (rows >= kFileRowsMax && symbol != last_symbol_) VORTEX_TRY_VOID(close());
    if (symbol != last_symbol_) last_symbol_ = symbol;
    rows_.append_rows(from, begin, end);
    return rows_.rows() < kGroupRowsMax ? Result<void>{} : flush();
  }

  Result<void> flush() {
    if (rows_.rows() == 0) return {};
    VORTEX_TRY(const auto batch, rows_.to_file_batch());
    if (!writer_) {
      const std::string folder = partition_folder(values_, bars_table());
      VORTEX_TRY_VOID(files_.make_directories(in_table(folder)));
      path_ = fmt::format("{}/part-{}.parquet", folder, random_.uuid());
      VORTEX_TRY(writer_, ParquetTableWriter::create(files_, in_table(path_), *batch->schema(),
                                                     bars_layout()));
    }
    VORTEX_TRY_VOID(writer_->write(*batch));
    statistics_.add(rows_);
    rows_ = BarColumns{};
    return {};
  }

  Result<void> close() {
    VORTEX_TRY_VOID(flush());
    if (!writer_) return {};
    AddFile& add = adds_.emplace_back();
    add.path = path_;
    add.partition_values = values_;
    VORTEX_TRY(const auto written, writer_->finish());
    writer_.reset();
    add.size = written.size;
    add.tags[kChecksumTag] = written.checksum;
    add.stats_json = statistics_.to_json();
    add.stats = parse_statistics(add.stats_json);
    add.data_change = false;
    statistics_ = {};
    return {};
  }

 private:
  FileSystem& files_;
  Random& random_;
  const PartitionValues& values_;
  BarColumns rows_;
  std::string last_symbol_;
  BarsStatistics statistics_;
  std::string path_;
  std::optional<ParquetTableWriter> writer_;
  std::vector<AddFile> adds_;
};

class Merge {
 public:
  Merge(FileSystem& files, Random& random, const MergeTask& task, Interval interval, TimePoint now)
      : files_(files), random_(random), task_(task), interval_(interval), now_(now) {}
  ~Merge() {
    if (!done_) discard_bars(files_, all_adds());
  }
  Merge(const Merge&) = delete;
  Merge& operator=(const Merge&) = delete;

  Result<MergedFiles> run() {
    std::vector<SortedRows> inputs;
    inputs.reserve(task_.inputs.size());
    for (const AddFile* file : task_.inputs) {
      VORTEX_TRY(auto rows, SortedRows::open(files_, in_table(file->path)));
      inputs.push_back(std::move(rows));
    }
    VORTEX_TRY_VOID(merge(inputs));
    for (auto& [start, output] : outputs_) VORTEX_TRY_VOID(output.close());
    MergedFiles merged{.adds = all_adds(), .rows = {}};
    for (const SortedRows& input : inputs) merged.rows.add(input.digest());
    VORTEX_TRY_VOID(check(merged));
    done_ = true;
    return merged;
  }

 private:
  using Head = std::pair<std::pair<std::string_view, std::int64_t>, std::size_t>;

  static Head head_of(const std::vector<SortedRows>& inputs, std::size_t i) {
    return {{inputs[i].symbol(), inputs[i].stamp()}, i};
  }

  // The order of rows is (symbol, timestamp, input). The heads look into the slices, so a head is
  // taken off before its slice moves on.
  Result<void> merge(std::vector<SortedRows>& inputs) {
    std::priority_queue<Head, std::vector<Head>, std::greater<>> heads;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      if (!inputs[i].ended()) heads.push(head_of(inputs, i));
    }
    while (!heads.empty()) {
      const std::size_t i = heads.top().second;
      heads.pop();
      SortedRows& input = inputs[i];
      const std::size_t begin = input.row();
      std::size_t end = begin + 1;
      const TimeRange bucket = bucket_at(input.stamp());
      const BarColumns& slice = input.slice();
      const auto joins = [&](std::size_t row) {
        return slice.symbol[row] == slice.symbol[begin] &&
               bucket.holds(TimePoint{Duration{slice.timestamp[row]}}) &&
               (heads.empty() || Head{{slice.symbols.text(slice.symbol[row]), slice.timestamp[row]},
                                      i} < heads.top());
      };
      while (end < slice.rows() && joins(end)) ++end;
      VORTEX_TRY_VOID(append(bucket.start, slice, begin, end));
      VORTEX_TRY_VOID(input.advance(end - begin));
      if (!input.ended()) heads.push(head_of(inputs, i));
    }
    return {};
  }

  TimeRange bucket_at(std::int64_t stamp) {
    if (!task_.split) return {TimePoint::min(), TimePoint::max()};
    const TimePoint time{Duration{stamp}};
    if (!last_bucket_.holds(time)) last_bucket_ = bucket_of(interval_, time, now_);
    return last_bucket_;
  }

  Result<void> append(TimePoint bucket, const BarColumns& slice, std::size_t begin,
                      std::size_t end) {
    auto output = outputs_.find(bucket);
    if (output == outputs_.end() && outputs_.size() + 1 >= kOutputsMax) {
      // A file over several buckets again, which the next round takes up.
      output = outputs_.try_emplace(TimePoint::min(), files_, random_, values()).first;
    } else if (output == outputs_.end()) {
      output = outputs_.try_emplace(bucket, files_, random_, values()).first;
    }
    const std::size_t before = output->second.buffered();
    VORTEX_TRY_VOID(output->second.append(slice, begin, end));
    buffered_ = buffered_ + output->second.buffered() - before;
    if (buffered_ < kOutputRowsMax) return {};
    const auto fullest = std::ranges::max_element(
        outputs_, {}, [](const auto& entry) { return entry.second.buffered(); });
    buffered_ -= fullest->second.buffered();
    return fullest->second.flush();
  }

  const PartitionValues& values() const { return task_.inputs.front()->partition_values; }

  std::vector<AddFile> all_adds() {
    std::vector<AddFile> adds;
    for (auto& [start, output] : outputs_) {
      adds.insert(adds.end(), output.adds().begin(), output.adds().end());
    }
    return adds;
  }

  Result<void> check(const MergedFiles& merged) {
    RowsDigest written;
    for (const AddFile& add : merged.adds) {
      VORTEX_TRY(auto rows, SortedRows::open(files_, in_table(add.path)));
      while (!rows.ended()) VORTEX_TRY_VOID(rows.advance(rows.slice().rows() - rows.row()));
      written.add(rows.digest());
    }
    if (written == merged.rows) return {};
    return fail(ErrorCode::internal,
                fmt::format("a merge of {} files read {} rows and wrote {} that are not the same",
                            task_.inputs.size(), merged.rows.rows, written.rows));
  }

  FileSystem& files_;
  Random& random_;
  const MergeTask& task_;
  Interval interval_;
  TimePoint now_;
  std::map<TimePoint, BucketOutput> outputs_;
  TimeRange last_bucket_{TimePoint::max(), TimePoint::max()};
  std::size_t buffered_ = 0;
  bool done_ = false;
};

}  // namespace

Result<MergedFiles> merge_bars(FileSystem& files, Random& random, const MergeTask& task,
                               Interval interval, TimePoint now) {
  return Merge(files, random, task, interval, now).run();
}

void discard_bars(FileSystem& files, const std::vector<AddFile>& adds) {
  for (const AddFile& add : adds) {
    if (auto removed = files.remove(in_table(add.path)); !removed) {
      log::debug("left behind: {}", removed.error().message);
    }
  }
}

}  // namespace vortex
