// The store's files as Arrow's streams, so that Parquet reads and writes through the file
// interface. An Error of the file system survives the way through Arrow: ask `error` of the stream.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include <arrow/io/interfaces.h>
#include <arrow/result.h>

#include "vortex/base/checksum.hpp"
#include "vortex/store/file_system.hpp"

namespace vortex {

// Gathers the many small pieces Parquet writes. Borrows the writer; `Close` passes on what is left
// but does not finish the file, the caller does.
class ArrowFileWriter final : public arrow::io::OutputStream {
 public:
  explicit ArrowFileWriter(FileWriter& writer) : writer_(writer) {}
  arrow::Status Write(const void* data, std::int64_t size) override;
  arrow::Status Close() override;
  bool closed() const override { return closed_; }
  arrow::Result<std::int64_t> Tell() const override;
  const std::optional<Error>& error() const { return error_; }
  std::string checksum() const { return checksum_.hex(); }  // of all bytes, once closed

 private:
  arrow::Status pass_on(std::string_view bytes);

  FileWriter& writer_;
  std::string gathered_;
  Checksum checksum_;
  std::optional<Error> error_;
  bool closed_ = false;
};

// Stateless reads may come from several threads of Arrow's pool at once; pread allows that. So may
// `error`.
class ArrowFileReader final : public arrow::io::RandomAccessFile {
 public:
  explicit ArrowFileReader(std::unique_ptr<FileReader> reader) : reader_(std::move(reader)) {}
  arrow::Status Close() override;
  bool closed() const override { return closed_; }
  arrow::Result<std::int64_t> Tell() const override { return position_; }
  arrow::Status Seek(std::int64_t position) override;
  arrow::Result<std::int64_t> GetSize() override;
  arrow::Result<std::int64_t> Read(std::int64_t size, void* out) override;
  arrow::Result<std::shared_ptr<arrow::Buffer>> Read(std::int64_t size) override;
  arrow::Result<std::int64_t> ReadAt(std::int64_t position, std::int64_t size, void* out) override;
  arrow::Result<std::shared_ptr<arrow::Buffer>> ReadAt(std::int64_t position,
                                                       std::int64_t size) override;
  std::optional<Error> error() const;

 private:
  std::unique_ptr<FileReader> reader_;
  mutable std::mutex mutex_;
  std::optional<Error> error_;  // the first; guarded by mutex_
  std::int64_t position_ = 0;
  bool closed_ = false;
};

}  // namespace vortex
