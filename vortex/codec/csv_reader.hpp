// Splits CSV text into records of fields: quotes, doubled quotes, newlines inside quotes, CR LF, a
// byte order mark. Fields are views of the text, or of an own buffer where a quoted field held
// doubled quotes; they live until the next record. One thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "vortex/base/error.hpp"

namespace vortex {

class CsvReader {
 public:
  static constexpr std::size_t kFieldsMax = 4096;  // a record of more is no table of bars

  CsvReader(std::string_view text, char delimiter);

  // Of , ; tab and | the one seen most often in the first line, outside quotes.
  static char delimiter_of(std::string_view text);

  // The next record that is not blank; false at the end. Bad_payload naming the line for a quote
  // that never ends, or that text follows.
  Result<bool> next(std::vector<std::string_view>& fields);

  std::int64_t line() const { return record_line_; }  // where the record began, from 1
  bool ended_with_newline() const { return ended_with_newline_; }
  bool at_end() const { return at_ == text_.size(); }

 private:
  Result<void> quoted_field(std::vector<std::string_view>& fields);
  bool end_record();

  std::string_view text_;
  char delimiter_;
  std::size_t at_ = 0;
  std::int64_t line_ = 1;
  std::int64_t record_line_ = 0;
  bool ended_with_newline_ = true;
  std::deque<std::string> unescaped_;
};

}  // namespace vortex
