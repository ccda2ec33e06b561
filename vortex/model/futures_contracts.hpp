// The contracts of a futures root: by month code and year, newest first, as a download that may end
// early wants them. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "vortex/base/error.hpp"
#include "vortex/base/time.hpp"

namespace vortex {

struct FuturesContract {
  std::string symbol;  // root, month letter, two digits: "GCZ26"
  Date first_of_month;
  Date last_day;  // of its month; the exchange's own last trading day lies in it or just before
  bool operator==(const FuturesContract&) const = default;
};

struct FuturesCycle {
  std::string_view root;    // "GC": one to three letters or digits
  std::string_view months;  // of F G H J K M N Q U V X Z: "GJMQVZ"
  Date since;               // contracts that end before are left out
  Date until;               // and those that begin to trade later: a year before their month
};

// How long before its month a contract is listed at least for what is asked here.
inline constexpr std::chrono::days kContractLead{366};

// bad_symbol for a root that none can have, usage for letters that are no months or stand twice,
// and for a `since` that leaves more than a hundred years.
Result<std::vector<FuturesContract>> list_contracts(const FuturesCycle& cycle);

}  // namespace vortex
