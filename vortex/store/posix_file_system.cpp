#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <set>
#include <system_error>
#include <utility>

#include <dirent.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vortex/store/file_system.hpp"

namespace vortex {
namespace {

constexpr mode_t kDirectoryMode = 0755;
constexpr mode_t kFileMode = 0644;
constexpr mode_t kPrivateMode = 0600;
constexpr int kTemporaryNamesMax = 1000;  // left-overs of dead processes with our pid

// Closes on leaving. A failed close says nothing that fsync has not said before.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { close(); }

  int get() const { return number_; }
  bool valid() const { return number_ >= 0; }
  void close() {
    if (number_ >= 0) ::close(std::exchange(number_, -1));
  }

 private:
  int number_ = -1;
};

Descriptor open_file(const std::string& path, int flags, mode_t mode = 0) {
  int number = -1;
  do {
    number = ::open(path.c_str(), flags | O_CLOEXEC | O_NOFOLLOW, mode);
  } while (number < 0 && errno == EINTR);
  return Descriptor(number);
}

Result<void> write_all(int descriptor, std::string_view bytes, std::string_view path) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return std::unexpected(file_error("write", path, errno));
    if (written == 0) return std::unexpected(file_error("write", path, ENOSPC));
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

Result<void> read_all(int descriptor, std::uint64_t offset, std::span<char> into,
                      std::string_view path) {
  while (!into.empty()) {
    const ssize_t count = ::pread(descriptor, into.data(), into.size(), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return std::unexpected(file_error("read", path, errno));
    if (count == 0) {
      return fail(ErrorCode::corrupt, fmt::format("{} ends at byte {}", path, offset));
    }
    offset += static_cast<std::uint64_t>(count);
    into = into.subspan(static_cast<std::size_t>(count));
  }
  return {};
}

Result<void> sync_file(int descriptor, std::string_view path) {
  int done = -1;
  do {
    done = ::fsync(descriptor);
  } while (done != 0 && errno == EINTR);  // an interruption is no failure: nothing was given up
  if (done != 0) return std::unexpected(file_error("fsync", path, errno));
  return {};
}

std::string directory_of(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == std::string::npos ? "." : (slash == 0 ? "/" : path.substr(0, slash));
}

Result<void> sync_native_directory(const std::string& path) {
  const Descriptor directory = open_file(path, O_RDONLY | O_DIRECTORY);
  if (!directory.valid()) return std::unexpected(file_error("open directory", path, errno));
  return sync_file(directory.get(), path);
}

// An empty directory may be the work of a process that died before the fsync of its name; nobody
// puts anything into one before that. One whose parent we may not read is not of our making.
bool may_be_unsynced(const std::string& path) {
  if (::access(directory_of(path).c_str(), R_OK) != 0) return false;
  std::error_code trouble;
  const bool empty = std::filesystem::is_empty(path, trouble);
  return empty || trouble;
}

TimePoint modified_of(const struct ::stat& status) {
  return TimePoint{
      std::chrono::duration_cast<Duration>(std::chrono::seconds{status.st_mtim.tv_sec} +
                                           std::chrono::nanoseconds{status.st_mtim.tv_nsec})};
}

Result<void> set_modified(int descriptor, TimePoint time, std::string_view path) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  const auto rest = std::chrono::nanoseconds{time - seconds};
  const timespec stamp{.tv_sec = seconds.time_since_epoch().count(), .tv_nsec = rest.count()};
  const timespec both[2] = {stamp, stamp};
  if (::futimens(descriptor, both) != 0) {
    return std::unexpected(file_error("set the time of", path, errno));
  }
  return {};
}

class PosixReader final : public FileReader {
 public:
  PosixReader(Descriptor file, std::uint64_t size, std::string path)
      : file_(std::move(file)), size_(size), path_(std::move(path)) {}
  std::uint64_t size() const override { return size_; }
  Result<void> read_at(std::uint64_t offset, std::span<char> into) override {
    return read_all(file_.get(), offset, into, path_);
  }

 private:
  Descriptor file_;
  std::uint64_t size_;
  std::string path_;
};

class PosixWriter final : public FileWriter {
 public:
  PosixWriter(Descriptor file, std::string path) : file_(std::move(file)), path_(std::move(path)) {}
  PosixWriter(const PosixWriter&) = delete;
  PosixWriter& operator=(const PosixWriter&) = delete;
  ~PosixWriter() override {
    if (!finished_) ::unlink(path_.c_str());
  }

  Result<void> write(std::string_view bytes) override {
    VORTEX_TRY_VOID(write_all(file_.get(), bytes, path_));
    position_ += bytes.size();
    return {};
  }
  std::uint64_t position() const override { return position_; }
  Result<void> finish() override {
    VORTEX_TRY_VOID(sync_file(file_.get(), path_));
    file_.close();
    VORTEX_TRY_VOID(sync_native_directory(directory_of(path_)));
    finished_ = true;
    return {};
  }

