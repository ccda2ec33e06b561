#include "crash_model.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <utility>

#include <fmt/core.h>

namespace vortex::store_test {
namespace {

constexpr std::size_t kSector = 512;
constexpr std::size_t kPage = 4096;

std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

// A file or a directory: what is durable, and what came since.
struct CrashModel::Node {
  struct Change {  // of bytes
    std::uint64_t offset = 0;
    std::string bytes;
    bool cut = false;  // the file ends at offset
  };
  struct Naming {
    std::string name;
    std::shared_ptr<Node> target;  // none: the name goes
    std::string gone;              // a rename: the name that goes with it
  };
  using Names = std::map<std::string, std::shared_ptr<Node>>;

  bool directory = false;
  std::string bytes;
  std::vector<Change> changes;
  Names names;
  std::vector<Naming> namings;
  Names seen;  // names as a process sees them

  void name(Naming naming) {
    act(seen, naming);
    namings.push_back(std::move(naming));
  }
  void sync() {
    for (const Change& change : changes) act(bytes, change, change.bytes.size());
    changes.clear();
    for (const Naming& naming : namings) act(names, naming);
    namings.clear();
  }
  static void act(Names& names, const Naming& naming) {
    if (naming.target) {
      names[naming.name] = naming.target;
    } else {
      names.erase(naming.name);
    }
    if (!naming.gone.empty()) names.erase(naming.gone);
  }
  static void act(std::string& bytes, const Change& change, std::size_t taken) {
    if (change.cut) {
      bytes.resize(change.offset, '\0');
    } else if (taken > 0) {
      bytes.resize(std::max(bytes.size(), static_cast<std::size_t>(change.offset) + taken), '\0');
      bytes.replace(change.offset, taken, change.bytes, 0, taken);
    }
  }
  std::string bytes_after(Unsynced choice, Random& random) const;
  Names names_after(Unsynced choice, Random& random) const;
  void collect(const CrashChoice& choice, Random& random, const std::string& path,
               DiskImage& image) const;
};

std::string CrashModel::Node::bytes_after(Unsynced choice, Random& random) const {
  if (choice == Unsynced::lost || changes.empty()) return bytes;
  std::string whole = bytes;
  for (const Change& change : changes) act(whole, change, change.bytes.size());
  std::string left = bytes;
  switch (choice) {
    case Unsynced::zeroed: left.resize(whole.size(), '\0'); break;
    case Unsynced::torn:
      for (const Change& change : changes) {
        const bool last = &change == &changes.back();
        act(left, change, last ? change.bytes.size() / 2 / kSector * kSector : change.bytes.size());
      }
      break;
    case Unsynced::scattered: {
      if (random.below(2) == 0) left.resize(random.below(whole.size() + 1), '\0');
      const std::size_t grain = random.below(2) == 0 ? kSector : kPage;
      for (std::size_t at = 0; at < whole.size(); at += grain) {
        if (random.below(2) == 0) continue;
        const std::size_t size = std::min(grain, whole.size() - at);
        left.resize(std::max(left.size(), at + size), '\0');
        left.replace(at, size, whole, at, size);
      }
      break;
    }
    default: left = whole;
  }
  return left;
}

CrashModel::Node::Names CrashModel::Node::names_after(Unsynced choice, Random& random) const {
  Names left = names;
  for (const Naming& naming : namings) {
    const bool kept =
        choice == Unsynced::scattered ? random.below(2) == 0 : choice != Unsynced::lost;
    if (kept) act(left, naming);
  }
  return left;
}

void CrashModel::Node::collect(const CrashChoice& choice, Random& random, const std::string& path,
                               DiskImage& image) const {
  if (!directory) {
    image[path] = bytes_after(choice.bytes, random);
    return;
  }
  if (!path.empty()) image[path] = std::nullopt;
  for (const auto& [name, node] : names_after(choice.names, random)) {
    node->collect(choice, random, path.empty() ? name : fmt::format("{}/{}", path, name), image);
  }
}

CrashModel::CrashModel() : root_(std::make_shared<Node>()) {
  root_->directory = true;
}
CrashModel::CrashModel(CrashModel&&) noexcept = default;
CrashModel& CrashModel::operator=(CrashModel&&) noexcept = default;
CrashModel::~CrashModel() = default;

CrashModel CrashModel::of(const std::string& directory) {
  CrashModel model;
  if (!std::filesystem::exists(directory)) return model;
  // A directory comes before what is in it.
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
    const auto [parent, name] = model.place(entry.path().lexically_relative(directory));
    auto node = std::make_shared<Node>();
    node->directory = entry.is_directory();
    if (!node->directory) node->bytes = read_file(entry.path());
    parent->names[name] = parent->seen[name] = node;
  }
  return model;
}

std::shared_ptr<CrashModel::Node> CrashModel::find(const std::string& path) const {
  std::shared_ptr<Node> node = root_;
  for (const auto& part : std::filesystem::path(path)) {
    const auto found = node->seen.find(part.string());
    if (found == node->seen.end()) return nullptr;
    node = found->second;
  }
  return node;
}

std::pair<std::shared_ptr<CrashModel::Node>, std::string> CrashModel::place(
    const std::string& path) const {
  const std::filesystem::path whole(path);
  return {find(whole.parent_path()), whole.filename()};
}

void CrashModel::apply(const DiskCall& call) {
  if (call.path.empty()) {  // the directory itself: it is there from the beginning
    if (call.kind == DiskCallKind::open) handles_[call.handle] = root_;
    if (call.kind == DiskCallKind::sync) handles_.at(call.handle)->sync();
    return;
  }
  switch (call.kind) {
    case DiskCallKind::create: {
      auto [parent, name] = place(call.path);
      auto node = std::make_shared<Node>();
      handles_[call.handle] = node;
      parent->name({.name = name, .target = std::move(node), .gone = {}});
      break;
    }
    case DiskCallKind::open: handles_[call.handle] = find(call.path); break;
    case DiskCallKind::write:
      handles_.at(call.handle)->changes.push_back({.offset = call.offset, .bytes = call.bytes});
      break;
    case DiskCallKind::truncate:
      handles_.at(call.handle)
          ->changes.push_back({.offset = call.offset, .bytes = {}, .cut = true});
      break;
    case DiskCallKind::sync: handles_.at(call.handle)->sync(); break;
    case DiskCallKind::link: {
      auto [parent, name] = place(call.other);
      parent->name({.name = name, .target = find(call.path), .gone = {}});
      break;
    }
    case DiskCallKind::rename: {  // always within one directory
      auto [parent, name] = place(call.other);
      parent->name({.name = name, .target = find(call.path), .gone = place(call.path).second});
      break;
    }
    case DiskCallKind::unlink:
    case DiskCallKind::remove_directory: {
      auto [parent, name] = place(call.path);
      parent->name({.name = name, .target = nullptr, .gone = {}});
      break;
    }
    case DiskCallKind::make_directory: {
      auto [parent, name] = place(call.path);
      auto node = std::make_shared<Node>();
      node->directory = true;
      parent->name({.name = name, .target = std::move(node), .gone = {}});
      break;
    }
    default: break;
  }
}

void CrashModel::lose_bytes(const std::string& path) {
  if (const auto node = find(path)) node->changes.clear();
}

DiskImage CrashModel::after_crash(const CrashChoice& choice) const {
  DiskImage image;
  Random random(choice.seed);
  root_->collect(choice, random, "", image);
  return image;
}

std::vector<CrashChoice> crash_choices(int scattered) {
  std::vector<CrashChoice> choices;
  for (const Unsynced names : {Unsynced::lost, Unsynced::kept}) {
    for (const Unsynced bytes :
         {Unsynced::lost, Unsynced::kept, Unsynced::zeroed, Unsynced::torn}) {
      choices.push_back({.bytes = bytes, .names = names});
    }
  }
  for (int seed = 1; seed <= scattered; ++seed) {
    choices.push_back({.bytes = Unsynced::scattered,
                       .names = Unsynced::scattered,
                       .seed = static_cast<std::uint64_t>(seed)});
  }
  return choices;
}

std::string to_string(const CrashChoice& choice) {
  constexpr const char* kWords[] = {"lost", "kept", "zeroed", "torn", "scattered"};
  return fmt::format("bytes {} names {} seed {}", kWords[static_cast<int>(choice.bytes)],
                     kWords[static_cast<int>(choice.names)], choice.seed);
}

void write_image(const DiskImage& image, const std::string& directory) {
  std::filesystem::create_directories(directory);
  for (const auto& [path, bytes] : image) {
    const std::string whole = fmt::format("{}/{}", directory, path);
    if (!bytes) {
      std::filesystem::create_directory(whole);
    } else {
      std::ofstream(whole, std::ios::binary) << *bytes;
    }
  }
}

}  // namespace vortex::store_test
