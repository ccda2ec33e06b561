// What the ledger knows of every configured account, for people. Blocking; makes nothing: an
// account nobody used yet has all of its allowance.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "vortex/base/clock.hpp"
#include "vortex/base/json.hpp"
#include "vortex/config/secret_source.hpp"
#include "vortex/config/settings.hpp"
#include "vortex/provider/registry.hpp"
#include "vortex/resilience/ledger.hpp"

namespace vortex {

struct AccountReport {
  std::string provider;
  std::string account;
  int concurrent = 0;  // the limit of calls in flight; 0: none
  AccountUse use;
};

// The accounts' ledger as it is, for those who only look: where there is no quota.db yet, one in
// memory that knows of nothing. storage or disk_full when it cannot be read.
Result<std::unique_ptr<Ledger>> ledger_to_look_at(const std::string& state_dir, const Clock& clock);

Result<std::vector<AccountReport>> account_reports(const Settings& settings,
                                                   const ProviderRegistry& providers,
                                                   const Clock& clock,
                                                   const Environment& environment);
void write_json(JsonWriter& json, const AccountReport& report);

}  // namespace vortex
