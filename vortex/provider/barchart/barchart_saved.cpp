// What a file saved from Barchart's website is: whose, of which interval, over which range.
#include "vortex/provider/barchart/barchart_saved.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "vortex/base/ascii.hpp"
#include "vortex/provider/barchart/barchart_adapter.hpp"
#include "vortex/provider/barchart/barchart_footer.hpp"
#include "vortex/provider/barchart/barchart_header.hpp"
#include "vortex/provider/barchart/barchart_stamp.hpp"
#include "vortex/provider/barchart/barchart_symbol.hpp"

namespace vortex {
namespace {

using std::chrono::days;

constexpr std::string_view kNextStep =
    "save it again from the symbol's Historical Download or Price History page";

Error not_ours(Error error) {
  return std::move(error).in("not a file of Barchart's website").with_hint(std::string(kNextStep));
}

// The stamps of a few hundred rows at either end tell interval and range; decode checks every row.
struct Looked {
  std::string symbol;  // of a symbol column
  bool has_time = false;
  std::int64_t step = std::numeric_limits<std::int64_t>::max();  // least distance of neighbours
  std::int64_t first = std::numeric_limits<std::int64_t>::max();
  std::int64_t last = std::numeric_limits<std::int64_t>::min();
  std::size_t rows = 0;
  std::optional<TimePoint> saved_at;
};

std::string_view next_line(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return trim(line);
}

std::size_t place_of(const BarchartHeader& header, BarchartColumn column) {
  const auto found = std::ranges::find(header.columns, column);
  return static_cast<std::size_t>(found - header.columns.begin());
}

Result<Looked> look(const BarchartHeader& header, std::string_view text) {
  Looked out;
  BarchartStamps stamps;
  const std::size_t time_at = place_of(header, BarchartColumn::time);
  const std::size_t symbol_at = place_of(header, BarchartColumn::symbol);
  std::optional<std::int64_t> before;
  while (!text.empty()) {
    const std::string_view line = next_line(text);
    if (line.empty()) continue;
    if (is_barchart_footer(line)) {
      out.saved_at = read_barchart_footer(line);
      break;
    }
    const auto fields = split_barchart_line(line);
    if (time_at >= fields.size()) {
      return fail(ErrorCode::schema, "row " + std::to_string(out.rows + 1) + " has no column Time");
    }
    std::string stamp = fields[time_at];
    if (out.rows == 0 && symbol_at < fields.size()) out.symbol = fields[symbol_at];
    const std::size_t size = stamp.size();
    stamp.resize(size + 64);  // stamps read a little past their end
    if ((out.rows == 0 && !stamps.learn(stamp.substr(0, size))) ||
        stamps.read(stamp.data()) != stamp.data() + size) {
      return fail(ErrorCode::schema, "column Time, row " + std::to_string(out.rows + 1) + ": '" +
                                         untrusted(stamp.substr(0, size), 60) +
                                         "' came, known are " +
                                         std::string(BarchartStamps::kForms));
    }
    const std::int64_t micros = stamps.micros();
    if (before && micros != *before) {
      out.step = std::min(out.step, micros > *before ? micros - *before : *before - micros);
    }
    before = micros;
    out.first = std::min(out.first, micros);
    out.last = std::max(out.last, micros);
    ++out.rows;
  }
  out.has_time = stamps.has_time();
  return out;
}

// "…_intraday-60min_…" says so; else the least distance between two stamps.
std::optional<Interval> interval_of(std::string_view name, const Looked& looked) {
  const std::size_t word = name.find("intraday-");
  if (word != std::string_view::npos) {
    const std::string_view rest = name.substr(word + 9);
    const std::string_view length = rest.substr(0, rest.find("min"));
    for (const auto& [text, interval] : {std::pair<std::string_view, Interval>{"1", Interval::m1},
                                         {"5", Interval::m5},
                                         {"15", Interval::m15},
                                         {"30", Interval::m30},
                                         {"60", Interval::h1},
                                         {"240", Interval::h4}}) {
      if (length == text) return interval;
    }
  }
  if (looked.rows < 2) return looked.has_time ? std::nullopt : std::optional(Interval::d1);
  const Duration step{looked.step};
  if (!looked.has_time) {
    constexpr auto kMonthMin = days(27);
    if (step >= kMonthMin) return Interval::mo1;
    return step >= days(5) ? Interval::wk1 : Interval::d1;
  }
  for (const Interval interval : kIntervals) {
    if (is_intraday(interval) && nominal_length(interval) == step) return interval;
  }
  return std::nullopt;
}

Result<Interval> choose_interval(const SavedFileHints& hints, const Looked& looked) {
  const auto told = interval_of(hints.name, looked);
  if (!hints.interval) {
    if (told) return *told;
    return std::unexpected(Error{.code = ErrorCode::usage,
                                 .message = "the length of its bars cannot be told",
                                 .hint = "--interval 1m 5m 15m 30m 1h 4h 1d 1wk 1mo"});
  }
  const bool fits = is_intraday(*hints.interval) == looked.has_time &&
                    (looked.rows < 2 || !looked.has_time ||
                     Duration{looked.step} % nominal_length(*hints.interval) == Duration::zero());
  if (fits) return *hints.interval;
  return fail(ErrorCode::usage,
              "--interval " + std::string(to_string(*hints.interval)) +
                  " contradicts the file, whose stamps are " +
                  (looked.has_time ? format_duration(Duration{looked.step}) + " apart" : "dates"));
}

// A file that was renamed begins with a symbol only by chance.
bool is_named_by_the_site(std::string_view name) {
  const std::string text = lower(name);
  return text.contains("_price-history") || text.contains("_historical-data") ||
         text.contains("_barchart_interactive_chart");
}

Result<Symbol> choose_symbol(const SavedFileHints& hints, const Looked& looked) {
  if (!looked.symbol.empty()) {
    if (hints.symbol && !barchart_same_symbol(hints.symbol->text(), looked.symbol)) {
      return fail(ErrorCode::usage, "--symbol " + hints.symbol->text() +
                                        " contradicts the file, which is about " +
                                        untrusted(looked.symbol, 40));
    }
    if (!hints.symbol) return Symbol::parse(looked.symbol);
  }
  if (hints.symbol) return *hints.symbol;
  if (is_named_by_the_site(hints.name)) {
    if (auto symbol = Symbol::parse(barchart_symbol_of_name(hints.name))) return symbol;
  }
  return std::unexpected(Error{.code = ErrorCode::usage,
                               .message = "no symbol stands in the file or in its name",
                               .hint = "say whose bars they are: --symbol ZCZ26"});
}

}  // namespace

Result<SavedFile> BarchartSavedFiles::inspect(const SavedFileHints& hints,
                                              std::string_view bytes) const {
  if (trim(bytes).empty()) {
    return std::unexpected(not_ours({.code = ErrorCode::bad_payload, .message = "it is empty"}));
  }
  auto header = read_barchart_header(bytes);
  if (!header) return std::unexpected(not_ours(std::move(header).error()));
  VORTEX_TRY(const Looked looked, look(*header, bytes.substr(header->size)));
  if (looked.rows == 0) {
    return std::unexpected(Error{.code = ErrorCode::bad_payload,
                                 .message = "it has a header and no rows",
                                 .hint = std::string(kNextStep)});
  }
  VORTEX_TRY(Symbol symbol, choose_symbol(hints, looked));
  VORTEX_TRY(const Interval interval, choose_interval(hints, looked));
  const bool by_end = hints.labels == BarLabels::end;
  if (by_end && !is_intraday(interval)) {
    return fail(ErrorCode::usage, "--labels end is about bars within a day; the file has bars of " +
                                      std::string(to_string(interval)));
  }
  // Rows are of the wall clock's dates: two days more hold them in every zone and bar.
  constexpr auto kReach = days(32);
  const Date first = date_of(TimePoint{Duration{looked.first}});
  const Date last = date_of(TimePoint{Duration{looked.last}});
  const auto before = is_intraday(interval) || interval == Interval::d1 ? days(1) : kReach;
  SavedFile file{.request = {.symbol = symbol,
                             .provider_symbol = symbol.text(),
                             .interval = interval,
                             .range = {midnight(first - before), midnight(last + days(2))}},
                 .content_type = std::string(by_end ? kBarchartSavedByEndType : kBarchartSavedType),
                 .saved_at = looked.saved_at};
  return file;
}

}  // namespace vortex
