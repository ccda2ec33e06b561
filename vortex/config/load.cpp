#include "vortex/config/load.hpp"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/core.h>

#include "vortex/base/http_message.hpp"
#include "vortex/base/suggest.hpp"
#include "vortex/config/config_file.hpp"
#include "vortex/config/key_names.hpp"
#include "vortex/config/key_table.hpp"
#include "vortex/config/toml_reader.hpp"
#include "vortex/model/symbol.hpp"

namespace vortex {
namespace {

constexpr std::string_view kEnvironmentPrefix = "VORTEX__";

struct Assigned {
  const KeySpec* spec = nullptr;
  KeyPath path;
  TypedValue value;
  std::string shown;
  std::string origin;
};

// Where a value stands, for messages and `config show`.
struct Place {
  std::string source;  // file name, variable name, "--set", "default"
  bool has_lines = false;
  bool from_text = false;
  std::string at(int line) const {
    return has_lines && line > 0 ? fmt::format("{}:{}", source, line) : source;
  }
};

// Reads the sources one after the other into one table of assigned keys, then writes the settings.
class Loader {
 public:
  explicit Loader(const ConfigSources& sources)
      : sources_(sources), providers_(provider_names(sources)), names_(providers_) {}

  CheckedSettings run() {
    assign_defaults();
    read_config_file();
    read_environment();
    read_sets();
    read_flags();
    build();
    return {.loaded = std::move(loaded_), .problems = std::move(problems_)};
  }

 private:
  static std::vector<std::string_view> provider_names(const ConfigSources& sources) {
    std::vector<std::string_view> names;
    names.reserve(sources.providers.size());
    for (const KnownProvider& provider : sources.providers) names.push_back(provider.name);
    return names;
  }

  void problem(ErrorCode code, std::string message, std::string hint = "") {
    problems_.push_back({.code = code, .message = std::move(message), .hint = std::move(hint)});
  }

  void assign_defaults() {
    const Place place{.source = "default"};
    for (const KeySpec& spec : key_table()) {
      if (spec.fallback.empty() || spec.pattern.starts_with("jobs.")) continue;
      const auto pattern = segments_of(spec.pattern);
      const RawValue raw = read_toml_value(std::string(spec.fallback));
      if (pattern[0] != "providers") {
        assign(spec, KeyPath(pattern.begin(), pattern.end()), raw, place);
        continue;
      }
      for (const std::string_view provider : providers_) {
        KeyPath path(pattern.begin(), pattern.end());
        path[1] = provider;
        assign(spec, std::move(path), raw, place);
      }
    }
  }

  void read_config_file() {
    std::string path = sources_.file;
    if (path.empty()) path = found_file();
    if (path.empty()) return;
    auto text = read_config_text(path);
    if (!text) {
      problems_.push_back(std::move(text).error());
      return;
    }
    auto raw = read_toml(*text, path);
    if (!raw) {
      problems_.push_back(std::move(raw).error());
      return;
    }
    loaded_.file = path;
    place({}, *raw, {.source = path, .has_lines = true});
  }

  std::string found_file() const {
    const std::string& directory = sources_.working_directory;
    std::string here = directory.empty() ? "vortex.toml" : directory + "/vortex.toml";
    if (config_file_exists(here)) return here;
    const auto home = environment("HOME");
    const std::string there = home.value_or("") + "/.config/vortex/vortex.toml";
    return home && !home->empty() && config_file_exists(there) ? there : "";
  }

  std::optional<std::string> environment(const std::string& name) const {
    return sources_.environment ? sources_.environment(name) : std::nullopt;
  }

  void read_environment() {
    std::vector<std::string> names;
    std::ranges::copy_if(
        sources_.environment_names, std::back_inserter(names),
        [](const std::string& name) { return name.starts_with(kEnvironmentPrefix); });
    std::ranges::sort(names);
    for (const std::string& name : names) {
      if (const auto value = environment(name)) read_variable(name, *value);
    }
  }

  void read_variable(const std::string& name, const std::string& value) {
    KeyPath path;
    std::string_view rest = std::string_view(name).substr(kEnvironmentPrefix.size());
    for (;;) {
      const std::size_t end = rest.find("__");
      std::string segment(rest.substr(0, end));
      std::ranges::transform(segment, segment.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
      });
      path.push_back(std::move(segment));
      if (end == std::string_view::npos) break;
      rest.remove_prefix(end + 2);
    }
    if (path[0] == "symbols" && path.size() > 1) {
      // Names of variables cannot tell "BRK-B" from "brk_b"; the whole table can be given.
      problem(ErrorCode::config, fmt::format("{}: symbols are set whole", untrusted(name, 120)),
              R"(VORTEX__SYMBOLS='{ "BRK-B" = { yahoo = "BRK-B" } }')");
      return;
    }
    const KeySpec* spec = names_.find(path);
    if (spec != nullptr && spec->type == KeyType::secret) {
      // The variable holds the secret itself; settings hold only where to find it.
      if (value.empty()) return;
      assigned_[key_text(path)] = {spec, path, TypedValue("env:" + name), "\"***\"", name};
      return;
    }
    place(std::move(path), read_toml_value(value), {.source = name, .from_text = true});
  }

