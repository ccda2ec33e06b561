// From Yahoo's slots to bars: session dates, the live row, what is final, what is left out.
#include <algorithm>
#include <cmath>
#include <limits>

#include "vortex/provider/yahoo/yahoo_chart.hpp"

namespace vortex {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::seconds;

// Yahoo's prices lag the exchange by up to so much.
constexpr Duration kFeedLag = std::chrono::minutes(15);
// Years 1900 to 2100: milliseconds taken for seconds, and the reverse, fall outside.
constexpr std::int64_t kSecondMin = -2'208'988'800;
constexpr std::int64_t kSecondMax = 4'102'444'800;

struct Row {
  TimePoint key;
  double open, high, low, close, volume;
  bool empty() const {
    return std::isnan(open) && std::isnan(high) && std::isnan(low) && std::isnan(close);
  }
};

class BarSettler {
 public:
  BarSettler(const ChartQuery& query, TimeZone zone, TimePoint received_at, Chart& chart)
      : query_(query),
        zone_(zone),
        meta_(chart.meta),
        bars_(chart.bars),
        interval_(query.request.interval),
        length_(nominal_length(interval_)),
        settled_at_(received_at - kFeedLag),
        range_(query.request.range) {}

  Result<void> run(Page& page) {
    VORTEX_TRY_VOID(check_plausible());
    rows_ = bars_.rows();
    const bool live = rows_ > 0 && last_is_live();
    const TimePoint live_key = live ? key_of_live() : TimePoint::max();
    stamp_rows();
    std::size_t regular_rows = rows_;
    bool twin = false;
    if (live) {
      --regular_rows;
      twin = regular_rows > 0 && stamp(regular_rows - 1) == live_key;
      if (twin) --regular_rows;
    }
    const Row live_row = live ? join_live(live_key, twin) : Row{};
    keep_bars(regular_rows, page);
    if (live) keep_live(live_row, page);
    cut(kept_);
    return {};
  }

 private:
  std::int64_t* stamps() { return bars_.timestamps().data(); }
  TimePoint stamp(std::size_t row) { return TimePoint{Duration{stamps()[row]}}; }
  double* values(BarColumn column) { return bars_.column(column).data(); }
  Row row_at(std::size_t i) {
    return {.key = stamp(i),
            .open = values(kOpen)[i],
            .high = values(kHigh)[i],
            .low = values(kLow)[i],
            .close = values(kClose)[i],
            .volume = values(kVolume)[i]};
  }

  Result<void> check_plausible() {
    const std::int64_t* begin = stamps();
    const std::size_t count = bars_.rows();
    std::int64_t low = std::numeric_limits<std::int64_t>::max();
    std::int64_t high = std::numeric_limits<std::int64_t>::min();
    for (std::size_t i = 0; i < count; ++i) {
      low = std::min(low, begin[i]);
      high = std::max(high, begin[i]);
    }
    if (count == 0 || (low >= kSecondMin && high < kSecondMax)) return {};
    return fail(ErrorCode::bad_payload, "timestamp holds " +
                                            std::to_string(low < kSecondMin ? low : high) +
                                            ", which is no second of 1900 to 2100");
  }

  TimePoint moment(std::size_t row) { return from_unix_seconds(stamps()[row]); }
  Duration time_of_day(TimePoint time) const {
    const TimePoint local = time + zone_.offset_at(time);
    return local - midnight(date_of(local));
  }

  // The live row stands last. Its stamp is that of the latest trade; only by chance is it that of a
  // bar.
  bool last_is_live() {
    return is_intraday(interval_) ? last_intraday_is_live() : last_session_is_live();
  }

  bool last_intraday_is_live() {
    const TimePoint last = moment(rows_ - 1);
    // Sessions open on a multiple of five minutes, though not always of the interval.
    const bool anchored = meta_.regular_start || rows_ > 1;
    const Duration grid = anchored ? length_ : std::min<Duration>(length_, std::chrono::minutes(5));
    if ((last - grid_anchor()) % grid != Duration::zero()) return true;
    if (!meta_.market_time) return false;
    // After the close it stands on the grid: one price, no volume, holding the latest quote.
    const TimePoint market = from_unix_seconds(*meta_.market_time);
    const Row row = row_at(rows_ - 1);
    const bool flat = row.open == row.high && row.high == row.low && row.low == row.close;
    return flat && !(row.volume > 0) && last <= market && market < last + length_;
  }

  TimePoint grid_anchor() {
    if (meta_.regular_start) return from_unix_seconds(*meta_.regular_start);
    return rows_ > 1 ? moment(rows_ - 2) : TimePoint{};
  }

  bool last_session_is_live() {
    const TimePoint last = moment(rows_ - 1);
    const Duration time = time_of_day(last);
    if (time == Duration::zero()) return false;
    if (interval_ == Interval::d1) {
      if (meta_.regular_start && time == time_of_day(from_unix_seconds(*meta_.regular_start))) {
        return false;
      }
      if (rows_ > 1 && time == time_of_day(moment(rows_ - 2))) return false;
    }
    if (meta_.market_time) return last == from_unix_seconds(*meta_.market_time);
    return rows_ > 1 && !late(time);
  }

  // Around changes of daylight saving time Yahoo stamps a session an hour or two before its
  // midnight.
  static bool late(Duration time_of_day) {
    return time_of_day == hours(22) || time_of_day == hours(23);
  }

