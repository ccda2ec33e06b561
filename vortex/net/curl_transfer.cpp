#include "vortex/net/curl_transfer.hpp"

#include <algorithm>
#include <cerrno>
#include <string_view>
#include <utility>

#include <arpa/inet.h>
#include <boost/asio/io_context.hpp>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "vortex/base/ascii.hpp"
#include "vortex/net/content_decoder.hpp"
#include "vortex/net/curl_error.hpp"

namespace vortex {

namespace {

// The most libcurl takes: fewer system calls and callbacks per megabyte.
constexpr long kReceiveBytes = long{512} * 1024;
// A Content-Length is believed up to here; beyond, the body grows as it comes.
constexpr std::uint64_t kReserveBytesMax = std::uint64_t{64} << 20;

class Options {
 public:
  explicit Options(CURL* easy) : easy_(easy) {}

  template <class Value>
  Options& set(CURLoption option, Value value) {
    const CURLcode code = curl_easy_setopt(easy_, option, value);
    if (code != CURLE_OK && failed_ == CURLE_OK) failed_ = code;
    return *this;
  }
  CURLcode failed() const { return failed_; }

 private:
  CURL* easy_;
  CURLcode failed_ = CURLE_OK;
};

long whole_milliseconds(Duration duration) {
  // Zero would mean libcurl's own default of minutes.
  return static_cast<long>(
      std::max<std::int64_t>(1, std::chrono::ceil<std::chrono::milliseconds>(duration).count()));
}

}  // namespace

CurlTransfer::CurlTransfer(Runtime& runtime, const HttpRoute& route, const Hop& hop, CURL* easy)
    : runtime_(runtime), route_(route), hop_(hop), easy_(easy), wake_(runtime.io()) {}

Result<void> CurlTransfer::prepare(const std::string& proxy) {
  proxied_ = !proxy.empty();
  VORTEX_TRY_VOID(set_headers());
  Options options(easy_);
  options.set(CURLOPT_URL, hop_.url.c_str())
      .set(CURLOPT_PATH_AS_IS, 1L)
      .set(CURLOPT_NOSIGNAL, 1L)
      .set(CURLOPT_HTTP_VERSION, long{CURL_HTTP_VERSION_2TLS})
      // Waiting for a connection to share pays where HTTP/2 may be agreed on; without TLS it would
      // put every call behind the first.
      .set(CURLOPT_PIPEWAIT, hop_.url.starts_with("https:") ? 1L : 0L)
      .set(CURLOPT_FOLLOWLOCATION, 0L)         // redirect.hpp does
      .set(CURLOPT_HTTP_CONTENT_DECODING, 0L)  // content_decoder.hpp does
      .set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L)
      .set(CURLOPT_TCP_KEEPALIVE, 1L)
      .set(CURLOPT_BUFFERSIZE, kReceiveBytes)
      .set(CURLOPT_CONNECTTIMEOUT_MS, whole_milliseconds(route_.connect_timeout))
      .set(CURLOPT_SSLVERSION, long{CURL_SSLVERSION_TLSv1_2})
      .set(CURLOPT_SSL_VERIFYPEER, 1L)
      .set(CURLOPT_SSL_VERIFYHOST, 2L)
      .set(CURLOPT_PROXY, proxy.c_str())  // empty: none, whatever the environment says
      .set(CURLOPT_NOPROXY, "")           // decided by proxy_for
      .set(CURLOPT_ERRORBUFFER, error_text_.data())
      .set(CURLOPT_HEADERFUNCTION, &CurlTransfer::on_header)
      .set(CURLOPT_HEADERDATA, this)
      .set(CURLOPT_WRITEFUNCTION, &CurlTransfer::on_body)
      .set(CURLOPT_WRITEDATA, this)
      .set(CURLOPT_OPENSOCKETFUNCTION, &CurlTransfer::on_open)
      .set(CURLOPT_OPENSOCKETDATA, this)
      .set(CURLOPT_PREREQFUNCTION, &CurlTransfer::on_connected)
      .set(CURLOPT_PREREQDATA, this)
      .set(CURLOPT_XFERINFOFUNCTION, &CurlTransfer::on_progress)
      .set(CURLOPT_XFERINFODATA, this)
      .set(CURLOPT_NOPROGRESS, 0L)
      .set(CURLOPT_HTTPHEADER, header_list_.get());
  if (!route_.ca_file.empty()) {
    options.set(CURLOPT_CAINFO, route_.ca_file.c_str())
        .set(CURLOPT_PROXY_CAINFO, route_.ca_file.c_str());
  }
  if (hop_.method == HttpMethod::post) {
    // Over a kept connection that dies libcurl sends the request again by itself, also one that the
    // server has read: a POST goes over a connection of its own.
    options.set(CURLOPT_POST, 1L)
        .set(CURLOPT_FRESH_CONNECT, 1L)
        .set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(hop_.body.size()))
        .set(CURLOPT_POSTFIELDS, hop_.body.c_str());
  }
  if (options.failed() == CURLE_OK) return {};
  return fail(ErrorCode::internal,
              std::string("libcurl refused an option: ") + curl_easy_strerror(options.failed()));
}

