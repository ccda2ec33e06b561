// Packs of raw captures: one file of zstd frames, one after the other, per commit batch. A pack is
// written whole and fsynced once, before the commit that names it; afterwards it is never changed.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "vortex/base/error.hpp"
#include "vortex/base/random.hpp"
#include "vortex/store/capture.hpp"
#include "vortex/store/file_system.hpp"

namespace vortex {

struct PackPlace {
  std::string pack;  // "raw/<uuid>.pack"
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
};

// The same for many bodies of few packs.
struct BodyPlace {
  std::shared_ptr<const std::string> pack;
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
  PackPlace in_pack() const { return {.pack = *pack, .offset = offset, .length = length}; }
};

// Places in the order of the captures; no captures, no pack.
Result<std::vector<BodyPlace>> write_pack(FileSystem& files, Random& random,
                                          const std::vector<const Capture*>& captures);

// The body of one capture; `corrupt` when it is not the bytes of that hash.
Result<std::string> read_capture(FileSystem& files, const PackPlace& place,
                                 const std::string& sha256);

}  // namespace vortex
