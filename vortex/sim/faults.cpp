#include "vortex/sim/faults.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <span>
#include <utility>

#include "vortex/base/suggest.hpp"

namespace vortex {
namespace {

using enum FaultKind;

constexpr std::size_t kRulesMax = 10'000;

constexpr std::array<std::pair<std::string_view, FaultKind>, 18> kKinds = {{
    {"status", status},
    {"delay", delay},
    {"reset", reset},
    {"cut", cut},
    {"hang", hang},
    {"trickle", trickle},
    {"html", html},
    {"empty", empty},
    {"garbage", garbage},
    {"wrong_symbol", wrong_symbol},
    {"bad_session", bad_session},
    {"rate_limit", rate_limit},
    {"gzip_bomb", gzip_bomb},
    {"redirect", redirect},
    {"refuse", refuse},
    {"connect_hang", connect_hang},
    {"resolve", resolve},
    {"tls", tls},
}};

constexpr std::array<std::string_view, 14> kMembers = {
    "provider", "symbol", "path",        "calls", "probability", "after", "until",
    "fault",    "status", "retry_after", "delay", "at_byte",     "body",  "location"};

template <class Range, class Value>
bool is_one_of(const Range& range, const Value& value) {
  return std::ranges::find(range, value) != std::ranges::end(range);
}

// Reads one rule. Each reader returns what is wrong, or nothing.
class RuleReader {
 public:
  Result<FaultRule> read(const Json& json);

 private:
  using Complaint = std::optional<std::string>;
  Complaint member(std::string_view name, const Json& value);
  Complaint text(const Json& value, std::string& target);
  Complaint seconds(const Json& value, std::optional<Duration>& target);
  Complaint calls(const Json& value);
  Complaint call_range(const Json& value);
  Complaint numbers(std::string_view name, const Json& value);
  Complaint kind(const Json& value);
  Complaint whole_rule() const;

