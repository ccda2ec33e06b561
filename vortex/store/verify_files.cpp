// The log of a table and the bytes of its files, for Dataset::verify.

#include <algorithm>
#include <array>

#include <fmt/core.h>

#include "vortex/base/checksum.hpp"
#include "vortex/store/delta_checkpoint.hpp"
#include "vortex/store/delta_listing.hpp"
#include "vortex/store/verify_parts.hpp"

namespace vortex {
namespace {

constexpr std::size_t kPieceBytes = std::size_t{1} << 20;

bool is_storage_trouble(const Error& error) {
  return error.code != ErrorCode::corrupt && error.code != ErrorCode::internal;
}

void apply(const CommitActions& actions, std::int64_t version, VerifiedLog& log) {
  for (const RemoveFile& remove : actions.removes) log.files.erase(remove.path);
  for (const AddFile& add : actions.adds) log.files[add.path] = {.version = version, .add = add};
}

class LogCheck {
 public:
  LogCheck(FileSystem& files, Findings& findings) : files_(files), findings_(findings) {}

  Result<VerifiedLog> run() {
    VORTEX_TRY(listing_, list_log(files_, findings_.table()));
    const std::int64_t newest = listing_.newest();
    if (newest < 0) return std::move(log_);
    const std::int64_t first = start();
    for (std::int64_t version = first; version <= newest; ++version) {
      if (listing_.has_commit(version)) take_commit(version);
      if (!listing_.has_commit(version)) missing(version);
      if (listing_.checkpoints.contains(version)) compare_checkpoint(version);
    }
    log_.version = newest;
    return std::move(log_);
  }

 private:
  // Version 0, or what the oldest checkpoint stands for where the log was cleaned.
  std::int64_t start() {
    if (listing_.has_commit(0) || listing_.checkpoints.empty()) return 0;
    const std::int64_t base = listing_.checkpoints.begin()->first;
    if (auto actions = checkpoint(base)) apply(*actions, base, log_);
    return base + 1;
  }

  std::optional<CommitActions> checkpoint(std::int64_t version) {
    auto actions = read_checkpoint(files_, listing_.checkpoints.at(version),
                                   log_place(findings_.table(), version));
    if (actions) return *std::move(actions);
    findings_.note(
        version, "_delta_log", "log",
        fmt::format("the checkpoint of version {}: {}", version, actions.error().message));
    return std::nullopt;
  }

  void take_commit(std::int64_t version) {
    const auto text = read_log_file(files_, commit_path(findings_.table(), version));
    auto actions = text ? parse_commit(*text, log_place(findings_.table(), version))
                        : Result<CommitActions>(std::unexpected(text.error()));
    if (actions) {
      apply(*actions, version, log_);
      return;
    }
    if (is_storage_trouble(actions.error())) findings_.report().storage_trouble = true;
    findings_.note(version, "_delta_log", "log",
                   fmt::format("the commit of version {}: {}", version, actions.error().message));
  }

  void missing(std::int64_t version) {
    findings_.report().storage_trouble = true;
    findings_.note(version, "_delta_log", "log",
                   fmt::format("the commit of version {} is missing", version));
  }

  void compare_checkpoint(std::int64_t version) {
    const auto actions = checkpoint(version);
    if (!actions) return;
    std::size_t same = 0;
    for (const AddFile& add : actions->adds) {
      const auto it = log_.files.find(add.path);
      same += it != log_.files.end() && it->second.add.size == add.size ? 1 : 0;
    }
    if (same == actions->adds.size() && same == log_.files.size()) return;
    findings_.note(version, "_delta_log", "log",
                   fmt::format("the checkpoint of version {} names {} files, the commits up to it "
                               "{}, {} of them the same",
                               version, actions->adds.size(), log_.files.size(), same));
  }

  FileSystem& files_;
  Findings& findings_;
  LogListing listing_;
  VerifiedLog log_;
};

Result<std::string> checksum_of(FileReader& reader) {
  Checksum sum;
  std::string piece(kPieceBytes, '\0');
  for (std::uint64_t at = 0; at < reader.size(); at += piece.size()) {
    piece.resize(std::min<std::uint64_t>(kPieceBytes, reader.size() - at));
    VORTEX_TRY_VOID(reader.read_at(at, piece));
    sum.add(piece);
  }
  return sum.hex();
}

}  // namespace

void Findings::note(std::int64_t version, const std::string& path, const char* kind,
                    std::string message) {
  if (report_.findings.size() >= kVerifyFindingsMax) {
    ++report_.findings_cut;
    return;
  }
  report_.findings.push_back({.table = table_,
                              .version = version,
                              .file = path.empty() ? table_ : table_ + "/" + path,
                              .kind = kind,
                              .message = std::move(message)});
}

void Findings::note(const NamedFile& file, const Error& error) {
  if (is_storage_trouble(error)) report_.storage_trouble = true;
  note(file, "unreadable", error.message);
}

Result<VerifiedLog> verify_log(FileSystem& files, Findings& findings) {
  return LogCheck(files, findings).run();
}

bool verify_bytes(FileSystem& files, const NamedFile& file, bool quick, Findings& findings) {
  VerifyReport& report = findings.report();
  const auto opened = files.open(findings.table() + "/" + file.add.path);
  if (!opened) {
    report.storage_trouble = true;
    const bool gone = opened.error().code == ErrorCode::not_found;
    findings.note(file, gone ? "missing" : "unreadable",
                  gone ? "the file is not there" : opened.error().message);
    return false;
  }
  FileReader& reader = **opened;
  ++report.files;
  report.bytes += static_cast<std::int64_t>(reader.size());
  if (reader.size() != static_cast<std::uint64_t>(file.add.size)) {
    findings.note(file, "size",
                  fmt::format("{} bytes; the log says {}", reader.size(), file.add.size));
    return true;
  }
  const auto tag = file.add.tags.find(kChecksumTag);
  if (quick || tag == file.add.tags.end() || !tag->second) return true;
  const auto sum = checksum_of(reader);
  if (!sum) {
    findings.note(file, sum.error());
    return false;
  }
  if (*sum != *tag->second) {
    findings.note(file, "checksum",
                  fmt::format("its bytes sum up to {}; the log says {}", *sum, *tag->second));
  }
  return true;
}

}  // namespace vortex
