// CSV as anybody writes it: the header says which column is what; every cell that cannot be read is
// an error with its line and column, never a guess.
#include <algorithm>
#include <cctype>
#include <string>
#include <utility>
#include <vector>

#include "vortex/base/time.hpp"
#include "vortex/codec/bar_file.hpp"
#include "vortex/codec/bar_file_cells.hpp"
#include "vortex/codec/bar_file_columns.hpp"
#include "vortex/codec/bar_file_rows.hpp"
#include "vortex/codec/csv_reader.hpp"

namespace vortex {
namespace {

constexpr std::size_t kSlashDatesSeen =
    100'000;  // records searched for one that tells day from month

using Fields = std::vector<std::string_view>;

bool is_number_column(BarColumn column) {
  return (column >= kOpen && column <= kVolume) || (column >= kVwap && column <= kOpenInterest);
}

class CsvBars {
 public:
  CsvBars(std::string_view text, char delimiter) : reader_(text, delimiter) {}

  Result<BarFileRows> read();

 private:
  Result<void> read_header();
  Result<void> settle_slash_dates();
  Result<void> read_record(const Fields& fields);
  Result<void> read_stamp(const Fields& fields);
  Result<void> read_cell(BarColumn column, std::string_view cell);
  Result<void> read_transform(std::string_view cell);
  bool is_footer(const Fields& fields) const;
  Error bad_cell(BarColumn column, std::string_view cell, std::string_view why) const;
  Error bad_width(const Fields& fields) const;

