// A growing array of plain values in Arrow's memory, handed over to a batch without a copy. A
// decoder appends straight from the wire, or takes room for n values and writes them by index. Not
// thread-safe.
#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <type_traits>

#include <arrow/type_fwd.h>

namespace vortex {

// The untyped part: owns the bytes. Running out of memory throws std::bad_alloc.
class ColumnStorage {
 public:
  ColumnStorage();
  ~ColumnStorage();
  ColumnStorage(ColumnStorage&&) noexcept;
  ColumnStorage& operator=(ColumnStorage&&) noexcept;
  ColumnStorage(const ColumnStorage&) = delete;
  ColumnStorage& operator=(const ColumnStorage&) = delete;

  // Room for at least `bytes`; what was written stays.
  void* reserve(std::size_t bytes);
  std::size_t capacity_bytes() const { return capacity_; }
  // The first `bytes` as an immutable buffer; leaves this empty.
  std::shared_ptr<arrow::Buffer> take(std::size_t bytes);

 private:
  std::unique_ptr<arrow::ResizableBuffer> buffer_;
  std::size_t capacity_ = 0;
};

template <class T>
class ColumnBuffer {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  void append(T value) {
    if (size_ == capacity_) grow(size_ + 1);
    data_[size_++] = value;
  }
  void reserve(std::size_t count) {
    if (count > capacity_) set_capacity(count);
  }
  // Keeps the first `count` values, or makes room whose values the caller writes before finish.
  void resize(std::size_t count) {
    reserve(count);
    size_ = count;
  }
  void clear() { size_ = 0; }

  T* data() { return data_; }
  const T* data() const { return data_; }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  T& operator[](std::size_t i) {
    assert(i < size_);
    return data_[i];
  }
  const T& operator[](std::size_t i) const {
    assert(i < size_);
    return data_[i];
  }

  std::shared_ptr<arrow::Buffer> take() {
    auto buffer = storage_.take(size_ * sizeof(T));
    data_ = nullptr;
    size_ = capacity_ = 0;
    return buffer;
  }

 private:
  static constexpr std::size_t kCapacityMin = 64;

  void grow(std::size_t count) {
    const std::size_t doubled = capacity_ * 2 < kCapacityMin ? kCapacityMin : capacity_ * 2;
    set_capacity(count < doubled ? doubled : count);
  }
  void set_capacity(std::size_t count) {
    data_ = static_cast<T*>(storage_.reserve(count * sizeof(T)));
    capacity_ = storage_.capacity_bytes() / sizeof(T);
  }

  ColumnStorage storage_;
  T* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace vortex
