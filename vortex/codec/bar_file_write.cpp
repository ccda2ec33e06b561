// The front of the writers, the names of formats, and the formats that are rows of text.
#include "vortex/codec/bar_file_write.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include <arrow/record_batch.h>
#include <arrow/table.h>

#include "vortex/base/json.hpp"
#include "vortex/base/suggest.hpp"
#include "vortex/codec/arrow_error.hpp"
#include "vortex/codec/bar_file_cursor.hpp"

namespace vortex {
namespace {

struct FormatName {
  std::string_view name;
  BarFormat format;
};

constexpr std::array kFormatNames = {
    FormatName{"table", BarFormat::table},     FormatName{"csv", BarFormat::csv},
    FormatName{"json", BarFormat::json},       FormatName{"arrow", BarFormat::arrow},
    FormatName{"parquet", BarFormat::parquet},
};

// An empty table has no batch that could be checked.
Result<void> check_columns(const arrow::Table& bars) {
  VORTEX_TRY(const auto empty,
             to_result(arrow::RecordBatch::MakeEmpty(bars.schema()), ErrorCode::internal));
  VORTEX_TRY_VOID(BarCursor::of(*empty));
  return {};
}

Result<void> hand_over(std::string& text, const ByteSink& sink, std::size_t bytes_min) {
  if (text.empty() || text.size() < bytes_min) return {};
  VORTEX_TRY_VOID(sink(text));
  text.clear();
  return {};
}

// Quotes where the text could be taken for more than one field.
void append_csv_text(std::string& out, std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) {
    out += text;
    return;
  }
  out += '"';
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
}

void append_csv_row(std::string& out, const BarCursor& bars, std::int64_t row, StampText& stamps) {
  for (int i = 0; i < kBarColumns; ++i) {
    const auto column = static_cast<BarColumn>(i);
    if (i > 0) out += ',';
    if (bars.is_null(column, row)) continue;
    if (BarCursor::is_text(column)) {
      append_csv_text(out, bars.text(column, row));
    } else {
      bars.append_cell(out, column, row, stamps);
    }
  }
  out += '\n';
}

void append_json_value(std::string& out, const BarCursor& bars, BarColumn column, std::int64_t row,
                       StampText& stamps) {
  const bool number = BarCursor::is_number(column);
  if (bars.is_null(column, row) || (number && !std::isfinite(bars.number(column, row)))) {
    out += "null";
  } else if (BarCursor::is_text(column)) {
    out += json_quote(bars.text(column, row));
  } else {
    const bool quoted = !number && column != kFinal;
    if (quoted) out += '"';
    bars.append_cell(out, column, row, stamps);
    if (quoted) out += '"';
  }
}

void append_json_row(std::string& out, const BarCursor& bars, std::int64_t row, StampText& stamps) {
  out += '{';
  for (int i = 0; i < kBarColumns; ++i) {
    const auto column = static_cast<BarColumn>(i);
    out += i == 0 ? "\"" : ",\"";
    out += bar_column_name(column);
    out += "\":";
    append_json_value(out, bars, column, row, stamps);
  }
  out += '}';
}

}  // namespace

Result<void> write_csv(const arrow::Table& bars, const ByteSink& sink) {
  std::string text;
  for (int i = 0; i < kBarColumns; ++i) {
    if (i > 0) text += ',';
    text += bar_column_name(static_cast<BarColumn>(i));
  }
  text += '\n';
  StampText stamps;
  VORTEX_TRY_VOID(for_each_cursor(bars, [&](const BarCursor& cursor) -> Result<void> {
    for (std::int64_t row = 0; row < cursor.rows(); ++row) {
      append_csv_row(text, cursor, row, stamps);
      VORTEX_TRY_VOID(hand_over(text, sink, kWritePieceBytes));
    }
    return {};
  }));
  return hand_over(text, sink, 0);
}

Result<void> write_json(const arrow::Table& bars, const ByteSink& sink) {
  std::string text = "[";
  StampText stamps;
  bool first = true;
  VORTEX_TRY_VOID(for_each_cursor(bars, [&](const BarCursor& cursor) -> Result<void> {
    for (std::int64_t row = 0; row < cursor.rows(); ++row) {
      text += first ? "\n" : ",\n";
      first = false;
      append_json_row(text, cursor, row, stamps);
      VORTEX_TRY_VOID(hand_over(text, sink, kWritePieceBytes));
    }
    return {};
  }));
  text += first ? "]\n" : "\n]\n";
  return hand_over(text, sink, 0);
}

std::string_view to_string(BarFormat format) {
  return std::ranges::find(kFormatNames, format, &FormatName::format)->name;
}

Result<BarFormat> parse_bar_format(std::string_view text) {
  std::vector<std::string_view> names;
  std::string all;
  for (const FormatName& entry : kFormatNames) {
    if (entry.name == text) return entry.format;
    names.push_back(entry.name);
    all.append(all.empty() ? "" : ", ").append(entry.name);
  }
  return fail(ErrorCode::unknown_name, "unknown format '" + untrusted(text, 40) + "'" +
                                           did_you_mean(text, names) + ": " + all);
}

Result<BarFormat> bar_format_of(const std::string& path) {
  const std::size_t dot = path.find_last_of("./");
  std::string extension = dot == std::string::npos || path[dot] != '.' ? "" : path.substr(dot + 1);
  std::ranges::transform(extension, extension.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  if (extension == "csv") return BarFormat::csv;
  if (extension == "json") return BarFormat::json;
  if (extension == "parquet") return BarFormat::parquet;
  if (extension == "arrow" || extension == "arrows") return BarFormat::arrow;
  if (extension == "txt") return BarFormat::table;
  return fail(ErrorCode::usage, "'" + untrusted(path, 120) +
                                    "': the format is taken from the extension, one of .csv, "
                                    ".parquet, .arrow, .json, .txt");
}

Result<void> write_bars(const arrow::Table& bars, BarFormat format, const ByteSink& sink) {
  VORTEX_TRY_VOID(check_columns(bars));
  switch (format) {
    case BarFormat::table: return write_table(bars, sink);
    case BarFormat::csv: return write_csv(bars, sink);
    case BarFormat::json: return write_json(bars, sink);
    case BarFormat::arrow: return write_ipc(bars, sink);
    case BarFormat::parquet: return write_parquet(bars, sink);
  }
  return fail(ErrorCode::internal, "a format without a writer");
}

Result<std::string> write_bars(const arrow::Table& bars, BarFormat format) {
  std::string whole;
  VORTEX_TRY_VOID(write_bars(bars, format, [&](std::string_view piece) -> Result<void> {
    whole += piece;
    return {};
  }));
  return whole;
}

}  // namespace vortex