  void read_sets() {
    for (const auto& [key, value] : sources_.sets) {
      KeyPath path = read_toml_key(key);
      if (path.empty()) {
        problem(ErrorCode::config, fmt::format("--set {}: not a key", untrusted(key, 80)),
                "write --set store.uri=./data");
        continue;
      }
      place(std::move(path), read_toml_value(value), {.source = "--set", .from_text = true});
    }
  }

  void read_flags() {
    for (const auto& [flag, value] : sources_.flags) {
      if (flag == "--store")
        place({"store", "uri"}, RawValue{.value = value}, {.source = flag, .from_text = true});
    }
  }

  // Puts a value, or every value below it, where its key belongs.
  void place(KeyPath path, const RawValue& raw, const Place& where) {
    if (path == KeyPath{"jobs"}) return place_jobs(raw, where);
    if (const KeySpec* spec = names_.find(path)) return assign(*spec, std::move(path), raw, where);
    const bool section = path.empty() || names_.is_section(path);
    if (section && raw.is_table()) {
      for (const RawMember& member : *raw.as_table()) {
        KeyPath below = path;
        below.push_back(member.name);
        RawValue value = member.value;
        if (member.line > 0) value.line = member.line;
        place(std::move(below), value, where);
      }
      return;
    }
    if (section) {
      problem(ErrorCode::config,
              fmt::format("{}: {}: is a section, not a value", where.at(raw.line), key_text(path)));
      return;
    }
    if (place_in_table(path, raw, where)) return;
    unknown_key(path, raw, where);
  }

  // providers.yahoo.depth.1d: one entry of a key whose value is a table.
  bool place_in_table(const KeyPath& path, const RawValue& raw, const Place& where) {
    if (path.size() < 2) return false;
    const KeyPath parent(path.begin(), path.end() - 1);
    const KeySpec* spec = names_.find(parent);
    if (spec == nullptr || spec->type != KeyType::depth) return false;
    RawTable table;
    table.push_back({.name = path.back(), .value = raw, .line = raw.line});
    assign(*spec, parent, RawValue{.value = std::move(table), .line = raw.line}, where);
    return true;
  }

  void place_jobs(const RawValue& raw, const Place& where) {
    const RawArray* jobs = raw.as_array();
    if (jobs == nullptr) {
      problem(ErrorCode::config,
              fmt::format("{}: jobs: expected tables, written as [[jobs]]", where.at(raw.line)));
      return;
    }
    std::erase_if(assigned_, [](const auto& entry) { return entry.first.starts_with("jobs."); });
    for (std::size_t i = 0; i < jobs->size(); ++i) {
      const RawValue& job = (*jobs)[i];
      if (job.is_table()) {
        place({"jobs", std::to_string(i)}, job, where);
      } else {
        problem(ErrorCode::config,
                fmt::format("{}: jobs: expected tables, written as [[jobs]]", where.at(job.line)));
      }
    }
  }

  void unknown_key(const KeyPath& path, const RawValue& raw, const Place& where) {
    std::string meant = names_.nearest(path);
    if (!meant.empty() && where.source.starts_with(kEnvironmentPrefix))
      meant = environment_twin(meant);
    const std::string suggestion = meant.empty() ? "" : fmt::format(" (did you mean '{}'?)", meant);
    problem(ErrorCode::config_unknown_key,
            fmt::format("{}: {}: unknown key{}", untrusted(where.at(raw.line), 200),
                        untrusted(key_text(path), 120), suggestion));
  }

  void assign(const KeySpec& spec, KeyPath path, const RawValue& raw, const Place& where) {
    const ReadingRules rules{.type = spec.type,
                             .bounds = spec.bounds,
                             .providers = providers_,
                             .choices = spec.choices,
                             .from_text = where.from_text};
    const std::string key = key_text(path);
    auto value = read_value(raw, rules);
    if (!value) {
      refused_.insert(key);
      problem(ErrorCode::config, fmt::format("{}: {}: {}", where.at(raw.line), key, value.error()));
      return;
    }
    if (path[0] == "symbols") check_symbol(path, raw, where);
    std::string shown = redact_url(to_toml(raw));
    if (const auto* text = std::get_if<std::string>(&*value)) shown = toml_quote(redact_url(*text));
    assigned_[key] = {&spec, std::move(path), std::move(*value), std::move(shown),
                      where.at(raw.line)};
  }

