#include "vortex/store/memory_file_system.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

#include <fmt/core.h>

namespace vortex {
namespace {

// "a/b" of "a/b/c"; empty: the root.
std::string_view parent_of(std::string_view path) {
  const auto slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
}

Result<void> check_range(std::string_view path, std::uint64_t size, std::uint64_t offset,
                         std::uint64_t length) {
  if (offset <= size && length <= size - offset) return {};
  return fail(ErrorCode::corrupt,
              fmt::format("{} has {} bytes, wanted {} from {}", path, size, length, offset));
}

class MemoryReader final : public FileReader {
 public:
  MemoryReader(std::shared_ptr<const std::string> bytes, std::string path)
      : bytes_(std::move(bytes)), path_(std::move(path)) {}
  std::uint64_t size() const override { return bytes_->size(); }
  Result<void> read_at(std::uint64_t offset, std::span<char> into) override {
    VORTEX_TRY_VOID(check_range(path_, bytes_->size(), offset, into.size()));
    bytes_->copy(into.data(), into.size(), static_cast<std::size_t>(offset));
    return {};
  }

 private:
  std::shared_ptr<const std::string> bytes_;
  std::string path_;
};

}  // namespace

// Its name is taken from the beginning; its bytes are seen when it has finished.
class MemoryWriter final : public FileWriter {
 public:
  MemoryWriter(std::shared_ptr<MemoryDisk> disk, const Clock& clock, std::string path)
      : disk_(std::move(disk)), clock_(clock), path_(std::move(path)) {
    disk_->being_written_.insert(path_);
  }
  MemoryWriter(const MemoryWriter&) = delete;
  MemoryWriter& operator=(const MemoryWriter&) = delete;
  ~MemoryWriter() override { disk_->being_written_.erase(path_); }

  Result<void> write(std::string_view bytes) override {
    bytes_ += bytes;
    position_ += bytes.size();
    return {};
  }
  std::uint64_t position() const override { return position_; }
  Result<void> finish() override {
    disk_->files_[path_] = {.bytes = std::make_shared<const std::string>(std::move(bytes_)),
                            .modified = clock_.now()};
    return {};
  }

 private:
  std::shared_ptr<MemoryDisk> disk_;
  const Clock& clock_;
  std::string path_;
  std::string bytes_;
  std::uint64_t position_ = 0;
};

class MemoryFileSystem final : public FileSystem {
 public:
  MemoryFileSystem(std::shared_ptr<MemoryDisk> disk, const Clock& clock)
      : disk_(std::move(disk)), clock_(clock) {}

  Result<std::string> read(const std::string& path) override {
    VORTEX_TRY(const MemoryDisk::File* const file, find(path));
    return *file->bytes;
  }

  Result<std::string> read_range(const std::string& path, std::uint64_t offset,
                                 std::uint64_t length) override {
    VORTEX_TRY(const MemoryDisk::File* const file, find(path));
    VORTEX_TRY_VOID(check_range(path, file->bytes->size(), offset, length));
    return file->bytes->substr(static_cast<std::size_t>(offset), static_cast<std::size_t>(length));
  }

  Result<std::unique_ptr<FileReader>> open(const std::string& path) override {
    VORTEX_TRY(const MemoryDisk::File* const file, find(path));
    return std::make_unique<MemoryReader>(file->bytes, path);
  }

  Result<std::vector<std::string>> list(const std::string& directory) override {
    std::vector<std::string> names;
    const std::string prefix = directory.empty() ? "" : directory + "/";
    const auto add = [&](const std::string& path) {
      const std::string_view rest = std::string_view(path).substr(prefix.size());
      if (!rest.contains('/')) names.emplace_back(rest);
    };
    for (auto it = disk_->files_.lower_bound(prefix);
         it != disk_->files_.end() && it->first.starts_with(prefix); ++it) {
      add(it->first);
    }
    for (auto it = disk_->directories_.lower_bound(prefix);
         it != disk_->directories_.end() && it->starts_with(prefix); ++it) {
      add(*it);
    }
    return names;
  }

  Result<std::optional<FileStat>> stat(const std::string& path) override {
    const auto found = disk_->files_.find(path);
    if (found != disk_->files_.end()) {
      return FileStat{.size = found->second.bytes->size(), .modified = found->second.modified};
    }
    if (is_directory(path)) return FileStat{};
    return std::nullopt;
  }

  Result<void> put(const std::string& path, std::string_view bytes,
                   const PutOptions& options) override {
    VORTEX_TRY_VOID(check_place(path));
    disk_->files_[path] = {.bytes = std::make_shared<const std::string>(bytes),
                           .modified = options.modified.value_or(clock_.now()),
                           .private_file = options.private_file};
    return {};
  }

  Result<void> put_if_absent(const std::string& path, std::string_view bytes,
                             const PutOptions& options) override {
    VORTEX_TRY_VOID(check_absent(path));
    return put(path, bytes, options);
  }

  Result<std::unique_ptr<FileWriter>> open_new(const std::string& path) override {
    VORTEX_TRY_VOID(check_absent(path));
    VORTEX_TRY_VOID(check_place(path));
    return std::make_unique<MemoryWriter>(disk_, clock_, path);
  }

  Result<void> remove(const std::string& path) override {
    if (disk_->files_.erase(path) == 1) return {};
    return std::unexpected(file_error("remove", path, is_directory(path) ? EISDIR : ENOENT));
  }

  Result<void> make_directories(const std::string& path) override {
    std::string_view part = path;
    for (; !part.empty(); part = parent_of(part)) {
      if (disk_->files_.contains(part))
        return std::unexpected(file_error("make directory", part, ENOTDIR));
    }
    for (part = path; !part.empty(); part = parent_of(part)) disk_->directories_.emplace(part);
    return {};
  }

  Result<void> sync_directory(const std::string& /*directory*/) override { return {}; }

  std::string native_path(const std::string& /*path*/) const override { return {}; }

 private:
  bool is_directory(std::string_view path) const {
    return path.empty() || disk_->directories_.contains(path);
  }

  Result<const MemoryDisk::File*> find(const std::string& path) const {
    const auto found = disk_->files_.find(path);
    if (found != disk_->files_.end()) return &found->second;
    if (is_directory(path))
      return fail(ErrorCode::unsafe_path, fmt::format("{} is not a regular file", path));
    return std::unexpected(file_error("open", path, ENOENT));
  }

  Result<void> check_place(const std::string& path) const {
    if (is_directory(path)) return std::unexpected(file_error("write", path, EISDIR));
    if (!is_directory(parent_of(path))) return std::unexpected(file_error("create", path, ENOENT));
    return {};
  }

  Result<void> check_absent(const std::string& path) const {
    if (!disk_->files_.contains(path) && !disk_->being_written_.contains(path)) return {};
    return fail(ErrorCode::commit_conflict, fmt::format("{} exists already", path));
  }

  std::shared_ptr<MemoryDisk> disk_;
  const Clock& clock_;
};

std::uint64_t MemoryDisk::bytes_stored() const {
  std::uint64_t sum = 0;
  for (const auto& [path, file] : files_) sum += file.bytes->size();
  return sum;
}

std::unique_ptr<FileSystem> open_memory_file_system(std::shared_ptr<MemoryDisk> disk,
                                                    const Clock& clock) {
  return std::make_unique<MemoryFileSystem>(std::move(disk), clock);
}

}  // namespace vortex
