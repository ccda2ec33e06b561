// Opens a bar file and hands it to the reader of its format, which the first bytes tell.
#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <arrow/buffer.h>
#include <arrow/io/file.h>

#include "vortex/base/suggest.hpp"
#include "vortex/codec/arrow_error.hpp"
#include "vortex/codec/bar_file.hpp"
#include "vortex/codec/bar_file_read_arrow.hpp"

namespace vortex {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kNeighboursMax = 1000;  // names looked at for "did you mean"
constexpr std::string_view kParquetMagic = "PAR1";
constexpr std::string_view kIpcFileMagic = "ARROW1";
constexpr std::string_view kIpcStreamMagic = "\xFF\xFF\xFF\xFF";

Error no_such_file(const fs::path& path) {
  std::vector<std::string> names;
  std::error_code ignored;
  const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  for (auto entry = fs::directory_iterator(folder, ignored);
       !ignored && entry != fs::directory_iterator() && names.size() < kNeighboursMax;
       entry.increment(ignored)) {
    names.push_back(entry->path().filename().string());
  }
  const std::vector<std::string_view> views(names.begin(), names.end());
  return {.code = ErrorCode::unknown_name,
          .message = "no such file: '" + untrusted(path.string()) + "'" +
                     did_you_mean(path.filename().string(), views)};
}

Result<void> check_path(const fs::path& path) {
  if (path.string().find('\0') != std::string::npos) {
    return fail(ErrorCode::usage, "a path cannot hold NUL: '" + untrusted(path.string()) + "'");
  }
  std::error_code problem;
  const auto status = fs::status(path, problem);
  if (status.type() == fs::file_type::not_found) return std::unexpected(no_such_file(path));
  if (problem) {
    return fail(ErrorCode::storage, "'" + untrusted(path.string()) + "': " + problem.message());
  }
  if (status.type() == fs::file_type::directory) {
    return fail(ErrorCode::usage,
                "'" + untrusted(path.string()) + "' is a directory, not a bar file");
  }
  if (status.type() != fs::file_type::regular) {
    return fail(ErrorCode::usage, "'" + untrusted(path.string()) + "' is no regular file");
  }
  return {};
}

Result<BarFile> read_by_content(const std::shared_ptr<arrow::io::RandomAccessFile>& input,
                                std::int64_t bytes, const fs::path& path) {
  constexpr std::int64_t kHeadBytes = 8;
  const std::string stem = path.stem().string();
  const std::string kind = path.extension().string();
  VORTEX_TRY(const auto head, to_result(input->ReadAt(0, kHeadBytes), ErrorCode::storage));
  const std::string_view start(*head);
  if (start.starts_with(kParquetMagic)) {
    VORTEX_TRY(const auto tail, to_result(input->ReadAt(bytes - 4, 4), ErrorCode::storage));
    if (bytes < 12 || std::string_view(*tail) != kParquetMagic) {
      return fail(ErrorCode::truncated, "the Parquet file was cut: its footer is missing");
    }
    return read_bar_parquet(input, stem);
  }
  if (start.starts_with(kIpcFileMagic) || start.starts_with(kIpcStreamMagic)) {
    return read_bar_ipc(input, stem);
  }
  if (kind == ".parquet" || kind == ".arrow" || kind == ".feather") {
    return std::unexpected(
        Error{.code = ErrorCode::bad_payload,
              .message = "this is no " + kind.substr(1) + " file: its first bytes are others"}
            .with_evidence(start));
  }
  VORTEX_TRY(const auto text, to_result(input->ReadAt(0, bytes), ErrorCode::storage));
  if (text->size() != bytes) return fail(ErrorCode::truncated, "the file shrank while it was read");
  return read_bar_csv(std::string_view(*text), stem);
}

}  // namespace

Result<BarFile> read_bar_file(const std::string& path) {
  VORTEX_TRY_VOID(check_path(path));
  const std::string name = untrusted(fs::path(path).filename().string(), 80);
  VORTEX_TRY(const auto input, to_result(arrow::io::ReadableFile::Open(path), ErrorCode::storage));
  VORTEX_TRY(const std::int64_t bytes, to_result(input->GetSize(), ErrorCode::storage));
  if (bytes == 0) return fail(ErrorCode::bad_payload, name + ": the file is empty");
  if (bytes > kBarFileBytesMax) {
    return fail(ErrorCode::body_too_large, name + ": " + std::to_string(bytes) +
                                               " bytes are more than " +
                                               std::to_string(kBarFileBytesMax));
  }
  auto file = read_by_content(input, bytes, path);
  if (!file) return std::unexpected(std::move(file).error().in(name));
  return file;
}

}  // namespace vortex
