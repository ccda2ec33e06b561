// Barchart's CSV → columns: the OnDemand answer and the files of the website, by the names in their
// header. One pass; each row is read where it stands.
#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <utility>

#include "vortex/base/ascii.hpp"
#include "vortex/provider/barchart/barchart_footer.hpp"
#include "vortex/provider/barchart/barchart_header.hpp"
#include "vortex/provider/barchart/barchart_rows.hpp"
#include "vortex/provider/barchart/barchart_stamp.hpp"
#include "vortex/provider/http_status.hpp"

namespace vortex {
namespace {

using Column = BarchartColumn;

constexpr std::size_t kShownMax = 60;

BarColumn target_of(Column column) {
  switch (column) {
    case Column::open: return kOpen;
    case Column::high: return kHigh;
    case Column::low: return kLow;
    case Column::close: return kClose;
    case Column::volume: return kVolume;
    default: return kOpenInterest;
  }
}

bool is_missing(std::string_view cell) {
  constexpr auto kWords =
      std::to_array<std::string_view>({"", "-", "--", "n/a", "na", "null", "nan"});
  return std::ranges::any_of(
      kWords, [cell](std::string_view word) { return equals_ignoring_case(cell, word); });
}

// What read_decimal leaves: signs, exponents, thousands separators, missing values.
bool read_odd_number(std::string_view cell, double& out) {
  if (is_missing(cell)) {
    out = BarBatchBuilder::kMissing;
    return true;
  }
  std::string text(cell);
  if (text.starts_with('+')) text.erase(0, 1);
  if (text.contains(',')) {
    // "1,195,900": groups of three, or it is something else.
    const std::size_t whole = std::min(text.find('.'), text.size());
    for (std::size_t i = whole; i-- > 0;) {
      const bool group = (whole - i) % 4 == 0;
      if ((text[i] == ',') != group && text[i] != '-') return false;
    }
    std::erase(text, ',');
  }
  const std::size_t sign = text.starts_with('-') ? 1 : 0;
  if (text.size() == sign || (!is_digit(text[sign]) && text[sign] != '.')) return false;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc{} && end == text.data() + text.size();
}

class CsvRows {
 public:
  CsvRows(const BarchartQuery& query, const HttpReply& reply)
      : query_(query), reply_(reply), by_session_(!is_intraday(query.request.interval)) {}

  Result<BarchartRows> read() {
    const std::string_view text = reply_.body.view();
    auto header = read_barchart_header(text);
    if (!header) return refused(std::move(header).error());
    header_ = *std::move(header);
    header_has_days_ = header_.has(Column::trading_day);
    if (query_.form == BarchartForm::ondemand && !header_.has(Column::symbol)) {
      return refused({.code = ErrorCode::schema,
                      .message = "the header of an OnDemand answer has no column symbol"});
    }
    begin_ = text.data();
    end_ = begin_ + text.size();
    make_room(begin_ + header_.size);
    if (auto read = read_rows(begin_ + header_.size); !read)
      return refused(std::move(read).error());
    return finish();
  }

 private:
  std::unexpected<Error> refused(Error error) const {
    return std::unexpected(reply_error(error.code, std::move(error.message), reply_));
  }

  void make_room(const char* at) {
    const std::size_t rows = static_cast<std::size_t>(std::count(at, end_, '\n')) + 1;
    rows_.bars.timestamps().resize(rows);
    for (const Column column : header_.columns) {
      if (column < Column::open) continue;
      auto& values = rows_.bars.column(target_of(column));
      values.resize(rows);
      targets_[static_cast<std::size_t>(column)] = values.data();
    }
  }

  BarchartRows finish() {
    rows_.bars.timestamps().resize(count_);
    for (const Column column : header_.columns) {
      if (column >= Column::open) rows_.bars.column(target_of(column)).resize(count_);
    }
    rows_.stamps_are_utc = stamps_.has_zone() && !by_session_;
    rows_.has_time_of_day = stamps_.has_time();
    return std::move(rows_);
  }

