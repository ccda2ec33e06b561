#include "vortex/store/capture.hpp"

#include <array>
#include <memory>
#include <string>

#include <fmt/core.h>
#include <zstd.h>

#include "vortex/base/json.hpp"
#include "vortex/base/sha256.hpp"

namespace vortex {
namespace {

constexpr int kZstdLevel = 1;  // JSON shrinks to a fifth at 500 MB/s; level 3 gains a tenth more
constexpr std::size_t kIdDigits = 32;

// The last two are ours: the body echoed a secret and was masked before it was kept; it was refused
// for its form, which the value tells.
constexpr std::array<std::string_view, 7> kKeptHeaders = {
    "content-type",  "date",          "retry-after",   "age",
    "cache-control", "vortex-masked", "vortex-refused"};
constexpr std::size_t kHeaderBytesMax = 600;

std::string kept_headers(const Headers& headers) {
  JsonWriter writer;
  writer.begin_object();
  for (const std::string_view name : kKeptHeaders) {
    const std::string_view value = find_header(headers, name);
    if (!value.empty()) writer.member(name, untrusted(value, kHeaderBytesMax));
  }
  writer.end_object();
  return writer.take();
}

// A context and a buffer for each thread: making them anew costs more than compressing a small
// body.
struct Compressor {
  std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> context{ZSTD_createCCtx(), &ZSTD_freeCCtx};
  std::string buffer;
};

// A buffer that one huge body made is not kept.
constexpr std::size_t kBufferKeptMax = 4 << 20;

Result<std::string> compress(std::string_view body) {
  thread_local Compressor compressor;
  if (compressor.context == nullptr) return fail(ErrorCode::local_resource, "no memory for zstd");
  std::string& buffer = compressor.buffer;
  const std::size_t bound = ZSTD_compressBound(body.size());
  if (buffer.size() < bound) buffer.resize(bound);
  const std::size_t size = ZSTD_compressCCtx(compressor.context.get(), buffer.data(), buffer.size(),
                                             body.data(), body.size(), kZstdLevel);
  if (ZSTD_isError(size) != 0) {
    return fail(ErrorCode::internal, fmt::format("zstd: {}", ZSTD_getErrorName(size)));
  }
  std::string frame = buffer.substr(0, size);
  if (buffer.size() > kBufferKeptMax) std::string().swap(buffer);
  return frame;
}

}  // namespace

Result<Capture> make_capture(const HttpReply& reply, std::string_view redacted_request,
                             TimeRange range) {
  const std::string_view body = reply.body.view();
  Capture capture;
  capture.sha256 = sha256_hex(body);
  capture.body_bytes = body.size();
  capture.request = redacted_request;
  capture.range = range;
  capture.status = reply.status;
  capture.headers = kept_headers(reply.headers);
  capture.received_at = reply.received_at;
  const std::string identity = fmt::format("{}\n{}\n{}", capture.sha256, redacted_request,
                                           reply.received_at.time_since_epoch().count());
  capture.id = sha256_hex(identity).substr(0, kIdDigits);

  VORTEX_TRY(capture.frame, compress(body));
  return capture;
}

}  // namespace vortex
