// Rows as read → the page: order, zones, the range asked, what is final, the instrument.
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

#include "vortex/provider/barchart/barchart_rows.hpp"
#include "vortex/provider/http_status.hpp"

namespace vortex {
namespace {

using std::chrono::days;
using std::chrono::hours;

// Bars come up to so much late to those without exchange fees.
constexpr Duration kFeedLag = std::chrono::minutes(20);
constexpr auto kColumns =
    std::to_array<BarColumn>({kOpen, kHigh, kLow, kClose, kVolume, kOpenInterest});

class RowSettler {
 public:
  RowSettler(const BarchartQuery& query, TimeZone zone, TimePoint as_of, BarchartRows& rows)
      : rows_(rows),
        bars_(rows.bars),
        request_(query.request),
        labels_are_ends_(query.labels_are_ends),
        kind_(barchart_class(query.symbol)),
        zone_(zone),
        settled_at_(as_of - kFeedLag),
        as_of_(as_of) {}

  Result<void> run(Page& page) {
    count_ = bars_.rows();
    const bool intraday = is_intraday(request_.interval);
    if (intraday && !rows_.has_time_of_day) {
      return fail(ErrorCode::mismatch, "asked for " + std::string(to_string(request_.interval)) +
                                           " bars, the stamps are dates");
    }
    VORTEX_TRY_VOID(put_in_order());
    if (!intraday) {
      to_bar_dates();
    } else if (!rows_.stamps_are_utc) {
      to_utc();
    }
    if (intraday && labels_are_ends_) to_starts();
    VORTEX_TRY_VOID(check_labels());
    keep(page);
    return {};
  }

 private:
  std::int64_t* stamps() { return bars_.timestamps().data(); }
  bool has(BarColumn column) { return !bars_.column(column).empty(); }

  // The website writes the newest first.
  Result<void> put_in_order() {
    std::int64_t* const begin = stamps();
    std::int64_t* const end = begin + count_;
    const bool falls = count_ > 1 && begin[0] > end[-1];
    if (falls) {
      std::reverse(begin, end);
      for (const BarColumn column : kColumns) {
        if (!has(column)) continue;
        auto& values = bars_.column(column);
        std::reverse(values.data(), values.data() + values.size());
      }
    }
    // An hour said twice, at the end of daylight saving time, is the only way back there is.
    for (std::size_t i = 1; i < count_; ++i) {
      if (begin[i] >= begin[i - 1]) [[likely]]
        continue;
      const Duration back{begin[i - 1] - begin[i]};
      if (!rows_.stamps_are_utc && rows_.has_time_of_day && back < hours(1)) continue;
      return fail(ErrorCode::bad_payload, "row " + std::to_string(i) + " goes back in time, to " +
                                              format_time(TimePoint{Duration{begin[i]}}) +
                                              ", in the order of the others");
    }
    return {};
  }

  void to_bar_dates() {
    if (request_.interval == Interval::d1) return;
    for (std::size_t i = 0; i < count_; ++i) {
      const Date date = date_of(TimePoint{Duration{stamps()[i]}});
      stamps()[i] = midnight(bar_date(request_.interval, date)).time_since_epoch().count();
    }
  }

