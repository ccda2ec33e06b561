// Where the newest raw bodies lie, by their hash, so that one that comes again is not stored again.
// Bounded: of the oldest it forgets, a repeat costs its own bytes and nothing else. Not
// thread-safe.
#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <unordered_map>

#include "vortex/store/raw_pack.hpp"

namespace vortex {

class KnownBodies {
 public:
  static constexpr std::size_t kBodiesMax = 32'768;  // some 6 MiB

  bool loaded() const { return loaded_; }
  void set_loaded() { loaded_ = true; }
  bool is_full() const { return order_.size() >= kBodiesMax; }

  // Null when it is not known.
  const PackPlace* find(const std::string& sha256) const;
  void note(const std::string& sha256, const PackPlace& place);  // the newest

 private:
  bool loaded_ = false;
  std::unordered_map<std::string, PackPlace> places_;
  std::deque<std::string> order_;  // oldest first
};

}  // namespace vortex
