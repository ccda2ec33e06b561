#include "vortex/model/futures_contracts.hpp"

#include <algorithm>
#include <functional>

#include <fmt/format.h>

#include "vortex/base/ascii.hpp"

namespace vortex {
namespace {

constexpr std::string_view kMonthCodes = "FGHJKMNQUVXZ";  // January to December
constexpr std::size_t kRootMax = 3;
constexpr int kYearsMax = 100;  // two digits tell no more

// Latest first.
Result<std::vector<unsigned>> months_of(std::string_view letters) {
  std::vector<unsigned> months;
  for (const char letter : letters) {
    const std::size_t at = kMonthCodes.find(letter);
    if (at == std::string_view::npos) {
      return fail(ErrorCode::usage, fmt::format("'{}' in the cycle '{}' is no month code; they are "
                                                "{}, January to December",
                                                untrusted(std::string_view(&letter, 1)),
                                                untrusted(letters, 40), kMonthCodes));
    }
    const auto month = static_cast<unsigned>(at) + 1;
    if (std::ranges::find(months, month) != months.end()) {
      return fail(ErrorCode::usage, fmt::format("the month code {} stands twice", letter));
    }
    months.push_back(month);
  }
  if (months.empty()) {
    return fail(ErrorCode::usage, "the cycle names no month; such as --cycle GJMQVZ");
  }
  std::ranges::sort(months, std::greater{});
  return months;
}

}  // namespace

Result<std::vector<FuturesContract>> list_contracts(const FuturesCycle& cycle) {
  if (cycle.root.empty() || cycle.root.size() > kRootMax ||
      !std::ranges::all_of(cycle.root, is_alnum)) {
    return fail(ErrorCode::bad_symbol,
                fmt::format("'{}' cannot be a futures root: 1 to 3 letters or digits, such as GC",
                            untrusted(cycle.root, 40)));
  }
  VORTEX_TRY(const auto months, months_of(cycle.months));
  const std::chrono::year_month_day from(cycle.since);
  const std::chrono::year_month_day to(cycle.until + kContractLead);
  const int first = static_cast<int>(from.year());
  const int last = static_cast<int>(to.year());
  if (last - first >= kYearsMax) {
    return fail(ErrorCode::usage,
                "contracts of a hundred years and more have no names of their "
                "own: give a later --since");
  }
  std::vector<FuturesContract> contracts;
  for (int year = last; year >= first; --year) {
    for (const unsigned month : months) {
      const std::chrono::year_month place{std::chrono::year(year), std::chrono::month(month)};
      const Date begin{place / 1};
      const Date end{place / std::chrono::last};
      if (end < cycle.since || begin > cycle.until + kContractLead) continue;
      contracts.push_back(
          {.symbol = fmt::format("{}{}{:02}", cycle.root, kMonthCodes[month - 1], year % kYearsMax),
           .first_of_month = begin,
           .last_day = end});
    }
  }
  return contracts;
}

}  // namespace vortex
