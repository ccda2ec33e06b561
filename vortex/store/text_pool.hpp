// Texts by number, each once, in the order they came; laid out as Arrow's string arrays are, so
// that a pool becomes a column's dictionary without a copy. Not thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace vortex {

class TextPool {
 public:
  // Of the one that is there, or of a new one.
  std::int32_t number_of(std::string_view text);
  // For a text that cannot be there yet: no look-up.
  std::int32_t add(std::string_view text);
  // -1 when it is not there.
  std::int32_t find(std::string_view text) const;
  // Until the next text is added.
  std::string_view text(std::int32_t number) const {
    const auto at = static_cast<std::size_t>(number);
    return std::string_view(bytes_).substr(static_cast<std::size_t>(ends_[at]),
                                           static_cast<std::size_t>(ends_[at + 1] - ends_[at]));
  }
  std::size_t size() const { return ends_.size() - 1; }
  void reserve(std::size_t texts, std::size_t bytes);

  // As Arrow has them: text i is bytes [offsets[i], offsets[i + 1]).
  const std::vector<std::int32_t>& offsets() const { return ends_; }
  const std::string& bytes() const { return bytes_; }

 private:
  std::size_t slot_of(std::string_view text) const;
  void index_new_texts() const;

  std::vector<std::int32_t> ends_{0};
  std::string bytes_;
  std::int32_t last_ = -1;  // asked for: mostly the next one is the same
  // Open addressing, made when first needed: a pool that is only added to has none.
  mutable std::vector<std::int32_t> slots_;
  mutable std::size_t indexed_ = 0;
};

}  // namespace vortex
