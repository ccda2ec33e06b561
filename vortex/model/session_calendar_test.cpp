#include "vortex/model/session_calendar.hpp"

#include <algorithm>
#include <set>

#include <gtest/gtest.h>

#include "vortex/model/calendar_book.hpp"
#include "vortex/model/calendar_table.hpp"
#include "vortex/model/market_rules.hpp"

namespace vortex {
namespace {

using std::chrono::minutes;

Date on(std::string_view text) {
  return *parse_date(text);
}
TimePoint moment(std::string_view text) {
  return *parse_time(text);
}
SessionCalendar calendar(std::string_view name) {
  auto found = CalendarBook::built_in().find(name);
  EXPECT_TRUE(found.has_value()) << name;
  return *found;
}
bool is_weekday(Date date) {
  const unsigned day = std::chrono::weekday(date).c_encoding();
  return day != 0 && day != 6;
}

TEST(SessionCalendarTest, NewYork2024Has252SessionsOfTheKnownLengths) {
  const auto sessions = calendar("XNYS").sessions(on("2024-01-01"), on("2025-01-01"));
  ASSERT_EQ(sessions.size(), 252u);
  int full = 0;
  int early = 0;
  for (const TradingSession& one : sessions) {
    full += one.length() == minutes(390);
    early += one.length() == minutes(210);
  }
  EXPECT_EQ(full, 249);
  EXPECT_EQ(early, 3);
  EXPECT_EQ(sessions.front().open, moment("2024-01-02T14:30Z"));
  EXPECT_EQ(calendar("XNYS").session(on("2024-07-03"))->close, moment("2024-07-03T17:00Z"));
  EXPECT_EQ(calendar("XNYS").session(on("2024-07-03"))->kind, SessionKind::early_close);
}

TEST(SessionCalendarTest, HongKong2024HasALunchBreakAndThreeHalfDays) {
  const auto sessions = calendar("XHKG").sessions(on("2024-01-01"), on("2025-01-01"));
  int full = 0;
  int half = 0;
  for (const TradingSession& one : sessions) {
    full += one.length() == minutes(330) && one.segments().size() == 2;
    half += one.length() == minutes(150) && one.segments().size() == 1;
  }
  EXPECT_EQ(full, 243);
  EXPECT_EQ(half, 3);
  EXPECT_EQ(sessions.size(), 246u);
}

TEST(SessionCalendarTest, NewYorkClosed159WeekdaysAndEarly36TimesFrom2010To2026) {
  const SessionCalendar xnys = calendar("XNYS");
  std::set<Date> closed;
  int early = 0;
  // From the first session of 2010 on, as the number was counted.
  for (Date date = on("2010-01-04"); date < on("2027-01-01"); date += std::chrono::days(1)) {
    if (!is_weekday(date)) continue;
    const auto session = xnys.session(date);
    if (!session) closed.insert(date);
    early += session && session->kind == SessionKind::early_close;
  }
  EXPECT_EQ(closed.size(), 159u);
  for (const char* date : {"2012-10-29", "2012-10-30", "2018-12-05", "2025-01-09"})
    EXPECT_TRUE(closed.contains(on(date))) << date;
  EXPECT_EQ(early, 36);
}

TEST(SessionCalendarTest, ClosuresAnnouncedForADayAreInTheTable) {
  const SessionCalendar xnys = calendar("XNYS");
  for (const char* date : {"1985-09-27", "1994-04-27", "2001-09-11", "2001-09-12", "2001-09-13",
                           "2001-09-14", "2004-06-11", "2007-01-02"})
    EXPECT_FALSE(xnys.session(on(date))) << date;
  EXPECT_TRUE(xnys.session(on("2001-09-10")));
  EXPECT_TRUE(xnys.session(on("2001-09-17")));
  EXPECT_TRUE(xnys.session(on("2010-12-31")));  // New Year on a Saturday is not observed
}

// Numbers of the package itself, over every session of every calendar: the reader of the table and
// the zones agree with it to the minute.
TEST(CalendarTableTest, EverySessionIsThatOfThePackage) {
  const auto table = read_calendar_table(calendar_table_lines());
  ASSERT_TRUE(table.has_value()) << table.error().to_line();
  EXPECT_GT(table->calendars.size(), 60u);
  for (const auto& [name, rules] : table->calendars) {
    const auto made = SessionCalendar::create(rules);
    ASSERT_TRUE(made.has_value()) << name;
    const auto sessions = made->sessions(*rules.first, *rules.horizon + std::chrono::days(1));
    std::uint32_t hash = 0;
    const auto mix = [&](TimePoint time) {
      const auto minute = std::chrono::floor<minutes>(time).time_since_epoch().count();
      hash = hash * 31 + static_cast<std::uint32_t>(minute);
    };
    for (const TradingSession& one : sessions) {
      mix(one.open);
      mix(one.close);
      mix(one.pause ? one.pause->start : TimePoint{});
      mix(one.pause ? one.pause->end : TimePoint{});
    }
    EXPECT_EQ(std::ssize(sessions), table->checks.at(name).sessions) << name;
    EXPECT_EQ(hash, table->checks.at(name).hash) << name;
  }
  for (const auto& [alias, name] : table->aliases)
    EXPECT_TRUE(table->calendars.contains(name)) << alias;
}

TEST(CalendarTableTest, LunchAndNightStartAreWhereTheyShouldBe) {
  for (const char* name : {"XHKG", "XSHG", "XTKS"})
    EXPECT_TRUE(calendar(name).session(on("2024-06-04"))->pause) << name;
  EXPECT_TRUE(calendar("XKRX").sessions(on("1998-01-01"), on("1998-03-01")).front().pause);
  EXPECT_FALSE(calendar("XKRX").session(on("2024-06-04"))->pause);
  for (const char* name : {"CMES", "IEPA"}) {
    const auto session = *calendar(name).session(on("2024-06-04"));
    EXPECT_LT(calendar(name).zone().local_date(session.open), session.date) << name;
  }
}

TEST(CalendarTableTest, ALineThatIsNotUnderstoodIsNamed) {
  const std::vector<std::vector<std::string_view>> damaged = {
      {"calendar XX Europe/Paris 2000-01-03 2020-01-01 X", "hours 2000-01-03 12345 09:30"},
      {"hours 2000-01-03 12345 09:30-16:00"},
      {"calendar XX Europe/Paris 2000-01-03"},
      {"calendar XX Europe/Paris 2000-01-03 2020-01-01 X", "closed 2000 0231"},
      {"calendar XX Europe/Paris 2000-01-03 2020-01-01 X", "closed 2000 0101 0101"},
      {"nonsense"}};
  for (const auto& lines : damaged) {
    const auto table = read_calendar_table(lines);
    ASSERT_FALSE(table.has_value()) << lines.back();
    EXPECT_EQ(table.error().code, ErrorCode::corrupt);
    EXPECT_TRUE(table.error().message.contains(std::string(lines.back()).substr(0, 8)));
  }
}

// The rule is a witness of the table: where they differ, the difference must be a known one.
TEST(MarketRulesTest, TheRuleAndTheTableOfNewYorkDifferOnAnnouncedDaysAlone) {
  const auto table = read_calendar_table(calendar_table_lines());
  const CalendarRules& xnys = table->calendars.at("XNYS");
  std::vector<std::string> differences;
  for (Date date = on("1998-01-01"); date <= *xnys.horizon; date += std::chrono::days(1)) {
    const auto by_rule = nyse_special_day(date);
    const std::optional<DayHours> hours = by_rule ? by_rule->hours : xnys.regular_on(date);
    if (hours != xnys.hours_on(date)) differences.push_back(format_date(date));
  }
  const std::vector<std::string> known = {
      "1999-12-31",                                            // closed early
      "2001-09-11", "2001-09-12", "2001-09-13", "2001-09-14",  // the attacks
      "2002-07-03", "2002-07-05",   // early after the holiday, not before
      "2003-12-26",                 // early, after the holiday
      "2004-06-11", "2007-01-02",   // presidents' funerals
      "2012-10-29", "2012-10-30",   // the hurricane
      "2018-12-05", "2025-01-09"};  // presidents' funerals
  std::vector<std::string> unknown;
  for (const std::string& date : differences) {
    if (std::ranges::find(known, date) == known.end()) unknown.push_back(date);
  }
  EXPECT_EQ(unknown, std::vector<std::string>{});
}

TEST(MarketRulesTest, BeyondTheHorizonTheRuleSpeaksAndSaysSo) {
  const SessionCalendar xnys = calendar("XNYS");
  ASSERT_TRUE(xnys.horizon());
  EXPECT_FALSE(xnys.session(on("2031-12-25")));
  EXPECT_FALSE(xnys.session(on("2031-07-04")));
  const auto thanksgiving_friday = xnys.session(on("2031-11-28"));
  ASSERT_TRUE(thanksgiving_friday);
  EXPECT_TRUE(thanksgiving_friday->by_rule);
  EXPECT_EQ(thanksgiving_friday->length(), minutes(210));
  EXPECT_FALSE(xnys.session(*xnys.horizon() - std::chrono::days(10)) &&
               xnys.session(*xnys.horizon() - std::chrono::days(10))->by_rule);
  // Others end there: no session, and no claim that there is none.
  const SessionCalendar xhkg = calendar("XHKG");
  EXPECT_FALSE(xhkg.knows(*xhkg.horizon() + std::chrono::days(1)));
  EXPECT_FALSE(xhkg.next_session(*xhkg.horizon() + std::chrono::days(1)));
}

TEST(MarketRulesTest, FuturesOpenTheEveningBefore) {
  const SessionCalendar cme = calendar("XCME");
  EXPECT_EQ(cme.name(), "CME");
  const TradingSession monday = *cme.session(on("2024-06-03"));
  EXPECT_EQ(monday.open, moment("2024-06-02T22:00Z"));
  EXPECT_EQ(monday.close, moment("2024-06-03T21:00Z"));
  EXPECT_EQ(cme.session_of(moment("2024-06-02T22:00Z"))->date, on("2024-06-03"));
  EXPECT_FALSE(cme.is_open(moment("2024-06-03T21:30Z")));  // the daily pause
  EXPECT_TRUE(cme.is_open(moment("2024-06-03T22:00Z")));
  EXPECT_FALSE(cme.is_open(moment("2024-06-01T12:00Z")));
  EXPECT_FALSE(cme.session(on("2024-03-29")));  // Good Friday
  EXPECT_TRUE(cme.session(on("2023-04-07")));   // Good Friday with a jobs report
}

TEST(MarketRulesTest, SpotCurrenciesTurnOverAtFiveInNewYork) {
  const SessionCalendar fx = calendar("FX");
  EXPECT_FALSE(fx.is_open(moment("2024-06-02T20:59Z")));
  EXPECT_EQ(fx.session_of(moment("2024-06-02T21:00Z"))->date, on("2024-06-03"));
  EXPECT_EQ(fx.session_of(moment("2024-06-03T21:00Z"))->date, on("2024-06-04"));
  EXPECT_TRUE(fx.is_open(moment("2024-06-07T20:59Z")));
  EXPECT_FALSE(fx.is_open(moment("2024-06-07T21:00Z")));
  EXPECT_EQ(fx.session(on("2024-01-08"))->open, moment("2024-01-07T22:00Z"));  // in winter
}

TEST(MarketRulesTest, CryptoIsAlwaysOpen) {
  const SessionCalendar crypto = calendar("24/7");
  EXPECT_EQ(crypto.sessions(on("2024-01-01"), on("2025-01-01")).size(), 366u);
  EXPECT_TRUE(crypto.is_open(moment("2024-02-29T23:59:59.999999Z")));
  EXPECT_EQ(crypto.session_of(moment("2024-02-29T00:00Z"))->date, on("2024-02-29"));
}

TEST(SessionCalendarTest, NextAndPreviousPassOverClosedDays) {
  const SessionCalendar xnys = calendar("XNYS");
  EXPECT_EQ(xnys.next_session(on("2025-01-09"))->date, on("2025-01-10"));
  EXPECT_EQ(xnys.next_session(on("2024-06-29"))->date, on("2024-07-01"));
  EXPECT_EQ(xnys.previous_session(on("2024-01-02"))->date, on("2023-12-29"));
  EXPECT_TRUE(xnys.is_open(moment("2024-07-03T16:59Z")));
  EXPECT_FALSE(xnys.is_open(moment("2024-07-03T17:00Z")));
  EXPECT_FALSE(calendar("XHKG").is_open(moment("2024-06-04T04:30Z")));  // at lunch
  EXPECT_TRUE(calendar("XHKG").session_of(moment("2024-06-04T04:30Z")));
}

TEST(DayHoursTest, TextRoundTripsAndNonsenseIsRefused) {
  for (const char* text : {"09:30-16:00", "09:30-12:00+13:00-16:00", "<17:00-16:00", "00:00-24:00",
                           "<19:00-07:45+08:30-13:20"})
    EXPECT_EQ(to_string(*parse_hours(text)), text);
  for (const char* text :
       {"", "09:30", "16:00-09:30", "09:30-16:00-17:00", "9:30-16:00", "09:30-25:00", "09:60-16:00",
        "09:30-12:00-13:00-16:00", "09:30+16:00", "09:30-16:00x", "-", "09:30-09:30"})
    EXPECT_FALSE(parse_hours(text)) << text;
}

TEST(CalendarBookTest, NamesOfVenuesAndMarketsLeadToACalendar) {
  EXPECT_EQ(calendar("XNAS").name(), "XNYS");
  EXPECT_EQ(calendar("NYSE").name(), "XNYS");
  EXPECT_EQ(calendar("XETR").name(), "XETR");
  const auto unknown = CalendarBook::built_in().find("XNYZ");
  ASSERT_FALSE(unknown.has_value());
  EXPECT_EQ(unknown.error().code, ErrorCode::unknown_name);
  EXPECT_TRUE(unknown.error().message.contains("did you mean"));
}

TEST(CalendarBookTest, AnInstrumentsCalendarFollowsMicTypeAndProduct) {
  const auto name = [](const Instrument& one) {
    return std::string(calendar_name_of(one));
  };
  EXPECT_EQ(name({.mic = "XNAS", .type = "equity"}), "XNAS");
  EXPECT_EQ(name({.symbol = "ZC=F", .mic = "XCBT", .type = "future"}), "CME_GRAINS");
  EXPECT_EQ(name({.symbol = "LEZ24.CME", .mic = "XCME", .type = "future"}), "CME_LIVESTOCK");
  EXPECT_EQ(name({.symbol = "ES=F", .mic = "XCME", .type = "future"}), "CME");
  EXPECT_EQ(name({.exchange = "CCY", .type = "currency"}), "FX");
  EXPECT_EQ(name({.exchange = "CCC", .type = "crypto"}), "24/7");
  EXPECT_EQ(name({.exchange = "SNP", .zone = "America/New_York", .type = "index"}), "XNYS");
  EXPECT_EQ(name({.exchange = "???", .type = "equity"}), "");
  EXPECT_FALSE(CalendarBook::built_in().of({.mic = "XXXX"}));
}

TEST(CalendarBookTest, AUsersChangesStandBeforeTheTable) {
  CalendarChange change{.name = "NYSE"};
  change.days[on("2024-06-04")] = {.reason = "flood"};
  change.days[on("2024-06-05")] = {.hours = parse_hours("09:30-12:00")};
  change.days[on("2024-06-08")] = {.hours = parse_hours("10:00-14:00")};
  CalendarChange own{.name = "MYX", .zone = "America/New_York"};
  for (auto& day : own.week) day = DayHours{.open = 0, .close = 24 * 60};
  const auto book =
      CalendarBook::built_in().with({.calendars = {change, own}, .symbols = {{"ODD", "MYX"}}});
  ASSERT_TRUE(book.has_value()) << book.error().to_line();
  const SessionCalendar xnys = *book->find("XNAS");
  EXPECT_FALSE(xnys.session(on("2024-06-04")));
  EXPECT_EQ(xnys.session(on("2024-06-05"))->kind, SessionKind::early_close);
  EXPECT_EQ(xnys.session(on("2024-06-08"))->kind, SessionKind::extra);
  EXPECT_TRUE(book->find("MYX")->session(on("2024-06-08")));
  EXPECT_EQ(book->of({.symbol = "ODD", .mic = "XNYS"})->name(), "MYX");
  EXPECT_NE(book->version(), CalendarBook::built_in().version());
  EXPECT_TRUE(CalendarBook::built_in().find("XNYS")->session(on("2024-06-04")));
  EXPECT_FALSE(CalendarBook::built_in().with({.calendars = {{.name = "NOPE"}}}).has_value());
  EXPECT_FALSE(CalendarBook::built_in()
                   .with({.calendars = {{.name = "N", .zone = "Mars/Olympus"}}})
                   .has_value());
}

}  // namespace
}  // namespace vortex
