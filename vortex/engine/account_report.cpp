#include "vortex/engine/account_report.hpp"

#include <filesystem>
#include <utility>

#include "vortex/engine/account_name.hpp"
#include "vortex/engine/credentials.hpp"
#include "vortex/engine/sqlite_ledger.hpp"
#include "vortex/resilience/memory_ledger.hpp"

namespace vortex {
namespace {

constexpr const char* kLedgerFile = "quota.db";

}  // namespace

Result<std::unique_ptr<Ledger>> ledger_to_look_at(const std::string& state_dir,
                                                  const Clock& clock) {
  if (std::filesystem::exists(std::filesystem::path(state_dir) / kLedgerFile)) {
    VORTEX_TRY(std::unique_ptr<Ledger> ledger, SqliteLedger::open(state_dir, clock));
    return ledger;
  }
  return std::make_unique<MemoryLedger>();
}

Result<std::vector<AccountReport>> account_reports(const Settings& settings,
                                                   const ProviderRegistry& providers,
                                                   const Clock& clock,
                                                   const Environment& environment) {
  VORTEX_TRY(const std::unique_ptr<Ledger> ledger, ledger_to_look_at(settings.state_dir, clock));
  std::vector<AccountReport> reports;
  for (const auto& [name, own] : settings.providers) {
    const Provider* provider = providers.find(name);
    if (provider == nullptr) continue;
    const Capabilities& capabilities = provider->adapter->capabilities();
    VORTEX_TRY(const AccountLimits limits, account_limits(own, capabilities));
    // Without its credential the provider has no account yet; `vortex doctor` tells of that.
    const auto credential = account_secret({&own, &capabilities, &environment});
    if (!credential) continue;
    AccountReport report{.provider = name,
                         .account = account_name(own, capabilities, *credential),
                         .concurrent = limits.concurrent};
    VORTEX_TRY(report.use, ledger->use(report.account, limits,
                                       {.elapsed = clock.monotonic(), .calendar = clock.now()}));
    reports.push_back(std::move(report));
  }
  return reports;
}

void write_json(JsonWriter& json, const AccountReport& report) {
  json.begin_object();
  json.member("provider", report.provider);
  json.member("account", report.account);
  json.member("concurrent", report.concurrent);
  json.member("in_flight", report.use.places_held);
  json.member("foreign_use", report.use.foreign_use);
  json.key("allowances");
  json.begin_array();
  for (const AllowanceUse& allowance : report.use.allowances) {
    json.begin_object();
    json.member("rule", allowance.rule);
    json.member("limit", allowance.limit);
    json.member("used", allowance.used);
    json.member("left", allowance.limit - allowance.used);
    json.member("resets_at", format_time(allowance.resets_at));
    json.end_object();
  }
  json.end_array();
  json.key("closed");
  if (const auto& closed = report.use.closed) {
    json.begin_object();
    json.member("code", to_string(closed->code));
    json.member("rule", closed->rule);
    json.member("until", format_time(closed->until_calendar));
    json.end_object();
  } else {
    json.null();
  }
  json.end_object();
}

}  // namespace vortex
