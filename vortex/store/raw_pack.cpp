#include "vortex/store/raw_pack.hpp"

#include <fmt/core.h>
#include <zstd.h>

#include "vortex/base/sha256.hpp"

namespace vortex {
namespace {

constexpr std::uint64_t kBodyBytesMax = std::uint64_t{4}
                                        << 30;            // a frame that claims more is damaged
constexpr std::size_t kGatherMax = std::size_t{1} << 20;  // bytes of small frames in one write

Error damaged(const PackPlace& place, std::string_view what) {
  return Error{.code = ErrorCode::corrupt,
               .message = fmt::format("{} at {}: {}", place.pack, place.offset, what)};
}

}  // namespace

Result<std::vector<BodyPlace>> write_pack(FileSystem& files, Random& random,
                                          const std::vector<const Capture*>& captures) {
  std::vector<BodyPlace> places;
  if (captures.empty()) return places;
  const auto path = std::make_shared<const std::string>(fmt::format("raw/{}.pack", random.uuid()));
  VORTEX_TRY_VOID(files.make_directories("raw"));
  VORTEX_TRY(auto writer, files.open_new(*path));
  places.reserve(captures.size());
  std::string gathered;
  std::uint64_t offset = 0;
  for (const Capture* capture : captures) {
    const std::string& frame = capture->frame;
    places.push_back({.pack = path, .offset = offset, .length = frame.size()});
    offset += frame.size();
    if (gathered.size() + frame.size() > kGatherMax) {
      VORTEX_TRY_VOID(writer->write(gathered));
      gathered.clear();
    }
    if (frame.size() > kGatherMax) {
      VORTEX_TRY_VOID(writer->write(frame));
    } else {
      gathered += frame;
    }
  }
  VORTEX_TRY_VOID(writer->write(gathered));
  VORTEX_TRY_VOID(writer->finish());
  return places;
}

Result<std::string> read_capture(FileSystem& files, const PackPlace& place,
                                 const std::string& sha256) {
  VORTEX_TRY(const auto frame, files.read_range(place.pack, place.offset, place.length));
  const auto size = ZSTD_getFrameContentSize(frame.data(), frame.size());
  if (size == ZSTD_CONTENTSIZE_ERROR || size == ZSTD_CONTENTSIZE_UNKNOWN || size > kBodyBytesMax) {
    return std::unexpected(damaged(place, "no zstd frame"));
  }
  std::string body(size, '\0');
  const std::size_t got = ZSTD_decompress(body.data(), body.size(), frame.data(), frame.size());
  if (ZSTD_isError(got) != 0 || got != size) {
    return std::unexpected(damaged(place, "the frame cannot be expanded"));
  }
  if (sha256_hex(body) != sha256) return std::unexpected(damaged(place, "the hash differs"));
  return body;
}

}  // namespace vortex
