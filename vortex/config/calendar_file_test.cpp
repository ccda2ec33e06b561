#include "vortex/config/calendar_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace vortex {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string calendar_problem(std::string_view text) {
  const auto read = parse_calendar_file(text, "calendars.toml");
  if (read) return "";
  EXPECT_EQ(read.error().code, ErrorCode::config);
  return read.error().message;
}

TEST(CalendarFileTest, EverythingItSaysIsRead) {
  const auto read = parse_calendar_file(R"(
[symbols]
"7203.T" = "XTKS"
ODD = "MINE"
[calendars.XNYS]
closed = ["2027-03-01", 2027-03-02]
hours = { "2027-07-02" = "09:30-13:00" }
halts = [{ from = "2020-03-09T13:34Z", to = "2020-03-09T13:49Z" }]
[calendars.MINE]
zone = "Europe/Paris"
days = "1234"
session = "09:00-17:30"
)",
                                        "calendars.toml");
  ASSERT_TRUE(read.has_value()) << read.error().to_line();
  const auto book = CalendarBook::built_in().with(*read);
  ASSERT_TRUE(book.has_value()) << book.error().to_line();
  const SessionCalendar xnys = *book->find("XNYS");
  EXPECT_FALSE(xnys.session(*parse_date("2027-03-01")));
  EXPECT_FALSE(xnys.session(*parse_date("2027-03-02")));
  EXPECT_EQ(xnys.session(*parse_date("2027-07-02"))->kind, SessionKind::early_close);
  EXPECT_FALSE(xnys.rules().halts.empty());
  EXPECT_EQ(book->of({.symbol = "ODD"})->name(), "MINE");
  EXPECT_FALSE(book->find("MINE")->session(*parse_date("2024-06-07")));  // a Friday
  EXPECT_TRUE(book->find("MINE")->session(*parse_date("2024-06-06")));
}

TEST(CalendarFileTest, WhatIsWrongIsNamedWithFileLineAndKey) {
  EXPECT_THAT(
      calendar_problem("[calendars.XNYZ]\nclosed = []\n"),
      testing::AllOf(StartsWith("calendars.toml:1: calendars.XNYZ: "), HasSubstr("did you mean")));
  EXPECT_THAT(calendar_problem("[calendars.XNYS]\n\nclosed = [\"2027-02-30\"]\n"),
              StartsWith("calendars.toml:3: calendars.XNYS.closed: "));
  EXPECT_THAT(calendar_problem("[calendars.XNYS]\nclosd = []\n"),
              HasSubstr("2: calendars.XNYS.closd: unknown key (did you mean 'closed'?)"));
  EXPECT_THAT(calendar_problem("[calendars.XNYS]\nhours = { \"2027-07-02\" = \"16:00-09:30\" }\n"),
              HasSubstr("is no session"));
  EXPECT_THAT(calendar_problem("[calendars.X]\nzone = \"Mars/Base\"\nsession = \"09:00-10:00\"\n"),
              HasSubstr("2: calendars.X.zone: "));
  EXPECT_THAT(calendar_problem("[calendars.X]\nzone = \"Europe/Paris\"\n"),
              HasSubstr("needs both"));
  EXPECT_THAT(calendar_problem("[symbols]\nA = \"NOWHERE\"\n"), HasSubstr("2: symbols.A: "));
  EXPECT_THAT(calendar_problem("[symbls]\n"), HasSubstr("did you mean 'symbols'?"));
  EXPECT_THAT(calendar_problem("[calendars.XNYS]\nhalts = [{ from = \"2020-03-09T13:49Z\", to = "
                               "\"2020-03-09T13:34Z\" }]\n"),
              HasSubstr("the later last"));
  EXPECT_THAT(calendar_problem("[calendars.XNYS]\nclosed = [\"2027-03-01\", \"2027-03-01\"]\n"),
              HasSubstr("said twice"));
  EXPECT_THAT(calendar_problem("[calendars\n"), StartsWith("calendars.toml:1:"));
}

}  // namespace
}  // namespace vortex
