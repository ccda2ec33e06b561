#include "vortex/sim/day_calls.hpp"

#include "vortex/base/time_zone.hpp"

namespace vortex {
namespace {

constexpr std::size_t kAccountsMax = 10'000;  // later ones share a count
constexpr const char* kOthers = "(others)";

Date day_in(std::string_view zone_name, TimePoint now) {
  const auto zone = TimeZone::find(std::string(zone_name));
  return zone ? zone->local_date(now) : date_of(now);
}

}  // namespace

DayCalls::Day& DayCalls::today(const std::string& account, TimePoint now) {
  const bool known = days_.contains(account) || days_.size() < kAccountsMax;
  Day& day = days_[known ? account : std::string(kOthers)];
  const Date date = day_in(zone_, now);
  if (day.date != date) day = {.date = date, .calls = 0};
  return day;
}

bool DayCalls::is_used_up(const std::string& account, TimePoint now) {
  return max_ > 0 && today(account, now).calls >= max_;
}

bool DayCalls::admit(const std::string& account, TimePoint now) {
  if (is_used_up(account, now)) return false;
  ++today(account, now).calls;
  return true;
}

}  // namespace vortex
