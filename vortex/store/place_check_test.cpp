#include "vortex/store/place_check.hpp"

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>

#include "vortex/store/faulty_file_system.hpp"
#include "vortex/store/store_test_support.hpp"

namespace vortex {
namespace {

using store_test::TempDirectory;
using testing::HasSubstr;

// Passes calls on to the one it owns, with what it says bent by a subclass.
class BentFileSystem : public FileSystem {
 public:
  explicit BentFileSystem(std::unique_ptr<FileSystem> inner) : inner_(std::move(inner)) {}
  Result<std::string> read(const std::string& path) override { return inner_->read(bent(path)); }
  Result<std::string> read_range(const std::string& path, std::uint64_t offset,
                                 std::uint64_t length) override {
    return inner_->read_range(bent(path), offset, length);
  }
  Result<std::unique_ptr<FileReader>> open(const std::string& path) override {
    return inner_->open(bent(path));
  }
  Result<std::vector<std::string>> list(const std::string& directory) override {
    return inner_->list(bent(directory));
  }
  Result<std::optional<FileStat>> stat(const std::string& path) override {
    return inner_->stat(bent(path));
  }
  Result<void> put(const std::string& path, std::string_view bytes,
                   const PutOptions& options) override {
    return inner_->put(bent(path), bytes, options);
  }
  Result<void> put_if_absent(const std::string& path, std::string_view bytes,
                             const PutOptions& options) override {
    return inner_->put_if_absent(bent(path), bytes, options);
  }
  Result<std::unique_ptr<FileWriter>> open_new(const std::string& path) override {
    return inner_->open_new(bent(path));
  }
  Result<void> remove(const std::string& path) override { return inner_->remove(bent(path)); }
  Result<void> make_directories(const std::string& path) override {
    return inner_->make_directories(bent(path));
  }
  Result<void> sync_directory(const std::string& directory) override {
    return inner_->sync_directory(bent(directory));
  }
  std::string native_path(const std::string& path) const override {
    return inner_->native_path(bent(path));
  }

 protected:
  virtual std::string bent(const std::string& path) const { return path; }
  std::unique_ptr<FileSystem> inner_;
};

// Two may create the same file, as by rename.
class LastWriterWins final : public BentFileSystem {
 public:
  using BentFileSystem::BentFileSystem;
  Result<void> put_if_absent(const std::string& path, std::string_view bytes,
                             const PutOptions& options) override {
    return inner_->put(path, bytes, options);
  }
};

// As FAT: no hard links.
class NoLinks final : public BentFileSystem {
 public:
  using BentFileSystem::BentFileSystem;
  Result<void> put_if_absent(const std::string& path, std::string_view,
                             const PutOptions&) override {
    return std::unexpected(file_error("link", path, EPERM));
  }
};

// A put that leaves the old file where there is one.
class NoReplace final : public BentFileSystem {
 public:
  using BentFileSystem::BentFileSystem;
  Result<void> put(const std::string& path, std::string_view bytes,
                   const PutOptions& options) override {
    if (inner_->stat(path)->has_value()) return {};
    return inner_->put(path, bytes, options);
  }
};

class FoldsCase final : public BentFileSystem {
 public:
  using BentFileSystem::BentFileSystem;

 protected:
  std::string bent(const std::string& path) const override {
    std::string folded = path;
    std::ranges::transform(folded, folded.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return folded;
  }
};

class PlaceCheckTest : public testing::Test {
 protected:
  PlaceCheckTest() { std::filesystem::create_directories(directory_.path("data/log")); }
  std::unique_ptr<FileSystem> posix() const { return open_posix_file_system(directory_.path()); }
  template <class Bent>
  std::string refusal() {
    Bent files(posix());
    const auto checked = check_place(files, "log", random_);
    EXPECT_TRUE(std::filesystem::is_empty(directory_.path("data/log")));
    if (checked) return "sound";
    EXPECT_EQ(checked.error().code, ErrorCode::storage);
    return checked.error().message;
  }

