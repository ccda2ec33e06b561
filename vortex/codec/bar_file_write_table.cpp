// Bars as aligned text for people: numbers to the right, no thousands separators, and only the
// columns that differ from row to row. Two passes: widths, then lines.
#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include <arrow/table.h>

#include "vortex/codec/bar_file_cursor.hpp"
#include "vortex/codec/bar_file_write.hpp"

namespace vortex {
namespace {

constexpr std::array kShown = {kTimestamp, kOpen, kHigh, kLow, kClose, kVolume, kSymbol};
constexpr std::int64_t kDayMicros = 86'400'000'000;
constexpr std::string_view kGap = "  ";

struct Layout {
  bool dates_only = true;  // every time is a midnight: the date says it all
  std::array<std::size_t, kShown.size()> widths{};
};

void make_cell(std::string& cell, const BarCursor& bars, BarColumn column, std::int64_t row,
               StampText& stamps) {
  cell.clear();
  if (!bars.is_null(column, row)) bars.append_cell(cell, column, row, stamps);
}

// Control characters in a foreign file's symbol must not reach a terminal.
void clean_text(std::string& cell) {
  cell = untrusted(cell, 64);
}

std::size_t width_of(const std::string& cell, BarColumn column, const Layout& layout) {
  constexpr std::size_t kDateWidth = 10;
  return column == kTimestamp && layout.dates_only ? std::min(cell.size(), kDateWidth)
                                                   : cell.size();
}

Result<Layout> measure(const arrow::Table& bars) {
  Layout layout;
  std::array<std::size_t, kShown.size()> widest{};
  StampText stamps;
  std::string cell;
  VORTEX_TRY_VOID(for_each_cursor(bars, [&](const BarCursor& cursor) -> Result<void> {
    for (std::int64_t row = 0; row < cursor.rows(); ++row) {
      if (!cursor.is_null(kTimestamp, row) && cursor.micros(kTimestamp, row) % kDayMicros != 0) {
        layout.dates_only = false;
      }
      for (std::size_t i = 0; i < kShown.size(); ++i) {
        make_cell(cell, cursor, kShown[i], row, stamps);
        if (BarCursor::is_text(kShown[i])) clean_text(cell);
        widest[i] = std::max(widest[i], cell.size());
      }
    }
    return {};
  }));
  for (std::size_t i = 0; i < kShown.size(); ++i) {
    const std::string longest(widest[i], ' ');
    layout.widths[i] =
        std::max(bar_column_name(kShown[i]).size(), width_of(longest, kShown[i], layout));
  }
  return layout;
}

void append_aligned(std::string& out, std::string_view cell, std::size_t width, bool right) {
  const std::string padding(width - std::min(width, cell.size()), ' ');
  if (right) out += padding;
  out += cell;
  if (!right) out += padding;
}

void end_line(std::string& out) {
  out.erase(out.find_last_not_of(' ') + 1);
  out += '\n';
}

void append_row(std::string& out, const BarCursor& cursor, std::int64_t row, const Layout& layout,
                StampText& stamps) {
  std::string cell;
  for (std::size_t i = 0; i < kShown.size(); ++i) {
    const BarColumn column = kShown[i];
    make_cell(cell, cursor, column, row, stamps);
    if (BarCursor::is_text(column)) clean_text(cell);
    cell.resize(width_of(cell, column, layout));
    if (i > 0) out += kGap;
    append_aligned(out, cell, layout.widths[i], BarCursor::is_number(column));
  }
  end_line(out);
}

}  // namespace

Result<void> write_table(const arrow::Table& bars, const ByteSink& sink) {
  VORTEX_TRY(const Layout layout, measure(bars));
  std::string text;
  for (std::size_t i = 0; i < kShown.size(); ++i) {
    if (i > 0) text += kGap;
    append_aligned(text, bar_column_name(kShown[i]), layout.widths[i],
                   BarCursor::is_number(kShown[i]));
  }
  end_line(text);
  StampText stamps;
  VORTEX_TRY_VOID(for_each_cursor(bars, [&](const BarCursor& cursor) -> Result<void> {
    for (std::int64_t row = 0; row < cursor.rows(); ++row) {
      append_row(text, cursor, row, layout, stamps);
      if (text.size() < kWritePieceBytes) continue;
      VORTEX_TRY_VOID(sink(text));
      text.clear();
    }
    return {};
  }));
  return text.empty() ? Result<void>{} : sink(text);
}

}  // namespace vortex
