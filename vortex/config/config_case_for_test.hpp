// For tests: a working directory, an environment and overrides, loaded together.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>

#include "vortex/config/load.hpp"

namespace vortex {

class ConfigCase {
 public:
  ConfigCase() {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "vortex-config-XXXXXX").string();
    directory_ = ::mkdtemp(pattern.data());
    environment_["HOME"] = directory_ / "home";
  }
  ~ConfigCase() { std::filesystem::remove_all(directory_); }
  ConfigCase(const ConfigCase&) = delete;
  ConfigCase& operator=(const ConfigCase&) = delete;

  ConfigCase& file(const std::string& text) {
    std::ofstream(directory_ / "vortex.toml") << text;
    return *this;
  }
  ConfigCase& home_file(const std::string& text) {
    std::filesystem::create_directories(directory_ / "home/.config/vortex");
    std::ofstream(directory_ / "home/.config/vortex/vortex.toml") << text;
    return *this;
  }
  ConfigCase& variable(const std::string& name, const std::string& value) {
    environment_[name] = value;
    return *this;
  }
  ConfigCase& set(const std::string& key, const std::string& value) {
    sets_.emplace_back(key, value);
    return *this;
  }
  ConfigCase& flag(const std::string& name, const std::string& value) {
    flags_.emplace_back(name, value);
    return *this;
  }

  ConfigSources sources() const {
    ConfigSources sources;
    sources.sets = sets_;
    sources.flags = flags_;
    sources.environment = [this](const std::string& name) -> std::optional<std::string> {
      const auto found = environment_.find(name);
      return found == environment_.end() ? std::nullopt : std::optional(found->second);
    };
    for (const auto& [name, value] : environment_) sources.environment_names.push_back(name);
    sources.providers = {
        {.name = "yahoo", .base_url = "https://query2.example", .limits = {"5/5s"}},
        {.name = "alphavantage",
         .base_url = "https://www.example",
         .limits = {},
         .auth = "api_key"}};
    sources.working_directory = directory_.string();
    return sources;
  }
  Result<LoadedSettings> load() const { return load_settings(sources()); }
  std::string problem() const {
    const auto loaded = load();
    return loaded ? "" : loaded.error().message;
  }
  std::string at(int line) const {
    return (directory_ / "vortex.toml").string() + ":" + std::to_string(line);
  }
  std::string home() const { return (directory_ / "home").string(); }

 private:
  std::filesystem::path directory_;
  std::map<std::string, std::string> environment_;
  ConfigSources::Pairs sets_;
  ConfigSources::Pairs flags_;
};

}  // namespace vortex
