#include "vortex/sim/market.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <utility>

#include "vortex/sim/hash.hpp"

namespace vortex {
namespace {

using std::chrono::days;
using std::chrono::minutes;
using std::chrono::year_month_day;

constexpr double kCapitalGainYield = 0.02;
constexpr int kDividendDay = 6;  // ex-dates fall on the first session from the 6th of the month on

int whole_minutes(Duration duration) {
  return static_cast<int>(std::chrono::floor<minutes>(duration).count());
}

// By what the model's prices are multiplied to be in the units of `today`.
double basis_factor(const Listing& listing, Date today) {
  double factor = listing.price_basis;
  for (const StockSplit& split : listing.splits) {
    if (split.date <= today) factor /= split.ratio();
  }
  return factor;
}

void scale(SimBar& bar, double factor) {
  if (factor == 1.0) return;
  for (double* price : {&bar.open, &bar.high, &bar.low, &bar.close})
    *price = as_float(*price * factor);
  bar.volume = std::llround(static_cast<double>(bar.volume) / factor);
}

// Minutes of a session that had begun by `now`; at least one.
int minutes_begun(const TradingDay& day, TimePoint now) {
  const int all = whole_minutes(day.close - day.open);
  return std::clamp(whole_minutes(now - day.open) + 1, 1, all);
}

// Cuts minute bars that stand from `open` on into slots of `step`, stamped with their start.
void append_slots(std::vector<SimBar>& out, const std::vector<SimBar>& bars, TimePoint open,
                  int step) {
  for (std::size_t at = 0; at < bars.size(); at += static_cast<std::size_t>(step)) {
    const std::size_t end = std::min(bars.size(), at + static_cast<std::size_t>(step));
    SimBar slot = merge_bars(bars.data() + at, bars.data() + end);
    slot.start = open + minutes(at);
    out.push_back(slot);
  }
}

struct OffSession {
  TimePoint from;
  TimePoint to;
  double price = 0;
  int first_slot = 0;
};

void append_off_session(std::vector<SimBar>& out, const PriceModel& model, Date date,
                        OffSession span, Duration step) {
  int slot = span.first_slot;
  for (TimePoint at = span.from; at < span.to; at += step, ++slot) {
    SimBar bar = model.off_session(span.price, date, slot);
    bar.start = at;
    out.push_back(bar);
  }
}

template <class Make>
std::vector<CashPayment> payments(const Listing& listing, DateSpan dates, Make make) {
  std::vector<CashPayment> all;
  const Date first = std::max(dates.first, listing.first_trade + days(90));
  const year_month_day start(first - days(31));
  auto month = start.year() / start.month();
  for (; std::chrono::sys_days(month / 1) <= dates.last; month += std::chrono::months(1)) {
    const Date ex =
        trading_date_on_or_after(*listing.venue, std::chrono::sys_days(month / kDividendDay));
    if (ex < first || ex > dates.last) continue;
    make(static_cast<unsigned>(month.month()), ex, all);
  }
  return all;
}

}  // namespace

Market::Market(std::uint64_t seed, std::optional<CsvPrices> given)
    : seed_(seed), given_(std::move(given)) {}

Result<std::optional<Listing>> Market::find(const std::string& symbol) {
  if (symbol.empty()) return std::nullopt;
  std::optional<Listing> listing = find_listing(symbol, seed_);
  if (given_) {
    VORTEX_TRY(const CsvSeries* series, given_->find(symbol));
    known_[symbol] = series;
    if (series != nullptr) {
      if (!listing) listing = listing_by_suffix(symbol);
      listing->splits.clear();
      listing->price_basis = 1;
      listing->dividend_yield = 0;
      if (!series->rows.empty()) listing->first_trade = date_of(series->rows.front().start);
    }
  }
  if (!listing) return std::nullopt;
  if (const auto added = added_splits_.find(symbol); added != added_splits_.end()) {
    listing->splits.insert(listing->splits.end(), added->second.begin(), added->second.end());
    std::ranges::sort(listing->splits, {}, &StockSplit::date);
  }
  return listing;
}

const CsvSeries* Market::given(const std::string& symbol) const {
  const auto found = known_.find(symbol);
  return found == known_.end() ? nullptr : found->second;
}

void Market::apply_changes(const Listing& listing, Date date, SimBar& bar) const {
  const auto symbol = restated_.find(listing.symbol);
  if (symbol == restated_.end()) return;
  const auto found = symbol->second.find(date);
  if (found == symbol->second.end()) return;
  const Restatement& values = found->second;
  bar.empty = false;
  bar.open = values.open.value_or(bar.open);
  bar.high = values.high.value_or(bar.high);
  bar.low = values.low.value_or(bar.low);
  bar.close = values.close.value_or(bar.close);
  bar.volume = values.volume.value_or(bar.volume);
}

std::vector<SimBar> Market::daily(const Listing& listing, DateSpan dates, TimePoint now) const {
  if (const CsvSeries* series = given(listing.symbol))
    return given_daily(listing, *series, dates, now);
  std::vector<SimBar> bars;
  VenueClock clock(*listing.venue);
  const PriceModel model(listing, seed_);
  const double factor = basis_factor(listing, clock.local_date(now));
  Date date = trading_date_on_or_after(*listing.venue, std::max(dates.first, listing.first_trade));
  double close_before = model.close(trading_date_before(*listing.venue, date));
  while (date <= dates.last) {
    const TradingDay day = clock.day(date);
    if (day.open > now) break;
    SimBar bar = model.day(date, close_before);
    close_before = bar.close;
    if (now < day.close) {
      const auto parts = model.minutes(bar, date, whole_minutes(day.close - day.open));
      bar = merge_bars(parts.data(), parts.data() + minutes_begun(day, now));
    }
    bar.start = day.open;
    scale(bar, factor);
    apply_changes(listing, date, bar);
    bars.push_back(bar);
    date = trading_date_on_or_after(*listing.venue, date + days(1));
  }
  return bars;
}

std::vector<SimBar> Market::intraday(const Listing& listing, const IntradayQuery& query,
                                     TimePoint now) const {
  if (const CsvSeries* series = given(listing.symbol)) {
    return given_intraday(listing, *series, query, now);
  }
  std::vector<SimBar> bars;
  if (listing.kind == ListingKind::fund) return bars;
  VenueClock clock(*listing.venue);
  const PriceModel model(listing, seed_);
  const double factor = basis_factor(listing, clock.local_date(now));
  Date date =
      trading_date_on_or_after(*listing.venue, std::max(query.dates.first, listing.first_trade));
  for (; date <= query.dates.last;
       date = trading_date_on_or_after(*listing.venue, date + days(1))) {
    const TradingDay day = clock.day(date);
    if (day.pre > now) break;
    const Duration step = minutes(query.step_minutes);
    const SimBar whole = model.day(date, model.close(trading_date_before(*listing.venue, date)));
    if (query.off_session) {
      append_off_session(bars, model, date,
                         {.from = day.pre,
                          .to = std::min(day.open, now),
                          .price = whole.open,
                          .first_slot = -1000},
                         step);
    }
    if (day.open <= now) {
      auto parts = model.minutes(whole, date, whole_minutes(day.close - day.open));
      parts.resize(static_cast<std::size_t>(minutes_begun(day, now)));
      append_slots(bars, parts, day.open, query.step_minutes);
    }
    if (query.off_session) {
      append_off_session(
          bars, model, date,
          {.from = day.close, .to = std::min(day.post, now), .price = whole.close, .first_slot = 0},
          step);
    }
  }
  for (SimBar& bar : bars) scale(bar, factor);
  return bars;
}

std::vector<SimBar> Market::given_daily(const Listing& listing, const CsvSeries& series,
                                        DateSpan dates, TimePoint now) const {
  VenueClock clock(*listing.venue);
  const double factor = basis_factor(listing, clock.local_date(now));
  std::vector<SimBar> bars;
  Date last{};
  for (const SimBar& row : series.rows) {
    const Date date = series.intraday ? clock.local_date(row.start) : date_of(row.start);
    const TradingDay day = clock.day(date);
    if (date < dates.first || date > dates.last || day.open > now) continue;
    if (!bars.empty() && date == last) {
      const std::array pair = {bars.back(), row};
      bars.back() = merge_bars(pair.data(), pair.data() + pair.size());
      continue;
    }
    bars.push_back(row);
    bars.back().start = day.open;
    last = date;
  }
  for (SimBar& bar : bars) {
    scale(bar, factor);
    apply_changes(listing, clock.local_date(bar.start), bar);
  }
  return bars;
}

std::vector<SimBar> Market::given_intraday(const Listing& listing, const CsvSeries& series,
                                           const IntradayQuery& query, TimePoint now) const {
  std::vector<SimBar> bars;
  if (!series.intraday) return bars;
  VenueClock clock(*listing.venue);
  const double factor = basis_factor(listing, clock.local_date(now));
  for (const SimBar& row : series.rows) {
    const Date date = clock.local_date(row.start);
    if (date < query.dates.first || date > query.dates.last || row.start > now) continue;
    const TradingDay day = clock.day(date);
    const auto slot = std::chrono::floor<minutes>(row.start - day.open) / query.step_minutes;
    const TimePoint start = day.open + minutes(slot.count() * query.step_minutes);
    if (!bars.empty() && bars.back().start == start) {
      const std::array pair = {bars.back(), row};
      bars.back() = merge_bars(pair.data(), pair.data() + pair.size());
      continue;
    }
    bars.push_back(row);
    bars.back().start = start;
  }
  for (SimBar& bar : bars) scale(bar, factor);
  return bars;
}

std::vector<StockSplit> Market::splits(const Listing& listing, DateSpan dates) const {
  std::vector<StockSplit> found;
  std::ranges::copy_if(listing.splits, std::back_inserter(found), [&](const StockSplit& split) {
    return dates.first <= split.date && split.date <= dates.last;
  });
  return found;
}

std::vector<CashPayment> Market::dividends(const Listing& listing, DateSpan dates,
                                           TimePoint now) const {
  if (listing.dividend_yield <= 0) return {};
  const PriceModel model(listing, seed_);
  const double factor = basis_factor(listing, VenueClock(*listing.venue).local_date(now));
  return payments(listing, dates, [&](unsigned month, Date ex, std::vector<CashPayment>& all) {
    if (month % 3 != 2) return;
    const double before = model.close(trading_date_before(*listing.venue, ex));
    const double amount = std::round(before * listing.dividend_yield / 4 * 1e4) / 1e4;
    if (amount > 0) all.push_back({ex, amount * factor, before * factor});
  });
}

std::vector<CashPayment> Market::capital_gains(const Listing& listing, DateSpan dates,
                                               TimePoint now) const {
  if (listing.kind != ListingKind::fund || listing.dividend_yield <= 0) return {};
  const PriceModel model(listing, seed_);
  const double factor = basis_factor(listing, VenueClock(*listing.venue).local_date(now));
  return payments(listing, dates, [&](unsigned month, Date ex, std::vector<CashPayment>& all) {
    if (month != 12) return;
    const double before = model.close(trading_date_before(*listing.venue, ex));
    all.push_back(
        {ex, std::round(before * kCapitalGainYield * 100) / 100 * factor, before * factor});
  });
}

std::vector<double> Market::adjusted_closes(const Listing& listing, const std::vector<SimBar>& bars,
                                            TimePoint now) const {
  std::vector<double> closes(bars.size());
  if (bars.empty()) return closes;
  VenueClock clock(*listing.venue);
  const DateSpan after{.first = clock.local_date(bars.front().start),
                       .last = clock.local_date(now)};
  auto paid = dividends(listing, after, now);
  const auto gains = capital_gains(listing, after, now);
  paid.insert(paid.end(), gains.begin(), gains.end());
  std::ranges::sort(paid, {}, &CashPayment::ex_date);
  double factor = 1;
  for (std::size_t i = bars.size(); i-- > 0;) {
    const Date date = clock.local_date(bars[i].start);
    for (; !paid.empty() && paid.back().ex_date > date; paid.pop_back()) {
      factor *= 1 - paid.back().amount / paid.back().close_before;
    }
    closes[i] = factor == 1 ? bars[i].close : as_float(bars[i].close * factor);
  }
  return closes;
}

void Market::restate(const std::string& symbol, Date date, const Restatement& values) {
  restated_[symbol][date] = values;
}

void Market::add_split(const std::string& symbol, StockSplit split) {
  added_splits_[symbol].push_back(split);
}

void Market::clear_changes() {
  restated_.clear();
  added_splits_.clear();
}

}  // namespace vortex
