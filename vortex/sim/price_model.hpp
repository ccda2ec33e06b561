// Prices of one listing, made from (seed, symbol) by place: any date can be asked without making
// those before it. All prices are those a share has after every split the listing will ever have.
// Immutable after construction; any thread.
//
// The close of a day is a random walk found by midpoint displacement over 2^16 days: 16 hash steps.
// Day prices come from neighbouring closes; the minutes of a day are a bridge from its open to its
// close that stays inside its high and low and touches both, so that intraday bars add up to the
// daily bar exactly: first open, highest high, lowest low, last close, sum of volumes.
#pragma once

#include <cstdint>
#include <vector>

#include "vortex/sim/listing.hpp"
#include "vortex/sim/sim_bar.hpp"

namespace vortex {

class PriceModel {
 public:
  PriceModel(const Listing& listing, std::uint64_t seed);

  double close(Date date) const;
  // The bar of a session, given the close of the session before. `start` is left to the caller.
  SimBar day(Date date, double close_before) const;
  // That day cut into `minutes` slots; `start` is left to the caller.
  std::vector<SimBar> minutes(const SimBar& day, Date date, int minutes) const;
  // Quotes outside the session, around a price: slot `n` before (negative) or after it.
  SimBar off_session(double price, Date date, int slot) const;

 private:
  double walk(std::int64_t day) const;
  double round(double price) const;
  std::int64_t volume(Date date, double move) const;

  std::uint64_t key_;
  double level_;      // logarithm of the price at the anchor date
  double drift_;      // a day
  double deviation_;  // of a day
  double typical_volume_;
  double anchor_walk_ = 0;
  int decimals_;
  int empty_per_mille_;
  bool one_price_a_day_;
};

// What a 32-bit float keeps of it: the precision Yahoo's prices have.
double as_float(double price);

}  // namespace vortex
