#include "apps/cli/receipt.hpp"

#include <algorithm>
#include <map>

#include <fmt/core.h>

#include "apps/cli/error_text.hpp"
#include "apps/cli/running_text.hpp"

namespace vortex::cli {
namespace {

constexpr int kItemsShownMax = 20;

std::string title_of(const ItemReport& item) {
  const std::string provider = item.provider.empty() ? "" : fmt::format(" ({})", item.provider);
  return fmt::format("{} {}{}", item.symbol, to_string(item.interval), provider);
}

void show_failure(Output& output, const ItemReport& item) {
  const Error& error = *item.error;
  const Style style = item.status == ItemStatus::deferred ? Style::yellow : Style::red;
  output.note(fmt::format("  {} {}: {}", output.styled(style, to_string(error.code)),
                          title_of(item), untrusted(error.message, 300)));
  std::string seen;
  if (error.http_status != 0) seen = fmt::format("status {}, ", error.http_status);
  if (error.attempt != 0)
    seen += fmt::format("attempt {} of {}, ", error.attempt, error.attempts_max);
  if (!error.evidence.empty()) seen += untrusted(error.evidence, 200);
  if (seen.ends_with(", ")) seen.resize(seen.size() - 2);
  if (!seen.empty()) output.note(fmt::format("    evidence: {}", seen));
  if (error.retry_at) output.note(fmt::format("    not before: {}", format_time(*error.retry_at)));
  output.note(fmt::format("    try: {}", untrusted(error.next_step(), 200)));
}

// What a credential that is refused says is the same for every series of its provider.
std::string failure_words(const ItemReport& item) {
  const Error& error = *item.error;
  const std::string of = error.error_class() == ErrorClass::authentication
                             ? item.provider
                             : fmt::format("{} {}", item.provider, title_of(item));
  return fmt::format("{} {}: {}", to_string(error.code), of, untrusted(error.message, 200));
}

// Indented, without the last line end, which Output adds.
std::string lines(const std::string& text) {
  std::string indented;
  for (std::size_t start = 0; start < text.size();) {
    const std::size_t end = std::min(text.find('\n', start), text.size());
    indented += (start == 0 ? "  " : "\n  ") + text.substr(start, end - start);
    start = end + 1;
  }
  return indented;
}

// Each provider and reason once, however many series it holds for.
void show_skipped(Output& output, const std::vector<ItemReport>& items) {
  std::map<std::string, std::vector<std::string>> series;
  for (const ItemReport& item : items) {
    for (const SkippedProvider& skipped : item.skipped) {
      series[fmt::format("{} skipped: {} {}", skipped.provider, to_string(skipped.code),
                         untrusted(skipped.message, 200))]
          .push_back(title_of(item));
    }
  }
  int shown = 0;
  for (const auto& [words, titles] : series) {
    if (shown++ == kItemsShownMax) break;
    const std::string more =
        titles.size() > 1 ? fmt::format(" and {} more", titles.size() - 1) : "";
    output.note(fmt::format("  note: {}{}: {}", titles.front(), more, words));
  }
}

}  // namespace

void show_quality(Output& output, const QualityReport& quality) {
  std::string rules;
  for (const RuleEntry& entry : rule_table()) {
    const std::int64_t hits = quality.hits[static_cast<std::size_t>(entry.rule)];
    if (hits > 0)
      rules += fmt::format("{}{} {} {}", rules.empty() ? "" : ", ", entry.id, entry.name, hits);
  }
  output.note(fmt::format(
      "  quality   {:.2f} of 100 over {} rows{}{}", quality.score(), quality.rows,
      quality.slots_empty > 0 ? fmt::format(", {} empty slots", quality.slots_empty) : "",
      rules.empty() ? ", no rule hit" : ": " + rules));
}

void show_items(Output& output, const std::vector<ItemReport>& items) {
  int shown = 0;
  std::map<std::string, int> said;  // how many items failed with those very words
  const auto failed =
      std::ranges::count_if(items, [](const ItemReport& item) { return item.error.has_value(); });
  show_skipped(output, items);
  for (const ItemReport& item : items) {
    for (const std::string& note : item.notes) {
      if (shown < kItemsShownMax)
        output.note(fmt::format("  note: {}: {}", title_of(item), untrusted(note)));
    }
    if (item.status == ItemStatus::empty && shown++ < kItemsShownMax) {
      output.note(fmt::format("  {}: no data in the range", title_of(item)));
    } else if (item.error && said[failure_words(item)]++ == 0 && shown++ < kItemsShownMax) {
      show_failure(output, item);
    }
  }
  for (const auto& [words, times] : said) {
    if (times > 1) output.note(fmt::format("  {} more series failed with: {}", times - 1, words));
  }
  if (shown > kItemsShownMax)
    output.note(fmt::format("  and {} more (--json lists all)", shown - kItemsShownMax));
  if (failed > 0) output.note("  more: vortex explain CODE");
}

void show_receipt(Output& output, const SyncReport& report) {
  const auto ok = std::ranges::count(report.items, ItemStatus::ok, &ItemReport::status);
  const Style style = report.status() == "ok" ? Style::green : Style::yellow;
  output.note(
      fmt::format("{}: {} of {} series in {}",
                  output.styled(style, report.interrupted ? "interrupted" : report.status()), ok,
                  report.items.size(), untrusted(report.store)));
  output.note(fmt::format("  rows      {} new, {} unchanged, {} restated, {} quarantined",
                          report.rows.fresh, report.rows.unchanged, report.rows.restated,
                          report.rows.quarantined));
  output.note(fmt::format("  calls     {} planned, {} sent, {} retried, {} failed",
                          report.calls.planned, report.calls.sent, report.calls.retried,
                          report.calls.failed));
  if (!report.allowances.empty()) output.note(lines(allowances_text(report.allowances)));
  output.note(fmt::format("  dataset   {}, version {}{}", report.dataset_id, report.table_version,
                          report.committed ? "" : " (nothing new to commit)"));
  show_quality(output, report.quality);
  output.note(fmt::format("  elapsed   {}", format_duration(report.elapsed)));
  show_items(output, report.items);
  if (report.storage_error) show_error(output, *report.storage_error);
}

void show_plan(Output& output, const SyncReport& report) {
  for (const ItemReport& item : report.items) {
    const std::string range = item.range ? to_string(*item.range) : "nothing to ask";
    output.note(fmt::format("  {}: {}, {} calls", title_of(item), range, item.calls_planned));
  }
  if (!report.allowances.empty()) output.note(lines(allowances_text(report.allowances)));
  output.note(fmt::format("planned: {} calls for {} series; nothing was sent", report.calls.planned,
                          report.items.size()));
  show_items(output, report.items);
}

}  // namespace vortex::cli
