// A file whose lock processes share: many at once, or one alone. It goes with the process, however
// that ends. Belongs to one thread.
#pragma once

#include <string>
#include <utility>

#include "vortex/base/error.hpp"

namespace vortex {

class LockFile {
 public:
  // Made where absent, mode 0600; a link in its place is unsafe_path.
  static Result<LockFile> open(std::string path, Duration wait_max);
  LockFile(LockFile&& other) noexcept
      : path_(std::move(other.path_)),
        descriptor_(std::exchange(other.descriptor_, -1)),
        wait_max_(other.wait_max_) {}
  LockFile& operator=(LockFile&&) = delete;
  LockFile(const LockFile&) = delete;
  LockFile& operator=(const LockFile&) = delete;
  ~LockFile();

  // Held until it ends. Two at once of one LockFile are not allowed.
  class Hold {
   public:
    Hold(Hold&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
    Hold& operator=(Hold&&) = delete;
    Hold(const Hold&) = delete;
    Hold& operator=(const Hold&) = delete;
    ~Hold() { release(); }
    void release();

   private:
    friend class LockFile;
    explicit Hold(int descriptor) : descriptor_(descriptor) {}
    int descriptor_;
  };
  // Fails with storage when others have it for longer than `wait_max`.
  Result<Hold> hold_shared() { return hold(false); }
  Result<Hold> hold_alone() { return hold(true); }

 private:
  LockFile(std::string path, int descriptor, Duration wait_max)
      : path_(std::move(path)), descriptor_(descriptor), wait_max_(wait_max) {}
  Result<Hold> hold(bool alone);

  std::string path_;
  int descriptor_;
  Duration wait_max_;
};

// Waits in the system a little, for somebody to let go of a lock. Returns whether the `turn`-th
// turn still is within `wait_max`.
bool wait_for_lock(int turn, Duration wait_max);

}  // namespace vortex
