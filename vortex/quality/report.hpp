// Adds verdicts up into what people and --json see: counts per rule, and a score.
#pragma once

#include <cstdint>
#include <string>

#include "vortex/base/json.hpp"
#include "vortex/quality/validator.hpp"

namespace vortex {

struct QualityReport {
  std::int64_t rows = 0;
  std::int64_t rows_quarantined = 0;
  std::int64_t slots_empty = 0;   // the provider's all-null slots
  std::array<std::int64_t, static_cast<std::size_t>(Rule::count_)> hits{};

  void add(const Verdict& verdict);
  void add(const QualityReport& other);

  // 100 × (1 − (quarantined + warnings / 10) / rows), never below 0; 100 for no rows.
  double score() const;
  void write_json(JsonWriter& writer) const;  // {"rows", "quarantined", "score", "rules": [{id, name, severity, rows}]}
};

}  // namespace vortex
