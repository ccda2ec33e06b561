// A series as read → the page: is it about what was asked, order, labels, UTC, what is final.
#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "vortex/base/ascii.hpp"
#include "vortex/base/time_zone.hpp"
#include "vortex/provider/alphavantage/alphavantage_series.hpp"

namespace vortex::alphavantage {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

constexpr std::string_view kNewYork = "America/New_York";
constexpr std::array kColumns = {kOpen, kHigh, kLow, kClose, kVolume};
// The extended session ends at 20:00 in New York; the night's corrections come with the next date.
constexpr Duration kShareNight = hours(4);
constexpr Duration kFeedLag = minutes(15);
// Answers received since then label an intraday bar by its start, where the rows do not tell.
constexpr TimePoint kStartLabels{std::chrono::seconds{1'704'067'200}};  // 2024

bool is_us(const Spelling& spelling) {
  const std::size_t dot = spelling.base.rfind('.');
  return spelling.asset == Asset::share &&
         (dot == std::string::npos || spelling.base.size() - dot == 2);
}

class Settler {
 public:
  Settler(const Query& query, TimePoint received_at, Series& series)
      : query_(query),
        interval_(query.request.interval),
        received_at_(received_at),
        series_(series),
        bars_(series.bars) {}

  Result<Page> run() {
    VORTEX_TRY_VOID(check_subject());
    const bool share = query_.spelling.asset == Asset::share;
    VORTEX_TRY(zone_, TimeZone::find(share ? kNewYork : "UTC"));
    VORTEX_TRY_VOID(sort_rows());
    if (is_intraday(interval_)) {
      to_moments();
    } else {
      VORTEX_TRY_VOID(to_bar_dates());
    }
    Page page;
    settle_events(page);
    keep_bars(page);
    if (series_.has_meta) page.instrument = instrument();
    VORTEX_TRY(page.bars, bars_.finish({.symbol = query_.request.symbol.text(),
                                        .provider = "alphavantage",
                                        .interval = interval_,
                                        .adjusted = Adjustment::none,
                                        .basis = zone_.local_date(received_at_),
                                        .transform_timestamp = received_at_}));
    return page;
  }

 private:
  std::int64_t* stamps() { return bars_.timestamps().data(); }
  std::size_t rows() const { return bars_.rows(); }

  Result<void> check_subject() const {
    if (series_.name.empty()) return {};  // CSV
    if (!series_.has_meta) return fail(ErrorCode::schema, "no member 'Meta Data'");
    const bool share = query_.spelling.asset == Asset::share;
    VORTEX_TRY_VOID(
        check_name("Symbol", share ? series_.symbol : series_.base, query_.spelling.base));
    if (!share) VORTEX_TRY_VOID(check_name("market", series_.quote, query_.spelling.quote));
    const std::string_view zone = series_.zone ? std::string_view(*series_.zone) : "";
    const bool known = share ? zone == "US/Eastern" || zone == kNewYork : zone == "UTC";
    if (known) return {};
    return fail(ErrorCode::schema, "Meta Data's Time Zone is '" + std::string(zone) +
                                       "'; expected '" + (share ? "US/Eastern" : "UTC") + "'");
  }

  static Result<void> check_name(std::string_view what, const std::optional<std::string>& found,
                                 const std::string& asked) {
    if (found && equals_ignoring_case(*found, asked)) return {};
    if (!found) return fail(ErrorCode::schema, "Meta Data has no " + std::string(what));
    return fail(ErrorCode::mismatch, "asked for " + asked + ", Meta Data's " + std::string(what) +
                                         " is '" + *found + "'");
  }

  // Newest first, as a rule; an object has no order by right.
  Result<void> sort_rows() {
    const auto column_ends = [&](auto use) {
      for (const BarColumn column : kColumns) {
        auto& values = bars_.column(column);
        if (!values.empty()) use(values.data(), values.data() + values.size());
      }
    };
    std::int64_t* begin = stamps();
    std::int64_t* end = begin + rows();
    if (std::is_sorted(begin, end, std::greater<>())) {
      std::ranges::reverse(begin, end);
      column_ends([](double* first, double* last) { std::ranges::reverse(first, last); });
    } else if (!std::is_sorted(begin, end)) {
      sort_by_permutation(column_ends);
    }
    const std::int64_t* twice = std::adjacent_find(begin, end);
    if (twice == end) return {};
    return fail(ErrorCode::bad_payload,
                "the row " + format_time(TimePoint{Duration{*twice}}) + " comes twice");
  }

  template <class Columns>
  void sort_by_permutation(Columns column_ends) {
    std::vector<std::size_t> order(rows());
    for (std::size_t row = 0; row < order.size(); ++row) order[row] = row;
    std::ranges::sort(order, {}, [&](std::size_t row) { return stamps()[row]; });
    const auto apply = [&](auto* first, auto* last) {
      const std::vector<std::remove_pointer_t<decltype(first)>> before(first, last);
      for (std::size_t i = 0; i < order.size(); ++i) first[i] = before[order[i]];
    };
    column_ends(apply);
    apply(stamps(), stamps() + rows());
  }

  // With regular hours 16:00 without an opening row, and 20:00 with extended ones, are ends.
  bool labelled_by_end() {
    const bool by_age = query_.spelling.asset == Asset::share && received_at_ < kStartLabels;
    if (!is_us(query_.spelling)) return by_age;
    bool opens_early = false;
    bool opens = false;
    bool closes = false;
    bool extended = false;
    for (std::size_t i = 0; i < rows(); ++i) {
      const Duration time = Duration{stamps()[i]} % std::chrono::days(1);
      if (time == hours(20)) return true;
      opens_early = opens_early || time == hours(4);
      opens = opens || (hours(9) <= time && time <= hours(9) + minutes(30));
      closes = closes || time == hours(16);
      extended = extended || time < hours(9) || time > hours(16);
    }
    if (opens_early) return false;
    if (extended || opens == closes) return by_age;
    return closes;
  }

  void to_moments() {
    const Duration label = labelled_by_end() ? nominal_length(interval_) : Duration::zero();
    const Duration near = hours(3);  // a change of daylight saving time
    TimeZone::Stretch stretch{};
    std::int64_t* out = stamps();
    for (std::size_t i = 0; i < rows(); ++i) {
      const Duration wall{out[i]};
      TimePoint time = TimePoint{wall} - stretch.offset;
      if (time - near < stretch.begin || time + near >= stretch.end) [[unlikely]] {
        const Date date = date_of(TimePoint{wall});
        time = zone_.to_utc(date, wall - date.time_since_epoch());
        stretch = zone_.stretch_at(time);
      }
      out[i] = (time - label).time_since_epoch().count();
    }
  }

  // Weeks and months are stamped with their last trading day, the running one with today.
  Result<void> to_bar_dates() {
    std::int64_t* out = stamps();
    for (std::size_t i = 0; i < rows(); ++i) {
      const TimePoint stamp = midnight(bar_date(interval_, date_of(TimePoint{Duration{out[i]}})));
      out[i] = stamp.time_since_epoch().count();
      if (i > 0 && out[i] == out[i - 1]) {
        return fail(ErrorCode::bad_payload, "two rows lie in the bar of " + format_time(stamp));
      }
    }
    return {};
  }

  TimePoint final_before() const {
    if (is_intraday(interval_)) {
      return received_at_ - kFeedLag - nominal_length(interval_) + Duration(1);
    }
    const bool share = query_.spelling.asset == Asset::share;
    const Date today =
        zone_.local_date(share ? received_at_ + kShareNight : received_at_ - kFeedLag);
    return midnight(bar_date(interval_, today));
  }

  void keep_bars(Page& page) {
    std::array<double*, kColumns.size()> values{};
    std::size_t columns = 0;
    for (const BarColumn column : kColumns) {
      if (!bars_.column(column).empty()) values.at(columns++) = bars_.column(column).data();
    }
    const TimePoint open_from = final_before();
    const TimeRange range = query_.request.range;
    std::size_t kept = 0;
    for (std::size_t i = 0; i < rows(); ++i) {
      const TimePoint time{Duration{stamps()[i]}};
      if (!range.holds(time)) [[unlikely]] {
        ++page.rows_outside;
        continue;
      }
      const auto missing = [&](const double* column) {
        return std::isnan(column[i]);
      };
      if (std::all_of(values.begin(), values.begin() + 4, missing)) [[unlikely]] {
        ++page.slots_empty;
        continue;
      }
      if (time >= open_from) [[unlikely]] {
        if (!query_.request.keep_unfinal) {
          ++page.rows_unfinal;
          continue;
        }
        bars_.mark_unfinal(kept);
      }
      stamps()[kept] = stamps()[i];
      for (std::size_t c = 0; c < columns; ++c) values.at(c)[kept] = values.at(c)[i];
      ++kept;
    }
    for (const BarColumn column : kColumns) {
      if (!bars_.column(column).empty()) bars_.column(column).resize(kept);
    }
    bars_.timestamps().resize(kept);
  }

  // "3:2" of 1.5, "1:3" of 0.3333: the smallest terms within the four decimals that are sent.
  static std::pair<double, double> terms_of(double ratio) {
    constexpr int kTermMax = 1000;
    for (int term = 1; term <= kTermMax; ++term) {
      const double other = std::round(ratio * term);
      if (other > 0 && std::abs(other / term - ratio) <= 0.00006) return {other, term};
    }
    return {ratio, 1};
  }

  // A day's dividend is told in that day's shares; splits after it divide it.
  void settle_events(Page& page) {
    if (interval_ != Interval::d1) return;  // a week does not say on which day
    std::ranges::sort(series_.events, std::greater<>(), &Event::date);
    double later = 1;
    for (const Event& event : series_.events) {
      const bool inside = query_.request.range.holds(midnight(event.date));
      if (!(event.split > 0) || !std::isfinite(event.dividend)) {
        page.actions_unreadable += inside ? 1 : 0;
        continue;
      }
      if (event.split != 1 && inside) {
        const auto [numerator, denominator] = terms_of(event.split);
        page.actions.push_back({.kind = ActionKind::split,
                                .ex_date = event.date,
                                .numerator = numerator,
                                .denominator = denominator});
      }
      if (event.dividend != 0 && inside) {
        page.actions.push_back({.kind = ActionKind::dividend,
                                .ex_date = event.date,
                                .amount = event.dividend / later});
      }
      later *= event.split;
    }
    std::ranges::reverse(page.actions);
  }

  Instrument instrument() const {
    const Spelling& spelling = query_.spelling;
    Instrument out{.provider = "alphavantage", .symbol = query_.request.symbol.text()};
    if (spelling.asset != Asset::share) {
      out.zone = "UTC";
      out.currency = spelling.quote;
      out.type = spelling.asset == Asset::coin ? "crypto" : "currency";
    } else if (is_us(spelling)) {
      out.zone = kNewYork;
      out.currency = "USD";
    }
    return out;
  }

  const Query& query_;
  Interval interval_;
  TimePoint received_at_;
  Series& series_;
  BarBatchBuilder& bars_;
  TimeZone zone_ = TimeZone::utc();
};

}  // namespace

Result<Page> settle(const Query& query, TimePoint received_at, Series series) {
  return Settler(query, received_at, series).run();
}

}  // namespace vortex::alphavantage
