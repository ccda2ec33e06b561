#include "vortex/store/state_codec.hpp"

#include <cstdint>
#include <utility>

#include "vortex/store/coverage.hpp"

namespace vortex {
namespace {

// Stamps as differences of differences, each a zigzag varint: bars come at even steps, so most take
// one byte.
std::string pack_stamps(const std::vector<TimePoint>& stamps) {
  std::string out;
  std::uint64_t last = 0;
  std::uint64_t step = 0;
  for (const TimePoint stamp : stamps) {
    const auto now = static_cast<std::uint64_t>(stamp.time_since_epoch().count());
    const std::uint64_t bend = (now - last) - step;
    std::uint64_t zigzag = (bend << 1) ^ (0 - (bend >> 63));
    for (; zigzag >= 0x80; zigzag >>= 7) out += static_cast<char>((zigzag & 0x7f) | 0x80);
    out += static_cast<char>(zigzag);
    step = now - last;
    last = now;
  }
  return out;
}

std::vector<TimePoint> unpack_stamps(std::string_view bytes) {
  std::vector<TimePoint> out;
  std::uint64_t last = 0;
  std::uint64_t step = 0;
  std::uint64_t zigzag = 0;
  unsigned shift = 0;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (shift < 64) zigzag |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
    shift += 7;
    if ((byte & 0x80) != 0) continue;
    step += (zigzag >> 1) ^ (0 - (zigzag & 1));
    last += step;
    out.emplace_back(Duration{static_cast<std::int64_t>(last)});
    zigzag = 0;
    shift = 0;
  }
  return out;
}

}  // namespace

const StateCodec::Stamps& StateCodec::stamps_of(std::string_view bytes) {
  if (!stamps_read_.known || stamps_read_.bytes != bytes) {
    stamps_read_ = {.known = true, .value = unpack_stamps(bytes), .bytes = std::string(bytes)};
  }
  return stamps_read_.value;
}

Result<StateCodec::Marks> StateCodec::marks_of(std::string_view text) {
  if (!marks_read_.known || marks_read_.bytes != text) {
    VORTEX_TRY(auto marks, parse_marks(text));
    marks_read_ = {.known = true, .value = std::move(marks), .bytes = std::string(text)};
  }
  return marks_read_.value;
}

const std::string& StateCodec::bytes_of(const Stamps& stamps) {
  if (!stamps_written_.known || stamps_written_.value != stamps) {
    stamps_written_ = {.known = true, .value = stamps, .bytes = pack_stamps(stamps)};
  }
  return stamps_written_.bytes;
}

const std::string& StateCodec::text_of(const Marks& marks) {
  if (!marks_written_.known || marks_written_.value != marks) {
    marks_written_ = {.known = true, .value = marks, .bytes = write_marks(marks)};
  }
  return marks_written_.bytes;
}

}  // namespace vortex
