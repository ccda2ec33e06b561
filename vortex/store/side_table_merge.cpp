// SideTable::merge: many small files become few. Rows keep their order and are told to belong to a
// commit that came (an empty commit_id), so that no reader looks into the log for them again; rows
// whose commit certainly never came are left out, those that may still come stay as they are.

#include <algorithm>
#include <optional>

#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <arrow/type.h>
#include <fmt/core.h>

#include "vortex/base/log.hpp"
#include "vortex/codec/arrow_error.hpp"
#include "vortex/store/bars_statistics.hpp"
#include "vortex/store/bucket.hpp"
#include "vortex/store/parquet_file.hpp"
#include "vortex/store/row_columns.hpp"
#include "vortex/store/side_rows.hpp"
#include "vortex/store/side_table.hpp"

namespace vortex {
namespace {

constexpr int kAttemptsMax = 200;
constexpr std::int64_t kSliceRows = std::int64_t{16} * 1024;
constexpr const char* kCommitColumn = "commit_id";

enum class Fate : std::uint8_t { came, may_come, never };

// Looks each commit up once while its rows follow each other.
class Fates {
 public:
  explicit Fates(DeltaLog& bars) : bars_(bars) {}

  Result<Fate> of(std::int64_t version, std::string_view commit) {
    if (last_ && version == version_ && commit == commit_) return *last_;
    version_ = version;
    commit_ = commit;
    VORTEX_TRY(last_, look_up());
    return *last_;
  }

 private:
  Result<Fate> look_up() {
    if (version_ > bars_.version()) return Fate::may_come;
    if (commit_.empty()) return Fate::came;
    VORTEX_TRY(const auto note, bars_.note_of(version_));
    return !note || note->commit_id == commit_ ? Fate::came : Fate::never;
  }

  DeltaLog& bars_;
  std::int64_t version_ = -1;
  std::string commit_;
  std::optional<Fate> last_;
};

}  // namespace

// One run of files on its way into one.
class SideTable::Merging {
 public:
  Merging(SideTable& table, DeltaLog& bars, const std::vector<const AddFile*>& inputs)
      : table_(table), fates_(bars), inputs_(inputs) {}

  Result<void> run(Random& random) {
    file_.path = fmt::format("part-{}.parquet", random.uuid());
    for (const AddFile* input : inputs_) {
      file_.modification_ms = std::max(file_.modification_ms, input->modification_ms);
      VORTEX_TRY_VOID(take(*input));
    }
    VORTEX_TRY_VOID(flush());
    if (writer_) {
      VORTEX_TRY(const auto written, writer_->finish());
      file_.size = written.size;
      file_.tags[kChecksumTag] = written.checksum;
      file_.stats_json = symbol_statistics(lowest_, highest_, kept_.rows);
      file_.stats = parse_statistics(file_.stats_json);
      file_.data_change = false;
    }
    return check();
  }

  bool has_file() const { return writer_.has_value(); }
  const AddFile& file() const { return file_; }
  std::int64_t kept() const { return kept_.rows; }
  std::int64_t dropped() const { return dropped_; }

 private:
  std::string in_table(const std::string& path) const {
    return std::string(table_.table_.name) + "/" + path;
  }

  template <class Visit>
  Result<void> each_batch(const std::string& path, const Visit& visit) {
    VORTEX_TRY(const auto file,
               ParquetTableFile::open(table_.files_, in_table(path), TextsAs::written));
    VORTEX_TRY(const auto reader, file.batches({}, kSliceRows));
    while (true) {
      VORTEX_TRY(const auto batch, file.next(*reader));
      if (!batch) return {};
      VORTEX_TRY_VOID(visit(*batch));
    }
  }

  Result<void> take(const AddFile& input) {
    return each_batch(input.path, [&](const arrow::RecordBatch& batch) -> Result<void> {
      const auto hashes = hashes_of(batch, *schema());
      const ColumnReader versions(batch, "bars_version");
      const ColumnReader commits(batch, kCommitColumn);
      for (std::int64_t begin = 0; begin < batch.num_rows();) {
        std::int64_t end = begin + 1;
        while (end < batch.num_rows() && versions.whole(end) == versions.whole(begin) &&
               commits.text(end) == commits.text(begin)) {
          ++end;
        }
        VORTEX_TRY(const Fate fate, fates_.of(versions.whole(begin), commits.text(begin)));
        VORTEX_TRY_VOID(take_commit(batch, hashes, begin, end, fate));
        begin = end;
      }
      return waiting_rows_ < kSliceRows ? Result<void>{} : flush();
    });
  }

