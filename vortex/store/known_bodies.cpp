#include "vortex/store/known_bodies.hpp"

namespace vortex {

const PackPlace* KnownBodies::find(const std::string& sha256) const {
  const auto found = places_.find(sha256);
  return found == places_.end() ? nullptr : &found->second;
}

void KnownBodies::note(const std::string& sha256, const PackPlace& place) {
  const bool is_new = places_.insert_or_assign(sha256, place).second;
  if (!is_new) return;
  order_.push_back(sha256);
  if (order_.size() <= kBodiesMax) return;
  places_.erase(order_.front());
  order_.pop_front();
}

}  // namespace vortex
