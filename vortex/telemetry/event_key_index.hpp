// Where the waiting event of a key (topic, symbol) stands in a queue: a hash table of fixed size
// that never allocates after it was made. Belongs to the queue and is guarded by its lock.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "vortex/telemetry/event.hpp"

namespace vortex {

std::uint64_t hash_of_key(const Event& event);  // of type, provider and symbol
bool same_key(const Event& a, const Event& b);

class EventKeyIndex {
 public:
  // For at most that many entries at a time; 0: never used.
  explicit EventKeyIndex(std::size_t entries_max);

  // The place put in for an entry that `is_same(place)`; npos where there is none.
  template <class IsSame>
  std::size_t find(std::uint64_t hash, IsSame is_same) const {
    for (std::size_t at = hash & mask_; cells_[at].used; at = (at + 1) & mask_) {
      if (cells_[at].hash == hash && is_same(cells_[at].place)) return cells_[at].place;
    }
    return npos;
  }
  void put(std::uint64_t hash, std::size_t place);    // no entry of the same key stands yet
  void erase(std::uint64_t hash, std::size_t place);  // it stands

  static constexpr std::size_t npos = static_cast<std::size_t>(-1);

 private:
  struct Cell {
    std::uint64_t hash = 0;
    std::size_t place = 0;
    bool used = false;
  };
  std::vector<Cell> cells_;  // a power of two, at most half full
  std::size_t mask_;
};

}  // namespace vortex
