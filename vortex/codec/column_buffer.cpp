#include "vortex/codec/column_buffer.hpp"

#include <new>
#include <utility>

#include <arrow/buffer.h>
#include <arrow/memory_pool.h>
#include <arrow/result.h>

namespace vortex {

ColumnStorage::ColumnStorage() = default;
ColumnStorage::~ColumnStorage() = default;
ColumnStorage::ColumnStorage(ColumnStorage&&) noexcept = default;
ColumnStorage& ColumnStorage::operator=(ColumnStorage&&) noexcept = default;

void* ColumnStorage::reserve(std::size_t bytes) {
  const auto wanted = static_cast<std::int64_t>(bytes);
  if (buffer_ == nullptr) {
    auto made = arrow::AllocateResizableBuffer(wanted);
    if (!made.ok()) throw std::bad_alloc();
    buffer_ = std::move(made).ValueUnsafe();
  } else if (bytes > capacity_) {
    if (!buffer_->Resize(wanted, /*shrink_to_fit=*/false).ok()) throw std::bad_alloc();
  }
  capacity_ = static_cast<std::size_t>(buffer_->capacity());
  return buffer_->mutable_data();
}

std::shared_ptr<arrow::Buffer> ColumnStorage::take(std::size_t bytes) {
  if (buffer_ == nullptr) reserve(0);
  // Gives back what a generous first guess left over, where it is worth a system call.
  constexpr std::size_t kWorthShrinking = std::size_t{1} << 20;
  const bool shrink = capacity_ - bytes > kWorthShrinking;
  if (!buffer_->Resize(static_cast<std::int64_t>(bytes), shrink).ok()) throw std::bad_alloc();
  capacity_ = 0;
  return std::shared_ptr<arrow::Buffer>(std::move(buffer_));
}

}  // namespace vortex
