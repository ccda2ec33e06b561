#include "vortex/config/config_file.hpp"

#include <cerrno>
#include <cstdio>
#include <memory>
#include <system_error>

#include <fmt/core.h>

namespace vortex {
namespace {

constexpr std::size_t kFileBytesMax = 4 << 20;

struct FileCloser {
  void operator()(std::FILE* file) const { (void)std::fclose(file); }
};
using OpenFile = std::unique_ptr<std::FILE, FileCloser>;

OpenFile open_to_read(const std::string& path) {
  // NOLINTNEXTLINE(clang-analyzer-unix.Stream): unique_ptr closes it, out of the analyzer's sight
  return OpenFile(std::fopen(path.c_str(), "rbe"));
}

}  // namespace

bool config_file_exists(const std::string& path) {
  return open_to_read(path) != nullptr;
}

Result<std::string> read_config_text(const std::string& path) {
  const OpenFile file = open_to_read(path);
  std::string text;
  if (file) {
    text.resize(kFileBytesMax + 1);
    text.resize(std::fread(text.data(), 1, text.size(), file.get()));
  }
  if (!file || std::ferror(file.get()) != 0) {
    return fail(ErrorCode::config,
                fmt::format("{}: {}", untrusted(path), std::generic_category().message(errno)));
  }
  if (text.size() > kFileBytesMax) {
    return fail(ErrorCode::config, fmt::format("{}: larger than 4 MiB", untrusted(path)));
  }
  return text;
}

}  // namespace vortex
