// What `vortex validate FILE` finds: somebody's bar file read and judged series by series. Safe
// from any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "vortex/base/error.hpp"
#include "vortex/base/json.hpp"
#include "vortex/quality/report.hpp"

namespace vortex {

inline constexpr std::size_t kFindingsMax = 20;  // shown; the report counts all
inline constexpr std::size_t kNotesMax = 50;     // kept; a file of a thousand series repeats itself

struct FileFinding {
  std::int64_t place = 0;  // line of a CSV file, row (from 1) of another
  std::string symbol;
  RuleSet reasons = 0;  // errors only
  std::string row_text;
};

struct SeriesCheck {
  std::string symbol;
  std::string interval;  // empty: not known
  QualityReport report;
};

struct FileCheck {
  std::string path;
  QualityReport report;
  std::vector<SeriesCheck> series;
  std::vector<FileFinding> findings;  // by place; at most kFindingsMax of them
  std::vector<std::string> notes;     // what was assumed
  bool places_are_lines = false;
};

// Errors are those of read_bar_file. Bad rows are findings, not errors.
Result<FileCheck> check_file(const std::string& path);

// The whole answer for people: report, findings, notes.
std::string to_text(const FileCheck& check);
// {"path", "report", "series": [{symbol, interval, report}], "findings": [{line or row, symbol,
// rules, text}], "notes"}
void write_json(JsonWriter& writer, const FileCheck& check);

}  // namespace vortex
