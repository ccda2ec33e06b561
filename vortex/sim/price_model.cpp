#include "vortex/sim/price_model.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

#include "vortex/sim/hash.hpp"

namespace vortex {
namespace {

constexpr std::int64_t kWalkLog2Days = 16;
constexpr std::int64_t kWalkFirstDay = -25567;  // 1900-01-01; the walk ends in 2079
constexpr std::int64_t kAnchorDay = 20089;      // 2025-01-01
constexpr double kDriftADay = 0.06 / 365;
constexpr int kEmptyMinuteOneIn = 400;

// Streams of the hash, so that no two quantities of a day share a value.
enum Stream : std::uint8_t {
  walk_stream = 1,
  gap_stream,
  high_stream,
  low_stream,
  volume_stream,
  empty_stream,
  minute_stream,
  touch_stream,
  wick_stream,
  quote_stream,
};

std::int64_t number_of(Date date) {
  return date.time_since_epoch().count();
}

struct MinutePlan {
  std::uint64_t key;
  std::size_t touch_high;
  std::size_t touch_low;
  std::size_t count;

  bool is_empty(std::size_t i) const {
    const bool carries_the_day = i == 0 || i + 1 == count || i == touch_high || i == touch_low;
    return !carries_the_day &&
           hash_at(key, static_cast<std::int64_t>(i), empty_stream) % kEmptyMinuteOneIn == 0;
  }
};

// A random path through count + 1 minute borders with both ends at 0.
std::vector<double> bridge(const MinutePlan& plan) {
  std::vector<double> path(plan.count + 1, 0.0);
  for (std::size_t i = 0; i < plan.count; ++i) {
    const double step = normal_of(hash_at(plan.key, static_cast<std::int64_t>(i), minute_stream));
    path[i + 1] = path[i] + (plan.is_empty(i) ? 0.0 : step);
  }
  const double end = path.back() / static_cast<double>(plan.count);
  for (std::size_t i = 0; i <= plan.count; ++i) path[i] -= end * static_cast<double>(i);
  return path;
}

// Shares the day's volume out: more at both ends of the session, nothing in empty minutes.
void share_volume(std::vector<SimBar>& bars, const MinutePlan& plan, std::int64_t total) {
  std::vector<double> upto(plan.count + 1, 0.0);
  for (std::size_t i = 0; i < plan.count; ++i) {
    const double place = 2.0 * static_cast<double>(i) / static_cast<double>(plan.count) - 1.0;
    const double noise = uniform_of(hash_at(plan.key, static_cast<std::int64_t>(i), volume_stream));
    upto[i + 1] = upto[i] + (bars[i].empty ? 0.0 : 0.3 + noise + 1.5 * place * place);
  }
  std::int64_t given = 0;
  for (std::size_t i = 0; i < plan.count; ++i) {
    const double part = upto[i + 1] / upto.back();
    const auto target =
        i + 1 == plan.count ? total : static_cast<std::int64_t>(static_cast<double>(total) * part);
    bars[i].volume = target - given;
    given = target;
  }
}

}  // namespace

double as_float(double price) {
  return static_cast<double>(static_cast<float>(price));
}

SimBar merge_bars(const SimBar* first, const SimBar* last) {
  SimBar merged = *first;
  for (const SimBar* bar = first + 1; bar < last; ++bar) {
    if (bar->empty) continue;
    if (merged.empty) {
      const TimePoint start = merged.start;
      merged = *bar;
      merged.start = start;
      continue;
    }
    merged.high = std::max(merged.high, bar->high);
    merged.low = std::min(merged.low, bar->low);
    merged.close = bar->close;
    merged.volume += bar->volume;
  }
  return merged;
}

PriceModel::PriceModel(const Listing& listing, std::uint64_t seed)
    : key_(mix(seed) ^ hash_text(listing.symbol)),
      level_(std::log(listing.price)),
      drift_(listing.kind == ListingKind::currency ? 0.0 : kDriftADay),
      deviation_(listing.daily_volatility),
      typical_volume_(listing.typical_volume),
      decimals_(listing.price_decimals),
      empty_per_mille_(listing.empty_per_mille),
      one_price_a_day_(listing.kind == ListingKind::fund) {
  anchor_walk_ = walk(kAnchorDay);
}

double PriceModel::walk(std::int64_t day) const {
  static const auto kHalfRoots = [] {
    std::array<double, kWalkLog2Days + 1> roots{};
    for (std::size_t i = 0; i < roots.size(); ++i) {
      roots.at(i) = std::sqrt(static_cast<double>(std::int64_t{1} << i)) / 2;
    }
    return roots;
  }();
  const std::int64_t at = std::clamp<std::int64_t>(day - kWalkFirstDay, 0, 1 << kWalkLog2Days);
  std::int64_t low = 0;
  double at_low = 0;
  double at_high = 0;
  for (std::int64_t log2 = kWalkLog2Days; log2 > 0; --log2) {
    if (at == low) return at_low;
    const std::int64_t middle = low + (std::int64_t{1} << (log2 - 1));
    const double at_middle =
        (at_low + at_high) / 2 + normal_of(hash_at(key_, middle, walk_stream)) *
                                     kHalfRoots.at(static_cast<std::size_t>(log2));
    if (at >= middle) {
      low = middle;
      at_low = at_middle;
    } else {
      at_high = at_middle;
    }
  }
  return at == low ? at_low : at_high;
}

double PriceModel::round(double price) const {
  double scale = decimals_ == 4 ? 10000.0 : 100.0;
  if (price < 1.0) scale = 10000.0;
  const auto steps = std::max(1LL, std::llround(price * scale));
  return as_float(static_cast<double>(steps) / scale);
}

double PriceModel::close(Date date) const {
  const std::int64_t day = number_of(date);
  const double log_price = level_ + drift_ * static_cast<double>(day - kAnchorDay) +
                           deviation_ * (walk(day) - anchor_walk_);
  return round(std::exp(log_price));
}

std::int64_t PriceModel::volume(Date date, double move) const {
  if (typical_volume_ <= 0) return 0;
  const double noise = normal_of(hash_at(key_, number_of(date), volume_stream));
  return std::llround(typical_volume_ * std::exp(0.3 * noise + 6.0 * std::abs(move)));
}

SimBar PriceModel::day(Date date, double close_before) const {
  const std::int64_t at = number_of(date);
  SimBar bar;
  bar.close = close(date);
  bar.empty = hash_at(key_, at, empty_stream) % 1000 < static_cast<std::uint64_t>(empty_per_mille_);
  if (one_price_a_day_) {
    bar.open = bar.high = bar.low = bar.close;
    return bar;
  }
  const auto noise = [&](Stream stream) {
    return normal_of(hash_at(key_, at, stream));
  };
  bar.open = round(close_before * std::exp(0.3 * deviation_ * noise(gap_stream)));
  const double up = std::exp(0.5 * deviation_ * std::abs(noise(high_stream)));
  const double down = std::exp(-0.5 * deviation_ * std::abs(noise(low_stream)));
  bar.high = std::max({round(std::max(bar.open, bar.close) * up), bar.open, bar.close});
  bar.low = std::min({round(std::min(bar.open, bar.close) * down), bar.open, bar.close});
  bar.volume = volume(date, bar.close / close_before - 1.0);
  return bar;
}

std::vector<SimBar> PriceModel::minutes(const SimBar& day, Date date, int minutes) const {
  const auto count = static_cast<std::size_t>(std::max(minutes, 1));
  std::vector<SimBar> bars(count);
  if (day.empty) {
    for (SimBar& bar : bars) bar.empty = true;
    return bars;
  }
  const std::uint64_t key = hash_at(key_, number_of(date), minute_stream);
  const MinutePlan plan{.key = key,
                        .touch_high = hash_at(key, 0, touch_stream) % count,
                        .touch_low = hash_at(key, 1, touch_stream) % count,
                        .count = count};
  const std::vector<double> path = bridge(plan);
  const double scale = deviation_ * 0.7 / std::sqrt(static_cast<double>(count));
  const double slope = std::log(day.close / day.open) / static_cast<double>(count);
  const auto inside = [&](double price) {
    return std::clamp(round(price), day.low, day.high);
  };

  double last = day.open;
  for (std::size_t i = 0; i < count; ++i) {
    SimBar& bar = bars[i];
    bar.empty = plan.is_empty(i);
    bar.open = last;
    const double ahead = path[i + 1] * scale + slope * static_cast<double>(i + 1);
    bar.close =
        i + 1 == count ? day.close : (bar.empty ? last : inside(day.open * std::exp(ahead)));
    const double wick =
        0.3 * scale * uniform_of(hash_at(key, static_cast<std::int64_t>(i), wick_stream));
    bar.high =
        i == plan.touch_high
            ? day.high
            : std::max({inside(std::max(bar.open, bar.close) * (1 + wick)), bar.open, bar.close});
    bar.low =
        i == plan.touch_low
            ? day.low
            : std::min({inside(std::min(bar.open, bar.close) * (1 - wick)), bar.open, bar.close});
    last = bar.close;
  }
  share_volume(bars, plan, day.volume);
  return bars;
}

SimBar PriceModel::off_session(double price, Date date, int slot) const {
  const std::uint64_t key = hash_at(key_, number_of(date), quote_stream);
  const auto quote = [&](int n) {
    return round(price * (1 + 0.0005 * normal_of(hash_at(key, slot * 2 + n))));
  };
  SimBar bar;
  bar.open = quote(0);
  bar.close = quote(1);
  bar.high = std::max(bar.open, bar.close);
  bar.low = std::min(bar.open, bar.close);
  return bar;
}

}  // namespace vortex
