#include "apps/cli/signal_stop.hpp"

#include <array>
#include <cstdint>

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

namespace vortex::cli {

SignalStop::SignalStop() {
  sigset_t watched{};
  sigemptyset(&watched);
  sigaddset(&watched, SIGINT);
  sigaddset(&watched, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &watched, &before_);
  signals_fd_ = ::signalfd(-1, &watched, SFD_CLOEXEC | SFD_NONBLOCK);
  end_fd_ = ::eventfd(0, EFD_CLOEXEC);
  watcher_ = std::thread([this] { watch(); });
}

SignalStop::~SignalStop() {
  const std::uint64_t one = 1;
  (void)!::write(end_fd_, &one, sizeof one);
  watcher_.join();
  ::close(end_fd_);
  ::close(signals_fd_);
  ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

void SignalStop::watch() {
  std::array<pollfd, 2> waits = {pollfd{.fd = signals_fd_, .events = POLLIN, .revents = 0},
                                 pollfd{.fd = end_fd_, .events = POLLIN, .revents = 0}};
  for (;;) {
    if (::poll(waits.data(), waits.size(), -1) < 0) continue;
    if (waits[1].revents != 0) return;
    signalfd_siginfo came{};
    if (::read(signals_fd_, &came, sizeof came) != sizeof came) continue;
    const int signal = static_cast<int>(came.ssi_signo);
    if (signal_ != 0) ::_exit(128 + signal);
    signal_ = signal;
    signal_.notify_all();
    source_.request_stop();
  }
}

void SignalStop::wait() const {
  signal_.wait(0);
}

}  // namespace vortex::cli
