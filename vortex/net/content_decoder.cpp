#include "vortex/net/content_decoder.hpp"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <memory>

#include <brotli/decode.h>
#include <zlib.h>
#include <zstd.h>

#include "vortex/base/ascii.hpp"
#include "vortex/base/http_message.hpp"

namespace vortex {

namespace {

constexpr std::size_t kFirstBytes = std::size_t{64} * 1024;

// The growing output. A decoder asks for room, writes, and says how much it wrote.
class Output {
 public:
  Output(std::size_t encoded_bytes, const DecodeLimits& limits)
      : bytes_max_(allowed(encoded_bytes, limits)) {}

  // The first allocation, for a decoder that knows or guesses the size.
  void expect(std::uint64_t bytes) {
    text_.reserve(static_cast<std::size_t>(std::min(bytes, bytes_max_)) + Body::kBodyPadding + 1);
  }

  // Room for at least one byte; false when the limit is reached.
  bool make_room() {
    if (used_ < text_.size()) return true;
    if (used_ > bytes_max_) return false;
    const auto grown = std::max({kFirstBytes, 2 * text_.size(), text_.capacity()});
    // One byte over the limit tells a body that is too large from one that just fits.
    text_.resize(static_cast<std::size_t>(std::min<std::uint64_t>(grown, bytes_max_ + 1)));
    return used_ < text_.size();
  }

  char* data() { return text_.data() + used_; }
  std::size_t room() const { return text_.size() - used_; }
  void wrote(std::size_t bytes) { used_ += bytes; }
  bool too_large() const { return used_ > bytes_max_; }

  Result<std::string> take() {
    if (too_large()) return too_large_error();
    text_.resize(used_);
    return std::move(text_);
  }
  std::unexpected<Error> too_large_error() const {
    return fail(ErrorCode::body_too_large,
                "body refused: beyond " + std::to_string(bytes_max_) + " bytes when decompressed");
  }

 private:
  static std::uint64_t allowed(std::size_t encoded_bytes, const DecodeLimits& limits) {
    const std::uint64_t by_ratio = std::uint64_t{encoded_bytes} * limits.ratio_max;
    return std::min({limits.bytes_max, std::max(kRatioFreeBytes, by_ratio),
                     std::uint64_t{std::numeric_limits<std::ptrdiff_t>::max() / 2}});
  }

  std::uint64_t bytes_max_;
  std::string text_;
  std::size_t used_ = 0;
};

std::unexpected<Error> cut(std::string_view encoding) {
  return fail(ErrorCode::truncated, "the " + std::string(encoding) + " body ends too early");
}

std::unexpected<Error> broken(std::string_view encoding) {
  return fail(ErrorCode::bad_payload, "the body is no " + std::string(encoding) + " stream");
}

class Inflater {
 public:
  explicit Inflater(int window_bits) { ok_ = inflateInit2(&stream_, window_bits) == Z_OK; }
  ~Inflater() {
    if (ok_) inflateEnd(&stream_);
  }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
  bool ok() const { return ok_; }
  z_stream& stream() { return stream_; }

 private:
  z_stream stream_{};
  bool ok_ = false;
};

constexpr int kGzipWindow = 15 + 16;
constexpr int kZlibWindow = 15;
constexpr int kRawWindow = -15;

// gzip's last four bytes are its size: one allocation instead of a dozen, when it tells the truth.
std::uint64_t gzip_size(std::string_view encoded) {
  if (encoded.size() < 18) return 0;
  std::uint64_t size = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    const auto byte = static_cast<unsigned char>(encoded[encoded.size() - 1 - i]);
    size = size << 8 | byte;
  }
  return size;
}

// One step of inflate over as much input and output as zlib's 32-bit counters take.
int inflate_step(z_stream& stream, std::string_view& input, Output& output) {
  constexpr std::size_t kStepMax = std::size_t{1} << 30;
  const std::size_t given = std::min(input.size(), kStepMax);
  const std::size_t room = std::min(output.room(), kStepMax);
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-const-cast): zlib only reads, its interface says less
  auto* const next = const_cast<char*>(input.data());
  stream.next_in = reinterpret_cast<Bytef*>(next);
  stream.avail_in = static_cast<uInt>(given);
  stream.next_out = reinterpret_cast<Bytef*>(output.data());
  stream.avail_out = static_cast<uInt>(room);
  const int code = inflate(&stream, Z_NO_FLUSH);
  input.remove_prefix(given - stream.avail_in);
  output.wrote(room - stream.avail_out);
  return code;
}

