#include "vortex/quality/file_check.hpp"

#include <algorithm>
#include <utility>

#include <arrow/record_batch.h>
#include <fmt/format.h>

#include "vortex/codec/bar_file.hpp"

namespace vortex {
namespace {

constexpr std::size_t kRowTextShown = 200;

// A series' findings, with rows of the series turned into places of the file.
void add_findings(const BarFile& file, const BarSeries& series, const BatchVerdict& verdict,
                  std::vector<FileFinding>& findings) {
  for (const QuarantinedRow& bad : verdict.quarantined) {
    const std::int64_t row = series.rows[static_cast<std::size_t>(bad.row)];
    findings.push_back({.place = file.places[static_cast<std::size_t>(row)],
                        .symbol = series.symbol,
                        .reasons = bad.reasons,
                        .row_text = row_text(*series.bars, bad.row)});
    if (findings.size() <= kFindingsMax * 2) continue;
    // Keeps the first ones of the file without holding a text for each bad row.
    std::ranges::nth_element(findings, findings.begin() + kFindingsMax, {}, &FileFinding::place);
    findings.resize(kFindingsMax);
  }
}

void add_note(std::vector<std::string>& notes, std::string note) {
  if (notes.size() < kNotesMax && std::ranges::find(notes, note) == notes.end()) {
    notes.push_back(std::move(note));
  }
}

}  // namespace

Result<FileCheck> check_file(const std::string& path) {
  VORTEX_TRY(const BarFile file, read_bar_file(path));
  VORTEX_TRY(const auto all_series, split_by_series(file));
  FileCheck check{.path = path, .places_are_lines = file.places_are_lines};
  for (const std::string& note : file.notes) add_note(check.notes, note);
  for (const BarSeries& series : all_series) {
    VORTEX_TRY(const BatchVerdict verdict, validate(series.bars));
    SeriesCheck& entry = check.series.emplace_back(series.symbol, series.interval);
    entry.report.add(verdict);
    check.report.add(verdict);
    add_findings(file, series, verdict, check.findings);
    for (const std::string& note : series.notes) {
      add_note(check.notes,
               all_series.size() == 1 ? note : untrusted(series.symbol, 64) + ": " + note);
    }
  }
  std::ranges::sort(check.findings, {}, &FileFinding::place);
  if (check.findings.size() > kFindingsMax) check.findings.resize(kFindingsMax);
  return check;
}

std::string to_text(const FileCheck& check) {
  std::string text = untrusted(check.path) + ": " + to_text(check.report);
  for (const FileFinding& finding : check.findings) {
    text += fmt::format("  {} {}: {}: {}\n", check.places_are_lines ? "line" : "row", finding.place,
                        rule_ids(finding.reasons), untrusted(finding.row_text, kRowTextShown));
  }
  const auto shown = static_cast<std::int64_t>(check.findings.size());
  if (check.report.rows_quarantined > shown) {
    text += fmt::format("  … and {} more\n", check.report.rows_quarantined - shown);
  }
  for (const std::string& note : check.notes) text += "  note: " + note + "\n";
  return text;
}

void write_json(JsonWriter& writer, const FileCheck& check) {
  writer.begin_object();
  writer.member("path", check.path);
  writer.key("report");
  check.report.write_json(writer);
  writer.key("series");
  writer.begin_array();
  for (const SeriesCheck& series : check.series) {
    writer.begin_object();
    writer.member("symbol", series.symbol);
    writer.member_or_null("interval", series.interval);
    writer.key("report");
    series.report.write_json(writer);
    writer.end_object();
  }
  writer.end_array();
  writer.key("findings");
  writer.begin_array();
  for (const FileFinding& finding : check.findings) {
    writer.begin_object();
    writer.member(check.places_are_lines ? "line" : "row", finding.place);
    writer.member("symbol", finding.symbol);
    writer.key("rules");
    writer.begin_array();
    for (const Rule rule : rules_in(finding.reasons)) writer.value(rule_entry(rule).id);
    writer.end_array();
    writer.member("text", finding.row_text);
    writer.end_object();
  }
  writer.end_array();
  writer.key("notes");
  writer.begin_array();
  for (const std::string& note : check.notes) writer.value(note);
  writer.end_array();
  writer.end_object();
}

}  // namespace vortex
