#include "vortex/net/url.hpp"

#include <memory>

#include <curl/curl.h>

#include "vortex/base/ascii.hpp"
#include "vortex/base/http_message.hpp"

namespace vortex {

namespace {

struct UrlCleanup {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
using UrlHandle = std::unique_ptr<CURLU, UrlCleanup>;

Error bad_url(std::string_view url, CURLUcode code) {
  return {.code = ErrorCode::usage,
          .message = "'" + untrusted(redact_url(url)) +
                     "' is no http or https URL: " + curl_url_strerror(code)};
}

Result<UrlHandle> read_url(std::string_view url) {
  UrlHandle handle(curl_url());
  if (!handle) return fail(ErrorCode::local_resource, "out of memory for a URL");
  // A NUL would cut the text for libcurl and not for us.
  const CURLUcode code =
      url.find('\0') != std::string_view::npos
          ? CURLUE_MALFORMED_INPUT
          : curl_url_set(handle.get(), CURLUPART_URL, std::string(url).c_str(), 0);
  if (code != CURLUE_OK) return std::unexpected(bad_url(url, code));
  return handle;
}

std::string part(const UrlHandle& handle, CURLUPart which, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(handle.get(), which, &text, flags) != CURLUE_OK) return {};
  std::string out(text);
  curl_free(text);
  return out;
}

}  // namespace

Result<UrlParts> parse_url(std::string_view url) {
  VORTEX_TRY(const UrlHandle handle, read_url(url));
  UrlParts parts{.scheme = lower(part(handle, CURLUPART_SCHEME)),
                 .host = lower(part(handle, CURLUPART_HOST)),
                 .port = part(handle, CURLUPART_PORT, CURLU_DEFAULT_PORT),
                 .query = part(handle, CURLUPART_QUERY),
                 .has_user = !part(handle, CURLUPART_USER).empty() ||
                             !part(handle, CURLUPART_PASSWORD).empty()};
  if (parts.host.starts_with('[') && parts.host.ends_with(']')) {
    parts.host = parts.host.substr(1, parts.host.size() - 2);
  }
  // "host." and "host" are one name.
  if (parts.host.size() > 1 && parts.host.ends_with('.')) parts.host.pop_back();
  if ((parts.scheme != "http" && parts.scheme != "https") || parts.host.empty()) {
    return std::unexpected(bad_url(url, CURLUE_UNSUPPORTED_SCHEME));
  }
  return parts;
}

Result<std::string> join_url(std::string_view base, std::string_view reference) {
  VORTEX_TRY(const UrlHandle handle, read_url(base));
  const CURLUcode code =
      reference.find('\0') != std::string_view::npos
          ? CURLUE_MALFORMED_INPUT
          : curl_url_set(handle.get(), CURLUPART_URL, std::string(reference).c_str(),
                         CURLU_URLENCODE | CURLU_NON_SUPPORT_SCHEME);
  if (code != CURLUE_OK) return std::unexpected(bad_url(reference, code));
  return part(handle, CURLUPART_URL);
}

Result<std::string> with_query(std::string_view url, const std::string& query) {
  VORTEX_TRY(const UrlHandle handle, read_url(url));
  const CURLUcode code =
      curl_url_set(handle.get(), CURLUPART_QUERY, query.empty() ? nullptr : query.c_str(), 0);
  if (code != CURLUE_OK) return std::unexpected(bad_url(url, code));
  return part(handle, CURLUPART_URL);
}

}  // namespace vortex