  CsvReader reader_;
  std::vector<std::string> names_;
  FileColumns columns_;
  std::vector<std::pair<BarColumn, std::size_t>> wanted_;  // all but the time
  StampReader stamps_;
  std::string joined_;  // date and time of two columns
  BarFileRows rows_;
};

std::string place(std::int64_t line, std::string_view name) {
  return "line " + std::to_string(line) + ", column '" + untrusted(name, 64) + "'";
}

Result<BarFileRows> CsvBars::read() {
  VORTEX_TRY_VOID(read_header());
  VORTEX_TRY_VOID(settle_slash_dates());
  Fields fields;
  while (true) {
    VORTEX_TRY(const bool more, reader_.next(fields));
    if (!more) break;
    if (is_footer(fields)) {
      rows_.notes.push_back("the last line is no bar: '" + untrusted(fields.front(), 80) + "'");
      break;
    }
    if (fields.size() != names_.size()) return std::unexpected(bad_width(fields));
    if (static_cast<std::int64_t>(rows_.places.size()) == kBarFileRowsMax) {
      return fail(ErrorCode::body_too_large,
                  "more than " + std::to_string(kBarFileRowsMax) + " rows");
    }
    VORTEX_TRY_VOID(read_record(fields));
  }
  rows_.place_word = "line";
  rows_.bare_times = stamps_.saw_bare();
  if (stamps_.unit()) {
    rows_.notes.push_back("times are numbers: read as unix " +
                          std::string(to_string(*stamps_.unit())));
  }
  return std::move(rows_);
}

Result<void> CsvBars::read_header() {
  Fields fields;
  VORTEX_TRY(const bool more, reader_.next(fields));
  if (!more) return fail(ErrorCode::bad_payload, "the file is empty");
  for (const std::string_view field : fields) names_.emplace_back(trimmed(field));
  const bool digits = std::ranges::all_of(names_, [](const std::string& name) {
    return !name.empty() && (name[0] == '-' || std::isdigit(static_cast<unsigned char>(name[0])));
  });
  if (digits) {
    return fail(ErrorCode::schema, "line 1 holds numbers, not the names of the columns");
  }
  VORTEX_TRY(columns_, recognise_columns(names_));
  for (int i = kOpen; i < kBarColumns; ++i) {
    const auto& at = columns_.at[static_cast<std::size_t>(i)];
    if (at) wanted_.emplace_back(static_cast<BarColumn>(i), *at);
  }
  std::string ignored;
  for (const std::string& name : columns_.ignored) {
    ignored.append(ignored.empty() ? "" : ", ").append(name);
  }
  if (!ignored.empty()) rows_.notes.push_back("columns not read: " + untrusted(ignored));
  return {};
}

// 11/5/2019 can be May or November: another stamp of the file has to tell.
Result<void> CsvBars::settle_slash_dates() {
  CsvReader ahead = reader_;
  const std::size_t at = *columns_.at[kTimestamp];
  Fields fields;
  bool slashes = false;
  for (std::size_t i = 0; i < kSlashDatesSeen; ++i) {
    const auto more = ahead.next(fields);
    if (!more || !*more) break;  // what is wrong is said when its turn comes
    if (at >= fields.size()) continue;
    const std::size_t slash = fields[at].find('/');
    if (slash != 1 && slash != 2) return {};
    slashes = true;
    if (const auto day_first = day_first_in({fields[at]})) {
      stamps_.set_day_first(*day_first);
      return {};
    }
  }
  if (!slashes) return {};
  return fail(ErrorCode::bad_payload,
              "dates like 11/5/2019 that could be day or month first: write 2019-11-05");
}

bool CsvBars::is_footer(const Fields& fields) const {
  return reader_.at_end() && names_.size() > 1 && fields.size() == 1 && !fields[0].empty() &&
         std::isalpha(static_cast<unsigned char>(fields[0][0])) != 0;
}

Result<void> CsvBars::read_record(const Fields& fields) {
  rows_.places.push_back(reader_.line());
  VORTEX_TRY_VOID(read_stamp(fields));
  for (const auto& [column, at] : wanted_) VORTEX_TRY_VOID(read_cell(column, fields[at]));
  return {};
}

Result<void> CsvBars::read_stamp(const Fields& fields) {
  std::string_view cell = trimmed(fields[*columns_.at[kTimestamp]]);
  if (columns_.time_of_day) {
    joined_.assign(cell).append(" ").append(trimmed(fields[*columns_.time_of_day]));
    cell = joined_;
  }
  if (is_missing_cell(cell)) {
    rows_.stamps.push_back({.wall = kNoTime});
    return {};
  }
  const auto stamp = stamps_.read(cell);
  if (!stamp) return std::unexpected(bad_cell(kTimestamp, cell, "is no time that can be read"));
  rows_.stamps.push_back(*stamp);
  return {};
}

Result<void> CsvBars::read_cell(BarColumn column, std::string_view cell) {
  const auto at = static_cast<std::size_t>(column);
  if (is_number_column(column)) {
    const auto number = read_number_cell(cell);
    if (!number) return std::unexpected(bad_cell(column, cell, "is no number"));
    rows_.numbers[at].push_back(*number);
    return {};
  }
  if (column == kTransformTimestamp) return read_transform(cell);
  if (column == kBasis) {
    const auto day = is_missing_cell(cell) ? std::nullopt : parse_date(cell);
    if (!day && !is_missing_cell(cell))
      return std::unexpected(bad_cell(column, cell, "is no date"));
    rows_.basis.push_back(day ? static_cast<std::int32_t>(day->time_since_epoch().count())
                              : BarFileRows::kNoDay);
    return {};
  }
  if (column == kFinal) {
    const auto flag = read_flag_cell(cell);
    if (!flag) return std::unexpected(bad_cell(column, cell, "is neither true nor false"));
    rows_.finals.push_back(*flag ? 1 : 0);
    return {};
  }
  rows_.texts[at].append(trimmed(cell));
  return {};
}

Result<void> CsvBars::read_transform(std::string_view cell) {
  const auto time = is_missing_cell(cell) ? std::nullopt : parse_time(cell);
  if (!time && !is_missing_cell(cell)) {
    return std::unexpected(bad_cell(kTransformTimestamp, cell, "is no time with a zone"));
  }
  rows_.transforms.push_back(time ? time->time_since_epoch().count() : kNoTime);
  return {};
}

Error CsvBars::bad_cell(BarColumn column, std::string_view cell, std::string_view why) const {
  const std::size_t at = *columns_.at[static_cast<std::size_t>(column)];
  std::string message = place(reader_.line(), names_[at]) + ": '" + untrusted(cell, 40) + "' ";
  message += why;
  return {.code = ErrorCode::bad_payload, .message = std::move(message)};
}

Error CsvBars::bad_width(const Fields& fields) const {
  const bool cut =
      reader_.at_end() && !reader_.ended_with_newline() && fields.size() < names_.size();
  std::string message = "line " + std::to_string(reader_.line()) + ": " +
                        std::to_string(fields.size()) + " fields where the header has " +
                        std::to_string(names_.size());
  if (cut) message += ": the file was cut";
  return {.code = cut ? ErrorCode::truncated : ErrorCode::bad_payload,
          .message = std::move(message)};
}

}  // namespace

Result<BarFile> read_bar_csv(std::string_view text, const std::string& stem) {
  if (text.find('\0') != std::string_view::npos) {
    return fail(ErrorCode::bad_payload, "this is no text: it holds NUL bytes");
  }
  CsvBars bars(text, CsvReader::delimiter_of(text));
  VORTEX_TRY(BarFileRows rows, bars.read());
  VORTEX_TRY(BarFile file, finish_rows(std::move(rows), stem));
  file.places_are_lines = true;
  return file;
}

}  // namespace vortex
