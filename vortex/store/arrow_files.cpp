#include "vortex/store/arrow_files.hpp"

#include <algorithm>

#include <arrow/buffer.h>
#include <arrow/status.h>

namespace vortex {

namespace {

constexpr std::size_t kGatherMax = std::size_t{1} << 20;

}  // namespace

arrow::Status ArrowFileWriter::pass_on(std::string_view bytes) {
  if (bytes.empty()) return arrow::Status::OK();
  checksum_.add(bytes);
  auto done = writer_.write(bytes);
  if (done) return arrow::Status::OK();
  if (!error_) error_ = std::move(done).error();
  return arrow::Status::IOError(error_->message);
}

arrow::Status ArrowFileWriter::Write(const void* data, std::int64_t size) {
  const std::string_view bytes(static_cast<const char*>(data), static_cast<std::size_t>(size));
  if (gathered_.size() + bytes.size() <= kGatherMax) {
    gathered_ += bytes;
    return arrow::Status::OK();
  }
  ARROW_RETURN_NOT_OK(pass_on(gathered_));
  gathered_.clear();
  if (bytes.size() > kGatherMax) return pass_on(bytes);
  gathered_ = bytes;
  return arrow::Status::OK();
}

arrow::Status ArrowFileWriter::Close() {
  if (closed_) return arrow::Status::OK();
  closed_ = true;
  return pass_on(gathered_);
}

arrow::Result<std::int64_t> ArrowFileWriter::Tell() const {
  return static_cast<std::int64_t>(writer_.position() + gathered_.size());
}

arrow::Status ArrowFileReader::Close() {
  closed_ = true;
  return arrow::Status::OK();
}

arrow::Status ArrowFileReader::Seek(std::int64_t position) {
  position_ = position;
  return arrow::Status::OK();
}

arrow::Result<std::int64_t> ArrowFileReader::GetSize() {
  return static_cast<std::int64_t>(reader_->size());
}

arrow::Result<std::int64_t> ArrowFileReader::Read(std::int64_t size, void* out) {
  ARROW_ASSIGN_OR_RAISE(const std::int64_t count, ReadAt(position_, size, out));
  position_ += count;
  return count;
}

arrow::Result<std::shared_ptr<arrow::Buffer>> ArrowFileReader::Read(std::int64_t size) {
  ARROW_ASSIGN_OR_RAISE(auto buffer, ReadAt(position_, size));
  position_ += buffer->size();
  return buffer;
}

arrow::Result<std::int64_t> ArrowFileReader::ReadAt(std::int64_t position, std::int64_t size,
                                                    void* out) {
  const auto end = static_cast<std::int64_t>(reader_->size());
  const std::int64_t count = std::clamp<std::int64_t>(end - position, 0, size);
  auto done =
      reader_->read_at(static_cast<std::uint64_t>(position),
                       std::span<char>(static_cast<char*>(out), static_cast<std::size_t>(count)));
  if (done) return count;
  auto status = arrow::Status::IOError(done.error().message);
  const std::scoped_lock lock(mutex_);
  if (!error_) error_ = std::move(done).error();
  return status;
}

std::optional<Error> ArrowFileReader::error() const {
  const std::scoped_lock lock(mutex_);
  return error_;
}

arrow::Result<std::shared_ptr<arrow::Buffer>> ArrowFileReader::ReadAt(std::int64_t position,
                                                                      std::int64_t size) {
  ARROW_ASSIGN_OR_RAISE(auto buffer, arrow::AllocateResizableBuffer(size));
  ARROW_ASSIGN_OR_RAISE(const std::int64_t count, ReadAt(position, size, buffer->mutable_data()));
  ARROW_RETURN_NOT_OK(buffer->Resize(count));
  return std::shared_ptr<arrow::Buffer>(std::move(buffer));
}

}  // namespace vortex
