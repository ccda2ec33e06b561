#include "vortex/quality/rule.hpp"

#include <array>
#include <bit>

namespace vortex {
namespace {

constexpr auto kError = Severity::error;
constexpr auto kWarning = Severity::warning;

constexpr std::array<RuleEntry, kRuleCount> kTable = {{
    {Rule::timestamp_null, kError, "Q01", "timestamp_null", "the bar has no time"},
    {Rule::timestamp_unordered, kError, "Q02", "timestamp_unordered",
     "the time does not rise from the bar before"},
    {Rule::timestamp_duplicate, kError, "Q03", "timestamp_duplicate",
     "another bar carries the same time; the last one received is kept"},
    {Rule::outside_range, kError, "Q04", "outside_range",
     "the time is outside the range asked for"},
    {Rule::price_null, kError, "Q05", "price_null", "open, high, low or close is missing"},
    {Rule::value_not_finite, kError, "Q06", "value_not_finite",
     "a price or the volume is NaN or infinite"},
    {Rule::high_too_low, kError, "Q07", "high_too_low", "high is below open or close"},
    {Rule::low_too_high, kError, "Q08", "low_too_high", "low is above open or close"},
    {Rule::volume_negative, kError, "Q09", "volume_negative", "volume is below zero"},
    {Rule::price_zero, kError, "Q10", "price_zero", "a price is 0 in a series of positive prices"},
    {Rule::jump_100, kError, "Q11", "jump_100",
     "the price jumps by a factor of about 100 or more and comes back: wrong unit or split?"},
    {Rule::timestamp_misaligned, kError, "Q12", "timestamp_misaligned",
     "the time is not on the interval's grid: whole minutes within a day, midnight UTC from 1d up"},
    {Rule::volume_null, kWarning, "Q13", "volume_null", "volume is missing"},
    {Rule::price_negative, kWarning, "Q14", "price_negative", "a price is below zero"},
    {Rule::level_shift_100, kWarning, "Q15", "level_shift_100",
     "the price moves by a factor of about 100 or more and stays: changed unit or split?"},
}};

consteval bool table_fits() {
  for (std::size_t i = 0; i < kTable.size(); ++i) {
    const bool warns = (kWarningRules & bit(kTable[i].rule)) != 0;
    if (kTable[i].rule != static_cast<Rule>(i)) return false;
    if (warns != (kTable[i].severity == kWarning)) return false;
  }
  return true;
}
static_assert(table_fits(), "the table follows the order of Rule and the sets of severities");

}  // namespace

std::span<const RuleEntry> rule_table() {
  return kTable;
}

const RuleEntry& rule_entry(Rule rule) {
  return kTable[static_cast<std::size_t>(rule)];
}

std::vector<Rule> rules_in(RuleSet reasons) {
  std::vector<Rule> rules;
  for (RuleSet rest = reasons & kAllRules; rest != 0; rest &= rest - 1) {
    rules.push_back(static_cast<Rule>(std::countr_zero(rest)));
  }
  return rules;
}

std::string rule_ids(RuleSet reasons) {
  std::string ids;
  for (const Rule rule : rules_in(reasons)) {
    if (!ids.empty()) ids += ',';
    ids += rule_entry(rule).id;
  }
  return ids;
}

}  // namespace vortex
