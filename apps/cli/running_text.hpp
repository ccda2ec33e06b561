// How running processes, accounts and allowances are shown, as text and as JSON.
#pragma once

#include <string>
#include <vector>

#include "vortex/base/json.hpp"
#include "vortex/engine/account_report.hpp"
#include "vortex/engine/run_status.hpp"
#include "vortex/engine/sync.hpp"

namespace vortex::cli {

std::string running_text(const std::vector<RunStatus>& running);
std::string accounts_text(const std::vector<AccountReport>& accounts);
// What is planned against the daily allowances: "yahoo: 40 of 60 calls wait …".
std::string allowances_text(const std::vector<AllowanceReport>& allowances);

}  // namespace vortex::cli
