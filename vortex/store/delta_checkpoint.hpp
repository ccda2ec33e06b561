// Classic checkpoints: the state of a table at one version as Parquet rows, one action a row
// (https://github.com/delta-io/delta/blob/master/PROTOCOL.md#checkpoints). Ours are one part and
// sealed; those of others, of one or several parts, are read too. Pure but for the files read.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "vortex/base/error.hpp"
#include "vortex/store/delta_log.hpp"
#include "vortex/store/file_system.hpp"

namespace vortex {

// `place` as in vortex/store/delta_seal.hpp. corrupt: not a checkpoint, damaged, or another
// version's. newer_protocol: its files stand in sidecars (V2).
Result<CommitActions> read_checkpoint(FileSystem& files, const std::vector<std::string>& parts,
                                      std::string_view place);

// One part's bytes as actions.
Result<CommitActions> parse_checkpoint(std::string bytes, std::string_view place);

struct CheckpointBytes {
  std::string bytes;
  std::int64_t rows = 0;
};

// The same snapshot gives the same bytes, whoever writes them. Tombstones older than
// `tombstones_from_ms` are left out.
Result<CheckpointBytes> write_checkpoint(const Snapshot& snapshot, std::int64_t tombstones_from_ms,
                                         std::string_view place);

}  // namespace vortex
