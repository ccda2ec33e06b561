// What this process has in memory, for the counters of benchmarks. Linux's /proc.
#pragma once

#include <cstdint>
#include <fstream>
#include <string>
#include <string_view>

namespace vortex {

// A line of /proc/self/status that is told in kB, in bytes: "VmRSS" now, "VmHWM" the most ever.
inline std::int64_t resident_memory(std::string_view name) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(name)) return std::stoll(line.substr(name.size() + 1)) * 1024;
  }
  return 0;
}

// The most begins anew with what is there now.
inline void forget_memory_peak() {
  std::ofstream("/proc/self/clear_refs") << "5\n";
}

}  // namespace vortex
