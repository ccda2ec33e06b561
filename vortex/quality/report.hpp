// Adds verdicts up into what people and --json see: counts per rule, and a score. A plain value.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "vortex/base/json.hpp"
#include "vortex/quality/validator.hpp"

namespace vortex {

struct QualityReport {
  std::int64_t rows = 0;  // judged, quarantined ones included
  std::int64_t rows_quarantined = 0;
  std::int64_t slots_empty = 0;       // the provider's all-null slots: no bars, only counted
  std::int64_t outside_sessions = 0;  // bars the calendar has no session for: kept, and counted
  std::array<std::int64_t, kRuleCount> hits{};

  void add(const BatchVerdict& verdict);
  void add(const QualityReport& other);

  std::int64_t warnings() const;  // hits of warning rules
  // 100 × (1 − (quarantined + warnings / 10) / rows), never below 0; 100 for no rows.
  double score() const;
  // {"rows", "quarantined", "slots_empty", "outside_sessions", "warnings", "score", "rules": [{id,
  // name, severity, rows}]}; only rules that were hit are listed.
  void write_json(JsonWriter& writer) const;
  bool operator==(const QualityReport&) const = default;
};

// A few lines for people: rows and score, then each rule that was hit with id, name and count.
std::string to_text(const QualityReport& report);

}  // namespace vortex
