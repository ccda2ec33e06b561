#include "vortex/store/known_bodies.hpp"

#include <utility>

namespace vortex {
namespace {

// 128 bits tell bodies apart.
std::string_view key_of(std::string_view sha256) {
  constexpr std::size_t kDigits = 32;
  return sha256.substr(0, kDigits);
}

}  // namespace

const BodyPlace* KnownBodies::Bodies::find(std::string_view key) const {
  const std::int32_t number = hashes.find(key);
  return number < 0 ? nullptr : &places[static_cast<std::size_t>(number)];
}

const BodyPlace* KnownBodies::find(std::string_view sha256) const {
  const std::string_view key = key_of(sha256);
  const BodyPlace* found = newer_.find(key);
  return found == nullptr ? older_.find(key) : found;
}

void KnownBodies::note(std::string_view sha256, const BodyPlace& place) {
  if (newer_.places.size() >= kBodiesMax / 2) older_ = std::exchange(newer_, Bodies{});
  const auto number = static_cast<std::size_t>(newer_.hashes.number_of(key_of(sha256)));
  if (number == newer_.places.size()) newer_.places.emplace_back();
  newer_.places[number] = place;
}

}  // namespace vortex
