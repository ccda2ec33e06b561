// The rules a bar is judged by. Each is one bit of a row's reasons; ids are stable, because they
// are stored in quarantine and in reports.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace vortex {

enum class Severity : std::uint8_t { warning, error };  // an error quarantines the row

enum class Rule : std::uint8_t {
  timestamp_null,        // Q01
  timestamp_unordered,   // Q02
  timestamp_duplicate,   // Q03
  outside_range,         // Q04
  price_null,            // Q05: one of o, h, l, c is null
  value_not_finite,      // Q06: a price or the volume is NaN or infinite
  high_too_low,          // Q07: high < max(open, close)
  low_too_high,          // Q08: low > min(open, close)
  volume_negative,       // Q09
  price_zero,            // Q10: 0 in a series of positive prices
  jump_100,              // Q11: a factor of about 100 or more between neighbours that comes back
  timestamp_misaligned,  // Q12: not on the interval's grid
  volume_null,           // Q13: warning
  price_negative,        // Q14: warning: legal, but rare
  level_shift_100,       // Q15: warning: a factor of about 100 or more that stays
};

inline constexpr std::size_t kRuleCount = static_cast<std::size_t>(Rule::level_shift_100) + 1;

struct RuleEntry {
  Rule rule;
  Severity severity;
  std::string_view id;       // "Q07"
  std::string_view name;     // "high_too_low"
  std::string_view meaning;  // one line for people
};
std::span<const RuleEntry> rule_table();  // in the order of Rule
const RuleEntry& rule_entry(Rule rule);

using RuleSet = std::uint32_t;  // bit i = Rule i
constexpr RuleSet bit(Rule rule) {
  return RuleSet{1} << static_cast<unsigned>(rule);
}

// The rules of these severities, as one set.
inline constexpr RuleSet kWarningRules =
    bit(Rule::volume_null) | bit(Rule::price_negative) | bit(Rule::level_shift_100);
inline constexpr RuleSet kAllRules = (RuleSet{1} << kRuleCount) - 1;
inline constexpr RuleSet kErrorRules = kAllRules & ~kWarningRules;

std::vector<Rule> rules_in(RuleSet reasons);
std::string rule_ids(RuleSet reasons);  // "Q07,Q09", as quarantine stores it

}  // namespace vortex
