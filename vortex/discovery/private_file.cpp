#include "vortex/discovery/private_file.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

namespace vortex {
namespace {

constexpr mode_t kPrivateMode = 0600;
constexpr mode_t kWritableByOthers = 0022;

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  int get() const { return number_; }
  bool valid() const { return number_ >= 0; }

 private:
  int number_;
};

std::unexpected<Error> file_failure(std::string_view doing, const std::string& path, int number) {
  ErrorCode code = ErrorCode::storage;
  if (number == ENOSPC || number == EDQUOT) code = ErrorCode::disk_full;
  if (number == ENOENT) code = ErrorCode::not_found;
  if (number == ELOOP) code = ErrorCode::unsafe_path;
  return fail(code, fmt::format("cannot {} {}: {}", doing, untrusted(path),
                                std::generic_category().message(number)));
}

std::unexpected<Error> unsafe(const std::string& path, std::string_view why) {
  return fail(ErrorCode::unsafe_path, fmt::format("{} {}", untrusted(path), why));
}

int open_retrying(const std::string& path, int flags, mode_t mode = 0) {
  int number = -1;
  do {
    number = ::open(path.c_str(), flags | O_CLOEXEC | O_NOFOLLOW, mode);
  } while (number < 0 && errno == EINTR);
  return number;
}

Result<void> write_all(int descriptor, std::string_view text, const std::string& path) {
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return file_failure("write", path, written == 0 ? ENOSPC : errno);
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

Result<void> sync_directory_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  std::string parent = slash == std::string::npos ? "." : path.substr(0, slash);
  if (parent.empty()) parent = "/";
  // The directory itself may be reached by a link of its owner's.
  const Descriptor directory(::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory.valid()) return file_failure("open directory", parent, errno);
  if (::fsync(directory.get()) != 0) return file_failure("fsync directory", parent, errno);
  return {};
}

// A name of its own for every writer, so that two of them never write into one file.
std::string temporary_name(const std::string& path) {
  static std::atomic<unsigned> count{0};
  return fmt::format("{}.{}-{}.tmp", path, ::getpid(), count.fetch_add(1));
}

Result<void> write_new(const std::string& path, std::string_view text) {
  const Descriptor file(open_retrying(path, O_WRONLY | O_CREAT | O_EXCL, kPrivateMode));
  if (!file.valid()) return file_failure("create", path, errno);
  VORTEX_TRY_VOID(write_all(file.get(), text, path));
  if (::fsync(file.get()) != 0) return file_failure("fsync", path, errno);
  return {};
}

}  // namespace

Result<std::string> read_private_file(const std::string& path, std::size_t bytes_max) {
  // Not blocking: a pipe of that name must not stop us.
  const Descriptor file(open_retrying(path, O_RDONLY | O_NONBLOCK));
  if (!file.valid()) return file_failure("open", path, errno);
  struct ::stat status{};
  if (::fstat(file.get(), &status) != 0) return file_failure("look at", path, errno);
  if (!S_ISREG(status.st_mode)) return unsafe(path, "is no regular file");
  if (status.st_uid != ::geteuid()) return unsafe(path, "belongs to another user");
  if ((status.st_mode & kWritableByOthers) != 0) return unsafe(path, "can be written by others");
  const auto expected = static_cast<std::size_t>(status.st_size);
  std::string text(std::min(expected, bytes_max) + 1, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const ssize_t count = ::read(file.get(), text.data() + size, text.size() - size);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return file_failure("read", path, errno);
    if (count == 0) break;
    size += static_cast<std::size_t>(count);
  }
  if (size > bytes_max) {
    return fail(ErrorCode::corrupt,
                fmt::format("{} is larger than {} bytes", untrusted(path), bytes_max));
  }
  text.resize(size);
  return text;
}

Result<void> replace_private_file(const std::string& path, std::string_view text) {
  struct ::stat status{};
  if (::lstat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode)) {
    return unsafe(path, "is no regular file");
  }
  const std::string temporary = temporary_name(path);
  (void)::unlink(temporary.c_str());  // of a dead process that had our number
  auto written = write_new(temporary, text);
  if (written && std::rename(temporary.c_str(), path.c_str()) != 0) {
    written = file_failure("rename onto", path, errno);
  }
  if (!written) {
    (void)::unlink(temporary.c_str());
    return written;
  }
  return sync_directory_of(path);
}

}  // namespace vortex
