// Checks of this machine that need neither disk space nor network: its time zone database and the
// settings. Pure but for reading the database's version.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "vortex/engine/doctor.hpp"

namespace vortex {

struct TzdataSource {
  std::string directory;  // where the database's version stands
  std::function<Result<Duration>(std::string_view zone, TimePoint at)> offset;
};
TzdataSource system_tzdata();

// Sessions and day quotas stand on it: `failed` where a zone is missing or wrong, a warning where
// changes of the law of recent years are not in it, or its release is years old.
CheckRow check_tzdata(const TzdataSource& source, const Clock& clock);

// `file` empty: the defaults are in force.
CheckRow check_config(std::string_view file, std::span<const Error> problems, const Clock& clock);

}  // namespace vortex
