// Rows of a bar file on their way from the reader of its format into one batch. One thread at a
// time.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <arrow/type_fwd.h>

#include "vortex/base/error.hpp"
#include "vortex/codec/bar_file.hpp"
#include "vortex/codec/bar_file_time.hpp"
#include "vortex/codec/bar_schema.hpp"

namespace vortex {

// A text column as numbers into a list of its distinct values.
class TextColumn {
 public:
  void append(std::string_view text);
  std::size_t size() const { return codes_.size(); }
  // The first row whose text is not UTF-8, which no string column may hold.
  std::optional<std::size_t> first_row_not_utf8() const;
  std::shared_ptr<arrow::Array> finish();

 private:
  std::int32_t code_of(std::string_view text);

  std::vector<std::int32_t> codes_;
  std::vector<std::string> values_;
  std::unordered_map<std::string, std::int32_t> code_by_value_;
};

inline constexpr double kNoNumber = std::numeric_limits<double>::quiet_NaN();      // becomes a null
inline constexpr std::int64_t kNoTime = std::numeric_limits<std::int64_t>::min();  // becomes a null

// Columns the file does not have stay empty; all others have a value for each row.
struct BarFileRows {
  std::vector<WallStamp> stamps;  // wall = kNoTime: none
  std::array<std::vector<double>, kBarColumns> numbers;
  std::array<TextColumn, kBarColumns> texts;
  std::vector<std::int32_t> basis;       // days; kNoDay: none
  std::vector<std::uint8_t> finals;      // 0 or 1
  std::vector<std::int64_t> transforms;  // microseconds, kNoTime: none
  std::vector<std::int64_t> places;
  std::string_view place_word = "row";  // what a place counts
  std::vector<std::string> notes;
  bool bare_times = false;  // times of day without a zone were seen

  static constexpr std::int32_t kNoDay = std::numeric_limits<std::int32_t>::min();
};

// The batch. Where every stamp is midnight on its own wall clock but not in UTC, the stamps are
// session dates. `stem` is the symbol of a file without a symbol column.
Result<BarFile> finish_rows(BarFileRows rows, const std::string& stem);

}  // namespace vortex
