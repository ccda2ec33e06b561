#include <gtest/gtest.h>

#include "vortex/base/random.hpp"
#include "vortex/model/adjustment.hpp"
#include "vortex/model/interval.hpp"
#include "vortex/model/symbol.hpp"
#include "vortex/model/time_range.hpp"

namespace vortex {
namespace {

TEST(SymbolTest, RealSymbolsAreTakenAsTheyAre) {
  for (const char* text : {"AAPL", "BRK-B", "^GSPC", "0005.HK", "ES=F", "EURUSD=X", "BRK/B", "A",
                           "0P000071W8.TO", "M&M.NS"}) {
    const auto symbol = Symbol::parse(text);
    ASSERT_TRUE(symbol.has_value()) << text;
    EXPECT_EQ(symbol->text(), text);
  }
}

TEST(SymbolTest, J2PathsHeadersAndNoiseAreRefused) {
  using namespace std::string_view_literals;  // NOLINT(google-build-using-namespace): literals only
  for (const std::string_view text :
       {""sv, "."sv, ".."sv, "../../x"sv, "A..B"sv, "A\r\nHost: x"sv, "A\0B"sv, "\u202EAAPL"sv,
        "A%2F"sv, " A"sv, "A "sv, "caf\u00e9"sv}) {
    const auto symbol = Symbol::parse(text);
    ASSERT_FALSE(symbol.has_value()) << text;
    EXPECT_EQ(symbol.error().code, ErrorCode::bad_symbol);
    EXPECT_EQ(symbol.error().message.find_first_of("\r\n"), std::string::npos);
  }
  EXPECT_FALSE(Symbol::parse(std::string(1 << 20, 'A')).has_value());
  EXPECT_LT(Symbol::parse(std::string(1 << 20, 'A')).error().message.size(), 200u);
}

TEST(IntervalTest, NamesRoundTripAndTypingErrorsGetAHint) {
  for (const Interval interval : kIntervals)
    EXPECT_EQ(parse_interval(to_string(interval)), interval);
  EXPECT_TRUE(parse_interval("1dd").error().message.contains("did you mean '1d'"));
}

TEST(IntervalTest, BarDatesAreTheMondayAndTheFirst) {
  const Date wednesday = *parse_date("2024-01-03");
  EXPECT_EQ(bar_date(Interval::d1, wednesday), wednesday);
  EXPECT_EQ(format_date(bar_date(Interval::wk1, wednesday)), "2024-01-01");
  EXPECT_EQ(format_date(bar_date(Interval::wk1, *parse_date("2024-01-07"))), "2024-01-01");
  EXPECT_EQ(format_date(bar_date(Interval::mo1, wednesday)), "2024-01-01");
  EXPECT_EQ(format_date(next_bar_date(Interval::mo1, *parse_date("2023-12-01"))), "2024-01-01");
}

TEST(AdjustmentTest, NamesRoundTrip) {
  for (const Adjustment a : {Adjustment::none, Adjustment::split, Adjustment::all})
    EXPECT_EQ(parse_adjustment(to_string(a)), a);
  EXPECT_FALSE(parse_adjustment("splits?").has_value());
}

TimeRange days(int start, int end) {
  const TimePoint zero{};
  return {zero + std::chrono::days(start), zero + std::chrono::days(end)};
}

TEST(TimeRangeTest, MidnightsAreWrittenAsDates) {
  EXPECT_EQ(to_string(TimeRange{*parse_time("2024-01-02"), *parse_time("2024-01-02T14:30Z")}),
            "2024-01-02..2024-01-02T14:30:00Z");
  EXPECT_TRUE(
      to_string(TimeRange{TimePoint::min(), *parse_time("1969-12-31")}).ends_with("..1969-12-31"));
}

TEST(RangeSetTest, TouchingRangesAreJoinedAndRemovalSplits) {
  RangeSet set;
  set.add(days(0, 2));
  set.add(days(4, 6));
  set.add(days(2, 4));
  EXPECT_EQ(set.ranges(), std::vector{days(0, 6)});
  set.remove(days(1, 3));
  EXPECT_EQ(set.ranges(), (std::vector{days(0, 1), days(3, 6)}));
  EXPECT_EQ(set.missing_in(days(-1, 4)), (std::vector{days(-1, 0), days(1, 3)}));
  EXPECT_TRUE(set.covers(days(4, 5)));
}

TEST(RangeSetTest, AgreesWithASetOfDays) {
  Random random(9);
  for (int round = 0; round < 200; ++round) {
    RangeSet set;
    std::array<bool, 40> model{};
    for (int step = 0; step < 30; ++step) {
      const int start = static_cast<int>(random.below(40));
      const int end =
          start + static_cast<int>(random.below(static_cast<std::uint64_t>(41 - start)));
      const bool add = random.below(3) > 0;
      if (add)
        set.add(days(start, end));
      else
        set.remove(days(start, end));
      for (int day = start; day < end; ++day) model[static_cast<std::size_t>(day)] = add;
      for (int day = 0; day < 40; ++day) {
        ASSERT_EQ(set.covers(days(day, day + 1)), model[static_cast<std::size_t>(day)])
            << round << ' ' << step << ' ' << day;
      }
    }
    for (std::size_t i = 1; i < set.ranges().size(); ++i)
      EXPECT_LT(set.ranges()[i - 1].end, set.ranges()[i].start);
  }
}

}  // namespace
}  // namespace vortex