// gzip may be several members one after the other (RFC 1952 §2.2).
Result<std::string> inflate_all(std::string_view name, std::string_view input, int window_bits,
                                Output output) {
  Inflater inflater(window_bits);
  if (!inflater.ok())
    return fail(ErrorCode::local_resource, "out of memory for " + std::string(name));
  for (;;) {
    if (!output.make_room()) return output.too_large_error();
    const int code = inflate_step(inflater.stream(), input, output);
    if (output.too_large()) return output.too_large_error();
    if (code == Z_STREAM_END) {
      const bool next_member = window_bits == kGzipWindow && input.starts_with("\x1F\x8B");
      if (!next_member) return output.take();
      inflateReset(&inflater.stream());
    } else if (code == Z_BUF_ERROR || code == Z_OK) {
      if (input.empty() && output.room() > 0) return cut(name);
    } else {
      return broken(name);
    }
  }
}

Result<std::string> decode_gzip(std::string_view encoded, const DecodeLimits& limits) {
  Output output(encoded.size(), limits);
  output.expect(gzip_size(encoded));
  return inflate_all("gzip", encoded, kGzipWindow, std::move(output));
}

// "deflate" means zlib, but some servers send the raw stream. That has no mark at its beginning:
// what fails as both is called no deflate stream, not a cut one.
Result<std::string> decode_deflate(std::string_view encoded, const DecodeLimits& limits) {
  auto zlib = inflate_all("deflate", encoded, kZlibWindow, Output(encoded.size(), limits));
  if (zlib || zlib.error().code != ErrorCode::bad_payload) return zlib;
  auto raw = inflate_all("deflate", encoded, kRawWindow, Output(encoded.size(), limits));
  if (!raw && raw.error().code == ErrorCode::truncated) return zlib;
  return raw;
}

Result<std::string> decode_brotli(std::string_view encoded, const DecodeLimits& limits) {
  const std::unique_ptr<BrotliDecoderState, void (*)(BrotliDecoderState*)> state(
      BrotliDecoderCreateInstance(nullptr, nullptr, nullptr), BrotliDecoderDestroyInstance);
  if (!state) return fail(ErrorCode::local_resource, "out of memory for br");
  Output output(encoded.size(), limits);
  output.expect(std::uint64_t{4} * encoded.size());
  const auto* next_in = reinterpret_cast<const std::uint8_t*>(encoded.data());
  std::size_t left_in = encoded.size();
  for (;;) {
    if (!output.make_room()) return output.too_large_error();
    auto* next_out = reinterpret_cast<std::uint8_t*>(output.data());
    std::size_t left_out = output.room();
    const std::size_t room = left_out;
    const auto code = BrotliDecoderDecompressStream(state.get(), &left_in, &next_in, &left_out,
                                                    &next_out, nullptr);
    output.wrote(room - left_out);
    if (output.too_large()) return output.too_large_error();
    if (code == BROTLI_DECODER_RESULT_SUCCESS) return output.take();
    if (code == BROTLI_DECODER_RESULT_NEEDS_MORE_INPUT) return cut("br");
    if (code == BROTLI_DECODER_RESULT_ERROR) return broken("br");
  }
}

Result<std::string> decode_zstd(std::string_view encoded, const DecodeLimits& limits) {
  const std::unique_ptr<ZSTD_DCtx, std::size_t (*)(ZSTD_DCtx*)> state(ZSTD_createDCtx(),
                                                                      ZSTD_freeDCtx);
  if (!state) return fail(ErrorCode::local_resource, "out of memory for zstd");
  Output output(encoded.size(), limits);
  const auto size = ZSTD_getFrameContentSize(encoded.data(), encoded.size());
  const bool known = size != ZSTD_CONTENTSIZE_UNKNOWN && size != ZSTD_CONTENTSIZE_ERROR;
  output.expect(known ? size : std::uint64_t{4} * encoded.size());
  ZSTD_inBuffer input{encoded.data(), encoded.size(), 0};
  for (;;) {
    if (!output.make_room()) return output.too_large_error();
    ZSTD_outBuffer piece{output.data(), output.room(), 0};
    const std::size_t left = ZSTD_decompressStream(state.get(), &piece, &input);
    if (ZSTD_isError(left) != 0) return broken("zstd");
    output.wrote(piece.pos);
    if (output.too_large()) return output.too_large_error();
    if (left == 0 && input.pos == input.size) return output.take();
    if (left != 0 && input.pos == input.size && piece.pos < piece.size) return cut("zstd");
  }
}

}  // namespace

bool is_identity(std::string_view encoding) {
  encoding = trim(encoding);
  return encoding.empty() || equals_ignoring_case(encoding, "identity");
}

Result<std::string> decode_content(std::string_view encoding, std::string_view encoded,
                                   const DecodeLimits& limits) {
  const std::string name = lower(trim(encoding));
  if (is_identity(name) || encoded.empty()) return std::string(encoded);
  if (name == "gzip" || name == "x-gzip") return decode_gzip(encoded, limits);
  if (name == "deflate") return decode_deflate(encoded, limits);
  if (name == "br") return decode_brotli(encoded, limits);
  if (name == "zstd") return decode_zstd(encoded, limits);
  return fail(ErrorCode::bad_payload,
              "the body's encoding '" + untrusted(encoding, 40) + "' was not asked for");
}

}  // namespace vortex
