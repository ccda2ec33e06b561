#include "vortex/store/delta_log.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include <fmt/core.h>

namespace vortex {
namespace {

constexpr int kReaderMax = 1;
constexpr int kWriterMax = 2;
constexpr std::size_t kVersionDigits = 20;

std::int64_t to_ms(TimePoint time) {
  return std::chrono::floor<std::chrono::milliseconds>(time).time_since_epoch().count();
}

TimePoint from_ms(std::int64_t ms) {
  return TimePoint{std::chrono::milliseconds{ms}};
}

// The version a log file's name begins with: twenty digits and a dot.
std::optional<std::int64_t> version_of(std::string_view name) {
  if (name.size() <= kVersionDigits || name[kVersionDigits] != '.') return std::nullopt;
  std::int64_t version = 0;
  const std::string_view digits = name.substr(0, kVersionDigits);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), version);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return version;
}

// "checkpoint.0000000001.0000000003.parquet" has 3 parts, "checkpoint.parquet" one; others none.
std::size_t checkpoint_parts(std::string_view rest) {
  if (rest == "checkpoint.parquet") return 1;
  constexpr std::string_view kPrefix = "checkpoint.";
  constexpr std::size_t kPartDigits = 10;
  if (!rest.starts_with(kPrefix) || !rest.ends_with(".parquet")) return 0;
  rest.remove_prefix(kPrefix.size());
  rest.remove_suffix(std::string_view(".parquet").size());
  if (rest.size() != 2 * kPartDigits + 1 || rest[kPartDigits] != '.') return 0;
  std::size_t parts = 0;
  std::from_chars(rest.data() + kPartDigits + 1, rest.data() + rest.size(), parts);
  return parts;
}

Error too_new(const std::string& directory, std::string_view what) {
  return Error{.code = ErrorCode::newer_protocol,
               .message = fmt::format("table {} needs {}", directory, what)};
}

}  // namespace

void Snapshot::apply(CommitActions actions) {
  if (actions.protocol) protocol = *std::move(actions.protocol);
  if (actions.metadata) metadata = *std::move(actions.metadata);
  for (const RemoveFile& remove : actions.removes) files.erase(remove.path);
  for (AddFile& add : actions.adds) {
    std::string path = add.path;
    files[std::move(path)] = std::make_shared<const AddFile>(std::move(add));
  }
}

DeltaLog::DeltaLog(FileSystem& files, std::string directory)
    : files_(files), directory_(std::move(directory)) {}

std::string DeltaLog::commit_path(std::int64_t version) const {
  return fmt::format("{}/_delta_log/{:020}.json", directory_, version);
}

Result<DeltaLog::Listing> DeltaLog::list_log() {
  const std::string folder = directory_ + "/_delta_log";
  VORTEX_TRY(auto names, files_.list(folder));
  std::ranges::sort(names);
  Listing listing;
  std::map<std::int64_t, std::size_t> wanted_parts;
  for (const std::string& name : names) {
    const auto version = version_of(name);
    if (!version) continue;
    const std::string_view rest = std::string_view(name).substr(kVersionDigits + 1);
    if (rest == "json") {
      listing.commits.push_back(*version);
    } else if (const std::size_t parts = checkpoint_parts(rest); parts > 0) {
      listing.checkpoints[*version].push_back(fmt::format("{}/{}", folder, name));
      wanted_parts[*version] = parts;
    }
  }
  std::erase_if(listing.checkpoints, [&](const auto& entry) {
    return entry.second.size() != wanted_parts[entry.first];
  });
  return listing;
}

Result<std::optional<CommitActions>> DeltaLog::read_commit(std::int64_t version) {
  auto text = files_.read(commit_path(version));
  if (!text && text.error().code == ErrorCode::not_found) return std::nullopt;
  if (!text) return std::unexpected(std::move(text).error());
  auto actions = parse_commit(*text);
  if (!actions) {
    return std::unexpected(
        std::move(actions).error().in(fmt::format("table {} version {}", directory_, version)));
  }
  // A foreign writer's commit may carry no time; its file's time stands in.
  if (!actions->note || actions->note->timestamp_ms == 0) {
    VORTEX_TRY(const auto status, files_.stat(commit_path(version)));
    if (!actions->note) actions->note.emplace();
    actions->note->timestamp_ms = status ? to_ms(status->modified) : 0;
  }
  return *std::move(actions);
}

void DeltaLog::remember(std::int64_t version, const CommitActions& actions) {
  notes_[version] = VersionNote{.timestamp_ms = actions.note ? actions.note->timestamp_ms : 0,
                                .commit_id = actions.note ? actions.note->commit_id : "",
                                .appends_only = actions.removes.empty()};
}