  FaultRule rule_;
  bool has_kind_ = false;
};

RuleReader::Complaint RuleReader::text(const Json& value, std::string& target) {
  const std::string* found = value.as_string();
  if (found == nullptr) return "must be a string";
  target = *found;
  return std::nullopt;
}

// A duration with its unit, or a number of seconds.
RuleReader::Complaint RuleReader::seconds(const Json& value, std::optional<Duration>& target) {
  if (const auto number = value.as_number()) {
    if (*number < 0 || *number > 1e9) return "must be between 0 and 1e9 seconds";
    target = std::chrono::duration_cast<Duration>(std::chrono::duration<double>(*number));
    return std::nullopt;
  }
  const std::string* found = value.as_string();
  target = found == nullptr ? std::nullopt : parse_duration(*found);
  if (!target) return "must be a duration such as \"50ms\" or a number of seconds";
  return std::nullopt;
}

RuleReader::Complaint RuleReader::call_range(const Json& value) {
  for (const auto& [name, bound] : *value.as_object()) {
    const std::int64_t* number = bound.as_int();
    if (number == nullptr || *number < 1) return "bounds must be whole numbers from 1";
    if (name == "from") {
      rule_.from_call = *number;
    } else if (name == "to") {
      rule_.to_call = *number;
    } else {
      return "has '" + untrusted(name, 40) + "': only 'from' and 'to' are known";
    }
  }
  return std::nullopt;
}

RuleReader::Complaint RuleReader::calls(const Json& value) {
  if (value.as_object() != nullptr) return call_range(value);
  const Json::Array* list = value.as_array();
  if (list == nullptr || list->empty())
    return R"(must be call numbers [1, 3] or {"from": 2, "to": 5})";
  for (const Json& item : *list) {
    const std::int64_t* number = item.as_int();
    if (number == nullptr || *number < 1) return "must be whole numbers from 1";
    rule_.calls.push_back(*number);
  }
  return std::nullopt;
}

RuleReader::Complaint RuleReader::numbers(std::string_view name, const Json& value) {
  const auto number = value.as_number();
  const std::int64_t* whole = value.as_int();
  if (name == "probability") {
    if (!number || *number < 0 || *number > 1) return "must be between 0 and 1";
    rule_.probability = *number;
  } else if (name == "status") {
    if (whole == nullptr || *whole < 100 || *whole > 999) return "must be between 100 and 999";
    rule_.status = static_cast<int>(*whole);
  } else {
    if (whole == nullptr || *whole < 0) return "must be a whole number from 0";
    rule_.at_byte = static_cast<std::size_t>(*whole);
  }
  return std::nullopt;
}

RuleReader::Complaint RuleReader::kind(const Json& value) {
  std::string name;
  if (auto complaint = text(value, name)) return complaint;
  const auto* found =
      std::ranges::find(kKinds, name, &std::pair<std::string_view, FaultKind>::first);
  if (found != kKinds.end()) {
    rule_.kind = found->second;
    has_kind_ = true;
    return std::nullopt;
  }
  std::array<std::string_view, kKinds.size()> names;
  std::ranges::transform(kKinds, names.begin(), [](const auto& kind) { return kind.first; });
  return "is unknown: '" + untrusted(name, 40) + "'" + did_you_mean(name, names);
}

RuleReader::Complaint RuleReader::member(std::string_view name, const Json& value) {
  if (name == "provider") return text(value, rule_.provider);
  if (name == "symbol") return text(value, rule_.symbol);
  if (name == "path") return text(value, rule_.path);
  if (name == "calls") return calls(value);
  if (name == "fault") return kind(value);
  if (name == "location") return text(value, rule_.location);
  if (name == "body") return text(value, rule_.body.emplace());
  if (name == "until") return seconds(value, rule_.until);
  if (name == "delay") return seconds(value, rule_.delay);
  if (name == "after") {
    std::optional<Duration> after;
    auto complaint = seconds(value, after);
    rule_.after = after.value_or(Duration::zero());
    return complaint;
  }
  if (name == "retry_after") {
    if (const std::int64_t* number = value.as_int()) {
      rule_.retry_after = std::to_string(*number);
      return std::nullopt;
    }
    return text(value, rule_.retry_after);
  }
  return numbers(name, value);
}

RuleReader::Complaint RuleReader::whole_rule() const {
  if (!has_kind_) return "has no 'fault'";
  if (rule_.kind == redirect && rule_.location.empty()) return "needs 'location' for a redirect";
  if (rule_.kind == delay && !rule_.delay) return "needs 'delay'";
  if (rule_.until && *rule_.until <= rule_.after)
    return "ends ('until') before it begins ('after')";
  if (rule_.to_call && *rule_.to_call < rule_.from_call) return "has calls 'to' below 'from'";
  return std::nullopt;
}

Result<FaultRule> RuleReader::read(const Json& json) {
  const Json::Object* object = json.as_object();
  if (object == nullptr) return fail(ErrorCode::usage, "must be an object");
  for (const auto& [name, value] : *object) {
    if (!is_one_of(kMembers, name)) {
      return fail(ErrorCode::usage, "has an unknown member '" + untrusted(name, 40) + "'" +
                                        did_you_mean(name, kMembers));
    }
    if (auto complaint = member(name, value))
      return fail(ErrorCode::usage, "'" + name + "' " + *complaint);
  }
  if (auto complaint = whole_rule()) return fail(ErrorCode::usage, *complaint);
  return std::move(rule_);
}

bool matches(const FaultRule& rule, const FaultedCall& call) {
  if (rule.provider != "*" && rule.provider != call.provider) return false;
  if (rule.symbol != "*" && rule.symbol != call.symbol) return false;
  if (!call.path.starts_with(rule.path)) return false;
  return call.since_start >= rule.after && (!rule.until || call.since_start < *rule.until);
}

bool names_call(const FaultRule& rule, std::int64_t number) {
  if (!rule.calls.empty()) return is_one_of(rule.calls, number);
  return number >= rule.from_call && (!rule.to_call || number <= *rule.to_call);
}

}  // namespace

std::string_view to_string(FaultKind kind) {
  for (const auto& [name, value] : kKinds) {
    if (value == kind) return name;
  }
  return "unknown";
}

bool is_before_sending(FaultKind kind) {
  return kind == refuse || kind == connect_hang || kind == resolve || kind == tls;
}

Result<FaultScript> FaultScript::parse(std::string_view json, std::uint64_t seed) {
  auto parsed = Json::parse(json);
  if (!parsed) return std::unexpected(std::move(parsed).error().in("fault script"));
  const Json::Array* rules = parsed->as_array();
  if (rules == nullptr) return fail(ErrorCode::usage, "fault script: must be an array of rules");
  if (rules->size() > kRulesMax)
    return fail(ErrorCode::usage, "fault script: more than 10000 rules");
  FaultScript script;
  script.random_ = Random(seed);
  for (std::size_t i = 0; i < rules->size(); ++i) {
    auto rule = RuleReader().read((*rules)[i]);
    if (!rule) {
      return fail(ErrorCode::usage,
                  "fault script: rule " + std::to_string(i) + " " + rule.error().message);
    }
    script.rules_.push_back({std::move(*rule), 0});
  }
  return script;
}

Result<FaultScript> FaultScript::load(const std::string& file, std::uint64_t seed) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream) return fail(ErrorCode::usage, "fault script " + file + ": cannot be read");
  const std::string text{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  auto script = parse(text, seed);
  if (!script) return std::unexpected(std::move(script).error().in(file));
  return script;
}

const FaultRule* FaultScript::decide(const FaultedCall& call) {
  const FaultRule* fired = nullptr;
  for (Counted& counted : rules_) {
    if (!matches(counted.rule, call)) continue;
    ++counted.matched;
    if (fired != nullptr || !names_call(counted.rule, counted.matched)) continue;
    if (counted.rule.probability < 1 && random_.uniform() >= counted.rule.probability) continue;
    fired = &counted.rule;
  }
  return fired;
}

}  // namespace vortex