  // Far from a change of the offset one subtraction does; near one each wall time is looked up.
  void to_utc() {
    TimePoint plain_from = TimePoint::max();
    TimePoint plain_until = TimePoint::min();
    Duration offset{};
    TimePoint last = TimePoint::min();
    for (std::size_t i = 0; i < count_; ++i) {
      const TimePoint wall{Duration{stamps()[i]}};
      if (wall < plain_from || wall >= plain_until) [[unlikely]] {
        const auto stretch = zone_.stretch_at(wall);
        plain_from = std::max(stretch.begin, TimePoint{days(-100'000)}) + days(1);
        plain_until = std::min(stretch.end, TimePoint{days(100'000)}) - days(1);
        offset = stretch.offset;
      }
      const bool plain = plain_from <= wall && wall < plain_until;
      TimePoint time =
          plain ? wall - offset : zone_.to_utc(date_of(wall), wall - midnight(date_of(wall)));
      // Of an hour that is said twice the second telling follows the first.
      if (!plain && time <= last && time + hours(1) + zone_.offset_at(time + hours(1)) == wall) {
        time += hours(1);
      }
      last = time;
      stamps()[i] = time.time_since_epoch().count();
    }
  }

  // The last bar of a session may be short: it begins where the one before it ended.
  void to_starts() {
    const std::int64_t length = nominal_length(request_.interval).count();
    std::int64_t before = std::numeric_limits<std::int64_t>::min();
    for (std::size_t i = 0; i < count_; ++i) {
      const std::int64_t end = stamps()[i];
      stamps()[i] = before < end ? std::max(end - length, before) : end - length;
      before = end;
    }
  }

  // One that lies after the file was made is the end of a bar, or another zone's: which of them
  // the file does not tell.
  Result<void> check_labels() {
    if (!is_intraday(request_.interval) || count_ == 0 || !rows_.as_of) return {};
    const TimePoint last{Duration{stamps()[count_ - 1]}};
    if (last <= *rows_.as_of) return {};
    Error error{.code = ErrorCode::mismatch,
                .message = "the newest bar begins at " + format_time(last) +
                           ", after the file was made (" + format_time(*rows_.as_of) +
                           "): stamps of bar ends, or of another zone than " +
                           std::string(zone_.name())};
    if (labels_are_ends_) return std::unexpected(std::move(error));
    return std::unexpected(std::move(error).with_hint(
        "if the stamps are the ends of the bars: vortex import --labels end"));
  }

  // Bars stamped before this moment can no longer change.
  TimePoint final_before() const {
    const Interval interval = request_.interval;
    if (is_intraday(interval)) return settled_at_ - nominal_length(interval) + Duration(1);
    const Date today = zone_.local_date(settled_at_);
    if (interval != Interval::d1) return midnight(bar_date(interval, today));
    // Stocks end at 16:00; the day of all else ends in the evening, or is settled on the next.
    const bool closes = kind_ == BarchartClass::equity || kind_ == BarchartClass::index;
    const bool ended = closes && settled_at_ >= zone_.to_utc(today, hours(16));
    return midnight(ended ? today + days(1) : today);
  }

  bool is_empty(std::size_t i) {
    return std::isnan(open_[i]) && std::isnan(high_[i]) && std::isnan(low_[i]) &&
           std::isnan(close_[i]);
  }

  void keep(Page& page) {
    open_ = bars_.column(kOpen).data();
    high_ = bars_.column(kHigh).data();
    low_ = bars_.column(kLow).data();
    close_ = bars_.column(kClose).data();
    const std::int64_t final_end = final_before().time_since_epoch().count();
    std::size_t kept = 0;
    for (std::size_t i = 0; i < count_; ++i) {
      const std::int64_t stamp = stamps()[i];
      if (!request_.range.holds(TimePoint{Duration{stamp}})) {
        ++page.rows_outside;
        continue;
      }
      if (std::isnan(open_[i]) && is_empty(i)) {
        ++page.slots_empty;
        continue;
      }
      if (stamp >= final_end) {
        if (!request_.keep_unfinal) {
          ++page.rows_unfinal;
          continue;
        }
        bars_.mark_unfinal(kept);
      }
      if (kept != i) move_row(i, kept);
      ++kept;
    }
    bars_.timestamps().resize(kept);
    for (const BarColumn column : kColumns) {
      if (has(column)) bars_.column(column).resize(kept);
    }
  }

  void move_row(std::size_t from, std::size_t to) {
    stamps()[to] = stamps()[from];
    for (const BarColumn column : kColumns) {
      if (has(column)) bars_.column(column)[to] = bars_.column(column)[from];
    }
  }

  BarchartRows& rows_;
  BarBatchBuilder& bars_;
  const BarsRequest& request_;
  bool labels_are_ends_;
  BarchartClass kind_;
  TimeZone zone_;
  TimePoint settled_at_;
  TimePoint as_of_;
  std::size_t count_ = 0;
  const double* open_ = nullptr;
  const double* high_ = nullptr;
  const double* low_ = nullptr;
  const double* close_ = nullptr;
};

Result<Page> page_of(const BarchartQuery& query, TimePoint received_at, BarchartRows& rows) {
  const BarchartClass kind = barchart_class(query.symbol);
  VORTEX_TRY(const TimeZone zone, barchart_zone(kind));
  const TimePoint as_of = std::min(received_at, rows.as_of.value_or(received_at));
  Page page;
  const bool any = rows.bars.rows() > 0;
  VORTEX_TRY_VOID(RowSettler(query, zone, as_of, rows).run(page));
  if (any) {
    page.instrument = Instrument{.provider = "barchart",
                                 .symbol = query.request.symbol.text(),
                                 .zone = std::string(zone.name()),
                                 .type = std::string(barchart_type(kind))};
  }
  const bool splits = kind == BarchartClass::equity;
  VORTEX_TRY(page.bars, rows.bars.finish({.symbol = query.request.symbol.text(),
                                          .provider = "barchart",
                                          .interval = query.request.interval,
                                          .adjusted = splits ? Adjustment::split : Adjustment::none,
                                          .basis = zone.local_date(as_of),
                                          .transform_timestamp = received_at}));
  return page;
}

}  // namespace

Page empty_barchart_page() {
  Page page;
  page.bars = empty_bars();
  return page;
}

Result<Page> settle_barchart(const BarchartQuery& query, const HttpReply& reply,
                             BarchartRows rows) {
  auto page = page_of(query, reply.received_at, rows);
  if (page) return page;
  Error error = std::move(page).error();
  return std::unexpected(
      reply_error(error.code, std::move(error.message), reply).with_hint(std::move(error.hint)));
}

}  // namespace vortex
