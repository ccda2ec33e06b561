#include "vortex/engine/process_identity.hpp"

#include <fstream>
#include <sstream>

#include <fmt/core.h>
#include <unistd.h>

#include "vortex/base/ascii.hpp"

namespace vortex {
namespace {

constexpr int kStartTimeField = 22;  // of /proc/PID/stat, counted from 1 (proc(5))

std::string read_file(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return std::move(text).str();
}

// Empty: no such process, or it has ended and only its parent has not looked yet.
std::string start_time_of(std::string_view process) {
  const std::string stat = read_file(fmt::format("/proc/{}/stat", process));
  // The second field is the program's name in brackets and may contain anything.
  const std::size_t name_end = stat.rfind(')');
  if (name_end == std::string::npos) return {};
  std::istringstream fields(stat.substr(name_end + 1));
  std::string field;
  for (int number = 3; number <= kStartTimeField && fields >> field; ++number) {
    const bool has_ended = number == 3 && (field == "Z" || field == "X");
    if (has_ended) return {};
  }
  return field;
}

std::string boot_id() {
  return std::string(trim(read_file("/proc/sys/kernel/random/boot_id")));
}

}  // namespace

ProcessIdentity this_process() {
  ProcessIdentity identity{.boot = boot_id(), .holder = {}};
  identity.holder = fmt::format("{}:{}:{}", ::getpid(), start_time_of("self"), identity.boot);
  return identity;
}

bool is_process_alive(std::string_view holder) {
  const std::size_t first = holder.find(':');
  const std::size_t second = holder.find(':', first + 1);
  if (first == std::string_view::npos || second == std::string_view::npos) return false;
  const std::string_view process = holder.substr(0, first);
  const std::string_view start = holder.substr(first + 1, second - first - 1);
  if (process.find_first_not_of("0123456789") != std::string_view::npos) return false;
  const std::string_view rest = holder.substr(second + 1);
  return rest.substr(0, rest.find(':')) == boot_id() && !start.empty() &&
         start_time_of(process) == start;
}

}  // namespace vortex
