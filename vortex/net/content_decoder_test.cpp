#include "vortex/net/content_decoder.hpp"

#include <gtest/gtest.h>

#include "vortex/net/compress_for_test.hpp"

namespace vortex {
namespace {

using test::compress_for_test;

constexpr DecodeLimits kWide{.bytes_max = std::uint64_t{64} << 20, .ratio_max = 100'000};
constexpr auto kEncodings = {"gzip", "deflate", "br", "zstd"};

std::string text_for_decoding() {
  std::string text;
  for (int i = 0; i < 20'000; ++i) text += std::to_string(i * 7919 % 100'003) + ",";
  return text;
}

TEST(ContentDecoderTest, UndoesEveryEncodingItAsksFor) {
  const std::string text = text_for_decoding();
  for (const char* encoding : kEncodings) {
    const auto decoded = decode_content(encoding, compress_for_test(encoding, text), kWide);
    ASSERT_TRUE(decoded) << encoding << decoded.error().to_line();
    EXPECT_EQ(*decoded, text) << encoding;
    EXPECT_EQ(decode_content(encoding, compress_for_test(encoding, "x"), kWide).value(), "x");
    EXPECT_EQ(decode_content(encoding, "", kWide).value(), "");
  }
  EXPECT_EQ(decode_content(" GZip ", compress_for_test("gzip", "x"), kWide).value(), "x");
  EXPECT_EQ(decode_content("deflate", compress_for_test("raw-deflate", text), kWide).value(), text);
  EXPECT_EQ(decode_content("identity", "as it is", kWide).value(), "as it is");
}

TEST(ContentDecoderTest, ReadsGzipMembersOneAfterTheOther) {
  const auto both = compress_for_test("gzip", "one ") + compress_for_test("gzip", "two");
  EXPECT_EQ(decode_content("gzip", both, kWide).value(), "one two");
  const auto frames = compress_for_test("zstd", "one ") + compress_for_test("zstd", "two");
  EXPECT_EQ(decode_content("zstd", frames, kWide).value(), "one two");
}

TEST(ContentDecoderTest, B14EveryPrefixOfAStreamIsTruncated) {
  for (const char* encoding : kEncodings) {
    const auto whole = compress_for_test(encoding, "timestamp,open,high,low,close 1234567890");
    for (std::size_t size = 1; size < whole.size(); ++size) {
      const auto decoded = decode_content(encoding, std::string_view(whole).substr(0, size), kWide);
      ASSERT_FALSE(decoded) << encoding << " " << size;
      EXPECT_EQ(decoded.error().code, ErrorCode::truncated) << encoding << " " << size;
    }
  }
}

TEST(ContentDecoderTest, B14AWrongEncodingIsABadPayload) {
  for (const char* encoding : {"gzip", "deflate", "br", "zstd"}) {
    const auto decoded = decode_content(encoding, R"({"chart": {"result": null}})", kWide);
    ASSERT_FALSE(decoded) << encoding;
    EXPECT_EQ(decoded.error().code, ErrorCode::bad_payload) << encoding;
  }
  for (const char* encoding : {"compress", "gzip, gzip", "x", "gzip;q=1"}) {
    EXPECT_EQ(decode_content(encoding, "x", kWide).error().code, ErrorCode::bad_payload);
  }
}

TEST(ContentDecoderTest, B14ABombStopsAtTheRatioAndAtTheByteLimit) {
  const std::string zeros(std::size_t{8} << 20, '\0');
  for (const char* encoding : kEncodings) {
    const auto bomb = compress_for_test(encoding, zeros);
    const auto by_ratio =
        decode_content(encoding, bomb, {.bytes_max = 1ull << 30, .ratio_max = 50});
    EXPECT_EQ(by_ratio.error().code, ErrorCode::body_too_large) << encoding;
    const auto by_bytes =
        decode_content(encoding, bomb, {.bytes_max = zeros.size() - 1, .ratio_max = 1'000'000});
    EXPECT_EQ(by_bytes.error().code, ErrorCode::body_too_large) << encoding;
    const auto fits =
        decode_content(encoding, bomb, {.bytes_max = zeros.size(), .ratio_max = 1'000'000});
    EXPECT_EQ(fits.value().size(), zeros.size()) << encoding;
  }
}

}  // namespace
}  // namespace vortex
