// What `vortex doctor` finds: one row a check, each with its finding and, where something is wrong,
// the cure. The checks themselves are functions in doctor_machine.hpp, doctor_disk.hpp and
// doctor_provider.hpp; clock, transport, name look-up and file system are given to them. Plain
// values.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "vortex/base/clock.hpp"
#include "vortex/base/error.hpp"
#include "vortex/base/json.hpp"

namespace vortex {

enum class CheckStatus : std::uint8_t { ok, warning, failed, skipped };
std::string_view to_string(CheckStatus status);

struct CheckRow {
  std::string name;      // "tzdata", "store.fsync", "yahoo.dns"
  std::string provider;  // empty: about this machine
  CheckStatus status = CheckStatus::ok;
  std::string finding;            // one line; text of others is cleaned
  std::string cure;               // empty where there is nothing to do
  std::optional<ErrorCode> code;  // of a warning or failure
  std::optional<TimePoint> retry_at;
  Duration elapsed = Duration::zero();
};

// 0 when nothing failed, else the code of the class that must be mended first: what stays wrong
// (1, 78, 7, 3, 2, 6) goes before what passes by itself (5, 4), so that a script that sees 4 may
// simply run again.
int doctor_exit_code(std::span<const CheckRow> rows);

// {"name": …, "provider": …, "status": …, "finding": …, "cure": …, "code": …, "class": …,
//  "retryable": …, "retry_at": …, "elapsed_ms": …}
void write_json(JsonWriter& json, const CheckRow& row);

// One line, and the cure indented under it.
std::string to_text(const CheckRow& row);

// Makes the row of one check and times it.
class CheckTimer {
 public:
  CheckTimer(const Clock& clock, std::string name, std::string provider = {});

  CheckRow ok(std::string_view finding) const;
  CheckRow skipped(std::string_view why) const;
  CheckRow warning(ErrorCode code, std::string_view finding, std::string cure) const;
  CheckRow failed(ErrorCode code, std::string_view finding, std::string cure) const;
  Duration elapsed() const;

 private:
  CheckRow row(CheckStatus status, std::string_view finding) const;

  const Clock& clock_;
  std::string name_;
  std::string provider_;
  Monotonic begun_;
};

}  // namespace vortex
