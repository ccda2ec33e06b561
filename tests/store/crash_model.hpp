// What may be on a disk after the power failed: a model of a directory that is fed the calls made
// in it and gives back the states a crash can leave.
//
// What holds: the bytes of a file are there once fsync of that file returned; its name is there
// once fsync of the directory returned; a rename is whole or not at all. Everything else may be
// there, in part, in any order, or not: un-synced writes page by page or cut at a sector, a file's
// new length with zeros in it, names in any combination.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "vortex/base/random.hpp"

#include "disk_calls.hpp"

namespace vortex::store_test {

// What becomes of what was not synced.
enum class Unsynced : std::uint8_t { lost, kept, zeroed, torn, scattered };

struct CrashChoice {
  Unsynced bytes = Unsynced::lost;  // of files
  Unsynced names = Unsynced::lost;  // lost, kept or scattered
  std::uint64_t seed = 0;           // scattered
};

// Every systematic choice, and `scattered` ones of seeds 1 to that number.
std::vector<CrashChoice> crash_choices(int scattered);
std::string to_string(const CrashChoice& choice);

using DiskImage = std::map<std::string, std::optional<std::string>>;  // none: a directory

class CrashModel {
 public:
  // A directory as it is, all of it durable.
  static CrashModel of(const std::string& directory);
  CrashModel(const CrashModel&) = delete;
  CrashModel& operator=(const CrashModel&) = delete;
  CrashModel(CrashModel&&) noexcept;
  CrashModel& operator=(CrashModel&&) noexcept;
  ~CrashModel();

  void apply(const DiskCall& call);
  // The un-synced bytes of a file whose fsync failed are gone, though a later fsync succeeds.
  void lose_bytes(const std::string& path);
  DiskImage after_crash(const CrashChoice& choice) const;

 private:
  struct Node;
  CrashModel();
  std::shared_ptr<Node> find(const std::string& path) const;
  std::pair<std::shared_ptr<Node>, std::string> place(const std::string& path) const;

  std::shared_ptr<Node> root_;
  std::map<int, std::shared_ptr<Node>> handles_;
};

// Writes an image below a directory, which is made.
void write_image(const DiskImage& image, const std::string& directory);

}  // namespace vortex::store_test