 private:
  Descriptor file_;
  std::string path_;
  std::uint64_t position_ = 0;
  bool finished_ = false;
};

// A durable file under a name of its own beside `path`, ready to be linked or renamed.
class TemporaryFile {
 public:
  static Result<TemporaryFile> write(const std::string& path, std::string_view bytes,
                                     const PutOptions& options, std::uint64_t& counter) {
    const mode_t mode = options.private_file ? kPrivateMode : kFileMode;
    for (int attempt = 0; attempt < kTemporaryNamesMax; ++attempt) {
      std::string name = fmt::format("{}/.{}-{}.tmp", directory_of(path), ::getpid(), ++counter);
      Descriptor file = open_file(name, O_WRONLY | O_CREAT | O_EXCL, mode);
      if (!file.valid() && errno == EEXIST) continue;
      if (!file.valid()) return std::unexpected(file_error("create", name, errno));
      TemporaryFile temporary(std::move(name));
      VORTEX_TRY_VOID(write_all(file.get(), bytes, path));
      if (options.modified) VORTEX_TRY_VOID(set_modified(file.get(), *options.modified, path));
      VORTEX_TRY_VOID(sync_file(file.get(), path));
      return temporary;
    }
    return fail(ErrorCode::storage, fmt::format("no free temporary name beside {}", path));
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  TemporaryFile(TemporaryFile&& other) noexcept : name_(std::exchange(other.name_, {})) {}
  TemporaryFile& operator=(TemporaryFile&&) = delete;
  ~TemporaryFile() {
    if (!name_.empty()) ::unlink(name_.c_str());
  }
  const std::string& name() const { return name_; }
  // Has it a second name? NFS answers EEXIST for a link that it made itself, when the first answer
  // was lost: the link count tells.
  bool linked() const {
    struct ::stat status{};
    return ::lstat(name_.c_str(), &status) == 0 && status.st_nlink > 1;
  }
  void renamed() { name_.clear(); }

 private:
  explicit TemporaryFile(std::string name) : name_(std::move(name)) {}
  std::string name_;
};

class PosixFileSystem final : public FileSystem {
 public:
  explicit PosixFileSystem(std::string root) : root_(std::move(root)) {}

  Result<std::string> read(const std::string& path) override {
    VORTEX_TRY(auto reader, open(path));
    std::string bytes(reader->size(), '\0');
    VORTEX_TRY_VOID(reader->read_at(0, bytes));
    return bytes;
  }

  Result<std::string> read_range(const std::string& path, std::uint64_t offset,
                                 std::uint64_t length) override {
    VORTEX_TRY(auto reader, open(path));
    if (offset > reader->size() || length > reader->size() - offset) {
      return fail(ErrorCode::corrupt, fmt::format("{} has {} bytes, wanted {} from {}", path,
                                                  reader->size(), length, offset));
    }
    std::string bytes(length, '\0');
    VORTEX_TRY_VOID(reader->read_at(offset, bytes));
    return bytes;
  }

  Result<std::unique_ptr<FileReader>> open(const std::string& path) override {
    const std::string native = native_path(path);
    Descriptor file = open_file(native, O_RDONLY);
    if (!file.valid()) return std::unexpected(file_error("open", native, errno));
    struct ::stat status{};
    if (::fstat(file.get(), &status) != 0) {
      return std::unexpected(file_error("stat", native, errno));
    }
    if (!S_ISREG(status.st_mode)) {
      return fail(ErrorCode::unsafe_path, fmt::format("{} is not a regular file", native));
    }
    return std::make_unique<PosixReader>(std::move(file),
                                         static_cast<std::uint64_t>(status.st_size), native);
  }

  Result<std::vector<std::string>> list(const std::string& directory) override {
    const std::string native = native_path(directory);
    std::vector<std::string> names;
    const std::unique_ptr<DIR, int (*)(DIR*)> stream(::opendir(native.c_str()), ::closedir);
    if (!stream && errno == ENOENT) return names;
    if (!stream) return std::unexpected(file_error("list", native, errno));
    errno = 0;
    // NOLINTNEXTLINE(concurrency-mt-unsafe): no other thread has this stream
    while (const dirent* entry = ::readdir(stream.get())) {
      const std::string_view name = entry->d_name;
      if (name != "." && name != "..") names.emplace_back(name);
      errno = 0;
    }
    if (errno != 0) return std::unexpected(file_error("list", native, errno));
    return names;
  }

  Result<std::optional<FileStat>> stat(const std::string& path) override {
    const std::string native = native_path(path);
    struct ::stat status{};
    if (::lstat(native.c_str(), &status) != 0) {
      if (errno == ENOENT) return std::nullopt;
      return std::unexpected(file_error("stat", native, errno));
    }
    return FileStat{.size = static_cast<std::uint64_t>(status.st_size),
                    .modified = modified_of(status)};
  }

