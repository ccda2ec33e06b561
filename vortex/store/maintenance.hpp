// What looking after a dataset is asked for and what it says it did: compaction, vacuum,
// verification. Plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "vortex/base/time.hpp"

namespace vortex {

struct CompactOptions {
  // After a sync: only what pays for itself, and not more bytes than kAutomaticBytesMax.
  bool automatic = false;
};

struct TableCompaction {
  std::string table;
  std::int64_t files_read = 0;
  std::int64_t files_written = 0;
  std::int64_t rows = 0;
  std::int64_t rows_dropped = 0;  // of side tables: of commits that never came
  std::int64_t bytes_read = 0;
  std::int64_t bytes_written = 0;
  bool operator==(const TableCompaction&) const = default;
};

struct CompactReceipt {
  std::int64_t version = -1;            // of bars, after it
  std::int64_t commits = 0;             // of all tables; 0: nothing to do
  std::vector<TableCompaction> tables;  // those with changes
};

struct VacuumOptions {
  Duration keep = std::chrono::days{3650};       // versions younger than this stay readable
  Duration orphan_age = std::chrono::hours{24};  // younger files may be of a commit under way
  bool dry_run = false;
};

struct VacuumedFile {
  std::string path;  // below the dataset
  std::int64_t bytes = 0;
  std::string reason;  // "expired", "orphan", "temporary"
};

struct VacuumReceipt {
  std::int64_t version_min = 0;  // the oldest version of bars that can still be read
  std::vector<VacuumedFile> files;
  std::int64_t bytes = 0;
};

struct VerifyOptions {
  bool quick = false;  // logs, presence and sizes alone
};

// One thing that is wrong. `kind` is a stable word: see docs/dataset.md.
struct VerifyFinding {
  std::string table;
  std::int64_t version = -1;  // that named the file; -1: none
  std::string file;           // below the dataset
  std::string kind;
  std::string message;
};

struct VerifyReport {
  std::int64_t version = -1;
  std::int64_t files = 0;
  std::int64_t rows = 0;
  std::int64_t bytes = 0;
  std::int64_t captures = 0;
  std::int64_t findings_cut = 0;  // beyond kVerifyFindingsMax
  std::vector<VerifyFinding> findings;
  bool storage_trouble = false;  // some file is missing or could not be read: not only bad data
};

}  // namespace vortex