  TempDirectory directory_;
  Random random_{1};
};

TEST_F(PlaceCheckTest, ADiskIsSoundAndIsTriedOnce) {
  const auto files = posix();
  ASSERT_TRUE(check_place_once(*files, "log", "state.db.place", random_).has_value());
  EXPECT_TRUE(std::filesystem::is_empty(directory_.path("data/log")));
  // Found sound before: not tried again, even where it would fail now.
  LastWriterWins lying(posix());
  EXPECT_TRUE(check_place_once(lying, "log", "state.db.place", random_).has_value());
  // A copy is another place.
  std::filesystem::copy(directory_.path("data"), directory_.path("copy"),
                        std::filesystem::copy_options::recursive);
  LastWriterWins copied(open_posix_file_system(directory_.path("copy")));
  EXPECT_FALSE(check_place_once(copied, "log", "state.db.place", random_).has_value());
}

TEST_F(PlaceCheckTest, G9TwoWritersOfOneNameAreRefused) {
  EXPECT_THAT(refusal<LastWriterWins>(), HasSubstr("lets two writers create the same file"));
}

TEST_F(PlaceCheckTest, G12AFileSystemWithoutLinksOrReplacingIsRefused) {
  EXPECT_THAT(refusal<NoLinks>(), HasSubstr("cannot create a file under a name only once"));
  EXPECT_THAT(refusal<NoReplace>(), HasSubstr("does not put a renamed file in the other's place"));
  EXPECT_EQ(refusal<BentFileSystem>(), "sound");
}

TEST_F(PlaceCheckTest, G10AReadOnlyOrFullDiskIsSaidToBeThat) {
  for (const int error : {EROFS, ENOSPC, EACCES}) {
    auto plan = std::make_shared<FaultPlan>();
    plan->fail_at = 1;
    plan->for_ever = true;
    plan->error_number = error;
    FaultyFileSystem files(posix(), plan);
    const auto checked = check_place(files, "log", random_);
    ASSERT_FALSE(checked.has_value());
    EXPECT_EQ(checked.error().code, error == ENOSPC ? ErrorCode::disk_full : ErrorCode::storage);
    EXPECT_THAT(checked.error().message, HasSubstr("cannot write log/.probe-"));
  }
}

TEST_F(PlaceCheckTest, G12ADatasetIsNotMadeWhereCommitsCouldBeLost) {
  const ManualClock clock(store_test::day(200));
  const std::string path = directory_.path("data");
  std::filesystem::remove(path + "/log");
  auto dataset = Dataset::open_on(std::make_unique<LastWriterWins>(open_posix_file_system(path)),
                                  path, clock, Random(1));
  ASSERT_FALSE(dataset.has_value());
  EXPECT_EQ(dataset.error().code, ErrorCode::storage);
  EXPECT_TRUE(std::filesystem::is_empty(path + "/bars/_delta_log"));
}

TEST_F(PlaceCheckTest, G13NoNameOfASymbolOrProviderBecomesAFilesName) {
  const ManualClock clock(store_test::day(200));
  const std::string path = directory_.path("data");
  std::filesystem::remove(path + "/log");
  const std::vector<std::string> symbols = {"CON", "aux", "NUL", "A/B", "a/b", "x.", "COM1", "..."};
  const std::vector<std::string> providers = {"Yahoo", "yahoo", "con", "p/../q", "a b%c"};
  auto dataset = Dataset::open_on(std::make_unique<FoldsCase>(open_posix_file_system(path)), path,
                                  clock, Random(1));
  ASSERT_TRUE(dataset.has_value()) << dataset.error().to_line();
  std::vector<SeriesBatch> batch;
  double close = 1;
  for (const auto& provider : providers) {
    for (const auto& symbol : symbols) {
      batch.push_back(
          store_test::series(store_test::key(symbol, provider), {store_test::bar(1, close++)}));
    }
  }
  const auto done = dataset->commit(std::move(batch));
  ASSERT_TRUE(done.has_value()) << done.error().to_line();
  close = 1;
  for (const auto& provider : providers) {
    for (const auto& symbol : symbols) {
      const auto table = dataset->read({.key = store_test::key(symbol, provider)});
      ASSERT_TRUE(table.has_value()) << provider << " " << symbol << table.error().to_line();
      ASSERT_EQ((*table)->num_rows(), 1);
      const auto chunk = (*table)->GetColumnByName("close")->chunk(0);
      EXPECT_EQ(static_cast<const arrow::DoubleArray&>(*chunk).Value(0), close++);
    }
  }
  for (const auto& entry : std::filesystem::recursive_directory_iterator(path + "/bars")) {
    const std::string name = entry.path().filename();
    const bool known = name == "_delta_log" || name.ends_with(".json") ||
                       name.starts_with("part-") || name.starts_with("provider=") ||
                       name == "interval=1d";
    EXPECT_TRUE(known) << entry.path();
  }
}

}  // namespace
}  // namespace vortex
