#include "vortex/store/delta_seal.hpp"

#include "vortex/base/sha256.hpp"

namespace vortex {
namespace {

std::string digest_of(std::string_view bytes, std::size_t at, std::string_view place) {
  std::string text;
  text.reserve(place.size() + 1 + bytes.size());
  text.append(place).append("\n").append(bytes);
  text.replace(place.size() + 1 + at, kUnsealed.size(), kUnsealed);
  return sha256_hex(text).substr(0, kUnsealed.size());
}

std::size_t digits_after(std::string_view bytes, std::string_view marker, std::size_t end) {
  const auto found = bytes.substr(0, end).rfind(marker);
  return found == std::string_view::npos ? found : found + marker.size();
}

}  // namespace

void seal(std::string& bytes, std::string_view marker, std::string_view place, std::size_t end) {
  const auto at = digits_after(bytes, marker, end);
  if (at == std::string::npos || bytes.size() - at < kUnsealed.size()) return;
  bytes.replace(at, kUnsealed.size(), digest_of(bytes, at, place));
}

SealState check_seal(std::string_view bytes, std::string_view marker, std::string_view place,
                     std::size_t end) {
  const auto at = digits_after(bytes, marker, end);
  if (at == std::string_view::npos) return SealState::none;
  if (bytes.size() - at < kUnsealed.size()) return SealState::broken;
  const bool same = bytes.substr(at, kUnsealed.size()) == digest_of(bytes, at, place);
  return same ? SealState::sound : SealState::broken;
}

}  // namespace vortex
