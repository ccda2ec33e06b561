#include "vortex/engine/run_status.hpp"

#include <algorithm>
#include <filesystem>
#include <utility>

#include <fmt/format.h>

#include "vortex/base/json.hpp"
#include "vortex/engine/process_identity.hpp"
#include "vortex/store/file_system.hpp"

namespace vortex {
namespace {

constexpr std::int64_t kSchemaVersion = 1;
constexpr std::string_view kDirectory = "running";
constexpr std::string_view kSuffix = ".json";

std::string file_of(const RunStatus& status) {
  return fmt::format("{}/{}-{}{}", kDirectory, status.pid, status.run, kSuffix);
}

void write_time(JsonWriter& json, std::string_view name, std::optional<TimePoint> time) {
  json.member_or_null(name, time ? format_time(*time) : "");
}

void write_provider(JsonWriter& json, const ProviderStatus& status) {
  json.begin_object();
  json.member("provider", status.provider);
  json.member("account", status.account);
  json.member("breaker", status.breaker);
  json.member_or_null("breaker_reason", status.breaker_reason);
  write_time(json, "breaker_until", status.breaker_until);
  json.member("health", status.health);
  json.member("in_flight", status.in_flight);
  json.member("sent", status.sent);
  json.member("retried", status.retried);
  json.member("failed", status.failed);
  json.member("refused", status.refused);
  json.member("retry_budget", status.retry_budget);
  json.member_or_null("last_error", status.last_error);
  write_time(json, "last_error_at", status.last_error_at);
  json.end_object();
}

std::string text_at(const Json& json, std::string_view key) {
  return std::string(json.string_at(key).value_or(""));
}

std::optional<TimePoint> time_at(const Json& json, std::string_view key) {
  const auto text = json.string_at(key);
  return text ? parse_time(*text) : std::nullopt;
}

ProviderStatus provider_in(const Json& json) {
  const Json* budget = json.find("retry_budget");
  return {.provider = text_at(json, "provider"),
          .account = text_at(json, "account"),
          .breaker = text_at(json, "breaker"),
          .breaker_reason = text_at(json, "breaker_reason"),
          .breaker_until = time_at(json, "breaker_until"),
          .health = text_at(json, "health"),
          .in_flight = static_cast<int>(json.int_at("in_flight").value_or(0)),
          .sent = json.int_at("sent").value_or(0),
          .retried = json.int_at("retried").value_or(0),
          .failed = json.int_at("failed").value_or(0),
          .refused = json.int_at("refused").value_or(0),
          .retry_budget = budget == nullptr ? 0 : budget->as_number().value_or(0),
          .last_error = text_at(json, "last_error"),
          .last_error_at = time_at(json, "last_error_at")};
}

}  // namespace

std::string to_json(const RunStatus& status) {
  JsonWriter json;
  json.begin_object();
  json.member("schema_version", kSchemaVersion);
  json.member("process", status.process);
  json.member("pid", status.pid);
  json.member("run", status.run);
  json.member("command", status.command);
  json.member("started", format_time(status.started));
  json.member("updated", format_time(status.updated));
  json.member("items_done", status.items_done);
  json.member("items_total", status.items_total);
  json.member("health", status.health);
  json.key("providers");
  json.begin_array();
  for (const ProviderStatus& provider : status.providers) write_provider(json, provider);
  json.end_array();
  json.end_object();
  return json.take();
}

Result<RunStatus> parse_run_status(std::string_view text) {
  VORTEX_TRY(const Json json, Json::parse(text));
  if (json.int_at("schema_version") != kSchemaVersion) {
    return fail(ErrorCode::corrupt, "no status of a running process, or a newer one");
  }
  const auto started = time_at(json, "started");
  const auto updated = time_at(json, "updated");
  if (!started || !updated) return fail(ErrorCode::corrupt, "a running process without its times");
  RunStatus status{.process = text_at(json, "process"),
                   .pid = json.int_at("pid").value_or(0),
                   .run = json.int_at("run").value_or(0),
                   .command = text_at(json, "command"),
                   .started = *started,
                   .updated = *updated,
                   .items_done = json.int_at("items_done").value_or(0),
                   .items_total = json.int_at("items_total").value_or(0),
                   .health = text_at(json, "health")};
  const Json* providers = json.find("providers");
  if (providers == nullptr || providers->as_array() == nullptr) return status;
  for (const Json& provider : *providers->as_array())
    status.providers.push_back(provider_in(provider));
  return status;
}

Result<void> write_run_status(const std::string& state_dir, const RunStatus& status) {
  const auto files = open_posix_file_system(state_dir);
  VORTEX_TRY_VOID(files->make_directories(std::string(kDirectory)));
  // A status need not survive a power cut, but it must never be half there: put renames.
  return files->put(file_of(status), to_json(status), {.private_file = true});
}

void remove_run_status(const std::string& state_dir, const RunStatus& status) {
  const auto files = open_posix_file_system(state_dir);
  // What cannot be removed is left out by readers: its process is gone.
  static_cast<void>(files->remove(file_of(status)));
}

Result<std::vector<RunStatus>> read_run_statuses(const std::string& state_dir) {
  std::vector<RunStatus> running;
  if (!std::filesystem::exists(state_dir)) return running;
  const auto files = open_posix_file_system(state_dir);
  VORTEX_TRY(const std::vector<std::string> names, files->list(std::string(kDirectory)));
  for (const std::string& name : names) {
    if (!name.ends_with(kSuffix)) continue;
    const std::string path = fmt::format("{}/{}", kDirectory, name);
    const auto text = files->read(path);
    auto status = text ? parse_run_status(*text) : std::unexpected(text.error());
    if (!status) continue;  // being replaced, or of a version this one does not know
    if (is_process_alive(status->process)) {
      running.push_back(std::move(*status));
    } else if (status->process.ends_with(this_process().boot)) {
      static_cast<void>(files->remove(path));  // of a process that is gone; another may be faster
    }
  }
  std::ranges::sort(running, {}, &RunStatus::started);
  return running;
}

}  // namespace vortex
