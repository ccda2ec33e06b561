// The columns of a batch that hold one value, or none, in every row. Arrays are immutable, so what
// the last batches of this thread had alike is shared: of ten thousand batches of one row, one
// provider and one day only the symbol and the prices take memory. Running out of memory throws
// std::bad_alloc.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include <arrow/type_fwd.h>

#include "vortex/base/time.hpp"
#include "vortex/codec/bar_schema.hpp"

namespace vortex {

std::shared_ptr<arrow::Buffer> allocate_buffer(std::size_t bytes);

constexpr std::size_t bitmap_bytes(std::size_t rows) {
  return (rows + 7) / 8;
}

// Columns of one length. One thread at a time.
class ConstantColumns {
 public:
  using Column = std::shared_ptr<arrow::ArrayData>;

  explicit ConstantColumns(std::size_t rows);

  Column text(BarColumn column, std::string_view value) const;
  // For values that the batches of a thread mostly have in common.
  Column shared_text(BarColumn column, std::string_view value);
  Column null_doubles();
  Column date(Date value);
  Column time(TimePoint value);
  Column true_except(const std::vector<std::size_t>& rows);

 private:
  struct Shared;

  std::size_t rows_;
  std::int64_t length_;
  std::shared_ptr<Shared> shared_;  // this thread's where the batch is small; else its own
};

}  // namespace vortex
