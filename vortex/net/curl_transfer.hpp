// One exchange over libcurl: sets the options of an easy handle, gathers the answer within its
// limits, and remembers what stopped it. Belongs to the I/O thread; must outlive its time in a
// CurlLoop.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/steady_timer.hpp>
#include <curl/curl.h>

#include "vortex/base/error.hpp"
#include "vortex/net/curl_loop.hpp"
#include "vortex/net/header_collector.hpp"
#include "vortex/net/http_transport.hpp"
#include "vortex/net/redirect.hpp"

namespace vortex {

struct CurlEasyCleanup {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
struct CurlListCleanup {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using CurlEasy = std::unique_ptr<CURL, CurlEasyCleanup>;

class CurlTransfer final : public CurlListener {
 public:
  // `route`, `hop` and `easy` must stay while the transfer is under way.
  CurlTransfer(Runtime& runtime, const HttpRoute& route, const Hop& hop, CURL* easy);
  ~CurlTransfer() = default;
  CurlTransfer(const CurlTransfer&) = delete;
  CurlTransfer& operator=(const CurlTransfer&) = delete;

  // Sets every option. `proxy` empty: none. Fails when libcurl refuses an option.
  Result<void> prepare(const std::string& proxy);

  void finished(CURLcode code) override;
  bool is_finished() const { return code_.has_value(); }
  bool is_connected() const { return connected_; }
  Monotonic progressed_at() const { return progressed_at_; }
  boost::asio::steady_timer& wake() { return wake_; }  // cancelled when finished

  // After the end: nothing when there is a whole answer, else why not.
  std::optional<Error> failure() const;
  int status() const;
  HeaderCollector& headers() { return headers_; }
  std::string take_body() { return std::move(body_); }

 private:
  Result<void> set_headers();
  bool accept_body(std::string_view bytes);
  void stop_with(Error error);
  bool may_connect_to(const sockaddr& address);
  bool is_end_unproven() const;

  // What libcurl calls, inside its functions; none may throw into it.
  static std::size_t on_header(char* bytes, std::size_t size, std::size_t count, void* self);
  static std::size_t on_body(char* bytes, std::size_t size, std::size_t count, void* self);
  static curl_socket_t on_open(void* self, curlsocktype purpose, curl_sockaddr* address);
  static int on_connected(void* self, char* remote_ip, char* local_ip, int remote_port,
                          int local_port);
  static int on_progress(void* self, curl_off_t download_total, curl_off_t received,
                         curl_off_t upload_total, curl_off_t sent);

  Runtime& runtime_;
  const HttpRoute& route_;
  const Hop& hop_;
  CURL* easy_;  // the caller's
  std::unique_ptr<curl_slist, CurlListCleanup> header_list_;
  boost::asio::steady_timer wake_;
  bool proxied_ = false;
  bool connected_ = false;
  Monotonic progressed_at_;
  std::int64_t received_ = 0;
  std::int64_t sent_ = 0;
  HeaderCollector headers_;
  std::string body_;
  std::optional<Error> stopped_;  // by us
  std::optional<CURLcode> code_;
  int open_error_ = 0;  // errno of a socket that could not be made
  std::array<char, CURL_ERROR_SIZE> error_text_{};
};

}  // namespace vortex
