// Where the newest raw bodies lie, by their hash, so that one that comes again is not stored again.
// Bounded: of the oldest it forgets, a repeat costs its own bytes and nothing else. Not
// thread-safe.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "vortex/store/raw_pack.hpp"
#include "vortex/store/text_pool.hpp"

namespace vortex {

class KnownBodies {
 public:
  static constexpr std::size_t kBodiesMax = 32'768;  // some 5 MiB
  static constexpr std::size_t kLoadedMin = 2048;    // of a table, however small a commit is

  bool loaded() const { return loaded_; }
  void set_loaded() { loaded_ = true; }

  // Null when it is not known; until the next note.
  const BodyPlace* find(std::string_view sha256) const;
  void note(std::string_view sha256, const BodyPlace& place);  // the newest

 private:
  struct Bodies {
    TextPool hashes;
    std::vector<BodyPlace> places;  // by number of the hash
    const BodyPlace* find(std::string_view key) const;
  };

  bool loaded_ = false;
  Bodies newer_;
  Bodies older_;  // forgotten at once when newer_ has half of what may be known
};

}  // namespace vortex