  std::string place(const char* at) const {
    return "line " + std::to_string(std::count(begin_, at, '\n') + 1);
  }

  // The cell that begins here, without quotes; `stop` is where it ends.
  std::string_view cell_at(const char* at, const char*& stop) const {
    const bool quoted = *at == '"';
    const char* const begin = at + (quoted ? 1 : 0);
    stop = begin;
    if (quoted) {
      while (stop < end_ && *stop != '"' && *stop != '\n') ++stop;
      const std::string_view cell(begin, static_cast<std::size_t>(stop - begin));
      if (stop < end_ && *stop == '"') ++stop;
      return trim(cell);
    }
    while (stop < end_ && *stop != ',' && *stop != '\n' && *stop != '\r') ++stop;
    return trim({begin, static_cast<std::size_t>(stop - begin)});
  }

  Result<void> read_rows(const char* at) {
    std::int64_t* const stamps = rows_.bars.timestamps().data();
    while (at < end_) {
      if (*at == '\n' || *at == '\r') {
        ++at;
        continue;
      }
      if (is_barchart_footer({at, static_cast<std::size_t>(end_ - at)})) return read_footer(at);
      if (count_ == 0) VORTEX_TRY_VOID(learn(at));
      const char* const next = read_row(at);
      if (next == nullptr) return std::unexpected(std::move(error_));
      stamps[count_] = by_session_ ? session_ : stamps_.micros();
      ++count_;
      at = next;
    }
    if (!ended_ && count_ > 0) {
      return fail(ErrorCode::truncated,
                  "cut in or after " + place(end_) + ": the last row has no line end");
    }
    return {};
  }

  Result<void> learn(const char* at) {
    for (const Column column : header_.columns) {
      const char* stop = nullptr;
      const std::string_view cell = cell_at(at, stop);
      BarchartStamps* stamps = column == Column::time          ? &stamps_
                               : column == Column::trading_day ? &days_
                                                               : nullptr;
      if (stamps != nullptr && !stamps->learn(cell)) {
        return fail(ErrorCode::schema, "column Time, " + place(at) + ": '" +
                                           untrusted(cell, kShownMax) + "' came, known are " +
                                           std::string(BarchartStamps::kForms));
      }
      if (stop < end_ && *stop == ',') ++stop;
      at = stop;
    }
    return {};
  }

  Result<void> read_footer(const char* at) {
    const std::string_view rest(at, static_cast<std::size_t>(end_ - at));
    const std::string_view line = trim(rest.substr(0, rest.find('\n')));
    rows_.as_of = read_barchart_footer(line);
    if (!rows_.as_of) {
      return fail(ErrorCode::schema, place(at) + ": '" + untrusted(line, 120) +
                                         "' came, expected " + std::string(kBarchartFooterForm));
    }
    ended_ = true;
    if (line.size() == trim(rest).size()) return {};
    return fail(ErrorCode::schema, place(at) + ": text follows the line 'Downloaded from …'");
  }

  // Where the next row begins, or null with error_.
  const char* read_row(const char* at) {
    const std::size_t last = header_.columns.size() - 1;
    for (std::size_t i = 0; i <= last; ++i) {
      at = read_field(header_.columns[i], i, at);
      if (at == nullptr) return nullptr;
      if (i == last) break;
      if (*at != ',' || at >= end_) return wrong_count(at, i + 1);
      ++at;
    }
    ended_ = false;
    if (*at == '\r') ++at;
    if (at >= end_) return end_;
    if (*at != '\n') return wrong_count(at, last + 2);
    ended_ = true;
    return at + 1;
  }

  [[gnu::always_inline]] const char* read_field(Column column, std::size_t i, const char* at) {
    switch (column) {
      case Column::other: return skip(at);
      case Column::symbol: return read_symbol(at);
      case Column::time: return read_stamp(stamps_, at, i);
      case Column::trading_day: return read_stamp(days_, at, i);
      default: break;
    }
    double& out = targets_[static_cast<std::size_t>(column)][count_];
    const char* stop = barchart_cells::read_decimal(at, out);
    if (stop != nullptr && (*stop == ',' || *stop == '\n' || *stop == '\r')) [[likely]] {
      return stop;
    }
    return read_odd(at, i, out);
  }