  // Rows of one commit.
  Result<void> take_commit(const arrow::RecordBatch& batch,
                           const std::vector<std::uint64_t>& hashes, std::int64_t begin,
                           std::int64_t end, Fate fate) {
    if (fate == Fate::never) {
      dropped_ += end - begin;
      return {};
    }
    const ColumnReader symbols(batch, "symbol");
    for (std::int64_t row = begin; row < end; ++row) {
      const std::string_view symbol = symbols.text(row);
      if (kept_.rows == 0 || symbol < lowest_) lowest_ = symbol;
      if (kept_.rows == 0 || symbol > highest_) highest_ = symbol;
      kept_.add_row(hashes[static_cast<std::size_t>(row)]);
    }
    VORTEX_TRY(auto rows, rows_in_schema(batch, schema(), begin, end - begin, fate == Fate::came));
    waiting_rows_ += rows->num_rows();
    waiting_.push_back(std::move(rows));
    return {};
  }

  Result<void> flush() {
    if (waiting_.empty()) return {};
    VORTEX_TRY(const auto batch,
               to_result(arrow::ConcatenateRecordBatches(waiting_), ErrorCode::local_resource));
    waiting_.clear();
    waiting_rows_ = 0;
    if (!writer_) {
      VORTEX_TRY(writer_, ParquetTableWriter::create(table_.files_, in_table(file_.path),
                                                     *batch->schema(), side_layout(table_.table_)));
    }
    return writer_->write(*batch);
  }

  Result<void> check() {
    RowsDigest read;
    if (writer_) {
      VORTEX_TRY_VOID(each_batch(file_.path, [&](const arrow::RecordBatch& batch) -> Result<void> {
        for (const std::uint64_t hash : hashes_of(batch, *schema())) read.add_row(hash);
        return {};
      }));
    }
    if (read == kept_) return {};
    return fail(ErrorCode::internal,
                fmt::format("a merge of {} files of {} kept {} rows and wrote {} that are not the "
                            "same",
                            inputs_.size(), table_.table_.name, kept_.rows, read.rows));
  }

  const std::shared_ptr<arrow::Schema>& schema() const { return table_.table_.schema; }

  SideTable& table_;
  Fates fates_;
  const std::vector<const AddFile*>& inputs_;
  AddFile file_;
  arrow::RecordBatchVector waiting_;
  std::int64_t waiting_rows_ = 0;
  std::optional<ParquetTableWriter> writer_;
  std::string lowest_;
  std::string highest_;
  RowsDigest kept_;
  std::int64_t dropped_ = 0;
};

Result<TableCompaction> SideTable::merge_run(DeltaLog& bars,
                                             const std::vector<const AddFile*>& inputs,
                                             CommitNote note, TimePoint now, Random& random) {
  Merging merging(*this, bars, inputs);
  const auto discard = [&] {
    if (!merging.has_file()) return;
    auto removed = files_.remove(std::string(table_.name) + "/" + merging.file().path);
    if (!removed) log::debug("left behind: {}", removed.error().message);
  };
  if (auto done = merging.run(random); !done) {
    discard();
    return std::unexpected(std::move(done).error());
  }
  TableCompaction tally{.table = std::string(table_.name)};
  CommitActions actions;
  actions.note = std::move(note);
  for (const AddFile* input : inputs) {
    actions.removes.push_back({.path = input->path,
                               .partition_values = input->partition_values,
                               .size = input->size,
                               .deletion_ms = 0,
                               .data_change = false});
    tally.bytes_read += input->size;
  }
  if (merging.has_file()) actions.adds.push_back(merging.file());
  for (int attempt = 0; attempt < kAttemptsMax; ++attempt) {
    auto done = log_.commit(actions, now);
    if (done) {
      tally.files_read = static_cast<std::int64_t>(inputs.size());
      tally.files_written = static_cast<std::int64_t>(actions.adds.size());
      tally.rows = merging.kept();
      tally.rows_dropped = merging.dropped();
      tally.bytes_written = merging.file().size;
      return tally;
    }
    if (done.error().code != ErrorCode::commit_conflict) {
      return std::unexpected(std::move(done).error().in(std::string(table_.name)));
    }
    VORTEX_TRY_VOID(refresh());
    const bool stands = std::ranges::all_of(actions.removes, [&](const RemoveFile& remove) {
      return log_.snapshot().files.contains(remove.path);
    });
    if (!stands) break;  // another process merged them; the next run sees what it left
  }
  discard();
  return tally;
}

Result<std::vector<TableCompaction>> SideTable::merge(DeltaLog& bars, bool automatic,
                                                      const CommitNote& note, TimePoint now,
                                                      Random& random) {
  std::vector<TableCompaction> done;
  VORTEX_TRY_VOID(refresh());
  while (log_.loaded()) {
    // Held by themselves: the commit takes them out of the snapshot.
    std::vector<std::shared_ptr<const AddFile>> held;
    std::vector<const AddFile*> files;
    for (const auto& [path, file] : log_.snapshot().files) {
      held.push_back(file);
      files.push_back(file.get());
    }
    const auto runs = plan_side_merges(std::move(files), automatic);
    for (const auto& run : runs) {
      VORTEX_TRY(auto tally, merge_run(bars, run, note, now, random));
      if (tally.files_read == 0) return done;
      done.push_back(std::move(tally));
    }
    if (runs.empty()) break;
  }
  return done;
}

}  // namespace vortex
