// What is true in the simulated world: listings, their bars, splits and payments, as they are known
// at a given `now`. Generated from a seed, or given by CSV files, and open to restatement by a
// test. Belongs to the I/O thread.
//
// Daily bars carry the session's open as stamp. Prices are split-adjusted as of `now`, as Yahoo
// serves them: at the moment a split becomes effective, every price before it changes. Intraday
// bars of a generated session add up to its daily bar exactly; a restated day changes only its
// daily bar. Given prices are served as written, generated ones have 32-bit float precision.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vortex/base/error.hpp"
#include "vortex/sim/csv_prices.hpp"
#include "vortex/sim/listing.hpp"
#include "vortex/sim/price_model.hpp"
#include "vortex/sim/sim_bar.hpp"
#include "vortex/sim/trading_calendar.hpp"

namespace vortex {

// A dividend or a fund's capital gain, by its first session without the claim.
struct CashPayment {
  Date ex_date;
  double amount = 0;
  double close_before = 0;  // of the session before, same basis
};

// New values for a session's daily bar; what is absent stays.
struct Restatement {
  std::optional<double> open, high, low, close;
  std::optional<std::int64_t> volume;
};

// A stretch of session dates, both ends included.
struct DateSpan {
  Date first;
  Date last;
};

struct IntradayQuery {
  DateSpan dates;
  int step_minutes = 1;
  bool off_session = false;  // pre- and post-market too
};

class Market {
 public:
  explicit Market(std::uint64_t seed, std::optional<CsvPrices> given = std::nullopt);

  // None: nobody knows the symbol. An error: its price file has gone bad.
  Result<std::optional<Listing>> find(const std::string& symbol);

  std::vector<SimBar> daily(const Listing& listing, DateSpan dates, TimePoint now) const;
  std::vector<SimBar> intraday(const Listing& listing, const IntradayQuery& query,
                               TimePoint now) const;

  std::vector<StockSplit> splits(const Listing& listing, DateSpan dates) const;
  std::vector<CashPayment> dividends(const Listing& listing, DateSpan dates, TimePoint now) const;
  std::vector<CashPayment> capital_gains(const Listing& listing, DateSpan dates,
                                         TimePoint now) const;

  // Closes with every payment up to `now` taken out of what came before it.
  std::vector<double> adjusted_closes(const Listing& listing, const std::vector<SimBar>& bars,
                                      TimePoint now) const;

  void restate(const std::string& symbol, Date date, const Restatement& values);
  void add_split(const std::string& symbol, StockSplit split);
  void clear_changes();

 private:
  const CsvSeries* given(const std::string& symbol) const;
  std::vector<SimBar> given_daily(const Listing& listing, const CsvSeries& series, DateSpan dates,
                                  TimePoint now) const;
  std::vector<SimBar> given_intraday(const Listing& listing, const CsvSeries& series,
                                     const IntradayQuery& query, TimePoint now) const;
  void apply_changes(const Listing& listing, Date date, SimBar& bar) const;

  std::uint64_t seed_;
  std::optional<CsvPrices> given_;
  std::map<std::string, const CsvSeries*, std::less<>> known_;  // as of the last find
  std::map<std::string, std::map<Date, Restatement>, std::less<>> restated_;
  std::map<std::string, std::vector<StockSplit>, std::less<>> added_splits_;
};

}  // namespace vortex
