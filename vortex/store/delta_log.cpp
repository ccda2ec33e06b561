#include "vortex/store/delta_log.hpp"

#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "vortex/base/log.hpp"
#include "vortex/store/delta_checkpoint.hpp"

namespace vortex {
namespace {

constexpr int kReaderMax = 1;
constexpr int kWriterMax = 2;

std::int64_t to_ms(TimePoint time) {
  return std::chrono::floor<std::chrono::milliseconds>(time).time_since_epoch().count();
}

TimePoint from_ms(std::int64_t ms) {
  return TimePoint{std::chrono::milliseconds{ms}};
}

Error too_new(const std::string& directory, std::string_view what) {
  return Error{.code = ErrorCode::newer_protocol,
               .message = fmt::format("table {} needs {}", directory, what)};
}

// A file whose partition values do not name the table's partition columns would be found by no
// reader: the answer would be shorter without a word.
Result<void> check_partitions(const AddFile& add, const TableMetadata& metadata) {
  const auto given = [&](const std::string& column) {
    return add.partition_values.contains(column);
  };
  const bool same = add.partition_values.size() == metadata.partition_columns.size() &&
                    std::ranges::all_of(metadata.partition_columns, given);
  if (same) return {};
  return fail(ErrorCode::corrupt, fmt::format("file {} has other partition columns than the table",
                                              untrusted(add.path)));
}

bool same_file(const FileStat& one, const FileStat& other) {
  return one.size == other.size && one.modified == other.modified;
}

// Nothing but files whose rows were there before, as a compaction leaves them.
bool rearranges(const CommitActions& actions) {
  const auto keeps = [](const auto& action) {
    return !action.data_change;
  };
  return !actions.protocol && !actions.metadata && std::ranges::all_of(actions.adds, keeps) &&
         std::ranges::all_of(actions.removes, keeps);
}

}  // namespace

void Snapshot::apply(CommitActions actions) {
  if (actions.protocol) protocol = *std::move(actions.protocol);
  if (actions.metadata) metadata = *std::move(actions.metadata);
  for (RemoveFile& remove : actions.removes) {
    files.erase(remove.path);
    std::string path = remove.path;
    tombstones[std::move(path)] = std::make_shared<const RemoveFile>(std::move(remove));
  }
  for (AddFile& add : actions.adds) {
    std::string path = add.path;
    tombstones.erase(path);
    files[std::move(path)] = std::make_shared<const AddFile>(std::move(add));
  }
  for (AppTransaction& transaction : actions.transactions) {
    std::string app = transaction.app_id;
    transactions[std::move(app)] = std::move(transaction);
  }
}

DeltaLog::DeltaLog(FileSystem& files, std::string directory)
    : files_(files), directory_(std::move(directory)) {}

Result<std::optional<CommitActions>> DeltaLog::read_commit(std::int64_t version) {
  const std::string path = commit_path(directory_, version);
  const auto where = [&](Error error) {
    return std::move(error).in(fmt::format("table {} version {}", directory_, version));
  };
  auto text = read_log_file(files_, path);
  if (!text && text.error().code == ErrorCode::not_found) return std::nullopt;
  if (!text) return std::unexpected(where(std::move(text).error()));
  auto actions = parse_commit(*text, log_place(directory_, version));
  if (!actions) return std::unexpected(where(std::move(actions).error()));
  // A foreign writer's commit may carry no time; its file's time stands in.
  if (!actions->note || actions->note->timestamp_ms == 0) {
    VORTEX_TRY(const auto status, files_.stat(path));
    if (!actions->note) actions->note.emplace();
    actions->note->timestamp_ms = status ? to_ms(status->modified) : 0;
  }
  return *std::move(actions);
}

void DeltaLog::remember(std::int64_t version, const CommitActions& actions) {
  notes_[version] = VersionNote{.timestamp_ms = actions.note ? actions.note->timestamp_ms : 0,
                                .commit_id = actions.note ? actions.note->commit_id : "",
                                .appends_only = actions.removes.empty(),
                                .rearranges = rearranges(actions)};
}

// Why `wanted` cannot be told: the first version after the newest usable checkpoint is not there.
Error DeltaLog::not_there(const LogListing& listing, std::int64_t wanted,
                          std::int64_t missing) const {
  if (listing.newest_uuid_checkpoint && *listing.newest_uuid_checkpoint >= missing) {
    return too_new(directory_,
                   fmt::format("the V2 checkpoint of version {}", *listing.newest_uuid_checkpoint));
  }
  const auto oldest = listing.oldest_readable();
  if (missing == 0 && oldest && wanted < *oldest) {
    return Error{.code = ErrorCode::not_found,
                 .message = fmt::format("table {}: version {} was cleaned away; the oldest is {}",
                                        directory_, wanted, *oldest)};
  }
  return Error{
      .code = ErrorCode::corrupt,
      .message = fmt::format("table {}: version {} is missing from the log", directory_, missing)};
}

// The newest checkpoint at or before `version` that can be read; version -1 where there is none.
Result<Snapshot> DeltaLog::newest_base(const LogListing& listing, std::int64_t version) {
  Result<void> damage;
  for (auto checkpoint = listing.checkpoints.upper_bound(version);
       checkpoint != listing.checkpoints.begin();) {
    --checkpoint;
    auto actions =
        read_checkpoint(files_, checkpoint->second, log_place(directory_, checkpoint->first));
    if (actions) {
      Snapshot base;
      base.apply(*std::move(actions));
      base.version = checkpoint->first;
      return base;
    }
    auto error = std::move(actions).error().in(
        fmt::format("table {}: checkpoint of version {}", directory_, checkpoint->first));
    if (error.code != ErrorCode::corrupt && error.code != ErrorCode::not_found) {
      return std::unexpected(std::move(error));
    }
    log::warning("{}; older ones and the commits are read instead", error.to_line());
    if (damage) damage = std::unexpected(std::move(error));
  }
  if (!damage && !listing.has_commit(0)) return std::unexpected(std::move(damage).error());
  return Snapshot{};
}

Result<void> DeltaLog::replay_commit(Snapshot& snapshot, const LogListing& listing) {
  const std::int64_t next = snapshot.version + 1;
  auto actions = read_commit(next);
  if (!actions) return std::unexpected(std::move(actions).error());
  if (!*actions) return std::unexpected(not_there(listing, next, next));  // just cleaned away
  remember(next, **actions);
  snapshot.apply(**std::move(actions));
  snapshot.version = next;
  return {};
}

// From the newest checkpoint at or before `version`, then commit by commit.
Result<Snapshot> DeltaLog::replay(const LogListing& listing, std::int64_t version) {
  VORTEX_TRY(Snapshot snapshot, newest_base(listing, version));
  for (std::int64_t next = snapshot.version + 1; next <= version; ++next) {
    if (!listing.has_commit(next)) return std::unexpected(not_there(listing, version, next));
  }
  while (snapshot.version < version) VORTEX_TRY_VOID(replay_commit(snapshot, listing));
  VORTEX_TRY_VOID(check_readable(snapshot));
  for (const auto& [path, file] : snapshot.files) {
    auto fits = check_partitions(*file, snapshot.metadata);
    if (!fits) {
      return std::unexpected(std::move(fits).error().in(
          fmt::format("table {} version {}", directory_, snapshot.version)));
    }
  }
  return snapshot;
}

Result<bool> DeltaLog::load() {
  VORTEX_TRY(const auto listing, list_log(files_, directory_));
  const std::int64_t newest = listing.newest();
  if (newest < 0) return false;
  VORTEX_TRY(snapshot_, replay(listing, newest));
  durable_ = false;
  if (!listing.checkpoints.empty()) checkpointed_ = listing.checkpoints.rbegin()->first;
  note_identity();
  return true;
}

Result<void> DeltaLog::make_durable() {
  if (durable_ || !loaded()) return {};
  VORTEX_TRY_VOID(files_.sync_directory(log_folder(directory_)));
  durable_ = true;
  return {};
}

void DeltaLog::note_identity() {
  const auto status = files_.stat(commit_path(directory_, snapshot_.version));
  identity_ = status ? *status : std::nullopt;
}

// Is the commit we know as the newest still in its place? False: cleaned away, or the log is gone.
Result<bool> DeltaLog::still_there() {
  VORTEX_TRY(const auto status, files_.stat(commit_path(directory_, snapshot_.version)));
  if (!status) return false;
  if (identity_ && !same_file(*status, *identity_)) {
    return fail(ErrorCode::storage,
                fmt::format("table {}: its log was replaced while it was open", directory_));
  }
  identity_ = status;
  return true;
}

// Others went far ahead and cleaned up behind them, or somebody took the table away.
Result<bool> DeltaLog::load_again() {
  VORTEX_TRY(const auto listing, list_log(files_, directory_));
  const std::int64_t newest = listing.newest();
  if (newest < snapshot_.version) {
    return fail(ErrorCode::storage,
                fmt::format("table {}: its log was removed while it was open", directory_));
  }
  if (newest == snapshot_.version) return false;
  VORTEX_TRY(auto snapshot, replay(listing, newest));
  if (snapshot.metadata.id != snapshot_.metadata.id) {
    return fail(ErrorCode::storage,
                fmt::format("table {} was replaced while it was open", directory_));
  }
  snapshot_ = std::move(snapshot);
  durable_ = false;
  note_identity();
  return true;
}

Result<bool> DeltaLog::refresh() {
  if (!loaded()) return load();
  VORTEX_TRY(const bool there, still_there());
  if (!there) return load_again();
  bool news = false;
  while (true) {
    const std::int64_t next = snapshot_.version + 1;
    VORTEX_TRY(auto actions, read_commit(next));
    if (!actions) break;
    const bool rules_change = actions->protocol || actions->metadata;
    Snapshot changed = rules_change ? snapshot_ : Snapshot{};
    if (rules_change) {
      changed.apply(*actions);
      VORTEX_TRY_VOID(check_readable(changed));
    }
    const TableMetadata& metadata = rules_change ? changed.metadata : snapshot_.metadata;
    for (const AddFile& add : actions->adds) {
      auto fits = check_partitions(add, metadata);
      if (!fits) {
        return std::unexpected(
            std::move(fits).error().in(fmt::format("table {} version {}", directory_, next)));
      }
    }
    remember(next, *actions);
    snapshot_.apply(*std::move(actions));
    snapshot_.version = next;
    news = true;
  }
  if (news) note_identity();
  durable_ = durable_ && !news;
  return news;
}

Result<void> DeltaLog::commit(CommitActions actions, TimePoint now) {
  if (!actions.note) actions.note.emplace();
  if (loaded()) {
    VORTEX_TRY_VOID(check_writable());
  } else {
    VORTEX_TRY_VOID(files_.make_directories(log_folder(directory_)));
  }
  VORTEX_TRY(const std::int64_t stamp, next_timestamp(now));
  actions.note->timestamp_ms = stamp;
  for (RemoveFile& remove : actions.removes) remove.deletion_ms = stamp;
  const std::int64_t next = version() + 1;
  auto put = files_.put_if_absent(commit_path(directory_, next),
                                  write_commit(actions, log_place(directory_, next)),
                                  {.modified = from_ms(stamp), .private_file = false});
  if (!put && put.error().code == ErrorCode::not_found) {
    put.error().code = ErrorCode::storage;  // no log folder: taken away while the table was open
  }
  if (!put) return put;
  remember(next, actions);
  snapshot_.apply(std::move(actions));
  snapshot_.version = next;
  durable_ = true;
  note_identity();
  checkpoint_when_due();
  return {};
}

Result<std::int64_t> DeltaLog::next_timestamp(TimePoint now) {
  VORTEX_TRY(const auto last, note_of(version()));
  return std::max(to_ms(now), last ? last->timestamp_ms + 1 : 0);
}

Result<void> DeltaLog::check_readable(const Snapshot& snapshot) const {
  const TableProtocol& protocol = snapshot.protocol;
  if (snapshot.metadata.schema_string.empty()) {
    return fail(ErrorCode::corrupt, fmt::format("table {} has no metadata", directory_));
  }
  if (protocol.reader > 3) {
    return std::unexpected(too_new(directory_, fmt::format("reader protocol {}", protocol.reader)));
  }
  if (protocol.reader == 3 && !protocol.reader_features.empty()) {
    return std::unexpected(too_new(
        directory_, fmt::format("reader feature {}", untrusted(protocol.reader_features.front()))));
  }
  const auto mapping = snapshot.metadata.configuration.find("delta.columnMapping.mode");
  if (protocol.reader > kReaderMax && mapping != snapshot.metadata.configuration.end() &&
      mapping->second != "none") {
    return std::unexpected(too_new(directory_, "column mapping"));
  }
  return {};
}

Result<void> DeltaLog::check_writable() const {
  const TableProtocol& protocol = snapshot_.protocol;
  const auto known = [](std::string_view feature) {
    return feature == "appendOnly" || feature == "invariants";
  };
  const bool listed = protocol.writer == 7 && std::ranges::all_of(protocol.writer_features, known);
  if (protocol.writer > kWriterMax && !listed) {
    return std::unexpected(too_new(directory_, fmt::format("writer protocol {}", protocol.writer)));
  }
  const auto append_only = snapshot_.metadata.configuration.find("delta.appendOnly");
  if (append_only != snapshot_.metadata.configuration.end() && append_only->second == "true") {
    return fail(
        ErrorCode::storage,
        fmt::format("table {} is set to append only: restated bars could not be kept", directory_));
  }
  return {};
}

}  // namespace vortex
