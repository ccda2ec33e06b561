#include "vortex/net/curl_error.hpp"

#include <cerrno>
#include <string>

#include <curl/curl.h>

#include "vortex/base/ascii.hpp"

namespace vortex {

namespace {

constexpr int kProxyAuthenticationRequired = 407;

bool mentions(std::string_view text, std::string_view word) {
  return lower(text).find(word) != std::string::npos;
}

ErrorCode connect_failure(int os_error) {
  if (is_local_shortage(os_error)) return ErrorCode::local_resource;
  return os_error == ETIMEDOUT ? ErrorCode::timeout : ErrorCode::network;
}

// The connection broke, or what came over it broke the framing. libcurl has one code for both; only
// its text tells them apart.
ErrorCode receive_failure(const CurlFailure& failure) {
  if (failure.connect_status == kProxyAuthenticationRequired) {
    return ErrorCode::proxy_authentication;
  }
  if (!failure.answered) return ErrorCode::network;
  return mentions(failure.text, "chunk") ? ErrorCode::bad_payload : ErrorCode::truncated;
}

}  // namespace

bool is_local_shortage(int os_error) {
  return os_error == EMFILE || os_error == ENFILE || os_error == ENOBUFS || os_error == ENOMEM ||
         os_error == EADDRNOTAVAIL;
}

ErrorCode curl_error_code(const CurlFailure& failure) {
  switch (failure.curl_code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY: return ErrorCode::resolve;
    case CURLE_COULDNT_CONNECT: return connect_failure(failure.os_error);
    case CURLE_OPERATION_TIMEDOUT: return ErrorCode::timeout;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
    case CURLE_SSL_CLIENTCERT:
    case CURLE_SSL_ENGINE_INITFAILED:
    case CURLE_USE_SSL_FAILED: return ErrorCode::tls;
    case CURLE_SSL_CACERT_BADFILE: return ErrorCode::config;  // the ca_file of the settings
    case CURLE_RECV_ERROR: return receive_failure(failure);
    case CURLE_PARTIAL_FILE:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
    case CURLE_SEND_ERROR: return failure.answered ? ErrorCode::truncated : ErrorCode::network;
    case CURLE_UNSUPPORTED_PROTOCOL:  // after connecting: an answer that is not HTTP
      return failure.connected ? ErrorCode::bad_payload : ErrorCode::client;
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_BAD_CONTENT_ENCODING: return ErrorCode::bad_payload;
    case CURLE_OUT_OF_MEMORY:  // also said, without a word, of a header line beyond libcurl's limit
      return failure.answered ? ErrorCode::bad_payload : ErrorCode::local_resource;
    case CURLE_URL_MALFORMAT: return ErrorCode::client;
    case CURLE_ABORTED_BY_CALLBACK:
    case CURLE_WRITE_ERROR:
    case CURLE_BAD_FUNCTION_ARGUMENT:
    case CURLE_UNKNOWN_OPTION: return ErrorCode::internal;
    default: return failure.answered ? ErrorCode::truncated : ErrorCode::network;
  }
}

}  // namespace vortex
