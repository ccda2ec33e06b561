#include "vortex/store/known_bodies.hpp"

#include <algorithm>
#include <cstring>

namespace vortex {

// The digits are those of a hash: any of them serve.
std::size_t KnownBodies::KeyHash::operator()(const Key& key) const {
  constexpr std::uint64_t kOdd = 0x9E37'79B9'7F4A'7C15ULL;
  std::uint64_t first = 0;
  std::uint64_t second = 0;
  std::memcpy(&first, key.data(), sizeof first);
  std::memcpy(&second, key.data() + sizeof first, sizeof second);
  return static_cast<std::size_t>((first * kOdd) ^ second);
}

KnownBodies::Key KnownBodies::key_of(std::string_view sha256) {
  Key key{};
  std::ranges::copy(sha256.substr(0, kDigits), key.begin());
  return key;
}

std::optional<PackPlace> KnownBodies::find(std::string_view sha256) const {
  const auto found = places_.find(key_of(sha256));
  if (found == places_.end()) return std::nullopt;
  const Place& place = found->second;
  return PackPlace{.pack = *place.pack, .offset = place.offset, .length = place.length};
}

void KnownBodies::note(std::string_view sha256, const PackPlace& place) {
  if (!last_pack_ || *last_pack_ != place.pack) {
    last_pack_ = std::make_shared<const std::string>(place.pack);
  }
  const Key key = key_of(sha256);
  const Place kept{.pack = last_pack_, .offset = place.offset, .length = place.length};
  const bool is_new = places_.insert_or_assign(key, kept).second;
  if (!is_new) return;
  order_.push_back(key);
  if (order_.size() <= kBodiesMax) return;
  places_.erase(order_.front());
  order_.pop_front();
}

}  // namespace vortex