  const char* skip(const char* at) const {
    if (*at != '"') [[likely]] {
      while (at < end_ && *at != ',' && *at != '\n' && *at != '\r') ++at;
      return at;
    }
    const char* stop = nullptr;
    cell_at(at, stop);
    return stop;
  }

  [[gnu::noinline]] const char* read_odd(const char* at, std::size_t i, double& out) {
    const char* stop = nullptr;
    const std::string_view cell = cell_at(at, stop);
    if (read_odd_number(cell, out)) return stop;
    return wrong_cell(at, i, cell, "a number such as 412.5");
  }

  [[gnu::always_inline]] const char* read_stamp(BarchartStamps& stamps, const char* at,
                                                std::size_t i) {
    const bool quoted = *at == '"';
    const char* stop = stamps.read(at + (quoted ? 1 : 0));
    if (stop != nullptr && quoted) stop = *stop == '"' ? stop + 1 : nullptr;
    if (stop == nullptr || stop > end_ || (*stop != ',' && *stop != '\n' && *stop != '\r'))
        [[unlikely]] {
      const std::string_view cell = cell_at(at, stop);
      return wrong_cell(at, i, cell, BarchartStamps::kForms);
    }
    // The trading day, where there is one, decides: an evening's bar belongs to the next session.
    if (&stamps == &days_ || !header_has_days_) session_ = stamps.day_micros();
    return stop;
  }

  const char* read_symbol(const char* at) {
    const char* stop = nullptr;
    const std::string_view cell = cell_at(at, stop);
    if (count_ == 0) rows_.symbol = cell;
    const bool ours =
        count_ == 0 ? barchart_same_symbol(query_.symbol, cell) : cell == rows_.symbol;
    if (ours) return stop;
    const bool two = query_.form == BarchartForm::saved && count_ > 0;
    error_ = {.code = two ? ErrorCode::schema : ErrorCode::mismatch,
              .message = two ? place(at) + ": two symbols in one file, " +
                                   untrusted(rows_.symbol, 40) + " and " + untrusted(cell, 40)
                             : "asked for " + std::string(query_.symbol) + ", " + place(at) +
                                   " is about '" + untrusted(cell, 40) + "'"};
    return nullptr;
  }

  const char* wrong_cell(const char* at, std::size_t i, std::string_view cell,
                         std::string_view expected) {
    error_ = {.code = ErrorCode::schema,
              .message = "column " + untrusted(header_.names[i], 40) + ", " + place(at) + ": '" +
                         untrusted(cell, kShownMax) + "' came, expected " + std::string(expected)};
    return nullptr;
  }

  const char* wrong_count(const char* at, std::size_t fields) {
    const bool cut = at >= end_;
    error_ = {.code = cut ? ErrorCode::truncated : ErrorCode::schema,
              .message = cut ? "cut in " + place(at)
                             : place(at) + " has " +
                                   (fields > header_.columns.size() ? std::string("more")
                                                                    : std::to_string(fields)) +
                                   " fields, the header has " +
                                   std::to_string(header_.columns.size())};
    return nullptr;
  }

  const BarchartQuery& query_;
  const HttpReply& reply_;
  bool by_session_;
  bool header_has_days_ = false;
  BarchartHeader header_;
  BarchartStamps stamps_;
  BarchartStamps days_;
  BarchartRows rows_;
  std::array<double*, static_cast<std::size_t>(Column::open_interest) + 1> targets_{};
  const char* begin_ = nullptr;
  const char* end_ = nullptr;
  std::size_t count_ = 0;
  std::int64_t session_ = 0;
  bool ended_ = true;  // by a line end or the last line of a saved file
  Error error_;
};

}  // namespace

Result<BarchartRows> read_barchart_csv(const BarchartQuery& query, const HttpReply& reply) {
  return CsvRows(query, reply).read();
}

}  // namespace vortex
