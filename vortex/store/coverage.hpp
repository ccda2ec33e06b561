// What is known of the ranges of a series: marks, and how a new one changes them. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "vortex/base/error.hpp"
#include "vortex/store/dataset.hpp"

namespace vortex {

// Adds a mark to ascending, disjoint marks and keeps them so. Bars stay known: `have` is only
// replaced by `have`; `empty` gives way to `have` and `empty`; `failed` to anything newer. Touching
// marks that say the same are joined.
void add_mark(std::vector<CoverageMark>& marks, const CoverageMark& mark);

// [[start, end, "empty", "reason"], …], times in microseconds.
std::string write_marks(const std::vector<CoverageMark>& marks);
Result<std::vector<CoverageMark>> parse_marks(std::string_view json);

}  // namespace vortex
