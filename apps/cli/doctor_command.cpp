// `vortex doctor`: checks this machine, the settings, the disk and the road to each provider, and
// names the cure of what is wrong.
#include <algorithm>
#include <iterator>

#include <fmt/core.h>

#include "vortex/engine/account_report.hpp"
#include "vortex/engine/credentials.hpp"
#include "vortex/engine/doctor_disk.hpp"
#include "vortex/engine/doctor_machine.hpp"
#include "vortex/engine/doctor_provider.hpp"
#include "vortex/net/curl_transport.hpp"

#include "apps/cli/commands.hpp"
#include "apps/cli/error_text.hpp"

namespace vortex::cli {
namespace {

using Rows = std::vector<CheckRow>;

void append(Rows& rows, Rows more) {
  std::ranges::move(more, std::back_inserter(rows));
}

bool is_named(const Settings& settings, const std::string& provider) {
  const auto names = [&](const std::vector<std::string>& list) {
    return std::ranges::find(list, provider) != list.end();
  };
  return names(settings.default_providers) ||
         std::ranges::any_of(settings.jobs, [&](const auto& job) { return names(job.providers); });
}

// Nobody who uses other providers needs this one's key.
bool is_unused(const Settings& settings, const Provider& provider) {
  const Capabilities& can = provider.adapter->capabilities();
  const auto own = settings.providers.find(std::string(can.name));
  if (!wants_credential(can) || own == settings.providers.end()) return false;
  return !is_named(settings, own->first) && !has_credential(own->second);
}

// Those of --provider, else all: one that is not asked today may be tomorrow's fallback.
Result<std::vector<std::string>> chosen_providers(CommandContext& context,
                                                  const Settings& settings) {
  VORTEX_TRY(std::vector<std::string> chosen,
             context.arguments().providers(context.registry().names()));
  if (!chosen.empty()) return chosen;
  for (const Provider& provider : context.registry().all()) {
    if (!is_unused(settings, provider)) chosen.emplace_back(provider.name());
  }
  return chosen;
}

Rows check_disk(const Settings& settings, const Clock& clock) {
  const DiskAccess disk = system_disk();
  Rows rows = check_directory(state_needs(settings.state_dir), disk, clock);
  rows.push_back(check_quota_db(settings.state_dir, disk, clock));
  const auto path = store_path(settings.store_uri);
  if (!path) {
    rows.push_back(CheckTimer(clock, "store")
                       .failed(path.error().code, path.error().message,
                               std::string(path.error().next_step())));
    return rows;
  }
  append(rows, check_directory(store_needs(*path, settings.batch_bytes_max), disk, clock));
  return rows;
}

Result<Rows> check_network(CommandContext& context, const Settings& settings,
                           const std::vector<std::string>& names) {
  Runtime runtime(context.clock(), 1);
  VORTEX_TRY(const auto transport, CurlTransport::create(runtime));
  std::vector<ProviderProbe> probes;
  for (const std::string& name : names) {
    const auto own = settings.providers.find(name);
    const Provider* provider = context.registry().find(name);
    if (provider == nullptr || own == settings.providers.end())
      return fail(ErrorCode::internal, fmt::format("provider {} has no settings", name));
    probes.push_back({.provider = provider, .settings = &own->second});
  }
  const auto ledger = ledger_to_look_at(settings.state_dir, context.clock());
  const DoctorNetwork network{
      .runtime = &runtime,
      .transport = transport.get(),
      .look_up = [&](const std::vector<std::string>& hosts,
                     Duration limit) { return look_up_hosts(hosts, limit, context.clock()); },
      .proxies = ProxyEnvironment::from_environment(),
      .environment = process_environment(),
      .ledger = ledger ? ledger->get() : nullptr};  // quota_db and state_dir have rows of their own
  return check_providers(network, probes);
}

std::string answer_json(const Rows& rows, int code) {
  JsonWriter json = begin_answer("doctor", code == 0 ? "ok" : "failed");
  json.member("exit_code", code);
  json.key("checks");
  json.begin_array();
  for (const CheckRow& row : rows) write_json(json, row);
  json.end_array();
  json.end_object();
  return json.take() + "\n";
}

std::string answer_text(const Rows& rows) {
  std::string text;
  for (const CheckRow& row : rows) text += to_text(row);
  const auto count = [&](CheckStatus status) {
    return std::ranges::count(rows, status, &CheckRow::status);
  };
  text += fmt::format("{} ok, {} warnings, {} failed, {} skipped\n", count(CheckStatus::ok),
                      count(CheckStatus::warning), count(CheckStatus::failed),
                      count(CheckStatus::skipped));
  return text;
}

}  // namespace

CommandResult run_doctor(CommandContext& context) {
  const Clock& clock = context.clock();
  const CheckedSettings checked = context.check();
  VORTEX_TRY(const std::vector<std::string> providers,
             chosen_providers(context, checked.loaded.settings));
  Rows rows{check_tzdata(system_tzdata(), clock)};
  rows.push_back(check_config(checked.loaded.file, checked.problems, clock));
  if (!checked.problems.empty()) {
    const std::string why = "the settings must be right first";
    for (const char* name : {"state_dir", "quota_db", "store"})
      rows.push_back(CheckTimer(clock, name).skipped(why));
    append(rows, skip_providers(providers, why, clock));
  } else {
    const Settings& settings = checked.loaded.settings;
    append(rows, check_disk(settings, clock));
    if (context.arguments().has("--offline")) {
      append(rows, skip_providers(providers, "--offline", clock));
    } else {
      VORTEX_TRY(Rows network, check_network(context, settings, providers));
      append(rows, std::move(network));
    }
  }
  const int code = doctor_exit_code(rows);
  VORTEX_TRY_VOID(
      context.output().data(context.json() ? answer_json(rows, code) : answer_text(rows)));
  return code;
}

}  // namespace vortex::cli
