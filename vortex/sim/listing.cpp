#include "vortex/sim/listing.hpp"

#include <algorithm>
#include <array>

#include "vortex/base/random.hpp"
#include "vortex/sim/hash.hpp"
#include "vortex/sim/trading_calendar.hpp"

namespace vortex {
namespace {

using enum ListingKind;

constexpr int kHour = 3600;

// NOLINTBEGIN(modernize-use-designated-initializers): tables, whose columns the structs name
constexpr std::array kVenues = {
    Venue{"NMS", "NasdaqGS", "America/New_York", "EST", "EDT", -5 * kHour, 570, 960, 240, 1200,
          HolidayRule::us},
    Venue{"NYQ", "NYSE", "America/New_York", "EST", "EDT", -5 * kHour, 570, 960, 240, 1200,
          HolidayRule::us},
    Venue{"NGM", "NasdaqGM", "America/New_York", "EST", "EDT", -5 * kHour, 570, 960, 240, 1200,
          HolidayRule::us},
    Venue{"PCX", "NYSEArca", "America/New_York", "EST", "EDT", -5 * kHour, 570, 960, 240, 1200,
          HolidayRule::us},
    Venue{"SNP", "SNP", "America/New_York", "EST", "EDT", -5 * kHour, 570, 960, 570, 960,
          HolidayRule::us},
    Venue{"NAS", "Nasdaq", "America/New_York", "EST", "EDT", -5 * kHour, 570, 960, 570, 960,
          HolidayRule::us},
    Venue{"TOR", "Toronto", "America/Toronto", "EST", "EDT", -5 * kHour, 570, 960, 570, 960,
          HolidayRule::us},
    Venue{"LSE", "LSE", "Europe/London", "GMT", "BST", 0, 480, 990, 435, 1035, HolidayRule::europe},
    Venue{"GER", "XETRA", "Europe/Berlin", "CET", "CEST", kHour, 540, 1050, 420, 1230,
          HolidayRule::europe},
    Venue{"PAR", "Paris", "Europe/Paris", "CET", "CEST", kHour, 540, 1050, 540, 1050,
          HolidayRule::europe},
    Venue{"HKG", "HKSE", "Asia/Hong_Kong", "HKT", "HKT", 8 * kHour, 570, 960, 570, 960,
          HolidayRule::asia},
    Venue{"JPX", "Tokyo", "Asia/Tokyo", "JST", "JST", 9 * kHour, 540, 900, 540, 900,
          HolidayRule::asia},
    Venue{"NSI", "NSE", "Asia/Kolkata", "IST", "IST", 5 * kHour + 1800, 555, 930, 555, 930,
          HolidayRule::asia},
    Venue{"ASX", "ASX", "Australia/Sydney", "AEST", "AEDT", 10 * kHour, 600, 960, 600, 960,
          HolidayRule::asia},
    Venue{"CCY", "CCY", "Europe/London", "GMT", "BST", 0, 0, 1440, 0, 1440, HolidayRule::weekends},
    Venue{"CCC", "CCC", "UTC", "UTC", "UTC", 0, 0, 1440, 0, 1440, HolidayRule::none_at_all},
    Venue{"CME", "CME", "America/New_York", "EST", "EDT", -5 * kHour, 0, 1440, 0, 1440,
          HolidayRule::weekends},
    Venue{"CMX", "COMEX", "America/New_York", "EST", "EDT", -5 * kHour, 0, 1440, 0, 1440,
          HolidayRule::weekends},
};

struct Row {
  std::string_view symbol;
  std::string_view long_name;
  std::string_view venue;
  std::string_view currency;
  ListingKind kind;
  std::string_view first_trade;
  double price;
  double volatility;
  double yield;
  double volume;
};

constexpr std::array kRows = {
    Row{"AAPL", "Apple Inc.", "NMS", "USD", equity, "1980-12-12", 250, 0.014, 0.005, 5.0e7},
    Row{"MSFT", "Microsoft Corporation", "NMS", "USD", equity, "1986-03-13", 420, 0.013, 0.008,
        2.2e7},
    Row{"GOOG", "Alphabet Inc.", "NMS", "USD", equity, "2004-08-19", 175, 0.014, 0.004, 1.8e7},
    Row{"AMZN", "Amazon.com, Inc.", "NMS", "USD", equity, "1997-05-15", 200, 0.015, 0, 3.6e7},
    Row{"NVDA", "NVIDIA Corporation", "NMS", "USD", equity, "1999-01-22", 130, 0.02, 0.0003, 2.2e8},
    Row{"TSLA", "Tesla, Inc.", "NMS", "USD", equity, "2010-06-29", 300, 0.024, 0, 9.0e7},
    Row{"META", "Meta Platforms, Inc.", "NMS", "USD", equity, "2012-05-18", 580, 0.016, 0.003,
        1.3e7},
    Row{"QQQ", "Invesco QQQ Trust", "NGM", "USD", etf, "1999-03-10", 500, 0.01, 0.006, 3.5e7},
    Row{"BRK-B", "Berkshire Hathaway Inc.", "NYQ", "USD", equity, "1996-05-09", 460, 0.009, 0,
        3.6e6},
    Row{"IBM", "International Business Machines Corporation", "NYQ", "USD", equity, "1962-01-02",
        220, 0.011, 0.03, 4.2e6},
    Row{"JPM", "JP Morgan Chase & Co.", "NYQ", "USD", equity, "1980-03-17", 240, 0.012, 0.021,
        9.0e6},
    Row{"KO", "Coca-Cola Company (The)", "NYQ", "USD", equity, "1962-01-02", 63, 0.008, 0.031,
        1.5e7},
    Row{"SPY", "SPDR S&P 500 ETF Trust", "PCX", "USD", etf, "1993-01-29", 590, 0.009, 0.012, 6.5e7},
    Row{"^GSPC", "S&P 500", "SNP", "USD", index, "1927-12-30", 5900, 0.009, 0, 4.2e9},
    Row{"VFINX", "Vanguard 500 Index Fund", "NAS", "USD", fund, "1980-01-02", 545, 0.009, 0.013, 0},
    Row{"0P0000XTS7", "GS USD Liquid Reserve R Acc", "NAS", "USD", fund, "2019-01-02", 11887,
        0.0004, 0, 0},
    Row{"SHOP.TO", "Shopify Inc.", "TOR", "CAD", equity, "2015-05-20", 150, 0.02, 0, 1.6e6},
    Row{"OCDO.L", "Ocado Group plc", "LSE", "GBp", equity, "2010-07-21", 320, 0.019, 0, 2.9e6},
    Row{"BARC.L", "Barclays PLC", "LSE", "GBp", equity, "1988-07-01", 265, 0.013, 0.032, 4.1e7},
    Row{"SAP.DE", "SAP SE", "GER", "EUR", equity, "1994-02-01", 236, 0.011, 0.011, 1.7e6},
    Row{"GS2C.DE", "GameStop Corp.", "GER", "EUR", equity, "2007-12-27", 20, 0.03, 0, 2.1e4},
    Row{"MC.PA", "LVMH Moët Hennessy - Louis Vuitton", "PAR", "EUR", equity, "2000-01-03", 620,
        0.013, 0.02, 4.3e5},
    Row{"0005.HK", "HSBC Holdings plc", "HKG", "HKD", equity, "2000-01-03", 75, 0.009, 0.05, 1.9e7},
    Row{"7203.T", "Toyota Motor Corporation", "JPX", "JPY", equity, "1999-05-06", 2700, 0.011, 0.03,
        2.4e7},
    Row{"RELIANCE.NS", "Reliance Industries Limited", "NSI", "INR", equity, "1996-01-01", 1280,
        0.012, 0.004, 1.2e7},
    Row{"BHP.AX", "BHP Group Limited", "ASX", "AUD", equity, "1988-01-29", 40, 0.012, 0.05, 8.0e6},
    Row{"EURUSD=X", "EUR/USD", "CCY", "USD", currency, "2003-12-01", 1.05, 0.004, 0, 0},
    Row{"GBPUSD=X", "GBP/USD", "CCY", "USD", currency, "2003-12-01", 1.26, 0.004, 0, 0},
    Row{"BTC-USD", "Bitcoin USD", "CCC", "USD", crypto, "2014-09-17", 95000, 0.025, 0, 5.2e10},
    Row{"ETH-USD", "Ethereum USD", "CCC", "USD", crypto, "2017-11-09", 3400, 0.03, 0, 2.7e10},
    Row{"ES=F", "E-Mini S&P 500", "CME", "USD", future, "2000-09-18", 5950, 0.009, 0, 1.4e6},
    Row{"GC=F", "Gold", "CMX", "USD", future, "2000-08-30", 2650, 0.008, 0, 6.0e4},
};

struct SplitRow {
  std::string_view symbol;
  std::string_view date;
  double numerator;
  double denominator;
};

constexpr std::array kSplits = {
    SplitRow{"AAPL", "1987-06-16", 2, 1},     SplitRow{"AAPL", "2000-06-21", 2, 1},
    SplitRow{"AAPL", "2005-02-28", 2, 1},     SplitRow{"AAPL", "2014-06-09", 7, 1},
    SplitRow{"AAPL", "2020-08-31", 4, 1},     SplitRow{"MSFT", "1999-03-29", 2, 1},
    SplitRow{"MSFT", "2003-02-18", 2, 1},     SplitRow{"GOOG", "2014-03-27", 2002, 1000},
    SplitRow{"GOOG", "2022-07-18", 20, 1},    SplitRow{"AMZN", "2022-06-06", 20, 1},
    SplitRow{"NVDA", "2021-07-20", 4, 1},     SplitRow{"NVDA", "2024-06-10", 10, 1},
    SplitRow{"TSLA", "2020-08-31", 5, 1},     SplitRow{"TSLA", "2022-08-25", 3, 1},
    SplitRow{"SHOP.TO", "2022-06-29", 10, 1}, SplitRow{"7203.T", "2021-09-29", 5, 1},
    SplitRow{"BARC.L", "2002-04-29", 4, 1},   SplitRow{"GS2C.DE", "2022-07-22", 4, 1},
};

// NOLINTEND(modernize-use-designated-initializers)

const Venue* venue_of(std::string_view code) {
  const auto* found = std::ranges::find(kVenues, code, &Venue::code);
  return found == kVenues.end() ? &kVenues.front() : found;
}

int decimals_of(ListingKind kind) {
  return kind == currency ? 4 : 2;
}

Listing from_row(const Row& row) {
  Listing listing;
  listing.symbol = row.symbol;
  listing.long_name = row.long_name;
  listing.short_name = row.long_name.substr(0, 31);
  listing.venue = venue_of(row.venue);
  listing.currency = row.currency;
  listing.kind = row.kind;
  listing.price_decimals = decimals_of(row.kind);
  listing.first_trade = parse_date(row.first_trade).value_or(Date{});
  listing.price = row.price;
  listing.daily_volatility = row.volatility;
  listing.dividend_yield = row.yield;
  listing.typical_volume = row.volume;
  // A thinly traded listing has days without a trade, as its recordings show.
  listing.empty_per_mille = row.symbol == "GS2C.DE" ? 5 : 0;
  for (const SplitRow& split : kSplits) {
    if (split.symbol != row.symbol) continue;
    listing.splits.push_back(
        {parse_date(split.date).value_or(Date{}), split.numerator, split.denominator});
    listing.price_basis *= listing.splits.back().ratio();
  }
  return listing;
}

bool is_synthetic(std::string_view symbol) {
  return symbol.size() == 5 && symbol[0] == 'S' &&
         std::ranges::all_of(symbol.substr(1), [](char c) { return c >= '0' && c <= '9'; });
}

// Its facts follow from seed and name alone: one in three has split, one in two pays, one in eight
// is thin.
Listing synthetic(std::string_view symbol, std::uint64_t seed) {
  Random random(seed ^ hash_text(symbol));
  Listing listing;
  listing.symbol = symbol;
  listing.long_name = "Synthetic " + std::string(symbol.substr(1)) + " Inc.";
  listing.short_name = listing.long_name;
  listing.venue = &kVenues[random.below(2)];
  listing.currency = "USD";
  listing.first_trade = *parse_date("1984-01-03") + std::chrono::days(random.below(3000));
  listing.price = 15 + static_cast<double>(random.below(300));
  listing.daily_volatility = 0.008 + random.uniform() * 0.015;
  listing.dividend_yield = random.below(2) == 0 ? 0.005 + random.uniform() * 0.03 : 0;
  listing.typical_volume = 2e5 + random.uniform() * 2e7;
  listing.empty_per_mille = random.below(8) == 0 ? 3 : 0;
  if (random.below(3) == 0) {
    const Date date = *parse_date("2005-01-03") + std::chrono::days(random.below(7000));
    constexpr std::array<double, 5> kRatios = {2, 3, 4, 1.5, 0.1};
    const double ratio = kRatios.at(random.below(kRatios.size()));
    const double denominator = ratio < 1 ? 10 : (ratio == 1.5 ? 2 : 1);
    listing.splits.push_back(
        {trading_date_on_or_after(*listing.venue, date), ratio * denominator, denominator});
    listing.price_basis = ratio;
  }
  return listing;
}

struct Suffix {
  std::string_view text;
  std::string_view venue;
  std::string_view currency;
  ListingKind kind;
};

// NOLINTBEGIN(modernize-use-designated-initializers): a table
constexpr std::array kSuffixes = {
    Suffix{".L", "LSE", "GBp", equity},   Suffix{".DE", "GER", "EUR", equity},
    Suffix{".PA", "PAR", "EUR", equity},  Suffix{".HK", "HKG", "HKD", equity},
    Suffix{".T", "JPX", "JPY", equity},   Suffix{".NS", "NSI", "INR", equity},
    Suffix{".AX", "ASX", "AUD", equity},  Suffix{".TO", "TOR", "CAD", equity},
    Suffix{"-USD", "CCC", "USD", crypto}, Suffix{"=X", "CCY", "USD", currency},
    Suffix{"=F", "CME", "USD", future},
};

// NOLINTEND(modernize-use-designated-initializers)

}  // namespace

std::span<const Venue> venues() {
  return kVenues;
}

std::optional<Listing> find_listing(std::string_view symbol, std::uint64_t seed) {
  const auto* found = std::ranges::find(kRows, symbol, &Row::symbol);
  if (found != kRows.end()) return from_row(*found);
  if (is_synthetic(symbol)) return synthetic(symbol, seed);
  return std::nullopt;
}

Listing listing_by_suffix(std::string_view symbol) {
  Listing listing;
  listing.symbol = symbol;
  listing.long_name = symbol;
  listing.short_name = symbol;
  listing.currency = "USD";
  listing.venue = &kVenues.front();
  listing.first_trade = Date{};
  for (const Suffix& suffix : kSuffixes) {
    if (!symbol.ends_with(suffix.text)) continue;
    listing.venue = venue_of(suffix.venue);
    listing.currency = suffix.currency;
    listing.kind = suffix.kind;
  }
  listing.price_decimals = decimals_of(listing.kind);
  return listing;
}

std::vector<std::string> built_in_symbols() {
  std::vector<std::string> symbols;
  symbols.reserve(kRows.size());
  for (const Row& row : kRows) symbols.emplace_back(row.symbol);
  return symbols;
}

std::string_view yahoo_type(ListingKind kind) {
  switch (kind) {
    case equity: return "EQUITY";
    case etf: return "ETF";
    case fund: return "MUTUALFUND";
    case index: return "INDEX";
    case currency: return "CURRENCY";
    case crypto: return "CRYPTOCURRENCY";
    case future: return "FUTURE";
  }
  return "EQUITY";
}

}  // namespace vortex
