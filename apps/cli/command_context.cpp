#include "apps/cli/command_context.hpp"

#include <filesystem>

#include <fmt/core.h>
#include <unistd.h>

#include "vortex/base/suggest.hpp"
#include "vortex/engine/provider_access.hpp"

namespace vortex::cli {
namespace {

namespace fs = std::filesystem;

bool is_dataset(const fs::path& path) {
  std::error_code ignored;
  return fs::is_directory(path / "bars" / "_delta_log", ignored);
}

}  // namespace

ConfigSources CommandContext::sources() {
  ConfigSources sources;
  sources.file = arguments_.value_or("--config", "");
  const auto sets = arguments_.flags.find(std::string_view("--set"));
  if (sets != arguments_.flags.end()) {
    for (const std::string& text : sets->second) {
      const std::size_t equals = text.find('=');
      // Without '=' the whole text is taken as the key, and refused as such by the loader.
      sources.sets.emplace_back(text.substr(0, equals),
                                equals == std::string::npos ? "" : text.substr(equals + 1));
    }
  }
  if (const auto store = arguments_.value("--store")) sources.flags.emplace_back("--store", *store);
  sources.environment = process_environment();
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    sources.environment_names.emplace_back(text.substr(0, text.find('=')));
  }
  sources.providers = known_providers();
  return sources;
}

const ProviderRegistry& CommandContext::registry() {
  if (!registry_) registry_.emplace(builtin_providers());
  return *registry_;
}

std::vector<KnownProvider> CommandContext::known_providers() {
  std::vector<KnownProvider> known;
  for (const Provider& provider : registry().all()) {
    const Capabilities& can = provider.adapter->capabilities();
    known.push_back({.name = can.name,
                     .base_url = can.default_base_url,
                     .limits = can.limits,
                     .auth = can.auth});
  }
  return known;
}

Result<LoadedSettings> CommandContext::load() {
  VORTEX_TRY(LoadedSettings loaded, load_settings(sources()));
  VORTEX_TRY(ProviderRegistry chosen, providers_by_access(loaded.settings));
  registry_.emplace(std::move(chosen));
  return loaded;
}

CheckedSettings CommandContext::check() {
  CheckedSettings checked = check_settings(sources());
  if (!checked.problems.empty()) return checked;
  if (auto chosen = providers_by_access(checked.loaded.settings)) {
    registry_.emplace(*std::move(chosen));
  } else {
    checked.problems.push_back(std::move(chosen).error());
  }
  return checked;
}

Result<void> CommandContext::deliver(std::string_view bytes) {
  const auto file = arguments_.value("--output");
  if (file && *file != "-") return write_file(*file, bytes);
  return output_.data(bytes);
}

Result<std::string> store_path(const std::string& uri) {
  if (uri.starts_with("file://")) return uri.substr(7);
  const std::size_t scheme = uri.find("://");
  if (scheme == std::string::npos) return uri;
  Error error{.code = ErrorCode::unsupported,
              .message = fmt::format("store '{}': only local directories are supported",
                                     untrusted(uri, 80)),
              .hint = "--store ./data"};
  return std::unexpected(std::move(error));
}

Result<void> check_store_exists(const std::string& path) {
  if (is_dataset(path)) return {};
  std::vector<std::string> beside;
  const fs::path parent = fs::path(path).parent_path();
  std::error_code failure;
  for (fs::directory_iterator it(parent.empty() ? "." : parent, failure), end;
       !failure && it != end; it.increment(failure)) {
    if (is_dataset(it->path())) beside.push_back((parent / it->path().filename()).string());
    if (beside.size() == 100) break;
  }
  const std::vector<std::string_view> names(beside.begin(), beside.end());
  Error error{.code = ErrorCode::not_a_dataset,
              .message = fmt::format("no dataset at '{}'{}", untrusted(path, 120),
                                     did_you_mean(path, names)),
              .hint = "vortex sync SYMBOL makes one there"};
  if (!names.empty() && did_you_mean(path, names).empty())
    error.hint = fmt::format("--store {}", names.front());
  return std::unexpected(std::move(error));
}

}  // namespace vortex::cli
