#include "vortex/telemetry/topic_masks.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

namespace vortex {
namespace {

constexpr std::size_t kCells = 128;
constexpr std::size_t kProvidersKept = kCells / 2;

// All bytes of the name, the unused ones are zero.
std::size_t cell_of(const ProviderName& provider) {
  std::array<std::uint64_t, sizeof(ProviderName) / sizeof(std::uint64_t)> words{};
  static_assert(sizeof words == sizeof(ProviderName));
  std::memcpy(words.data(), &provider, sizeof words);
  std::uint64_t hash = 0;
  for (const std::uint64_t word : words) hash = std::rotl((hash ^ word) * 0x9E3779B97F4A7C15, 31);
  return (hash ^ (hash >> 32)) % kCells;
}

}  // namespace

TopicMasks::TopicMasks() : entries_(kCells) {}

void TopicMasks::set(std::size_t subscriber, std::vector<EventPattern> patterns) {
  patterns_[subscriber] = std::move(patterns);
  forget();
}

void TopicMasks::clear(std::size_t subscriber) {
  patterns_[subscriber].clear();
  forget();
}

std::uint64_t TopicMasks::of(const Event& event) {
  const auto type = static_cast<std::size_t>(event.type);
  std::size_t at = cell_of(event.provider);
  for (; entries_[at].used; at = (at + 1) % kCells) {
    if (entries_[at].provider == event.provider) return entries_[at].masks[type];
  }
  if (used_ == kProvidersKept) {
    forget();
    at = cell_of(event.provider);
  }
  ++used_;
  Entry& entry = entries_[at];
  entry.provider = event.provider;
  entry.used = true;
  work_out(entry);
  return entry.masks[type];
}

void TopicMasks::forget() {
  for (Entry& entry : entries_) entry.used = false;
  used_ = 0;
}

void TopicMasks::work_out(Entry& entry) const {
  for (std::size_t type = 0; type < kEventTypeCount; ++type) {
    std::array<char, kTopicSizeMax> buffer{};
    const std::string_view topic =
        topic_in(buffer, static_cast<EventType>(type), entry.provider.view());
    std::uint64_t mask = 0;
    for (std::size_t subscriber = 0; subscriber < kSubscriptionsMax; ++subscriber) {
      const bool wants = std::ranges::any_of(
          patterns_[subscriber], [&](const EventPattern& p) { return p.matches(topic); });
      if (wants) mask |= std::uint64_t{1} << subscriber;
    }
    entry.masks[type] = mask;
  }
}

}  // namespace vortex
