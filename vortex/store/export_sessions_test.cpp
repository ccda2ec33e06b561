#include "vortex/store/export_sessions.hpp"

#include <gtest/gtest.h>

#include "vortex/model/calendar_book.hpp"

namespace vortex {
namespace {

std::string differences(const std::vector<const char*>& texts) {
  std::vector<Date> dates;
  for (const char* text : texts) dates.push_back(*parse_date(text));
  return session_differences(CalendarBook::built_in().find("XNYS").value(), dates);
}

TEST(ExportSessionsTest, SaysNothingWhereBarsAndSessionsAgree) {
  EXPECT_EQ(differences({"2024-01-11", "2024-01-12", "2024-01-16"}), "");
  EXPECT_EQ(differences({}), "");
}

TEST(ExportSessionsTest, NamesSessionsWithoutABarAndBarsWithoutASession) {
  EXPECT_EQ(differences({"2024-01-11", "2024-01-15", "2024-01-17"}),
            "2 sessions of XNYS have no bar (2024-01-12, 2024-01-16); 1 bar is in no session of "
            "XNYS (2024-01-15)");
  EXPECT_EQ(differences({"2024-01-11", "2024-01-16"}), "1 session of XNYS has no bar (2024-01-12)");
}

}  // namespace
}  // namespace vortex
