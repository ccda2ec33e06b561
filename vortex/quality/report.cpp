#include "vortex/quality/report.hpp"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

namespace vortex {
namespace {

constexpr double kWarningWeight = 0.1;  // ten warnings weigh as much as a lost row

std::string_view severity_name(Severity severity) {
  return severity == Severity::error ? "error" : "warning";
}

template <class Each>
void for_each_hit(const QualityReport& report, Each each) {
  for (const RuleEntry& entry : rule_table()) {
    const std::int64_t rows = report.hits[static_cast<std::size_t>(entry.rule)];
    if (rows != 0) each(entry, rows);
  }
}

}  // namespace

void QualityReport::add(const BatchVerdict& verdict) {
  rows += verdict.rows;
  rows_quarantined += verdict.errors();
  for (std::size_t i = 0; i < kRuleCount; ++i) hits[i] += verdict.hits[i];
}

void QualityReport::add(const QualityReport& other) {
  rows += other.rows;
  rows_quarantined += other.rows_quarantined;
  slots_empty += other.slots_empty;
  outside_sessions += other.outside_sessions;
  for (std::size_t i = 0; i < kRuleCount; ++i) hits[i] += other.hits[i];
}

std::int64_t QualityReport::warnings() const {
  std::int64_t sum = 0;
  for (const Rule rule : rules_in(kWarningRules)) sum += hits[static_cast<std::size_t>(rule)];
  return sum;
}

double QualityReport::score() const {
  if (rows == 0) return 100;
  const double lost =
      static_cast<double>(rows_quarantined) + kWarningWeight * static_cast<double>(warnings());
  return std::max(0.0, 100 * (1 - lost / static_cast<double>(rows)));
}

void QualityReport::write_json(JsonWriter& writer) const {
  writer.begin_object();
  writer.member("rows", rows);
  writer.member("quarantined", rows_quarantined);
  writer.member("slots_empty", slots_empty);
  writer.member("outside_sessions", outside_sessions);
  writer.member("warnings", warnings());
  writer.member("score", score());
  writer.key("rules");
  writer.begin_array();
  for_each_hit(*this, [&](const RuleEntry& entry, std::int64_t count) {
    writer.begin_object();
    writer.member("id", entry.id);
    writer.member("name", entry.name);
    writer.member("severity", severity_name(entry.severity));
    writer.member("rows", count);
    writer.end_object();
  });
  writer.end_array();
  writer.end_object();
}

std::string to_text(const QualityReport& report) {
  std::string text =
      fmt::format("{} row{}, {} quarantined, {} warning{}, score {:.2f}\n", report.rows,
                  report.rows == 1 ? "" : "s", report.rows_quarantined, report.warnings(),
                  report.warnings() == 1 ? "" : "s", report.score());
  if (report.slots_empty != 0) {
    text += fmt::format("  {} empty slots: the provider had no bar there\n", report.slots_empty);
  }
  for_each_hit(report, [&](const RuleEntry& entry, std::int64_t count) {
    text += fmt::format("  {} {:<20} {:>8}  {:<7}  {}\n", entry.id, entry.name, count,
                        severity_name(entry.severity), entry.meaning);
  });
  return text;
}

}  // namespace vortex
