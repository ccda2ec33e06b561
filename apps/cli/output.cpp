#include "apps/cli/output.hpp"

#include <cerrno>
#include <cstdio>
#include <system_error>

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace vortex::cli {
namespace {

constexpr std::string_view kClearLine = "\r\x1b[2K";

std::string_view code_of(Style style) {
  switch (style) {
    case Style::plain: return "";
    case Style::bold: return "\x1b[1m";
    case Style::dim: return "\x1b[2m";
    case Style::red: return "\x1b[31m";
    case Style::green: return "\x1b[32m";
    case Style::yellow: return "\x1b[33m";
  }
  return "";
}

std::unexpected<Error> write_error(std::string_view where, int error) {
  const bool full = error == ENOSPC || error == EDQUOT || error == EFBIG;
  return fail(full ? ErrorCode::disk_full : ErrorCode::storage,
              fmt::format("{}: {}", where, std::generic_category().message(error)));
}

}  // namespace

Output::Output(Options options)
    : options_(options),
      data_is_terminal_(::isatty(options.data_fd) == 1),
      note_is_terminal_(::isatty(options.note_fd) == 1 && !options.dumb) {}

int Output::note_columns() const {
  winsize size{};
  if (::ioctl(options_.note_fd, TIOCGWINSZ, &size) != 0 || size.ws_col < 20) return 80;
  return size.ws_col;
}

Result<void> Output::data(std::string_view text) {
  if (reader_left_) return {};
  const int error = write_all(options_.data_fd, text);
  if (error == 0) return {};
  if (error == EPIPE) {
    reader_left_ = true;
    return {};
  }
  return write_error("stdout", error);
}

void Output::note(std::string_view line) {
  if (!options_.quiet) error_line(line);
}

// What cannot be said cannot be reported either: failures of stderr have nowhere to go.
void Output::error_line(std::string_view line) {
  std::string text;
  if (line_open_) text += kClearLine;
  line_open_ = false;
  text += line;
  text += '\n';
  (void)write_all(options_.note_fd, text);
}

void Output::redraw(std::string_view line) {
  if (options_.quiet || !note_is_terminal_) return;
  std::string text(kClearLine);
  text += line;
  line_open_ = true;
  (void)write_all(options_.note_fd, text);
}

std::string Output::styled(Style style, std::string_view text) const {
  if (!note_is_terminal_ || options_.no_color || style == Style::plain) return std::string(text);
  return fmt::format("{}{}\x1b[0m", code_of(style), text);
}

int write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return 0;
}

namespace {

// A pipe or device (/dev/stdout, /dev/null) is written in place: it must not be replaced.
bool is_special(const std::string& path) {
  struct stat status{};
  return ::stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode);
}

Result<void> write_special(const std::string& path, std::string_view bytes) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (fd < 0) return write_error(untrusted(path), errno);
  const int error = write_all(fd, bytes);
  ::close(fd);
  if (error == 0) return {};
  return write_error(untrusted(path), error);
}

}  // namespace

Result<void> write_file(const std::string& path, std::string_view bytes, unsigned mode) {
  if (is_special(path)) return write_special(path, bytes);
  const std::string temporary = fmt::format("{}.{}.tmp", path, ::getpid());
  const int fd =
      ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
  if (fd < 0) return write_error(untrusted(path), errno);
  int error = write_all(fd, bytes);
  if (error == 0 && ::fsync(fd) != 0) error = errno;
  if (::close(fd) != 0 && error == 0) error = errno;
  if (error == 0 && std::rename(temporary.c_str(), path.c_str()) != 0) error = errno;
  if (error == 0) return {};
  ::unlink(temporary.c_str());
  return write_error(untrusted(path), error);
}

}  // namespace vortex::cli