  Result<void> put(const std::string& path, std::string_view bytes,
                   const PutOptions& options) override {
    const std::string native = native_path(path);
    VORTEX_TRY(auto temporary, TemporaryFile::write(native, bytes, options, counter_));
    if (::rename(temporary.name().c_str(), native.c_str()) != 0) {
      return std::unexpected(file_error("rename to", native, errno));
    }
    temporary.renamed();
    return sync_native_directory(directory_of(native));
  }

  Result<void> put_if_absent(const std::string& path, std::string_view bytes,
                             const PutOptions& options) override {
    const std::string native = native_path(path);
    VORTEX_TRY(auto temporary, TemporaryFile::write(native, bytes, options, counter_));
    if (::link(temporary.name().c_str(), native.c_str()) != 0) {
      const int error = errno;
      if (error == EEXIST && !temporary.linked()) {
        return fail(ErrorCode::commit_conflict, fmt::format("{} exists already", native));
      }
      if (error != EEXIST) return std::unexpected(file_error("link", native, error));
    }
    return sync_native_directory(directory_of(native));
  }

  Result<std::unique_ptr<FileWriter>> open_new(const std::string& path) override {
    std::string native = native_path(path);
    Descriptor file = open_file(native, O_WRONLY | O_CREAT | O_EXCL, kFileMode);
    if (!file.valid() && errno == EEXIST) {
      return fail(ErrorCode::commit_conflict, fmt::format("{} exists already", native));
    }
    if (!file.valid()) return std::unexpected(file_error("create", native, errno));
    return std::make_unique<PosixWriter>(std::move(file), std::move(native));
  }

  Result<void> remove(const std::string& path) override {
    const std::string native = native_path(path);
    if (::unlink(native.c_str()) != 0) {
      return std::unexpected(file_error("remove", native, errno));
    }
    return sync_native_directory(directory_of(native));
  }

  Result<void> make_directories(const std::string& path) override {
    const std::string native = native_path(path);
    if (made_.contains(native)) return {};
    for (std::size_t end = native.find('/', 1);; end = native.find('/', end + 1)) {
      const std::string part = native.substr(0, end);
      const bool made = ::mkdir(part.c_str(), kDirectoryMode) == 0;
      if (!made && errno != EEXIST && errno != EISDIR) {
        return std::unexpected(file_error("make directory", part, errno));
      }
      if (made || (part.size() >= root_.size() && may_be_unsynced(part))) {
        VORTEX_TRY_VOID(sync_native_directory(directory_of(part)));
      }
      if (end == std::string::npos) break;
    }
    made_.insert(native);
    return {};
  }

  Result<void> sync_directory(const std::string& directory) override {
    return sync_native_directory(native_path(directory));
  }

  std::string native_path(const std::string& path) const override {
    return path.empty() ? root_ : root_ + "/" + path;
  }

 private:
  std::string root_;
  std::set<std::string> made_;  // directories known to be there
  std::uint64_t counter_ = 0;
};

}  // namespace

std::unique_ptr<FileSystem> open_posix_file_system(std::string root) {
  while (root.size() > 1 && root.ends_with('/')) root.pop_back();
  return std::make_unique<PosixFileSystem>(std::move(root));
}

Result<void> check_store_path(const std::string& path) {
  if (path.empty() || path.find('\0') != std::string::npos) {
    return fail(ErrorCode::unsafe_path, "the store's path is empty or has a NUL");
  }
  std::string bare = path;
  while (bare.size() > 1 && bare.ends_with('/')) bare.pop_back();
  struct ::stat status{};
  if (::lstat(bare.c_str(), &status) != 0) {
    if (errno == ENOENT) return {};
    return std::unexpected(file_error("look at", bare, errno));
  }
  const bool foreign = status.st_uid != ::geteuid() && status.st_uid != 0;
  if (S_ISLNK(status.st_mode)) {
    if (foreign) {
      return fail(
          ErrorCode::unsafe_path,
          fmt::format("{} is a symbolic link of another user (uid {})", bare, status.st_uid));
    }
    if (::stat(bare.c_str(), &status) != 0) {
      return std::unexpected(file_error("follow", bare, errno));
    }
  }
  if (!S_ISDIR(status.st_mode)) {
    return fail(ErrorCode::not_a_dataset, fmt::format("{} is not a directory", bare));
  }
  return {};
}

Error file_error(std::string_view doing, std::string_view path, int error_number) {
  ErrorCode code = ErrorCode::storage;
  if (error_number == ENOSPC || error_number == EDQUOT) code = ErrorCode::disk_full;
  if (error_number == ENOENT) code = ErrorCode::not_found;
  if (error_number == ELOOP) code = ErrorCode::unsafe_path;
  return Error{.code = code,
               .message = fmt::format("cannot {} {}: {}", doing, path,
                                      std::generic_category().message(error_number))};
}

}  // namespace vortex