  TimePoint key_of_live() {
    const TimePoint last = moment(rows_ - 1);
    if (is_intraday(interval_)) {
      const Duration past = (last - grid_anchor()) % length_;
      return last - (past < Duration::zero() ? past + length_ : past);
    }
    return midnight(bar_date(interval_, zone_.local_date(last)));
  }

  void stamp_rows() {
    std::int64_t* out = stamps();
    if (is_intraday(interval_)) {
      for (std::size_t i = 0; i < rows_; ++i) out[i] *= Duration::period::den;
      return;
    }
    TimeZone::Stretch stretch{};
    for (std::size_t i = 0; i < rows_; ++i) {
      const TimePoint time = from_unix_seconds(out[i]);
      if (!stretch.holds(time)) stretch = zone_.stretch_at(time);
      const TimePoint local = time + stretch.offset;
      const Date date = date_of(local);
      const bool next_day = late(local - midnight(date));
      const Date session = next_day ? date + days(1) : date;
      out[i] = midnight(bar_date(interval_, session)).time_since_epoch().count();
    }
  }

  // Bars stamped before this moment can no longer change.
  TimePoint final_before() const {
    if (is_intraday(interval_)) return settled_at_ - length_ + Duration(1);
    const Date today = zone_.local_date(settled_at_);
    if (interval_ != Interval::d1) return midnight(bar_date(interval_, today));
    if (!meta_.regular_start || !meta_.regular_end) return midnight(today);
    const Date session = zone_.local_date(from_unix_seconds(*meta_.regular_start));
    const bool ended = from_unix_seconds(*meta_.regular_end) <= settled_at_;
    const Date open_from = ended ? session + days(1) : session;
    return midnight(std::clamp(open_from, today, today + days(1)));
  }

  void keep_bars(std::size_t count, Page& page) {
    const std::int64_t start = range_.start.time_since_epoch().count();
    const std::int64_t end = range_.end.time_since_epoch().count();
    const std::int64_t final_end = final_before().time_since_epoch().count();
    const bool keep_unfinal = query_.request.keep_unfinal;
    std::int64_t* keys = stamps();
    double* open = values(kOpen);
    double* high = values(kHigh);
    double* low = values(kLow);
    double* close = values(kClose);
    double* volume = values(kVolume);
    std::size_t kept = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const std::int64_t key = keys[i];
      if (key < start || key >= end) [[unlikely]] {
        ++page.rows_outside;
        continue;
      }
      if (std::isnan(open[i]) && std::isnan(high[i]) && std::isnan(low[i]) && std::isnan(close[i]))
          [[unlikely]] {
        ++page.slots_empty;
        continue;
      }
      if (key >= final_end) [[unlikely]] {
        if (!keep_unfinal) {
          ++page.rows_unfinal;
          continue;
        }
        bars_.mark_unfinal(kept);
      }
      keys[kept] = key;
      open[kept] = open[i];
      high[kept] = high[i];
      low[kept] = low[i];
      close[kept] = close[i];
      volume[kept] = volume[i];
      ++kept;
    }
    kept_ = kept;
  }

  // The live row is one with the running bar before it: the day's row is the newer state of its
  // twin, otherwise it is one more piece of the bar.
  Row join_live(TimePoint key, bool twin) {
    Row live = row_at(rows_ - 1);
    live.key = key;
    if (!twin) return live;
    const Row before = row_at(rows_ - 2);
    if (before.empty()) return live;
    if (interval_ == Interval::d1 && !live.empty()) return live;
    live.open = std::isnan(before.open) ? live.open : before.open;
    live.high = std::fmax(before.high, live.high);
    live.low = std::fmin(before.low, live.low);
    live.close = std::isnan(live.close) ? before.close : live.close;
    if (std::isnan(live.volume))
      live.volume = before.volume;
    else if (!std::isnan(before.volume))
      live.volume += before.volume;
    return live;
  }

  void keep_live(const Row& row, Page& page) {
    if (!range_.holds(row.key)) {
      ++page.rows_outside;
    } else if (row.empty()) {
      ++page.slots_empty;
    } else if (!query_.request.keep_unfinal) {
      ++page.rows_unfinal;
    } else {
      bars_.mark_unfinal(kept_);
      stamps()[kept_] = row.key.time_since_epoch().count();
      values(kOpen)[kept_] = row.open;
      values(kHigh)[kept_] = row.high;
      values(kLow)[kept_] = row.low;
      values(kClose)[kept_] = row.close;
      values(kVolume)[kept_] = row.volume;
      ++kept_;
    }
  }

  void cut(std::size_t count) {
    bars_.timestamps().resize(count);
    for (const BarColumn column : {kOpen, kHigh, kLow, kClose, kVolume}) {
      bars_.column(column).resize(count);
    }
  }

  const ChartQuery& query_;
  TimeZone zone_;
  const ChartMeta& meta_;
  BarBatchBuilder& bars_;
  Interval interval_;
  Duration length_;
  TimePoint settled_at_;
  TimeRange range_;
  std::size_t rows_ = 0;
  std::size_t kept_ = 0;
};

}  // namespace

Result<void> settle_yahoo_bars(const ChartQuery& query, TimeZone zone, TimePoint received_at,
                               Chart& chart, Page& page) {
  return BarSettler(query, zone, received_at, chart).run(page);
}

}  // namespace vortex