Result<void> CurlTransfer::set_headers() {
  const auto add = [this](const std::string& name, const std::string& value) {
    // "Name:" would remove a header, "Name;" sends it empty.
    const std::string line = value.empty() ? name + ";" : name + ": " + value;
    curl_slist* const list = curl_slist_append(header_list_.get(), line.c_str());
    if (list == nullptr) return false;
    if (!header_list_) header_list_.reset(list);  // later lines are hung on the first
    return true;
  };
  const auto has = [this](std::string_view name) {
    return std::ranges::any_of(hop_.headers, [&](const Header& header) {
      return equals_ignoring_case(header.name, name);
    });
  };
  bool added = true;
  for (const Header& header : hop_.headers) added = added && add(header.name, header.value);
  if (!has("User-Agent")) {
    added = added && add("User-Agent",
                         !route_.user_agent.empty() ? route_.user_agent : "Vortex/" VORTEX_VERSION);
  }
  if (!has("Accept-Encoding")) {
    added = added && add("Accept-Encoding", std::string(kAcceptEncoding));
  }
  if (hop_.method == HttpMethod::post && !has("Content-Type")) {
    added = added && add("Content-Type", "application/json");
  }
  if (added) return {};
  return fail(ErrorCode::local_resource, "out of memory for request headers");
}

void CurlTransfer::finished(CURLcode code) {
  code_ = code;
  wake_.cancel();
}

void CurlTransfer::stop_with(Error error) {
  if (!stopped_) stopped_ = std::move(error);
}

std::size_t CurlTransfer::on_header(char* bytes, std::size_t size, std::size_t count, void* self) {
  auto& transfer = *static_cast<CurlTransfer*>(self);
  try {
    transfer.progressed_at_ = transfer.runtime_.clock().monotonic();
    if (transfer.headers_.add_line({bytes, size * count})) return size * count;
    transfer.stop_with(*transfer.headers_.error());
    return 0;
  } catch (...) {
    return 0;  // out of memory: ends the transfer
  }
}

std::size_t CurlTransfer::on_body(char* bytes, std::size_t size, std::size_t count, void* self) {
  auto& transfer = *static_cast<CurlTransfer*>(self);
  try {
    return transfer.accept_body({bytes, size * count}) ? size * count : 0;
  } catch (...) {
    return 0;  // as above
  }
}

bool CurlTransfer::accept_body(std::string_view bytes) {
  const std::uint64_t announced = headers_.content_length().value_or(0);
  if (std::max<std::uint64_t>(announced, body_.size() + bytes.size()) > route_.body_bytes_max) {
    stop_with(
        {.code = ErrorCode::body_too_large,
         .message = "body refused: beyond " + std::to_string(route_.body_bytes_max) + " bytes"});
    return false;
  }
  if (body_.empty() && announced != 0) {
    body_.reserve(static_cast<std::size_t>(std::min(announced, kReserveBytesMax)) +
                  Body::kBodyPadding);
  }
  body_.append(bytes);
  progressed_at_ = runtime_.clock().monotonic();
  return true;
}

// The address that a name turned out to have. Through a proxy it is the proxy's, which the settings
// name.
bool CurlTransfer::may_connect_to(const sockaddr& address) {
  if (proxied_ || hop_.scopes.allows(address_scope(address))) return true;
  stop_with({.code = ErrorCode::redirect_refused,
             .message = "redirect refused: its host resolves to an address of this machine or "
                        "network (allow_private_hosts)"});
  return false;
}

