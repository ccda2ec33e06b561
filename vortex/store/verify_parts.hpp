// The parts of Dataset::verify: each reads again what is on the disk and notes what is wrong. They
// replay the log by themselves and look at rows as Arrow gives them, so that a mistake of the
// writing side does not hide here. Not thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vortex/base/error.hpp"
#include "vortex/base/time.hpp"
#include "vortex/store/delta_actions.hpp"
#include "vortex/store/file_system.hpp"
#include "vortex/store/maintenance.hpp"
#include "vortex/store/table_schema.hpp"

namespace vortex {

// Findings beyond these are counted, not told.
inline constexpr std::size_t kVerifyFindingsMax = 1000;

// A data file as the log names it.
struct NamedFile {
  std::int64_t version = -1;  // that named it first
  AddFile add;
};

class Findings {
 public:
  Findings(VerifyReport& report, std::string_view table) : report_(report), table_(table) {}

  // `path` below the table; empty: the table itself.
  void note(std::int64_t version, const std::string& path, const char* kind, std::string message);
  void note(const NamedFile& file, const char* kind, std::string message) {
    note(file.version, file.add.path, kind, std::move(message));
  }
  // What reading came to: bad data, or a disk that does not give it.
  void note(const NamedFile& file, const Error& error);
  VerifyReport& report() { return report_; }
  const std::string& table() const { return table_; }

 private:
  VerifyReport& report_;
  std::string table_;
};

struct VerifiedLog {
  std::int64_t version = -1;               // -1: there is no table
  std::map<std::string, NamedFile> files;  // of the newest version, by path
};

// Reads every commit and checkpoint there is; notes gaps and damage ("log").
Result<VerifiedLog> verify_log(FileSystem& files, Findings& findings);

// Is the file there, with its size and, unless `quick`, its checksum? False: no use reading it.
bool verify_bytes(FileSystem& files, const NamedFile& file, bool quick, Findings& findings);

// The rows of a bars file against its statistics and what holds for every bar.
void verify_bars_rows(FileSystem& files, const NamedFile& file, Findings& findings);

// No key stands twice in the files of one partition.
void verify_bars_keys(FileSystem& files, const std::vector<const NamedFile*>& partition,
                      Findings& findings);

// The rows of a side table's file; `bars_version`: the newest there is.
void verify_side_rows(FileSystem& files, const NamedFile& file, std::int64_t bars_version,
                      Findings& findings);

// Every body that a captures file names is in its pack and has its hash. Packs whose bodies were
// all received until `let_go` may be gone: retention took them.
void verify_captures(FileSystem& files, const NamedFile& file, std::optional<TimePoint> let_go,
                     Findings& findings);

}  // namespace vortex
