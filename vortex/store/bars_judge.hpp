// What the rows that met stored ones mean: the same, the same on other shares (a known split lies
// between), corrected by the provider, or of a basis that cannot be told. Judged series by series,
// because what a provider had applied on the day it was asked shows only in its rows together.
// Not thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "vortex/base/error.hpp"
#include "vortex/store/bars_upsert.hpp"
#include "vortex/store/share_basis.hpp"

namespace vortex {

// An incoming row and a stored one of its key that are not plainly equal.
struct Difference {
  StoredMatch match;
  std::size_t span = 0;  // of the partition
  std::size_t file = 0;  // of Meetings::files
  RowBasis stored;
  bool equal_as_received = false;  // the numbers are equal, the bases are not
};

// All that met, over all files.
struct Meetings {
  std::vector<std::string> files;
  std::vector<Difference> differences;
  std::vector<std::int64_t> met;          // by span: incoming rows that met a stored one
  std::vector<std::int64_t> first_equal;  // by span: the earliest stamp that was plainly equal
};

// Sets the partition's states, matches, touched files, splits and refusals. Rows whose `basis` the
// provider's numbers contradict get the basis they show.
Result<void> judge(BarsPartition& partition, Meetings& meetings, SeriesKnowledge& knowledge);

}  // namespace vortex
