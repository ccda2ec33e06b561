// The logging front: one line to stderr per event, levels, no secrets. Human output of commands
// does not go through here. Thread-safe.
#pragma once

#include <string_view>
#include <utility>

#include <fmt/core.h>

namespace vortex::log {

enum class Level : unsigned char { debug, info, warning, error, off };

void set_level(Level level);
bool enabled(Level level);
void write(Level level, std::string_view line);  // control characters are escaped

template <class... Args>
void debug(fmt::format_string<Args...> format, Args&&... args) {
  if (enabled(Level::debug)) write(Level::debug, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void info(fmt::format_string<Args...> format, Args&&... args) {
  if (enabled(Level::info)) write(Level::info, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void warning(fmt::format_string<Args...> format, Args&&... args) {
  if (enabled(Level::warning))
    write(Level::warning, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void error(fmt::format_string<Args...> format, Args&&... args) {
  if (enabled(Level::error)) write(Level::error, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace vortex::log
