#include "vortex/codec/constant_columns.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <new>
#include <optional>
#include <string>
#include <utility>

#include <arrow/array/data.h>
#include <arrow/buffer.h>
#include <arrow/memory_pool.h>
#include <arrow/result.h>
#include <arrow/type.h>

namespace vortex {
namespace {

// Batches up to here share; larger ones would keep their memory for nobody.
constexpr std::size_t kSharedRowsMax = 4096;

// Zero bytes that the system hands out untouched: a large buffer costs no memory until it is
// written, and nobody writes it.
class ZeroBuffer final : public arrow::Buffer {
 public:
  static std::shared_ptr<arrow::Buffer> make(std::size_t bytes) {
    // Owned at every step: making the object and sharing it can fail too.
    std::unique_ptr<void, decltype(&std::free)> memory(
        std::calloc(std::max<std::size_t>(bytes, kAlignment), 1), &std::free);
    if (memory == nullptr) throw std::bad_alloc();
    std::unique_ptr<ZeroBuffer> buffer(new ZeroBuffer(memory.get(), bytes));
    static_cast<void>(memory.release());
    return buffer;
  }
  ~ZeroBuffer() override { std::free(memory_); }
  ZeroBuffer(const ZeroBuffer&) = delete;
  ZeroBuffer& operator=(const ZeroBuffer&) = delete;

 private:
  static constexpr std::size_t kAlignment = 64;
  ZeroBuffer(void* memory, std::size_t bytes)
      : Buffer(static_cast<const std::uint8_t*>(memory), static_cast<std::int64_t>(bytes)),
        memory_(memory) {}
  void* memory_;
};

template <class T>
std::shared_ptr<arrow::Buffer> filled(std::size_t rows, T value) {
  auto buffer = allocate_buffer(rows * sizeof(T));
  std::fill_n(reinterpret_cast<T*>(buffer->mutable_data()), rows, value);
  return buffer;
}

std::shared_ptr<arrow::ArrayData> one_string(std::string_view text) {
  const auto size = static_cast<std::int32_t>(text.size());
  auto offsets = allocate_buffer(2 * sizeof(std::int32_t));
  const std::int32_t values[2] = {0, size};
  std::memcpy(offsets->mutable_data(), values, sizeof values);
  return arrow::ArrayData::Make(
      arrow::utf8(), 1, {nullptr, std::move(offsets), arrow::Buffer::FromString(std::string(text))},
      0);
}

template <class Value>
struct Remembered {
  std::optional<Value> value;
  ConstantColumns::Column column;
};

}  // namespace

std::shared_ptr<arrow::Buffer> allocate_buffer(std::size_t bytes) {
  auto made = arrow::AllocateBuffer(static_cast<std::int64_t>(bytes));
  if (!made.ok()) throw std::bad_alloc();
  return std::move(made).ValueUnsafe();
}

struct ConstantColumns::Shared {
  explicit Shared(std::size_t count)
      : rows(count), zeros(ZeroBuffer::make(count * sizeof(double))) {}

  std::size_t rows;
  std::shared_ptr<arrow::Buffer> zeros;  // serves as indices, validity bits and values alike
  Column null_doubles;
  Column all_true;
  std::array<Remembered<std::string>, kBarColumns> texts;
  Remembered<Date> date;
  Remembered<TimePoint> time;
};

ConstantColumns::ConstantColumns(std::size_t rows)
    : rows_(rows), length_(static_cast<std::int64_t>(rows)) {
  if (rows > kSharedRowsMax) {
    shared_ = std::make_shared<Shared>(rows);
    return;
  }
  thread_local std::shared_ptr<Shared> last;
  if (last == nullptr || last->rows != rows) last = std::make_shared<Shared>(rows);
  shared_ = last;
}

ConstantColumns::Column ConstantColumns::text(BarColumn column, std::string_view value) const {
  auto data = arrow::ArrayData::Make(bar_schema()->field(column)->type(), length_,
                                     {nullptr, shared_->zeros}, 0);
  data->dictionary = one_string(value);
  return data;
}

ConstantColumns::Column ConstantColumns::shared_text(BarColumn column, std::string_view value) {
  auto& [known, data] = shared_->texts[static_cast<std::size_t>(column)];
  if (!known || *known != value) {
    // Both or neither: memory may run out in between.
    Column made = text(column, value);
    std::optional<std::string> name(value);
    data = std::move(made);
    known = std::move(name);
  }
  return data;
}

ConstantColumns::Column ConstantColumns::null_doubles() {
  Column& nulls = shared_->null_doubles;
  if (nulls == nullptr) {
    nulls = arrow::ArrayData::Make(arrow::float64(), length_, {shared_->zeros, shared_->zeros},
                                   length_);
  }
  return nulls;
}

ConstantColumns::Column ConstantColumns::date(Date value) {
  auto& [known, data] = shared_->date;
  if (!known || *known != value) {
    const auto days = static_cast<std::int32_t>(value.time_since_epoch().count());
    data = arrow::ArrayData::Make(arrow::date32(), length_, {nullptr, filled(rows_, days)}, 0);
    known = value;
  }
  return data;
}

ConstantColumns::Column ConstantColumns::time(TimePoint value) {
  auto& [known, data] = shared_->time;
  if (!known || *known != value) {
    const auto us = std::int64_t{value.time_since_epoch().count()};
    data = arrow::ArrayData::Make(bar_schema()->field(kTransformTimestamp)->type(), length_,
                                  {nullptr, filled(rows_, us)}, 0);
    known = value;
  }
  return data;
}

ConstantColumns::Column ConstantColumns::true_except(const std::vector<std::size_t>& rows) {
  if (rows.empty() && shared_->all_true != nullptr) return shared_->all_true;
  auto bits = filled<std::uint8_t>(bitmap_bytes(rows_), 0xFF);
  for (const std::size_t row : rows) {
    bits->mutable_data()[row / 8] &= static_cast<std::uint8_t>(~(1U << (row % 8)));
  }
  auto data = arrow::ArrayData::Make(arrow::boolean(), length_, {nullptr, std::move(bits)}, 0);
  if (rows.empty()) shared_->all_true = data;
  return data;
}

}  // namespace vortex
