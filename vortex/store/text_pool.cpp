#include "vortex/store/text_pool.hpp"

#include <algorithm>
#include <functional>

namespace vortex {
namespace {

constexpr std::int32_t kEmpty = -1;
constexpr std::size_t kSlotsMin = 16;

}  // namespace

std::int32_t TextPool::number_of(std::string_view text) {
  if (last_ >= 0 && this->text(last_) == text) return last_;
  last_ = find(text);
  if (last_ < 0) last_ = add(text);
  return last_;
}

std::int32_t TextPool::add(std::string_view text) {
  bytes_.append(text);
  ends_.push_back(static_cast<std::int32_t>(bytes_.size()));
  return static_cast<std::int32_t>(size() - 1);
}

std::int32_t TextPool::find(std::string_view text) const {
  index_new_texts();
  return slots_.empty() ? kEmpty : slots_[slot_of(text)];
}

void TextPool::reserve(std::size_t texts, std::size_t bytes) {
  ends_.reserve(texts + 1);
  bytes_.reserve(bytes);
}

// Where the text is, or the empty slot where it would be.
std::size_t TextPool::slot_of(std::string_view text) const {
  const std::size_t mask = slots_.size() - 1;
  std::size_t slot = std::hash<std::string_view>{}(text)&mask;
  while (slots_[slot] != kEmpty && this->text(slots_[slot]) != text) slot = (slot + 1) & mask;
  return slot;
}

void TextPool::index_new_texts() const {
  if (indexed_ == size()) return;
  if (size() * 2 > slots_.size()) {
    std::size_t slots = std::max(kSlotsMin, slots_.size());
    while (slots < size() * 4) slots *= 2;
    slots_.assign(slots, kEmpty);
    indexed_ = 0;
  }
  for (; indexed_ < size(); ++indexed_) {
    const auto number = static_cast<std::int32_t>(indexed_);
    slots_[slot_of(text(number))] = number;
  }
}

}  // namespace vortex
