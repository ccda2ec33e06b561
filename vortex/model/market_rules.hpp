// Calendars known by rule, without a table: the New York Stock Exchange beyond its table's horizon
// (and as a witness of it), CME futures by family of products, spot currencies, crypto. Pure.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "vortex/model/calendar_rules.hpp"

namespace vortex {

// The New York Stock Exchange's regular holidays and early closes as they stand since 1998, with
// the changes since. Closures announced for a day (a storm, a president's funeral) are no rule.
std::optional<SpecialDay> nyse_special_day(Date date);

// CME Globex: New Year, Good Friday and Christmas closed, early halts on other US holidays. Which
// minute a product halts at differs; noon Chicago is that of the equity indices.
std::optional<SpecialDay> cme_special_day(Date date);

// CME, CME_GRAINS, CME_LIVESTOCK, FX, 24/7: without first day and horizon.
std::vector<CalendarRules> calendars_by_rule();

}  // namespace vortex
