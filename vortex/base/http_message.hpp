// One wire request and its answer, as values. An adapter makes HttpCalls and reads HttpReplies;
// `net` carries them. They live in base because neither room may see the other.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "vortex/base/time.hpp"

namespace vortex {

// An immutable body with kBodyPadding readable bytes behind it, so that simdjson reads it in place.
// Copies share the bytes. Thread-safe.
class Body {
 public:
  static constexpr std::size_t kBodyPadding = 64;

  Body() = default;
  static Body copy_of(std::string_view bytes);
  // Takes a string over without copying where its capacity already has room for the padding.
  static Body take(std::string bytes);

  std::string_view view() const {
    return text_ ? std::string_view(*text_).substr(0, size_) : std::string_view();
  }
  const char* data() const { return text_ ? text_->data() : ""; }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

 private:
  std::shared_ptr<const std::string> text_;  // size_ bytes, then the padding
  std::size_t size_ = 0;
};

struct Header {
  std::string name;
  std::string value;
  bool operator==(const Header&) const = default;
};
using Headers = std::vector<Header>;

// The first header of that name, compared without case; empty when absent.
std::string_view find_header(const Headers& headers, std::string_view name);

enum class HttpMethod : unsigned char { get, post };

using QueryParams = std::vector<std::pair<std::string, std::string>>;

// A request relative to a provider's base URL. Values are raw: `target` encodes them.
struct HttpCall {
  HttpMethod method = HttpMethod::get;
  std::string
      host;  // a named host of the provider ("query2.finance.yahoo.com"); base_url replaces it
  std::string path;  // already percent-encoded, begins with '/'
  QueryParams query;
  Headers headers;
  std::string body;  // POST only; JSON unless a Content-Type header says otherwise
  // False: a 3xx is returned as the reply. Logins need to see each hop's cookies.
  bool follow_redirects = true;

  std::string target() const;  // "/v8/finance/chart/AAPL?interval=1d&period1=…", encoded
  bool operator==(const HttpCall&) const = default;
};

struct HttpReply {
  int status = 0;
  Headers headers;
  Body body;
  std::string final_url;  // redacted; after redirects
  TimePoint sent_at;
  TimePoint received_at;
};

// RFC 3986: everything but A-Z a-z 0-9 - . _ ~ becomes %XX. What is encoded can end neither a path
// segment nor a header line.
std::string percent_encode(std::string_view text);
std::optional<std::string> percent_decode(std::string_view text);  // none on a malformed escape

// A URL fit for logs and captures: values of secret-bearing parameters (crumb, apikey, token, …)
// and user:password are masked.
std::string redact_url(std::string_view url);

}  // namespace vortex
