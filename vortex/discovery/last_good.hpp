// The lists that sources gave last, kept on disk, so that a start without Consul or DNS still knows
// whom to call (faults A3, I5). Reading and writing block on the disk: a CPU pool's work.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "vortex/discovery/endpoint.hpp"

namespace vortex {

// What one source said of one service, and when.
struct LastGoodList {
  std::string service;
  std::string source;
  TimePoint at;
  std::vector<Endpoint> endpoints;
  bool operator==(const LastGoodList&) const = default;
};
using LastGood = std::vector<LastGoodList>;

struct LastGoodRead {
  LastGood lists;
  std::string ignored;  // why the file was not used, one line; empty: it was, or there is none
};

// Never fails: what cannot be read, is damaged or is of another version is ignored, and said.
LastGoodRead read_last_good(const std::string& path);

// Replaces the file whole (0600). `unsafe_path` where something else stands in its place.
Result<void> write_last_good(const std::string& path, const LastGood& lists);

}  // namespace vortex
