// SIGINT and SIGTERM as a stop request, so that a command ends in order: what is decoded is
// committed, and the exit code tells the signal. A second signal ends the process at once. One at a
// time; make it before any thread is started, since threads inherit the blocked signals.
#pragma once

#include <atomic>
#include <csignal>
#include <stop_token>
#include <thread>

namespace vortex::cli {

class SignalStop {
 public:
  SignalStop();
  ~SignalStop();
  SignalStop(const SignalStop&) = delete;
  SignalStop& operator=(const SignalStop&) = delete;

  std::stop_token token() const { return source_.get_token(); }
  bool stopped() const { return signal_ != 0; }
  int exit_code() const { return 128 + signal_; }  // precondition: stopped
  void wait() const;                               // until a signal came

 private:
  void watch();

  std::stop_source source_;
  std::atomic<int> signal_{0};
  sigset_t before_{};
  int signals_fd_ = -1;
  int end_fd_ = -1;
  std::thread watcher_;
};

}  // namespace vortex::cli
