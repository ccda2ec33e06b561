// A checksum that stands inside the file it is of: where our commits and checkpoints carry one, a
// changed byte is found, and so is a sound file of another version or table in the wrong place.
// Pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace vortex {

// What a file holds behind the marker before it is sealed.
inline constexpr std::string_view kUnsealed = "00000000000000000000000000000000";

// The markers: in a commit's first line, and in a checkpoint's footer.
inline constexpr std::string_view kCommitSeal = R"("vortexSeal":")";
inline constexpr std::string_view kCheckpointSeal = "vortexSeal:";

// Puts the digest of the whole (and of `place`, "bars/00000000000000000012") into the zeros behind
// the last `marker` before `end`; without a marker nothing changes.
void seal(std::string& bytes, std::string_view marker, std::string_view place,
          std::size_t end = std::string_view::npos);

enum class SealState : std::uint8_t { none, sound, broken };
SealState check_seal(std::string_view bytes, std::string_view marker, std::string_view place,
                     std::size_t end = std::string_view::npos);

}  // namespace vortex
