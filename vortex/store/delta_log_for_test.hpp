// What the tests of a commit log share: a table in a temporary directory, made of small commits
// that name files which need not be there, and what a reader sees of it.
#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "vortex/base/random.hpp"
#include "vortex/store/delta_log.hpp"
#include "vortex/store/side_table.hpp"
#include "vortex/store/store_test_support.hpp"

namespace vortex::store_test {

inline const std::string kTable = "bars";

inline AddFile file_of(int n) {
  AddFile add;
  add.path = "provider=yahoo/interval=1d/part-" + std::to_string(n) + ".parquet";
  add.partition_values = {{"provider", "yahoo"}, {"interval", "1d"}};
  add.size = 1000 + n;
  add.modification_ms = 1'700'000'000'000 + n;
  add.stats_json = R"({"numRecords":3,"minValues":{"symbol":"A B%C"},"maxValues":{"symbol":"Z"}})";
  add.stats = parse_statistics(add.stats_json);
  return add;
}

// What a reader sees of a table, in a form that compares.
inline std::map<std::string, std::string> seen(const Snapshot& snapshot) {
  std::map<std::string, std::string> out;
  for (const auto& [path, add] : snapshot.files) {
    CommitActions one;
    one.adds.push_back(*add);
    one.adds[0].data_change = true;
    out[path] = write_commit(one, "");
  }
  return out;
}

class DeltaLogFixture : public testing::Test {
 protected:
  DeltaLogFixture() { std::filesystem::create_directory(directory_.path()); }

  std::unique_ptr<FileSystem> files() const { return open_posix_file_system(directory_.path()); }
  std::string log_file(const std::string& name) const {
    return directory_.path() + "/bars/_delta_log/" + name;
  }
  static std::string name_of(std::int64_t version, const std::string& suffix = "json") {
    return std::filesystem::path(commit_path(kTable, version)).stem().string() + "." + suffix;
  }
  bool exists(const std::string& name) const { return std::filesystem::exists(log_file(name)); }

  // A table whose commit n adds file n; every third takes file n - 2 out again.
  void fill(FileSystem& on, int commits, TimePoint now = day(0)) {
    DeltaLog log(on, kTable);
    Random random(3);
    for (int n = 0; n < commits; ++n) {
      CommitActions actions;
      actions.note = CommitNote{.operation = "WRITE", .commit_id = "commit-" + std::to_string(n)};
      if (n == 0) {
        describe_table(actions, bars_table(), random, now);
      } else {
        actions.adds.push_back(file_of(n));
      }
      if (n > 2 && n % 3 == 0) {
        actions.removes.push_back({.path = file_of(n - 2).path,
                                   .partition_values = file_of(n - 2).partition_values,
                                   .size = file_of(n - 2).size});
      }
      now += std::chrono::hours{1};
      const auto done = log.commit(std::move(actions), now);
      ASSERT_TRUE(done.has_value()) << done.error().to_line();
    }
  }
  std::map<std::string, std::string> state(std::int64_t version) {
    const auto on = files();
    DeltaLog log(*on, kTable);
    EXPECT_TRUE(log.load().value_or(false));
    const auto snapshot = log.snapshot_at(version);
    EXPECT_TRUE(snapshot.has_value()) << snapshot.error().to_line();
    return snapshot ? seen(*snapshot) : std::map<std::string, std::string>{};
  }
  Result<std::int64_t> load_version() const {
    const auto on = files();
    DeltaLog log(*on, kTable);
    VORTEX_TRY([[maybe_unused]] const bool there, log.load());
    return log.version();
  }
  ErrorCode load_code() const {
    const auto version = load_version();
    return version ? ErrorCode::internal : version.error().code;
  }
  std::string load_message() const {
    const auto version = load_version();
    return version ? "loaded version " + std::to_string(*version) : version.error().to_line();
  }
  std::string bytes_of(const std::string& name) const {
    std::ifstream in(log_file(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  void write(const std::string& name, const std::string& bytes) const {
    std::ofstream(log_file(name), std::ios::binary | std::ios::trunc) << bytes;
  }
  void remove_commits_below(std::int64_t version) const {
    for (std::int64_t v = 0; v < version; ++v) std::filesystem::remove(log_file(name_of(v)));
  }

  store_test::TempDirectory directory_;
};

}  // namespace vortex::store_test
