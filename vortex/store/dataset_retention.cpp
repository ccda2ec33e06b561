// How long raw bodies are kept. Only whole packs go, each by one removal, so that stopping anywhere
// leaves a dataset that is as good as before: what is gone shows by its pack not being there.

#include <algorithm>
#include <unordered_map>

#include <arrow/record_batch.h>
#include <fmt/core.h>

#include "vortex/base/log.hpp"
#include "vortex/store/dataset_impl.hpp"
#include "vortex/store/file_system.hpp"
#include "vortex/store/provenance.hpp"

namespace vortex {
namespace {

constexpr std::string_view kFolder = "raw";
constexpr const char* kAppliedFile = "raw/retention";  // when it was last applied, as text
// Until when the bodies were received that were let go, as text; written before they go.
constexpr const char* kLetGoFile = "raw/let_go";
constexpr Duration kApplyEvery = std::chrono::hours(24);

// A pack this young may belong to a commit that is still under way.
constexpr Duration kSettled = std::chrono::hours(1);

struct PackFile {
  std::string path;
  std::uint64_t bytes = 0;
  TimePoint used;     // when the newest body in it was received, or it was written
  TimePoint written;  // the file's own time
};

Result<std::vector<PackFile>> packs_of(FileSystem& files) {
  VORTEX_TRY(const auto names, files.list(std::string(kFolder)));
  std::vector<PackFile> packs;
  for (const std::string& name : names) {
    if (!name.ends_with(".pack")) continue;
    const std::string path = fmt::format("{}/{}", kFolder, name);
    VORTEX_TRY(const auto stat, files.stat(path));
    if (!stat) continue;  // another process removed it meanwhile
    packs.push_back(
        {.path = path, .bytes = stat->size, .used = stat->modified, .written = stat->modified});
  }
  return packs;
}

std::uint64_t total_bytes(const std::vector<PackFile>& packs) {
  std::uint64_t bytes = 0;
  for (const PackFile& pack : packs) bytes += pack.bytes;
  return bytes;
}

// By the files alone: is there anything to do?
bool is_needed(const std::vector<PackFile>& packs, const RawRetention& policy, TimePoint now) {
  return total_bytes(packs) > policy.bytes_max ||
         std::ranges::any_of(
             packs, [&](const PackFile& pack) { return pack.written < now - policy.keep; });
}

// The packs that go, the longest unused first.
std::vector<PackFile> beyond(std::vector<PackFile> packs, const RawRetention& policy,
                             TimePoint now) {
  std::uint64_t bytes_kept = total_bytes(packs);
  std::ranges::sort(packs, {}, &PackFile::used);
  std::erase_if(packs, [&](const PackFile& pack) {
    const bool is_old = std::max(pack.used, pack.written) < now - policy.keep;
    const bool is_too_much = bytes_kept > policy.bytes_max;
    if (pack.written > now - kSettled || (!is_old && !is_too_much)) return true;
    bytes_kept -= pack.bytes;
    return false;
  });
  return packs;
}

Result<void> note_let_go(FileSystem& files, const std::vector<PackFile>& going) {
  TimePoint until = going.back().used;
  VORTEX_TRY(const auto before, bodies_let_go(files));
  if (before && *before >= until) return {};
  return files.put(kLetGoFile, format_time(until), {});
}

}  // namespace

Result<std::optional<TimePoint>> bodies_let_go(FileSystem& files) {
  const auto text = files.read(kLetGoFile);
  if (!text && text.error().code == ErrorCode::not_found) return std::nullopt;
  if (!text) return std::unexpected(text.error());
  return parse_time(*text);
}

// A body that came again points at the pack of the first time: the newest answer counts, even one
// whose commit did not come, for its row stands there and whoever verifies looks for its pack.
Result<void> Dataset::Impl::newest_use_of_packs(
    std::unordered_map<std::string, TimePoint>& newest) {
  VORTEX_TRY_VOID(captures.refresh());
  const auto visit = [&](const arrow::RecordBatch& rows, const std::vector<std::int64_t>& kept) {
    const ColumnReader names(rows, "pack");
    const ColumnReader times(rows, "received_at");
    for (const std::int64_t row : kept) {
      const auto received = times.moment(row);
      if (!received) continue;
      const auto [found, is_new] = newest.try_emplace(std::string(names.text(row)), *received);
      if (!is_new) found->second = std::max(found->second, *received);
    }
  };
  RowsThatCount every = counting(bars.version());
  every.others_too = true;
  for (const std::string& file : captures.files_by_age()) {
    VORTEX_TRY_VOID(captures.scan_one(file, every, {"pack", "received_at"}, visit));
  }
  return {};
}

Result<RetentionReceipt> Dataset::apply_raw_retention(const RawRetention& policy, TimePoint now) {
  FileSystem& files = *impl_->files;
  VORTEX_TRY(auto packs, packs_of(files));
  RetentionReceipt receipt{.packs_kept = std::ssize(packs), .bytes_kept = total_bytes(packs)};
  if (!is_needed(packs, policy, now)) return receipt;

  VORTEX_TRY([[maybe_unused]] const bool news, impl_->bars.refresh());
  std::unordered_map<std::string, TimePoint> newest;
  VORTEX_TRY_VOID(impl_->newest_use_of_packs(newest));
  for (PackFile& pack : packs) {
    if (const auto found = newest.find(pack.path); found != newest.end()) pack.used = found->second;
  }
  const auto going = beyond(std::move(packs), policy, now);
  if (going.empty()) return receipt;
  VORTEX_TRY_VOID(note_let_go(files, going));
  for (const PackFile& pack : going) {
    auto removed = files.remove(pack.path);
    if (!removed && removed.error().code != ErrorCode::not_found) {
      return std::unexpected(std::move(removed).error().in("retention of raw bodies"));
    }
    ++receipt.packs_removed;
    receipt.bytes_removed += pack.bytes;
    --receipt.packs_kept;
    receipt.bytes_kept -= pack.bytes;
  }
  log::info("{}: {} packs of raw bodies removed, {} bytes", path(), receipt.packs_removed,
            receipt.bytes_removed);
  return receipt;
}

Result<std::optional<RetentionReceipt>> Dataset::apply_raw_retention_daily(
    const RawRetention& policy, TimePoint now) {
  FileSystem& files = *impl_->files;
  VORTEX_TRY(const auto names, files.list(std::string(kFolder)));
  if (names.empty()) return std::nullopt;
  const auto applied = files.read(kAppliedFile);
  if (!applied && applied.error().code != ErrorCode::not_found) {
    return std::unexpected(applied.error());
  }
  const auto last = applied ? parse_time(*applied) : std::nullopt;
  if (last && *last <= now && now - *last < kApplyEvery) return std::nullopt;
  VORTEX_TRY(const RetentionReceipt receipt, apply_raw_retention(policy, now));
  VORTEX_TRY_VOID(files.put(kAppliedFile, format_time(now), {}));
  return receipt;
}

}  // namespace vortex
