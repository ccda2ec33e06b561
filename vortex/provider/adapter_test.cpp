// What every adapter has in common: the range it plans for, and the spelling of a symbol.
#include "vortex/provider/adapter.hpp"

#include <gtest/gtest.h>

#include "vortex/provider/barchart/barchart_site.hpp"
#include "vortex/provider/registry.hpp"

namespace vortex {
namespace {

using std::chrono::days;

const TimePoint kNow = *parse_time("2024-06-05T12:00Z");

// All that the builtin registry has, and the ways in that one may choose.
class AdapterTest : public testing::Test {
 protected:
  AdapterTest() {
    for (const Provider& provider : registry_.all()) adapters_.push_back(provider.adapter.get());
    adapters_.push_back(website_.adapter.get());
  }
  ProviderRegistry registry_ = builtin_providers();
  Provider website_ = barchart_website();
  std::vector<const HttpAdapter*> adapters_;
};

BarsRequest request_of(Interval interval, TimeRange range) {
  return {.symbol = Symbol::parse("IBM").value(), .interval = interval, .range = range};
}

TEST_F(AdapterTest, NoRangeMakesAPlanWithoutEnd) {
  constexpr std::size_t kCallsMax = 5'000;  // the weeks from here to 2100, and more
  const TimeRange all_time{TimePoint::min(), TimePoint::max()};
  for (const HttpAdapter* adapter : adapters_) {
    for (const IntervalSupport& support : adapter->capabilities().intervals) {
      const auto calls = adapter->plan(request_of(support.interval, all_time), kNow);
      if (!calls) continue;  // says why
      EXPECT_FALSE(calls->empty()) << adapter->capabilities().title;
      EXPECT_LE(calls->size(), kCallsMax)
          << adapter->capabilities().title << " " << to_string(support.interval);
    }
  }
}

TEST_F(AdapterTest, ARangeInWhichNoExchangeTradedIsRefused) {
  const TimeRange before{TimePoint::min(), TimePoint::min() + days(365)};
  const TimeRange after{TimePoint::max() - days(365), TimePoint::max()};
  for (const HttpAdapter* adapter : adapters_) {
    for (const TimeRange range : {before, after}) {
      const auto calls = adapter->plan(request_of(Interval::d1, range), kNow);
      ASSERT_FALSE(calls.has_value()) << adapter->capabilities().title;
      EXPECT_EQ(calls.error().code, ErrorCode::range_limit);
    }
  }
}

TEST_F(AdapterTest, WholeBarsHoldTheRange) {
  const TimeRange part{*parse_time("2024-05-15T10:00Z"), *parse_time("2024-05-15T11:00Z")};
  EXPECT_EQ(whole_bars(Interval::h1, part), part);
  EXPECT_EQ(whole_bars(Interval::d1, part),
            (TimeRange{*parse_time("2024-05-15T00:00Z"), *parse_time("2024-05-16T00:00Z")}));
  EXPECT_EQ(whole_bars(Interval::wk1, part),
            (TimeRange{*parse_time("2024-05-13T00:00Z"), *parse_time("2024-05-20T00:00Z")}));
  EXPECT_EQ(whole_bars(Interval::mo1, part),
            (TimeRange{*parse_time("2024-05-01T00:00Z"), *parse_time("2024-06-01T00:00Z")}));
}

TEST_F(AdapterTest, TheSpellingIsTheRequestsOrTheAdapters) {
  const HttpAdapter* adapter = adapters_.front();
  BarsRequest request = request_of(Interval::d1, {kNow - days(5), kNow});
  EXPECT_EQ(spelling_of(*adapter, request).value(), "IBM");
  request.provider_symbol = "IBM.X";
  EXPECT_EQ(spelling_of(*adapter, request).value(), "IBM.X");
}

TEST_F(AdapterTest, WhatCannotBeWrittenSaysWhereItIsNamed) {
  const Capabilities acme{.name = "acme"};
  const Symbol symbol = Symbol::parse("ES=F").value();
  EXPECT_EQ(no_spelling(acme, symbol).message, "acme has no symbol written 'ES=F'");
  EXPECT_EQ(no_spelling(acme, symbol).hint,
            "say what it is called there: [symbols.\"ES=F\"] acme = \"…\"");
  EXPECT_TRUE(no_spelling(acme, symbol, "ask").hint.starts_with("ask, then say"));
}

}  // namespace
}  // namespace vortex
