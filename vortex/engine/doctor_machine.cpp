#include "vortex/engine/doctor_machine.hpp"

#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "vortex/base/ascii.hpp"
#include "vortex/base/time_zone.hpp"
#include "vortex/store/file_system.hpp"

namespace vortex {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

constexpr std::string_view kTzdataCure =
    "install or upgrade the package tzdata (apt-get install tzdata)";
constexpr std::size_t kVersionBytesMax = 64;
// Releases come several times a year; one of the year before last lacks laws in force.
constexpr int kReleaseYearsMax = 1;

struct KnownOffset {
  std::string_view zone;
  std::string_view at;
  Duration offset;
};

// Exchanges' zones, on both sides of the equator, with and without summer time.
constexpr auto kZones = std::to_array<KnownOffset>({
    {"America/New_York", "2024-01-02T12:00:00Z", hours(-5)},
    {"America/New_York", "2024-07-02T12:00:00Z", hours(-4)},
    {"Europe/London", "2024-07-02T12:00:00Z", hours(1)},
    {"Asia/Tokyo", "2024-07-02T12:00:00Z", hours(9)},
    {"Asia/Kolkata", "2024-07-02T12:00:00Z", hours(5) + minutes(30)},
    {"Australia/Sydney", "2024-01-02T12:00:00Z", hours(11)},
});

struct RecentChange {
  KnownOffset known;
  std::string_view release;  // the first that has it
};

// Newest first.
constexpr auto kChanges = std::to_array<RecentChange>({
    {{"America/Asuncion", "2025-07-01T12:00:00Z", hours(-3)}, "2025a"},
    {{"Asia/Almaty", "2024-07-01T12:00:00Z", hours(5)}, "2024a"},
    {{"America/Mexico_City", "2023-07-01T12:00:00Z", hours(-6)}, "2022f"},
});

bool holds(const TzdataSource& source, const KnownOffset& known) {
  const auto offset = source.offset(known.zone, *parse_time(known.at));
  return offset && *offset == known.offset;
}

// "2025b"; empty where the database does not say. tzdata.zi begins "# version 2025b".
std::string version_of(const std::string& directory) {
  const auto files = open_posix_file_system(directory);
  for (const std::string_view name : {"+VERSION", "tzdata.zi"}) {
    const auto status = files->stat(std::string(name));
    if (!status || !*status) continue;
    const auto size = std::min<std::uint64_t>((*status)->size, kVersionBytesMax);
    const auto head = files->read_range(std::string(name), 0, size);
    if (!head) continue;
    std::string_view line = trim(std::string_view(*head).substr(0, head->find('\n')));
    constexpr std::string_view kLead = "# version ";
    if (line.starts_with(kLead)) line.remove_prefix(kLead.size());
    if (line.size() >= 5 && is_digit(line.front())) return untrusted(line, 16);
  }
  return {};
}

std::optional<int> year_of(std::string_view version) {
  int year = 0;
  const auto [end, error] = std::from_chars(version.data(), version.data() + version.size(), year);
  return error == std::errc{} && year > 1990 ? std::optional(year) : std::nullopt;
}

int current_year(const Clock& clock) {
  return static_cast<int>(std::chrono::year_month_day(date_of(clock.now())).year());
}

}  // namespace

TzdataSource system_tzdata() {
  return {.directory = "/usr/share/zoneinfo",
          .offset = [](std::string_view name, TimePoint at) -> Result<Duration> {
            VORTEX_TRY(const TimeZone zone, TimeZone::find(name));
            return zone.offset_at(at);
          }};
}

CheckRow check_tzdata(const TzdataSource& source, const Clock& clock) {
  const CheckTimer timer(clock, "tzdata");
  for (const KnownOffset& known : kZones) {
    if (holds(source, known)) continue;
    return timer.failed(ErrorCode::config,
                        fmt::format("the time zone {} is missing or wrong", known.zone),
                        std::string(kTzdataCure));
  }
  const std::string version = version_of(source.directory);
  const std::string shown = version.empty() ? "of unknown release" : "release " + version;
  for (const RecentChange& change : kChanges) {
    if (holds(source, change.known)) continue;
    return timer.warning(
        ErrorCode::config,
        fmt::format("{}: lacks the change of {} in {}", shown, change.known.zone, change.release),
        std::string(kTzdataCure));
  }
  const auto year = year_of(version);
  if (year && current_year(clock) - *year > kReleaseYearsMax) {
    return timer.warning(ErrorCode::config, fmt::format("{} is years old", shown),
                         std::string(kTzdataCure));
  }
  return timer.ok(fmt::format("{}, known zones are right", shown));
}

CheckRow check_config(std::string_view file, std::span<const Error> problems, const Clock& clock) {
  const CheckTimer timer(clock, "config");
  if (problems.empty()) {
    return timer.ok(file.empty() ? "no vortex.toml: the defaults are in force"
                                 : fmt::format("{} is right", file));
  }
  const Error& first = problems.front();
  std::string finding = first.message;
  if (problems.size() > 1) finding += fmt::format(" (and {} more)", problems.size() - 1);
  std::string cure(first.next_step());
  if (problems.size() > 1) cure += "; vortex config check lists every problem";
  return timer.failed(first.code, finding, std::move(cure));
}

}  // namespace vortex
