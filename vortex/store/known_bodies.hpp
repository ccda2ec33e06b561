// Where the newest raw bodies lie, by their hash, so that one that comes again is not stored again.
// Bounded: of the oldest it forgets, a repeat costs its own bytes and nothing else. Not
// thread-safe.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "vortex/store/raw_pack.hpp"

namespace vortex {

class KnownBodies {
 public:
  static constexpr std::size_t kBodiesMax = 32'768;  // some 5 MiB

  bool loaded() const { return loaded_; }
  void set_loaded() { loaded_ = true; }
  bool is_full() const { return order_.size() >= kBodiesMax; }

  std::optional<PackPlace> find(std::string_view sha256) const;
  void note(std::string_view sha256, const PackPlace& place);  // the newest

 private:
  static constexpr std::size_t kDigits = 32;  // of the hash: 128 bits tell bodies apart
  using Key = std::array<char, kDigits>;
  struct KeyHash {
    std::size_t operator()(const Key& key) const;
  };
  struct Place {
    std::shared_ptr<const std::string> pack;  // one name for all of a pack
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
  };
  static Key key_of(std::string_view sha256);

  bool loaded_ = false;
  std::unordered_map<Key, Place, KeyHash> places_;
  std::deque<Key> order_;                         // oldest first
  std::shared_ptr<const std::string> last_pack_;  // noted
};

}  // namespace vortex
