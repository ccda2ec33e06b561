// Calls of each account on the vendor's day, which begins at midnight where the vendor is. Not
// thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "vortex/base/time.hpp"

namespace vortex {

class DayCalls {
 public:
  // `zone` as the tz database has it; `max` a day, 0: no end.
  DayCalls(std::string_view zone, std::int64_t max) : zone_(zone), max_(max) {}

  std::int64_t max() const { return max_; }
  std::int64_t made(const std::string& account, TimePoint now) { return today(account, now).calls; }
  bool is_used_up(const std::string& account, TimePoint now);
  bool admit(const std::string& account, TimePoint now);  // counts what it admits
  void clear() { days_.clear(); }

 private:
  struct Day {
    Date date;
    std::int64_t calls = 0;
  };
  Day& today(const std::string& account, TimePoint now);

  std::string_view zone_;
  std::int64_t max_;
  std::map<std::string, Day, std::less<>> days_;
};

}  // namespace vortex
