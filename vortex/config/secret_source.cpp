#include "vortex/config/secret_source.hpp"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

namespace vortex {
namespace {

constexpr std::size_t kSecretBytesMax = std::size_t{64} * 1024;

class FileDescriptor {
 public:
  explicit FileDescriptor(int fd) : fd_(fd) {}
  ~FileDescriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

std::unexpected<Error> refused(std::string_view reference, std::string_view why, std::string hint) {
  Error error{.code = ErrorCode::config,
              .message = fmt::format("secret {}: {}", untrusted(reference, 200), why),
              .hint = std::move(hint)};
  return std::unexpected(std::move(error));
}

Result<SecretString> from_environment(std::string_view reference, const Environment& environment) {
  const std::string name(reference.substr(4));
  auto value = environment ? environment(name) : std::nullopt;
  if (!value || value->empty()) {
    return refused(reference, "the variable is not set", fmt::format("export {}=…", name));
  }
  return SecretString(std::move(*value));
}

Result<void> check_file(std::string_view reference, int fd) {
  struct stat status{};
  if (::fstat(fd, &status) != 0)
    return refused(reference, std::generic_category().message(errno), "");
  if (!S_ISREG(status.st_mode)) return refused(reference, "not a regular file", "");
  if (status.st_uid != ::geteuid() && status.st_uid != 0) {
    return refused(reference, "the file belongs to another user",
                   "keep secrets in files of your own");
  }
  if ((status.st_mode & (S_IRWXO | S_IWGRP)) != 0) {
    return refused(
        reference,
        fmt::format("others may read or change it (mode {:04o})", status.st_mode & 07777U),
        fmt::format("chmod 600 {}", reference.substr(5)));
  }
  return {};
}

// Symbolic links are followed, since mounted secrets are links; what is checked is the open file
// itself.
Result<SecretString> from_file(std::string_view reference) {
  const std::string path(reference.substr(5));
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.get() < 0) return refused(reference, std::generic_category().message(errno), "");
  VORTEX_TRY_VOID(check_file(reference, file.get()));
  std::string value;
  std::array<char, 4096> block{};
  for (;;) {
    const ssize_t got = ::read(file.get(), block.data(), block.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return refused(reference, std::generic_category().message(errno), "");
    if (got == 0) break;
    value.append(block.data(), static_cast<std::size_t>(got));
    if (value.size() > kSecretBytesMax) return refused(reference, "larger than 64 KiB", "");
  }
  if (value.ends_with('\n')) value.pop_back();
  if (value.ends_with('\r')) value.pop_back();
  if (value.empty()) return refused(reference, "the file is empty", "");
  return SecretString(std::move(value));
}

}  // namespace

Environment process_environment() {
  return [](const std::string& name) -> std::optional<std::string> {
    // NOLINTNEXTLINE(concurrency-mt-unsafe): nothing in Vortex changes the environment
    const char* value = std::getenv(name.c_str());
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
  };
}

bool is_secret_reference(std::string_view text) {
  if (text.starts_with("env:")) return text.size() > 4;
  if (text.starts_with("file:")) return text.size() > 5;
  return text.starts_with("vault:") && text.size() > 6;
}

Result<SecretString> resolve_secret(std::string_view reference, const Environment& environment) {
  if (!is_secret_reference(reference)) {
    // The text may be the secret itself: it is not repeated.
    return fail(ErrorCode::config, "a secret must be a reference: env:NAME or file:PATH");
  }
  if (reference.starts_with("env:")) return from_environment(reference, environment);
  if (reference.starts_with("file:")) return from_file(reference);
  return refused(reference, "reading from Vault is not supported yet", "use env:NAME or file:PATH");
}

}  // namespace vortex
