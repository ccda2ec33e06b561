// The C library's functions, in place of its own.
#include <cstdarg>
#include <cstdlib>
#include <utility>

#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "disk_watched.hpp"

namespace vortex::store_test {
namespace {

int open_at(int directory, const char* path, int flags, mode_t mode) {
  const std::scoped_lock lock(g_mutex);
  const bool may_make = (flags & (O_CREAT | O_TRUNC)) != 0;
  auto call = named(may_make ? DiskCallKind::create : DiskCallKind::open, path);
  // O_CREAT of what is there already opens it.
  struct stat status{};
  if (call && may_make && (flags & (O_EXCL | O_TRUNC)) == 0 &&
      ::syscall(SYS_newfstatat, AT_FDCWD, path, &status, AT_SYMLINK_NOFOLLOW) == 0) {
    call->kind = DiskCallKind::open;
  }
  if (call) call->handle = ++g_watched->handles;
  const auto done = static_cast<int>(
      run(call, [&] { return ::syscall(SYS_openat, directory, path, flags, mode); }));
  if (call && done >= 0) {
    g_watched->open[done] = OpenFile{.path = call->path, .handle = call->handle};
    if (g_watched->plan.record && call->kind == DiskCallKind::open) {
      g_watched->record.push_back(*call);
    }
  }
  return done;
}

ssize_t write_at(int number, const void* data, std::size_t size, std::optional<off_t> offset) {
  const auto real = [&](std::size_t count) -> ssize_t {
    return offset ? ::syscall(SYS_pwrite64, number, data, count, *offset)
                  : ::syscall(SYS_write, number, data, count);
  };
  const std::scoped_lock lock(g_mutex);
  auto call = opened(DiskCallKind::write, number);
  if (!call) return real(size);
  OpenFile& file = g_watched->open[number];
  const Verdict verdict = judge(*call);
  if (verdict == Verdict::fail) {
    errno = error_of(g_watched->plan);
    return -1;
  }
  const bool halved = verdict == Verdict::halve || verdict == Verdict::halve_and_die;
  const ssize_t done = real(halved && size > 1 ? size / 2 : size);
  if (verdict == Verdict::halve_and_die) die();
  if (done < 0) return done;
  const auto written = static_cast<std::size_t>(done);
  call->offset = offset ? static_cast<std::uint64_t>(*offset) : file.position;
  if (!offset) file.position += written;
  if (g_watched->plan.record) {
    call->bytes.assign(static_cast<const char*>(data), written);
    g_watched->record.push_back(*std::move(call));
  }
  return done;
}

// Of a file below the directory nothing is asked of the machine's own disk.
int sync(int number, long system_call) {
  const std::scoped_lock lock(g_mutex);
  const auto call = opened(DiskCallKind::sync, number);
  return static_cast<int>(run(call, [&] { return call ? 0L : ::syscall(system_call, number); }));
}

int truncate_to(int number, off_t size) {
  const std::scoped_lock lock(g_mutex);
  auto call = opened(DiskCallKind::truncate, number);
  if (call) call->offset = static_cast<std::uint64_t>(size);
  return static_cast<int>(run(call, [&] { return ::syscall(SYS_ftruncate, number, size); }));
}

template <class... Args>
int by_name(DiskCallKind kind, const char* path, const char* other, long number, Args... args) {
  const std::scoped_lock lock(g_mutex);
  return static_cast<int>(
      run(named(kind, path, other), [&] { return ::syscall(number, args...); }));
}

template <class... Args>
auto by_number(DiskCallKind kind, int file, long number, Args... args) {
  const std::scoped_lock lock(g_mutex);
  return run(opened(kind, file), [&] { return ::syscall(number, args...); });
}

template <class Function>
Function* next(const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

}  // namespace
}  // namespace vortex::store_test

// NOLINTBEGIN(cert-dcl50-cpp): open is variadic in C
namespace st = vortex::store_test;
using Kind = st::DiskCallKind;

#pragma GCC visibility push(default)
extern "C" {

int open(const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  return st::open_at(AT_FDCWD, path, flags, mode);
}
int open64(const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  return st::open_at(AT_FDCWD, path, flags, mode);
}
int openat(int directory, const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  return st::open_at(directory, path, flags, mode);
}
int close(int file) {
  const std::scoped_lock lock(st::g_mutex);
  const auto call = st::opened(Kind::close, file);
  const auto done = st::run(call, [&] { return ::syscall(SYS_close, file); });
  if (call) {
    if (done < 0) ::syscall(SYS_close, file);  // a close that fails has closed
    st::g_watched->open.erase(file);
  }
  return static_cast<int>(done);
}

ssize_t write(int file, const void* data, size_t size) {
  return st::write_at(file, data, size, std::nullopt);
}
ssize_t pwrite(int file, const void* data, size_t size, off_t offset) {
  return st::write_at(file, data, size, offset);
}
ssize_t pwrite64(int file, const void* data, size_t size, off64_t offset) {
  return st::write_at(file, data, size, offset);
}
int fsync(int file) {
  return st::sync(file, SYS_fsync);
}
int fdatasync(int file) {
  return st::sync(file, SYS_fdatasync);
}
int ftruncate(int file, off_t size) noexcept {
  return st::truncate_to(file, size);
}
int ftruncate64(int file, off64_t size) noexcept {
  return st::truncate_to(file, size);
}

int link(const char* from, const char* to) noexcept {
  return st::by_name(Kind::link, from, to, SYS_link, from, to);
}
int rename(const char* from, const char* to) noexcept {
  return st::by_name(Kind::rename, from, to, SYS_rename, from, to);
}
int unlink(const char* path) noexcept {
  return st::by_name(Kind::unlink, path, nullptr, SYS_unlink, path);
}
int mkdir(const char* path, mode_t mode) noexcept {
  return st::by_name(Kind::make_directory, path, nullptr, SYS_mkdir, path, mode);
}
int rmdir(const char* path) noexcept {
  return st::by_name(Kind::remove_directory, path, nullptr, SYS_rmdir, path);
}
int chmod(const char* path, mode_t mode) noexcept {
  return st::by_name(Kind::attributes, path, nullptr, SYS_chmod, path, mode);
}
int fchmod(int file, mode_t mode) noexcept {
  return static_cast<int>(st::by_number(Kind::attributes, file, SYS_fchmod, file, mode));
}
int fchown(int file, uid_t user, gid_t group) noexcept {
  return static_cast<int>(st::by_number(Kind::attributes, file, SYS_fchown, file, user, group));
}
int futimens(int file, const timespec times[2]) noexcept {
  return static_cast<int>(
      st::by_number(Kind::attributes, file, SYS_utimensat, file, nullptr, times, 0));
}

ssize_t read(int file, void* into, size_t size) {
  return st::by_number(Kind::read, file, SYS_read, file, into, size);
}
ssize_t pread(int file, void* into, size_t size, off_t offset) {
  return st::by_number(Kind::read, file, SYS_pread64, file, into, size, offset);
}
ssize_t pread64(int file, void* into, size_t size, off64_t offset) {
  return st::by_number(Kind::read, file, SYS_pread64, file, into, size, offset);
}
int lstat(const char* path, struct stat* into) noexcept {
  return st::by_name(Kind::look, path, nullptr, SYS_newfstatat, AT_FDCWD, path, into,
                     AT_SYMLINK_NOFOLLOW);
}
int fstat(int file, struct stat* into) noexcept {
  return static_cast<int>(
      st::by_number(Kind::look, file, SYS_newfstatat, file, "", into, AT_EMPTY_PATH));
}
int lstat64(const char* path, struct stat64* into) noexcept {
  return st::by_name(Kind::look, path, nullptr, SYS_newfstatat, AT_FDCWD, path, into,
                     AT_SYMLINK_NOFOLLOW);
}
int fstat64(int file, struct stat64* into) noexcept {
  return static_cast<int>(
      st::by_number(Kind::look, file, SYS_newfstatat, file, "", into, AT_EMPTY_PATH));
}
DIR* opendir(const char* path) {
  static const auto kReal = st::next<DIR*(const char*)>("opendir");
  const std::scoped_lock lock(st::g_mutex);
  DIR* stream = nullptr;
  const auto call = st::named(Kind::list, path);
  st::run(call, [&] {
    stream = kReal(path);
    return stream == nullptr ? -1 : 0;
  });
  return stream;
}

}  // extern "C"
#pragma GCC visibility pop
// NOLINTEND(cert-dcl50-cpp)
