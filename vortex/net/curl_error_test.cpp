#include "vortex/net/curl_error.hpp"

#include <cerrno>

#include <curl/curl.h>
#include <gtest/gtest.h>

namespace vortex {
namespace {

TEST(CurlErrorTest, TellsTheRoadsFailuresApart) {
  const auto code_of = [](int curl_code) {
    return curl_error_code({.curl_code = curl_code});
  };
  EXPECT_EQ(code_of(CURLE_COULDNT_RESOLVE_HOST), ErrorCode::resolve);
  EXPECT_EQ(code_of(CURLE_COULDNT_RESOLVE_PROXY), ErrorCode::resolve);
  EXPECT_EQ(code_of(CURLE_COULDNT_CONNECT), ErrorCode::network);
  EXPECT_EQ(code_of(CURLE_OPERATION_TIMEDOUT), ErrorCode::timeout);
  EXPECT_EQ(code_of(CURLE_PEER_FAILED_VERIFICATION), ErrorCode::tls);
  EXPECT_EQ(code_of(CURLE_SSL_CONNECT_ERROR), ErrorCode::tls);
  EXPECT_EQ(code_of(CURLE_SSL_CACERT_BADFILE), ErrorCode::config);
  EXPECT_EQ(code_of(CURLE_GOT_NOTHING), ErrorCode::network);
  EXPECT_EQ(code_of(CURLE_WEIRD_SERVER_REPLY), ErrorCode::bad_payload);
  EXPECT_EQ(code_of(CURLE_BAD_FUNCTION_ARGUMENT), ErrorCode::internal);
}

TEST(CurlErrorTest, ABrokenConnectionIsTruncatedOnlyOnceAnAnswerHasBegun) {
  EXPECT_EQ(curl_error_code({.curl_code = CURLE_RECV_ERROR, .connected = true}),
            ErrorCode::network);
  EXPECT_EQ(curl_error_code({.curl_code = CURLE_RECV_ERROR, .connected = true, .answered = true}),
            ErrorCode::truncated);
  for (const int broken : {CURLE_HTTP2_STREAM, CURLE_PARTIAL_FILE}) {
    EXPECT_EQ(curl_error_code({.curl_code = broken, .answered = true}), ErrorCode::truncated);
    EXPECT_EQ(curl_error_code({.curl_code = broken, .connected = true}), ErrorCode::network);
  }
}

TEST(CurlErrorTest, BadChunksAreAPayloadError) {
  EXPECT_EQ(curl_error_code({.curl_code = CURLE_RECV_ERROR,
                             .answered = true,
                             .text = "Problem (2) in the Chunked-Encoded data"}),
            ErrorCode::bad_payload);
}

TEST(CurlErrorTest, AProxysRefusalToConnectIsItsOwnError) {
  EXPECT_EQ(curl_error_code({.curl_code = CURLE_RECV_ERROR, .connect_status = 407}),
            ErrorCode::proxy_authentication);
  EXPECT_EQ(curl_error_code({.curl_code = CURLE_RECV_ERROR, .connect_status = 502}),
            ErrorCode::network);
}

TEST(CurlErrorTest, B15AHeaderLineBeyondLibcurlsLimitIsNoShortageOfMemory) {
  EXPECT_EQ(curl_error_code({.curl_code = CURLE_OUT_OF_MEMORY, .answered = true}),
            ErrorCode::bad_payload);
  EXPECT_EQ(curl_error_code({.curl_code = CURLE_OUT_OF_MEMORY}), ErrorCode::local_resource);
}

TEST(CurlErrorTest, A17ShortagesOfThisMachineAreLocal) {
  for (const int error : {EMFILE, ENFILE, ENOBUFS, ENOMEM, EADDRNOTAVAIL}) {
    EXPECT_EQ(curl_error_code({.curl_code = CURLE_COULDNT_CONNECT, .os_error = error}),
              ErrorCode::local_resource);
  }
  EXPECT_EQ(curl_error_code({.curl_code = CURLE_COULDNT_CONNECT, .os_error = ECONNREFUSED}),
            ErrorCode::network);
  EXPECT_EQ(curl_error_code({.curl_code = CURLE_COULDNT_CONNECT, .os_error = ETIMEDOUT}),
            ErrorCode::timeout);
}

}  // namespace
}  // namespace vortex
