#include "vortex/model/adjustment.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "vortex/base/suggest.hpp"
#include "vortex/model/corporate_action.hpp"

namespace vortex {
namespace {

constexpr std::array<std::string_view, 3> kAdjustments = {"none", "split", "all"};
constexpr std::array<std::string_view, 3> kActions = {"dividend", "split", "capital_gain"};

}  // namespace

std::string_view to_string(Adjustment adjustment) {
  return kAdjustments[static_cast<std::size_t>(adjustment)];
}

Result<Adjustment> parse_adjustment(std::string_view text) {
  const auto found = std::ranges::find(kAdjustments, text);
  if (found != kAdjustments.end()) return static_cast<Adjustment>(found - kAdjustments.begin());
  return fail(ErrorCode::unknown_name,
              fmt::format("no adjustment '{}'{}: one of none split all", untrusted(text, 32),
                          did_you_mean(text, kAdjustments)));
}

std::string_view to_string(ActionKind kind) {
  return kActions[static_cast<std::size_t>(kind)];
}

}  // namespace vortex