  void check_symbol(const KeyPath& path, const RawValue& raw, const Place& where) {
    if (auto symbol = Symbol::parse(path[1]); !symbol) {
      problem(ErrorCode::config, fmt::format("{}: {}: {}", where.at(raw.line), key_text(path),
                                             symbol.error().message));
    }
  }

  void build() {
    Settings& settings = loaded_.settings;
    for (const KnownProvider& provider : sources_.providers) {
      settings.providers[std::string(provider.name)].base_url = provider.base_url;
    }
    std::map<int, JobSettings> jobs;
    for (const auto& [key, entry] : assigned_) {
      apply(entry, settings, jobs);
      loaded_.values.push_back({.key = key, .value = entry.shown, .origin = entry.origin});
    }
    for (const KnownProvider& provider : sources_.providers) {
      ProviderSettings& own = settings.providers[std::string(provider.name)];
      if (own.base_url.empty()) own.base_url = provider.base_url;
      show_unset(provider);
    }
    std::ranges::sort(loaded_.values, {}, &ConfigValue::key);
    take_jobs(std::move(jobs));
    settings.state_dir = expanded(settings.state_dir);
    settings.store_uri = expanded(settings.store_uri);
    settings.calendar_file = expanded(settings.calendar_file);
    if (settings.store_uri.empty()) problem(ErrorCode::config, "store.uri: must not be empty");
    if (settings.default_providers.empty())
      problem(ErrorCode::config, "default_providers: must not be empty");
  }

  static void apply(const Assigned& entry, Settings& settings, std::map<int, JobSettings>& jobs) {
    SettingsTarget target{.settings = &settings};
    if (entry.path[0] == "symbols") {
      settings.symbols[entry.path[1]][entry.path[2]] = std::get<std::string>(entry.value);
      return;
    }
    if (entry.path[0] == "providers") target.provider = &settings.providers[entry.path[1]];
    if (entry.path[0] == "jobs") target.job = &jobs[std::stoi(entry.path[1])];
    entry.spec->apply(target, entry.value);
  }

  // Keys whose default is the provider's own are shown with that.
  void show_unset(const KnownProvider& provider) {
    const auto show = [&](std::string_view name, std::string value) {
      const std::string key = fmt::format("providers.{}.{}", provider.name, name);
      if (assigned_.contains(key)) return;
      loaded_.values.push_back({.key = key, .value = std::move(value), .origin = "default"});
    };
    RawArray limits;
    for (const std::string_view limit : provider.limits)
      limits.push_back({.value = std::string(limit)});
    show("base_url", toml_quote(std::string(provider.base_url)));
    show("limits", to_toml(RawValue{.value = std::move(limits)}));
  }

  void take_jobs(std::map<int, JobSettings> jobs) {
    std::set<std::string> names;
    for (auto& [index, job] : jobs) {
      const std::string key = fmt::format("jobs.{}", index);
      if (job.name.empty() && !refused_.contains(key + ".name"))
        problem(ErrorCode::config, fmt::format("{}: {}: has no name", job_origin(index), key));
      if (job.symbols.empty() && !refused_.contains(key + ".symbols"))
        problem(ErrorCode::config, fmt::format("{}: {}: has no symbols", job_origin(index), key));
      if (!job.name.empty() && !names.insert(job.name).second) {
        problem(ErrorCode::config, fmt::format("{}: {}: a second job is named '{}'",
                                               job_origin(index), key, untrusted(job.name, 60)));
      }
      loaded_.settings.jobs.push_back(std::move(job));
    }
  }

  std::string job_origin(int index) const {
    const auto found = assigned_.lower_bound(fmt::format("jobs.{}.", index));
    return found == assigned_.end() ? "jobs" : found->second.origin;
  }

  std::string expanded(const std::string& path) {
    if (path != "~" && !path.starts_with("~/")) return path;
    const auto home = environment("HOME");
    if (home && !home->empty()) return *home + path.substr(1);
    problem(ErrorCode::config, fmt::format("{}: HOME is not set, so ~ has no meaning", path));
    return path;
  }

  const ConfigSources& sources_;
  std::vector<std::string_view> providers_;
  KeyNames names_;
  std::map<std::string, Assigned> assigned_;
  LoadedSettings loaded_;
  std::set<std::string> refused_;  // keys whose values were refused, so that none is missed twice
  std::vector<Error> problems_;
};

}  // namespace

CheckedSettings check_settings(const ConfigSources& sources) {
  return Loader(sources).run();
}

Result<LoadedSettings> load_settings(const ConfigSources& sources) {
  CheckedSettings checked = check_settings(sources);
  if (checked.problems.empty()) return std::move(checked.loaded);
  Error first = std::move(checked.problems.front());
  if (checked.problems.size() > 1 && first.hint.empty()) {
    first.hint =
        fmt::format("vortex config check (lists all {} problems)", checked.problems.size());
  }
  return std::unexpected(std::move(first));
}

}  // namespace vortex
