#include "vortex/provider/barchart/barchart_header.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "vortex/base/ascii.hpp"

namespace vortex {
namespace {

constexpr int kTitleLinesMax = 3;
constexpr std::size_t kColumnsMax = 64;
constexpr std::size_t kShownMax = 160;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

struct KnownName {
  std::string_view name;  // in lower case
  BarchartColumn column;
};

constexpr auto kNames = std::to_array<KnownName>({
    {"symbol", BarchartColumn::symbol},
    {"time", BarchartColumn::time},
    {"date", BarchartColumn::time},
    {"date time", BarchartColumn::time},
    {"timestamp", BarchartColumn::time},
    {"tradingday", BarchartColumn::trading_day},
    {"open", BarchartColumn::open},
    {"high", BarchartColumn::high},
    {"low", BarchartColumn::low},
    {"last", BarchartColumn::close},
    {"latest", BarchartColumn::close},
    {"close", BarchartColumn::close},
    {"volume", BarchartColumn::volume},
    {"open int", BarchartColumn::open_interest},
    {"open interest", BarchartColumn::open_interest},
    {"openinterest", BarchartColumn::open_interest},
});

BarchartColumn column_of(std::string_view name) {
  const std::string text = lower(name);
  const auto found = std::ranges::find(kNames, std::string_view(text), &KnownName::name);
  return found == kNames.end() ? BarchartColumn::other : found->column;
}

Result<void> check(const BarchartHeader& header, std::string_view line) {
  constexpr auto kWanted = std::to_array<std::pair<BarchartColumn, std::string_view>>(
      {{BarchartColumn::time, "Time"},
       {BarchartColumn::open, "Open"},
       {BarchartColumn::high, "High"},
       {BarchartColumn::low, "Low"},
       {BarchartColumn::close, "Last, Latest or Close"},
       {BarchartColumn::volume, "Volume"}});
  const std::string shown =
      "'" + untrusted(line, kShownMax) + "'; known are " + std::string(kBarchartHeaders);
  for (const auto& [column, name] : kWanted) {
    if (header.has(column)) continue;
    return fail(ErrorCode::schema, "the header has no column " + std::string(name) + ": " + shown);
  }
  for (std::size_t i = 0; i < header.columns.size(); ++i) {
    const BarchartColumn column = header.columns[i];
    if (column == BarchartColumn::other || std::ranges::count(header.columns, column) == 1)
      continue;
    return fail(ErrorCode::schema, "two columns are like '" + untrusted(header.names[i], 40) +
                                       "' in the header " + shown);
  }
  return {};
}

bool begins_a_table(const std::vector<std::string>& names) {
  return std::ranges::any_of(names,
                             [](const auto& n) { return column_of(n) == BarchartColumn::open; }) ||
         std::ranges::count_if(
             names, [](const auto& n) { return column_of(n) != BarchartColumn::other; }) >= 3;
}

}  // namespace

bool BarchartHeader::has(BarchartColumn column) const {
  return std::ranges::find(columns, column) != columns.end();
}

std::vector<std::string> split_barchart_line(std::string_view line) {
  std::vector<std::string> fields(1);
  bool quoted = false;
  for (const char c : line) {
    if (c == '"') {
      quoted = !quoted;
    } else if (c == ',' && !quoted) {
      if (fields.size() == kColumnsMax) break;
      fields.emplace_back();
    } else {
      fields.back() += c;
    }
  }
  for (std::string& field : fields) field = trim(field);
  return fields;
}

Result<BarchartHeader> read_barchart_header(std::string_view text) {
  std::size_t at = text.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0;
  std::string_view first;
  for (int line_number = 0; line_number <= kTitleLinesMax && at < text.size(); ++line_number) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view line = trim(text.substr(at, end - at));
    at = std::min(end + 1, text.size());
    if (first.empty()) first = line;
    BarchartHeader header{.columns = {}, .names = split_barchart_line(line), .size = at};
    if (!begins_a_table(header.names)) continue;
    for (const std::string& name : header.names) header.columns.push_back(column_of(name));
    VORTEX_TRY_VOID(check(header, line));
    return header;
  }
  return fail(ErrorCode::schema, "no header was found: the text begins '" +
                                     untrusted(first, kShownMax) + "'; known are " +
                                     std::string(kBarchartHeaders));
}

}  // namespace vortex
