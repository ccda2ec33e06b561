#include "vortex/base/log.hpp"

#include <atomic>
#include <memory>

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace vortex::log {
namespace {

std::atomic<Level> level_in_force{Level::warning};

spdlog::logger& logger() {
  static spdlog::logger instance = [] {
    spdlog::logger made("vortex", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made.set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc);
    made.set_level(spdlog::level::trace);
    made.flush_on(spdlog::level::trace);
    return made;
  }();
  return instance;
}

spdlog::level::level_enum to_spdlog(Level level) {
  switch (level) {
    case Level::debug: return spdlog::level::debug;
    case Level::info: return spdlog::level::info;
    case Level::warning: return spdlog::level::warn;
    case Level::error: return spdlog::level::err;
    case Level::off: return spdlog::level::off;
  }
  return spdlog::level::off;
}

}  // namespace

void set_level(Level level) {
  level_in_force = level;
}
bool enabled(Level level) {
  return level >= level_in_force.load(std::memory_order_relaxed);
}

void write(Level level, std::string_view line) {
  std::string clean;
  clean.reserve(line.size());
  for (const char c : line) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte != 0x7F)
      clean += c;
    else
      clean += fmt::format("\\x{:02x}", byte);
  }
  logger().log(to_spdlog(level), clean);
}

}  // namespace vortex::log