curl_socket_t CurlTransfer::on_open(void* self, curlsocktype /*purpose*/, curl_sockaddr* address) {
  auto& transfer = *static_cast<CurlTransfer*>(self);
  try {
    if (!transfer.may_connect_to(address->addr)) return CURL_SOCKET_BAD;
  } catch (...) {
    return CURL_SOCKET_BAD;
  }
  const int type = address->socktype | SOCK_CLOEXEC;
  const int made = ::socket(address->family, type, address->protocol);
  if (made < 0) transfer.open_error_ = errno;
  return made < 0 ? CURL_SOCKET_BAD : made;
}

// Connected, by a new or a kept connection, and nothing of the request sent yet.
int CurlTransfer::on_connected(void* self, char* remote_ip, char* /*local_ip*/, int /*remote_port*/,
                               int /*local_port*/) {
  auto& transfer = *static_cast<CurlTransfer*>(self);
  transfer.connected_ = true;
  transfer.progressed_at_ = transfer.runtime_.clock().monotonic();
  try {
    const auto scope = host_scope(remote_ip != nullptr ? remote_ip : "");
    if (transfer.proxied_ || transfer.hop_.scopes.allows(scope.value_or(HostScope::reserved))) {
      return CURL_PREREQFUNC_OK;
    }
    transfer.stop_with({.code = ErrorCode::redirect_refused,
                        .message = "redirect refused: a kept connection leads to an address of "
                                   "this machine or network (allow_private_hosts)"});
    return CURL_PREREQFUNC_ABORT;
  } catch (...) {
    return CURL_PREREQFUNC_ABORT;  // out of memory: nothing is sent
  }
}

int CurlTransfer::on_progress(void* self, curl_off_t /*download_total*/, curl_off_t received,
                              curl_off_t /*upload_total*/, curl_off_t sent) {
  auto& transfer = *static_cast<CurlTransfer*>(self);
  if (received != transfer.received_ || sent != transfer.sent_) {
    transfer.received_ = received;
    transfer.sent_ = sent;
    transfer.progressed_at_ = transfer.runtime_.clock().monotonic();
  }
  return 0;
}

// A body that ends with its connection, over TLS: libcurl takes a missing close_notify for a good
// end, so anyone on the road could have cut it.
bool CurlTransfer::is_end_unproven() const {
  long version = 0;
  curl_easy_getinfo(easy_, CURLINFO_HTTP_VERSION, &version);
  const bool frames_its_body = version != CURL_HTTP_VERSION_1_0 && version != CURL_HTTP_VERSION_1_1;
  return hop_.url.starts_with("https:") && !frames_its_body && !headers_.has_body_end() &&
         !body_.empty();
}

std::optional<Error> CurlTransfer::failure() const {
  if (stopped_) return stopped_;
  if (code_ == CURLE_OK && is_end_unproven()) {
    return Error{
        .code = ErrorCode::truncated,
        .message = "the answer has no length, and a cut TLS connection looks like its end"};
  }
  if (code_ == CURLE_OK && headers_.complete()) return std::nullopt;
  if (code_ == CURLE_OK) {
    return Error{.code = ErrorCode::truncated, .message = "the answer ends within its headers"};
  }
  long os_error = 0;
  long connect_status = 0;
  curl_easy_getinfo(easy_, CURLINFO_OS_ERRNO, &os_error);
  curl_easy_getinfo(easy_, CURLINFO_HTTP_CONNECTCODE, &connect_status);
  const std::string_view text = error_text_.data();
  const ErrorCode code =
      curl_error_code({.curl_code = code_.value_or(CURLE_OK),
                       .connected = connected_,
                       .answered = headers_.started(),
                       .os_error = open_error_ != 0 ? open_error_ : static_cast<int>(os_error),
                       .connect_status = static_cast<int>(connect_status),
                       .text = text});
  Error error{.code = code, .message = curl_easy_strerror(code_.value_or(CURLE_OK))};
  return std::move(error).with_evidence(text);
}

int CurlTransfer::status() const {
  long status = 0;
  curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
  return static_cast<int>(status);
}

}  // namespace vortex
