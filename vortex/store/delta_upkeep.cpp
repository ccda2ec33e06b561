// Keeping a log short to read: a checkpoint after every tenth commit, and taking away what lies
// below a version. A crash anywhere leaves a log that says the same: a checkpoint repeats what the
// commits say, and nothing is removed before the checkpoint above it is durable.
#include <algorithm>
#include <charconv>
#include <utility>

#include <fmt/core.h>

#include "vortex/base/json.hpp"
#include "vortex/base/log.hpp"
#include "vortex/store/delta_checkpoint.hpp"

namespace vortex {
namespace {

constexpr std::int64_t kHourMs = std::int64_t{3600} * 1000;
constexpr std::int64_t kWeekMs = 7 * 24 * kHourMs;  // Delta's default
constexpr const char* kLastCheckpoint = "_last_checkpoint";

// "interval 3650 days" in ms; none for what we cannot read, so that everything is kept.
std::optional<std::int64_t> parse_interval_ms(std::string_view text) {
  constexpr std::string_view kWord = "interval ";
  if (text.starts_with(kWord)) text.remove_prefix(kWord.size());
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || number < 0 || number > 1'000'000) return std::nullopt;
  std::string_view unit = text.substr(static_cast<std::size_t>(end - text.data()));
  if (unit.starts_with(' ')) unit.remove_prefix(1);
  if (unit.ends_with('s')) unit.remove_suffix(1);
  if (unit == "week") return number * kWeekMs;
  if (unit == "day") return number * 24 * kHourMs;
  if (unit == "hour") return number * kHourMs;
  if (unit == "minute") return number * kHourMs / 60;
  if (unit == "second") return number * 1000;
  return std::nullopt;
}

std::optional<std::int64_t> retention_ms(const TableMetadata& metadata) {
  const auto it = metadata.configuration.find("delta.deletedFileRetentionDuration");
  return it == metadata.configuration.end() ? kWeekMs : parse_interval_ms(it->second);
}

// The version `_last_checkpoint` names; -1 where it is absent or says nothing sensible.
std::int64_t hinted_version(const Result<std::string>& text) {
  if (!text) return -1;
  const auto parsed = Json::parse(*text);
  return parsed ? parsed->int_at("version").value_or(-1) : -1;
}

}  // namespace

Result<bool> DeltaLog::checkpoint_is_due() {
  if (version() - checkpointed_ < kCheckpointEvery) return false;
  if (version() % kCheckpointEvery == 0) return true;
  // Somebody else may have written the one that we missed.
  VORTEX_TRY(const auto listing, list_log(files_, directory_));
  if (!listing.checkpoints.empty()) checkpointed_ = listing.checkpoints.rbegin()->first;
  return version() - checkpointed_ >= kCheckpointEvery;
}

void DeltaLog::checkpoint_when_due() {
  const auto due = checkpoint_is_due();
  const auto done = due && *due ? checkpoint() : Result<void>{};
  if (due && done) return;
  const Error& error = due ? done.error() : due.error();
  log::warning("table {}: no checkpoint of version {}: {}; tried again after the next commit",
               directory_, version(), error.to_line());
}

Result<void> DeltaLog::checkpoint() {
  if (!loaded()) return {};
  VORTEX_TRY_VOID(check_writable());
  return write_checkpoint_of(snapshot_);
}

// Everything in it comes from the log, also the moment that tombstones are measured from: two
// processes that write it write the same.
Result<void> DeltaLog::write_checkpoint_of(const Snapshot& snapshot) {
  VORTEX_TRY(const auto note, note_of(snapshot.version));
  const auto retention = retention_ms(snapshot.metadata);
  const std::int64_t from_ms = note && retention ? note->timestamp_ms - *retention : 0;
  VORTEX_TRY(const auto written,
             write_checkpoint(snapshot, from_ms, log_place(directory_, snapshot.version)));
  const std::string path = checkpoint_path(directory_, snapshot.version);
  VORTEX_TRY_VOID(files_.put(path, written.bytes, {}));
  checkpointed_ = std::max(checkpointed_, snapshot.version);
  return point_to_checkpoint(snapshot.version, written.rows,
                             static_cast<std::int64_t>(written.bytes.size()),
                             static_cast<std::int64_t>(snapshot.files.size()));
}

// For other readers: they take the place of a listing by it. Never back to an older one, which a
// slower process could do.
Result<void> DeltaLog::point_to_checkpoint(std::int64_t version, std::int64_t rows,
                                           std::int64_t bytes, std::int64_t adds) {
  const std::string path = log_folder(directory_) + "/" + kLastCheckpoint;
  const std::int64_t hinted = hinted_version(files_.read(path));
  if (hinted > version && hinted <= snapshot_.version) return {};
  JsonWriter writer;
  writer.begin_object();
  writer.member("version", version);
  writer.member("size", rows);
  writer.member("sizeInBytes", bytes);
  writer.member("numOfAddFiles", adds);
  writer.end_object();
  return files_.put(path, writer.take(), {});
}

Result<void> DeltaLog::clean_below(std::int64_t version) {
  if (version <= 0 || !loaded()) return {};
  VORTEX_TRY_VOID(check_writable());
  VORTEX_TRY(const Snapshot kept, snapshot_at(version));
  VORTEX_TRY_VOID(write_checkpoint_of(kept));
  const std::string folder = log_folder(directory_);
  VORTEX_TRY(auto names, files_.list(folder));
  // From the oldest on: what is left after a crash is a log with its beginning cut off.
  std::ranges::sort(names);
  for (const std::string& name : names) {
    const auto of = log_file_version(name);
    if (!of || *of >= version) continue;
    auto removed = files_.remove(folder + "/" + name);
    const bool gone = removed || removed.error().code == ErrorCode::not_found;
    if (!gone) return removed;
    notes_.erase(*of);
  }
  return {};
}

}  // namespace vortex
