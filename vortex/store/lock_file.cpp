#include "vortex/store/lock_file.hpp"

#include <cerrno>
#include <ctime>

#include <fcntl.h>
#include <fmt/core.h>
#include <poll.h>
#include <sys/file.h>
#include <unistd.h>

#include "vortex/store/account_file.hpp"
#include "vortex/store/file_system.hpp"

namespace vortex {
namespace {

constexpr mode_t kPrivateMode = 0600;
constexpr Duration kTurn{300};  // a transaction of another process takes tens of microseconds

}  // namespace

bool wait_for_lock(int turn, Duration wait_max) {
  if (turn * kTurn >= wait_max) return false;
  const timespec time{.tv_sec = 0, .tv_nsec = std::chrono::nanoseconds(kTurn).count()};
  ::ppoll(nullptr, 0, &time, nullptr);
  return true;
}

Result<LockFile> LockFile::open(std::string path, Duration wait_max) {
  const int descriptor =
      ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, kPrivateMode);
  if (descriptor < 0) return std::unexpected(private_file_error("open", path, errno));
  return LockFile(std::move(path), descriptor, wait_max);
}

LockFile::~LockFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Result<LockFile::Hold> LockFile::hold(bool alone) {
  const int how = (alone ? LOCK_EX : LOCK_SH) | LOCK_NB;
  for (int turn = 0;; ++turn) {
    if (::flock(descriptor_, how) == 0) return Hold(descriptor_);
    if (errno == EINTR) continue;
    if (errno != EWOULDBLOCK) return std::unexpected(file_error("lock", path_, errno));
    if (!wait_for_lock(turn, wait_max_)) {
      return fail(ErrorCode::storage, fmt::format("{} is locked by another process", path_));
    }
  }
}

void LockFile::Hold::release() {
  if (descriptor_ >= 0) ::flock(std::exchange(descriptor_, -1), LOCK_UN);
}

}  // namespace vortex
