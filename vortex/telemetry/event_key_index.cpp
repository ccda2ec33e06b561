#include "vortex/telemetry/event_key_index.hpp"

#include <algorithm>
#include <bit>

namespace vortex {
namespace {

// FNV-1a with eight bytes a step is enough: keys come from our own code and from symbols the user
// chose, and the table is bounded, so that the worst case is a walk along the queue.
constexpr std::uint64_t kPrime = 0x9E3779B97F4A7C15;

std::uint64_t mix(std::uint64_t hash, std::string_view text) {
  while (!text.empty()) {
    std::uint64_t word = 0;
    const std::size_t taken = std::min(text.size(), sizeof word);
    for (std::size_t i = 0; i < taken; ++i)
      word |= std::uint64_t{static_cast<unsigned char>(text[i])} << (8 * i);
    hash = std::rotl((hash ^ word) * kPrime, 29);
    text.remove_prefix(taken);
  }
  return hash;
}

}  // namespace

std::uint64_t hash_of_key(const Event& event) {
  std::uint64_t hash = (static_cast<std::uint64_t>(event.type) + 1) * kPrime;
  hash = mix(hash, event.provider.view());
  hash = mix(hash ^ kPrime, event.symbol.view());
  return hash ^ (hash >> 32);
}

bool same_key(const Event& a, const Event& b) {
  return a.type == b.type && a.symbol == b.symbol && a.provider == b.provider;
}

EventKeyIndex::EventKeyIndex(std::size_t entries_max)
    : cells_(entries_max == 0 ? 1 : std::bit_ceil(2 * entries_max)), mask_(cells_.size() - 1) {}

void EventKeyIndex::put(std::uint64_t hash, std::size_t place) {
  std::size_t at = hash & mask_;
  while (cells_[at].used) at = (at + 1) & mask_;
  cells_[at] = {.hash = hash, .place = place, .used = true};
}

// Closes the hole, so that no mark of a former entry is needed and the table never fills up.
void EventKeyIndex::erase(std::uint64_t hash, std::size_t place) {
  std::size_t hole = hash & mask_;
  while (cells_[hole].hash != hash || cells_[hole].place != place) hole = (hole + 1) & mask_;
  for (std::size_t at = (hole + 1) & mask_; cells_[at].used; at = (at + 1) & mask_) {
    const std::size_t home = cells_[at].hash & mask_;
    const bool may_move = ((at - home) & mask_) >= ((at - hole) & mask_);
    if (!may_move) continue;
    cells_[hole] = cells_[at];
    hole = at;
  }
  cells_[hole].used = false;
}

}  // namespace vortex
