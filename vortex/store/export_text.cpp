#include "vortex/store/export_text.hpp"

#include <cmath>
#include <cstdint>
#include <optional>
#include <string>

#include <arrow/array.h>
#include <arrow/table.h>
#include <fmt/core.h>

#include "vortex/base/json.hpp"
#include "vortex/codec/bar_file_cursor.hpp"
#include "vortex/store/export_events.hpp"

namespace vortex {
namespace {

constexpr std::size_t kPieceBytes = std::size_t{1} << 20;
constexpr double kZiplinePriceMax = 4294967.295;  // thousandths in 32 bits
constexpr double kWholeMax = 9e18;                // what an integer of 64 bits holds, nearly

TimePoint stamp_at(const BarCursor& bars, std::int64_t row) {
  return TimePoint{Duration{bars.micros(kTimestamp, row)}};
}

// "2024-01-02 09:31:00", of a time that is local already.
void append_local_time(std::string& out, TimePoint local) {
  const Date day = date_of(local);
  const auto seconds = std::chrono::floor<std::chrono::seconds>(local - midnight(day)).count();
  out += format_date(day);
  out += fmt::format(" {:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
}

void append_number(std::string& out, const BarCursor& bars, BarColumn column, std::int64_t row) {
  out += ',';
  if (!bars.is_null(column, row)) append_double(out, bars.number(column, row));
}

void append_whole(std::string& out, const BarCursor& bars, BarColumn column, std::int64_t row) {
  out += ',';
  if (bars.is_null(column, row)) return;
  const double value = std::nearbyint(bars.number(column, row));
  if (std::abs(value) < kWholeMax) {
    out += std::to_string(static_cast<std::int64_t>(value));
  } else {
    append_double(out, value);
  }
}

// "4.0" rather than "4": a column of events is read as one of decimals.
void append_decimal(std::string& out, double value) {
  const std::size_t begin = out.size();
  out += ',';
  append_double(out, value);
  if (out.find_first_of(".en", begin) == std::string::npos) out += ".0";
}

// Hands over what is full, and the rest at the end.
class TextSink {
 public:
  explicit TextSink(const ByteSink& sink) : sink_(sink) {}
  std::string& text() { return text_; }
  Result<void> flush(bool all) {
    if (text_.empty() || (!all && text_.size() < kPieceBytes)) return {};
    VORTEX_TRY_VOID(sink_(text_));
    text_.clear();
    return {};
  }

 private:
  const ByteSink& sink_;
  std::string text_;
};

struct Days {
  std::vector<Date> sessions;
  Date basis;  // the last day whose actions any row has in it
};

Result<Days> days_of(const arrow::Table& bars) {
  Days days;
  days.sessions.reserve(static_cast<std::size_t>(bars.num_rows()));
  VORTEX_TRY_VOID(for_each_cursor(bars, [&](const BarCursor& cursor) -> Result<void> {
    for (std::int64_t row = 0; row < cursor.rows(); ++row) {
      days.sessions.push_back(date_of(stamp_at(cursor, row)));
    }
    return {};
  }));
  const auto column = bars.GetColumnByName(std::string(bar_column_name(kBasis)));
  if (column == nullptr) return days;
  for (const auto& chunk : column->chunks()) {
    const auto* dates = dynamic_cast<const arrow::Date32Array*>(chunk.get());
    if (dates == nullptr) return fail(ErrorCode::schema, "column 'basis' is no date");
    for (std::int64_t i = 0; i < dates->length(); ++i) {
      if (dates->IsValid(i))
        days.basis = std::max(days.basis, Date{std::chrono::days{dates->Value(i)}});
    }
  }
  return days;
}

Result<void> check_zipline_prices(const BarCursor& bars, std::int64_t row) {
  for (const BarColumn column : {kOpen, kHigh, kLow, kClose}) {
    if (bars.is_null(column, row)) continue;
    const double price = bars.number(column, row);
    if (price >= 0 && price <= kZiplinePriceMax) continue;
    return fail(ErrorCode::unsupported,
                fmt::format("zipline holds prices from 0 to {}, not {} ({})", kZiplinePriceMax,
                            price, format_time(stamp_at(bars, row))));
  }
  return {};
}

void append_zipline_row(std::string& out, const BarCursor& bars, std::int64_t row,
                        const RowEvents& events) {
  for (const BarColumn column : {kOpen, kHigh, kLow, kClose}) {
    append_number(out, bars, column, row);
  }
  append_whole(out, bars, kVolume, row);
  append_decimal(out, events.dividend);
  append_decimal(out, events.split);
  out += '\n';
}

// When a bar is known: its end, on the exchange's clock; of a day or longer, its last day.
class LocalEnds {
 public:
  LocalEnds(Interval interval, TimeZone zone) : interval_(interval), zone_(zone) {}

  TimePoint of(TimePoint start) {
    if (!is_intraday(interval_)) {
      return midnight(next_bar_date(interval_, date_of(start)) - std::chrono::days{1});
    }
    const TimePoint end = start + nominal_length(interval_);
    if (!stretch_ || !stretch_->holds(end)) stretch_ = zone_.stretch_at(end);
    return end + stretch_->offset;
  }

 private:
  Interval interval_;
  TimeZone zone_;
  std::optional<TimeZone::Stretch> stretch_;
};

}  // namespace

Result<void> write_zipline(const ExportSeries& series, const ByteSink& sink) {
  const bool daily = series.interval == Interval::d1;
  std::vector<RowEvents> events;
  if (daily) {
    VORTEX_TRY(const Days days, days_of(series.bars));
    events = events_on_rows(days.sessions, series.actions, series.adjust, days.basis);
  }
  TextSink out(sink);
  out.text() = "date,open,high,low,close,volume,dividend,split\n";
  std::size_t place = 0;
  VORTEX_TRY_VOID(for_each_cursor(series.bars, [&](const BarCursor& bars) -> Result<void> {
    for (std::int64_t row = 0; row < bars.rows(); ++row, ++place) {
      VORTEX_TRY_VOID(check_zipline_prices(bars, row));
      const TimePoint start = stamp_at(bars, row);
      if (daily) {
        out.text() += format_date(date_of(start));
      } else {
        append_local_time(out.text(), start + nominal_length(series.interval));
      }
      append_zipline_row(out.text(), bars, row, daily ? events[place] : RowEvents{});
      VORTEX_TRY_VOID(out.flush(false));
    }
    return {};
  }));
  return out.flush(true);
}

Result<void> write_backtrader(const ExportSeries& series, const ByteSink& sink) {
  TextSink out(sink);
  out.text() = "datetime,open,high,low,close,volume,openinterest\n";
  LocalEnds ends(series.interval, series.zone);
  std::optional<TimePoint> before;
  VORTEX_TRY_VOID(for_each_cursor(series.bars, [&](const BarCursor& bars) -> Result<void> {
    for (std::int64_t row = 0; row < bars.rows(); ++row) {
      const TimePoint end = ends.of(stamp_at(bars, row));
      if (before && end <= *before) {
        return fail(ErrorCode::unsupported,
                    fmt::format("the wall time of {} does not rise at {}: backtrader's times have "
                                "no zone",
                                series.zone.name(), format_time(stamp_at(bars, row))));
      }
      before = end;
      append_local_time(out.text(), end);
      for (const BarColumn column : {kOpen, kHigh, kLow, kClose, kVolume}) {
        append_number(out.text(), bars, column, row);
      }
      out.text() += ',';
      append_double(out.text(),
                    bars.is_null(kOpenInterest, row) ? 0 : bars.number(kOpenInterest, row));
      out.text() += '\n';
      VORTEX_TRY_VOID(out.flush(false));
    }
    return {};
  }));
  return out.flush(true);
}

}  // namespace vortex
