// What is counted of the rows of a data file: Delta's statistics of it, and a digest that does not
// depend on the order of the rows. Value types.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "vortex/store/bar_columns.hpp"

namespace vortex {

class BarsStatistics {
 public:
  void add(const BarColumns& rows);
  std::int64_t rows() const { return rows_; }
  // As Delta wants them: the maximum time rounded up to its millisecond.
  std::string to_json() const;

 private:
  std::int64_t rows_ = 0;
  std::int64_t first_ = INT64_MAX;
  std::int64_t last_ = INT64_MIN;
  std::string lowest_;
  std::string highest_;
  std::array<std::int64_t, kNumberColumns.size()> missing_{};
};

// Equal for the same rows in any order and any number of files, over every column; of different
// rows equal by chance once in 2^64.
struct RowsDigest {
  std::int64_t rows = 0;
  std::uint64_t sum = 0;
  std::uint64_t mixed = 0;
  void add(const BarColumns& columns);
  void add(const RowsDigest& other);
  void add_row(std::uint64_t hash);
  bool operator==(const RowsDigest&) const = default;
};

}  // namespace vortex
