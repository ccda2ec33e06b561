#include "vortex/store/delta_listing.hpp"

#include <algorithm>
#include <charconv>
#include <set>
#include <utility>

#include <fmt/core.h>

namespace vortex {
namespace {

constexpr std::size_t kVersionDigits = 20;
constexpr std::size_t kPartDigits = 10;
constexpr std::uint64_t kLogFileBytesMax = std::uint64_t{1} << 30;

template <class Number>
std::optional<Number> parse_digits(std::string_view digits) {
  Number number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return number;
}

// Part `number` of `count`; "checkpoint.parquet" is 1 of 1.
struct Part {
  std::uint32_t number = 0;
  std::uint32_t count = 0;
};

// "checkpoint.0000000001.0000000003.parquet" is part 1 of 3.
std::optional<Part> parse_part(std::string_view rest) {
  if (rest == "checkpoint.parquet") return Part{.number = 1, .count = 1};
  constexpr std::string_view kPrefix = "checkpoint.";
  constexpr std::string_view kSuffix = ".parquet";
  if (!rest.starts_with(kPrefix) || !rest.ends_with(kSuffix)) return std::nullopt;
  rest.remove_prefix(kPrefix.size());
  if (rest.size() != 2 * kPartDigits + 1 + kSuffix.size()) return std::nullopt;
  if (rest[kPartDigits] != '.') return std::nullopt;
  const auto number = parse_digits<std::uint32_t>(rest.substr(0, kPartDigits));
  const auto count = parse_digits<std::uint32_t>(rest.substr(kPartDigits + 1, kPartDigits));
  if (!number || !count || *number == 0 || *number > *count) return std::nullopt;
  return Part{.number = *number, .count = *count};
}

// "checkpoint.<uuid>.parquet" and ".json", as V2 checkpoints are called.
bool is_uuid_checkpoint(std::string_view rest) {
  return rest.starts_with("checkpoint.") &&
         (rest.ends_with(".parquet") || rest.ends_with(".json")) && !parse_part(rest);
}

// The parts found of each checkpoint, by version and number of parts: two writers may have cut the
// same version differently.
using Parts = std::map<std::pair<std::int64_t, std::uint32_t>, std::vector<std::string>>;

}  // namespace

bool LogListing::has_commit(std::int64_t version) const {
  return std::ranges::binary_search(commits, version);
}

std::int64_t LogListing::newest() const {
  std::int64_t version = newest_uuid_checkpoint.value_or(-1);
  if (!commits.empty()) version = std::max(version, commits.back());
  if (!checkpoints.empty()) version = std::max(version, checkpoints.rbegin()->first);
  return version;
}

std::optional<std::int64_t> LogListing::oldest_readable() const {
  if (!commits.empty() && commits.front() == 0) return 0;
  if (checkpoints.empty()) return std::nullopt;
  return checkpoints.begin()->first;
}

Result<LogListing> list_log(FileSystem& files, const std::string& table) {
  const std::string folder = log_folder(table);
  VORTEX_TRY(auto names, files.list(folder));
  std::ranges::sort(names);
  LogListing listing;
  Parts parts;
  for (const std::string& name : names) {
    const auto version = log_file_version(name);
    if (!version) continue;
    const std::string_view rest = std::string_view(name).substr(kVersionDigits + 1);
    if (rest == "json") {
      listing.commits.push_back(*version);
    } else if (const auto part = parse_part(rest)) {
      parts[{*version, part->count}].push_back(fmt::format("{}/{}", folder, name));
    } else if (is_uuid_checkpoint(rest)) {
      listing.newest_uuid_checkpoint = version;
    }
  }
  for (auto& [key, paths] : parts) {
    // Names are unique and each part's number is within the count: as many as the count is all.
    if (paths.size() == key.second) listing.checkpoints.try_emplace(key.first, std::move(paths));
  }
  return listing;
}

std::string log_folder(const std::string& table) {
  return table + "/_delta_log";
}

std::string commit_path(const std::string& table, std::int64_t version) {
  return fmt::format("{}/_delta_log/{:020}.json", table, version);
}

std::string checkpoint_path(const std::string& table, std::int64_t version) {
  return fmt::format("{}/_delta_log/{:020}.checkpoint.parquet", table, version);
}

std::string log_place(const std::string& table, std::int64_t version) {
  return fmt::format("{}/{:020}", table, version);
}

std::optional<std::int64_t> log_file_version(std::string_view name) {
  if (name.size() <= kVersionDigits || name[kVersionDigits] != '.') return std::nullopt;
  const auto version = parse_digits<std::int64_t>(name.substr(0, kVersionDigits));
  return version && *version >= 0 ? version : std::nullopt;
}

Result<std::string> read_log_file(FileSystem& files, const std::string& path) {
  VORTEX_TRY(const auto file, files.open(path));
  if (file->size() > kLogFileBytesMax) {
    return fail(ErrorCode::corrupt, fmt::format("{} has {} bytes", path, file->size()));
  }
  std::string bytes(file->size(), '\0');
  VORTEX_TRY_VOID(file->read_at(0, bytes));
  return bytes;
}

}  // namespace vortex
