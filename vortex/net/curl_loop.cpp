#include "vortex/net/curl_loop.hpp"

#include <bit>
#include <csignal>
#include <ctime>
#include <unordered_map>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

namespace vortex {
namespace asio = boost::asio;

namespace {

// Idle connections kept over all hosts.
constexpr long kIdleConnectionsMax = 64;

// OpenSSL writes without MSG_NOSIGNAL, so a peer that left would end the program by SIGPIPE. While
// this lives the calling thread does not get the signal; the write fails with EPIPE instead. Other
// threads and the process's own choice are untouched.
class WithoutSigpipe {
 public:
  WithoutSigpipe() {
    sigemptyset(&broken_pipe_);
    sigaddset(&broken_pipe_, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &broken_pipe_, &before_);
  }
  ~WithoutSigpipe() {
    if (sigismember(&before_, SIGPIPE) == 1) return;
    const timespec at_once{};
    while (sigtimedwait(&broken_pipe_, nullptr, &at_once) == SIGPIPE) {
    }
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  WithoutSigpipe(const WithoutSigpipe&) = delete;
  WithoutSigpipe& operator=(const WithoutSigpipe&) = delete;

 private:
  sigset_t broken_pipe_{};
  sigset_t before_{};
};

// A socket of libcurl's. The descriptor only watches: libcurl opens and closes it.
struct Watch {
  Watch(asio::io_context& io, curl_socket_t socket) : descriptor(io, socket) {}

  asio::posix::stream_descriptor descriptor;
  bool wants_read = false;
  bool wants_write = false;
  bool reading = false;  // a wait is under way
  bool writing = false;
  bool removed = false;
};

}  // namespace

struct CurlLoop::Impl : std::enable_shared_from_this<Impl> {
  explicit Impl(asio::io_context& given_io) : io(given_io), timer(given_io) {}
  ~Impl();
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  bool open(int host_connections_max);
  void watch(curl_socket_t socket, int what);
  void forget(curl_socket_t socket);
  void wait(const std::shared_ptr<Watch>& watch);
  void wait_read(const std::shared_ptr<Watch>& watch);
  void wait_write(const std::shared_ptr<Watch>& watch);
  void act(const std::shared_ptr<Watch>& watch, int events);
  void set_timer(long timeout_ms);
  void collect_finished();

  static int on_socket(CURL* easy, curl_socket_t socket, int what, void* self, void* unused);
  static int on_timer(CURLM* multi, long timeout_ms, void* self);

  asio::io_context& io;
  asio::steady_timer timer;
  CURLM* multi = nullptr;
  std::unordered_map<curl_socket_t, std::shared_ptr<Watch>> watches;
};

bool CurlLoop::Impl::open(int host_connections_max) {
  multi = curl_multi_init();
  if (multi == nullptr) return false;
  curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, &Impl::on_socket);
  curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, &Impl::on_timer);
  curl_multi_setopt(multi, CURLMOPT_TIMERDATA, this);
  curl_multi_setopt(multi, CURLMOPT_PIPELINING, long{CURLPIPE_MULTIPLEX});
  curl_multi_setopt(multi, CURLMOPT_MAX_HOST_CONNECTIONS, long{host_connections_max});
  curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, kIdleConnectionsMax);
  return true;
}

CurlLoop::Impl::~Impl() {
  if (multi == nullptr) return;
  // Idle connections are closed by the clean-up; the watches let go of their descriptors before.
  const WithoutSigpipe guard;
  curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, nullptr);
  curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, nullptr);
  while (!watches.empty()) forget(watches.begin()->first);
  curl_multi_cleanup(multi);
}

// Called by libcurl inside its functions; must not throw into it.
int CurlLoop::Impl::on_socket(CURL* /*easy*/, curl_socket_t socket, int what, void* self,
                              void* /*unused*/) {
  auto& loop = *static_cast<Impl*>(self);
  try {
    if (what == CURL_POLL_REMOVE) {
      loop.forget(socket);
    } else {
      loop.watch(socket, what);
    }
    return 0;
  } catch (...) {
    return -1;  // out of memory or of descriptors: libcurl fails the transfer
  }
}