// From the newest checkpoint at or before `version`, then commit by commit.
Result<Snapshot> DeltaLog::replay(const Listing& listing, std::int64_t version) {
  Snapshot snapshot;
  auto checkpoint = listing.checkpoints.upper_bound(version);
  if (checkpoint != listing.checkpoints.begin()) {
    --checkpoint;
    VORTEX_TRY(auto actions, read_checkpoint(files_, checkpoint->second));
    snapshot.apply(std::move(actions));
    snapshot.version = checkpoint->first;
  }
  while (snapshot.version < version) {
    VORTEX_TRY(auto actions, read_commit(snapshot.version + 1));
    if (!actions) {
      return fail(ErrorCode::corrupt, fmt::format("table {}: version {} is missing from the log",
                                                  directory_, snapshot.version + 1));
    }
    ++snapshot.version;
    remember(snapshot.version, *actions);
    snapshot.apply(*std::move(actions));
  }
  VORTEX_TRY_VOID(check_readable(snapshot));
  return snapshot;
}

Result<bool> DeltaLog::load() {
  VORTEX_TRY(const auto listing, list_log());
  std::int64_t newest = listing.commits.empty() ? -1 : listing.commits.back();
  if (!listing.checkpoints.empty()) {
    newest = std::max(newest, listing.checkpoints.rbegin()->first);
  }
  if (newest < 0) return false;
  VORTEX_TRY(snapshot_, replay(listing, newest));
  return true;
}

Result<bool> DeltaLog::refresh() {
  if (!loaded()) return load();
  bool news = false;
  while (true) {
    VORTEX_TRY(auto actions, read_commit(snapshot_.version + 1));
    if (!actions) return news;
    const bool rules_change = actions->protocol || actions->metadata;
    remember(snapshot_.version + 1, *actions);
    snapshot_.apply(*std::move(actions));
    ++snapshot_.version;
    news = true;
    if (rules_change) VORTEX_TRY_VOID(check_readable(snapshot_));
  }
}

Result<void> DeltaLog::commit(CommitActions actions, TimePoint now) {
  if (!actions.note) actions.note.emplace();
  if (loaded()) {
    VORTEX_TRY_VOID(check_writable());
  } else {
    VORTEX_TRY_VOID(files_.make_directories(directory_ + "/_delta_log"));
  }
  VORTEX_TRY(const std::int64_t stamp, next_timestamp(now));
  actions.note->timestamp_ms = stamp;
  for (RemoveFile& remove : actions.removes) remove.deletion_ms = stamp;
  const std::int64_t next = version() + 1;
  VORTEX_TRY_VOID(files_.put_if_absent(commit_path(next), write_commit(actions),
                                       {.modified = from_ms(stamp), .private_file = false}));
  remember(next, actions);
  snapshot_.apply(std::move(actions));
  snapshot_.version = next;
  return {};
}

Result<std::int64_t> DeltaLog::next_timestamp(TimePoint now) {
  VORTEX_TRY(const auto last, note_of(version()));
  return std::max(to_ms(now), last ? last->timestamp_ms + 1 : 0);
}

Result<Snapshot> DeltaLog::snapshot_at(std::int64_t wanted) {
  if (wanted == version()) return snapshot_;
  if (wanted < 0 || wanted > version()) {
    return fail(ErrorCode::not_found, fmt::format("table {} has versions 0 to {}, not {}",
                                                  directory_, version(), wanted));
  }
  VORTEX_TRY(const auto listing, list_log());
  auto snapshot = replay(listing, wanted);
  if (!snapshot && snapshot.error().code == ErrorCode::corrupt && !listing.commits.empty() &&
      wanted < listing.commits.front()) {
    return fail(ErrorCode::not_found,
                fmt::format("table {}: version {} was cleaned away", directory_, wanted));
  }
  return snapshot;
}

Result<std::int64_t> DeltaLog::version_at(TimePoint time) {
  const std::int64_t wanted_ms = to_ms(time);
  for (std::int64_t candidate = version(); candidate >= 0; --candidate) {
    VORTEX_TRY(const auto note, note_of(candidate));
    if (!note) break;
    if (note->timestamp_ms <= wanted_ms) return candidate;
  }
  return fail(ErrorCode::not_found,
              fmt::format("table {} has no version at {}", directory_, format_time(time)));
}

Result<std::optional<VersionNote>> DeltaLog::note_of(std::int64_t wanted) {
  if (const auto it = notes_.find(wanted); it != notes_.end()) return it->second;
  if (wanted < 0 || wanted > version()) return std::nullopt;
  VORTEX_TRY(const auto actions, read_commit(wanted));
  if (!actions) return std::nullopt;
  remember(wanted, *actions);
  return notes_[wanted];
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
