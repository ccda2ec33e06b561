// A file system that counts its calls and fails one of them, or all from one on; for tests of what
// a disk fault leaves behind. Passes everything else to the one it owns.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <unistd.h>

#include "vortex/store/file_system.hpp"

namespace vortex {

// Shared between the test and the file system it hands to a Dataset.
struct FaultPlan {
  int calls = 0;          // that change the disk, so far
  int fail_at = 0;        // the call that fails, counted from 1; 0: none
  bool for_ever = false;  // and every one after it
  int error_number = 28;  // ENOSPC
  // Ends the process in place of the call: no destructor, no clean-up, as when it is killed.
  std::optional<int> exit_status;
  std::function<void()> before;  // called before each; what it waits for makes the disk slow

  Result<void> count(std::string_view doing, const std::string& path) {
    ++calls;
    if (before) before();
    const bool fails = fail_at > 0 && (calls == fail_at || (for_ever && calls > fail_at));
    if (fails && exit_status) ::_exit(*exit_status);
    if (fails) return std::unexpected(file_error(doing, path, error_number));
    return {};
  }
};

class FaultyWriter final : public FileWriter {
 public:
  FaultyWriter(std::unique_ptr<FileWriter> inner, std::shared_ptr<FaultPlan> plan, std::string path)
      : inner_(std::move(inner)), plan_(std::move(plan)), path_(std::move(path)) {}
  Result<void> write(std::string_view bytes) override {
    VORTEX_TRY_VOID(plan_->count("write", path_));
    return inner_->write(bytes);
  }
  std::uint64_t position() const override { return inner_->position(); }
  Result<void> finish() override {
    VORTEX_TRY_VOID(plan_->count("fsync", path_));
    return inner_->finish();
  }

 private:
  std::unique_ptr<FileWriter> inner_;
  std::shared_ptr<FaultPlan> plan_;
  std::string path_;
};

class FaultyFileSystem final : public FileSystem {
 public:
  FaultyFileSystem(std::unique_ptr<FileSystem> inner, std::shared_ptr<FaultPlan> plan)
      : inner_(std::move(inner)), plan_(std::move(plan)) {}

  Result<std::string> read(const std::string& path) override { return inner_->read(path); }
  Result<std::string> read_range(const std::string& path, std::uint64_t offset,
                                 std::uint64_t length) override {
    return inner_->read_range(path, offset, length);
  }
  Result<std::unique_ptr<FileReader>> open(const std::string& path) override {
    return inner_->open(path);
  }
  Result<std::vector<std::string>> list(const std::string& directory) override {
    return inner_->list(directory);
  }
  Result<std::optional<FileStat>> stat(const std::string& path) override {
    return inner_->stat(path);
  }
  Result<void> put(const std::string& path, std::string_view bytes,
                   const PutOptions& options) override {
    VORTEX_TRY_VOID(plan_->count("write", path));
    return inner_->put(path, bytes, options);
  }
  Result<void> put_if_absent(const std::string& path, std::string_view bytes,
                             const PutOptions& options) override {
    VORTEX_TRY_VOID(plan_->count("write", path));
    return inner_->put_if_absent(path, bytes, options);
  }
  Result<std::unique_ptr<FileWriter>> open_new(const std::string& path) override {
    VORTEX_TRY_VOID(plan_->count("create", path));
    VORTEX_TRY(auto writer, inner_->open_new(path));
    return std::make_unique<FaultyWriter>(std::move(writer), plan_, path);
  }
  Result<void> remove(const std::string& path) override {
    VORTEX_TRY_VOID(plan_->count("remove", path));
    return inner_->remove(path);
  }
  Result<void> make_directories(const std::string& path) override {
    VORTEX_TRY_VOID(plan_->count("make directory", path));
    return inner_->make_directories(path);
  }
  Result<void> sync_directory(const std::string& directory) override {
    VORTEX_TRY_VOID(plan_->count("fsync", directory));
    return inner_->sync_directory(directory);
  }
  std::string native_path(const std::string& path) const override {
    return inner_->native_path(path);
  }

 private:
  std::unique_ptr<FileSystem> inner_;
  std::shared_ptr<FaultPlan> plan_;
};

}  // namespace vortex