int CurlLoop::Impl::on_timer(CURLM* /*multi*/, long timeout_ms, void* self) {
  try {
    static_cast<Impl*>(self)->set_timer(timeout_ms);
    return 0;
  } catch (...) {
    return -1;
  }
}

void CurlLoop::Impl::watch(curl_socket_t socket, int what) {
  auto& entry = watches[socket];
  if (!entry) {
    try {
      entry = std::make_shared<Watch>(io, socket);
    } catch (...) {
      watches.erase(socket);
      throw;
    }
  }
  entry->wants_read = what == CURL_POLL_IN || what == CURL_POLL_INOUT;
  entry->wants_write = what == CURL_POLL_OUT || what == CURL_POLL_INOUT;
  wait(entry);
}

void CurlLoop::Impl::forget(curl_socket_t socket) {
  const auto found = watches.find(socket);
  if (found == watches.end()) return;
  found->second->removed = true;
  found->second->descriptor.release();  // libcurl closes it
  watches.erase(found);
}

void CurlLoop::Impl::wait(const std::shared_ptr<Watch>& watch) {
  if (watch->removed) return;
  if (watch->wants_read && !watch->reading) wait_read(watch);
  if (watch->wants_write && !watch->writing) wait_write(watch);
}

void CurlLoop::Impl::wait_read(const std::shared_ptr<Watch>& watch) {
  watch->reading = true;
  watch->descriptor.async_wait(asio::posix::descriptor_base::wait_read,
                               [self = weak_from_this(), watch](boost::system::error_code error) {
                                 watch->reading = false;
                                 const auto loop = self.lock();
                                 if (loop && !watch->removed && watch->wants_read) {
                                   loop->act(watch, error ? CURL_CSELECT_ERR : CURL_CSELECT_IN);
                                 }
                               });
}

void CurlLoop::Impl::wait_write(const std::shared_ptr<Watch>& watch) {
  watch->writing = true;
  watch->descriptor.async_wait(asio::posix::descriptor_base::wait_write,
                               [self = weak_from_this(), watch](boost::system::error_code error) {
                                 watch->writing = false;
                                 const auto loop = self.lock();
                                 if (loop && !watch->removed && watch->wants_write) {
                                   loop->act(watch, error ? CURL_CSELECT_ERR : CURL_CSELECT_OUT);
                                 }
                               });
}

void CurlLoop::Impl::act(const std::shared_ptr<Watch>& watch, int events) {
  {
    const WithoutSigpipe guard;
    int running = 0;
    curl_multi_socket_action(multi, watch->descriptor.native_handle(), events, &running);
  }
  collect_finished();
  wait(watch);
}

// A timeout of 0 means "as soon as you are out of my functions", which the timer is.
void CurlLoop::Impl::set_timer(long timeout_ms) {
  if (timeout_ms < 0) {
    timer.cancel();
    return;
  }
  timer.expires_after(std::chrono::milliseconds(timeout_ms));
  timer.async_wait([self = weak_from_this()](boost::system::error_code error) {
    const auto loop = self.lock();
    if (error || !loop) return;
    {
      const WithoutSigpipe guard;
      int running = 0;
      curl_multi_socket_action(loop->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    }
    loop->collect_finished();
  });
}

void CurlLoop::Impl::collect_finished() {
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    char* listener = nullptr;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &listener);
    if (listener != nullptr) {
      // The pointer went in as a CurlListener and comes out as one.
      std::bit_cast<CurlListener*>(listener)->finished(message->data.result);
    }
  }
}

CurlLoop::CurlLoop(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
CurlLoop::~CurlLoop() = default;

std::shared_ptr<CurlLoop> CurlLoop::create(Runtime& runtime, int host_connections_max) {
  auto impl = std::make_shared<Impl>(runtime.io());
  if (!impl->open(host_connections_max)) return nullptr;
  return std::shared_ptr<CurlLoop>(new CurlLoop(std::move(impl)));
}

bool CurlLoop::add(CURL* easy, CurlListener* listener) {
  const WithoutSigpipe guard;
  curl_easy_setopt(easy, CURLOPT_PRIVATE, static_cast<void*>(listener));
  return curl_multi_add_handle(impl_->multi, easy) == CURLM_OK;
}

void CurlLoop::remove(CURL* easy) {
  curl_multi_remove_handle(impl_->multi, easy);
}

}  // namespace vortex
