// Barchart's website as a way in, for those who ask for it (providers.barchart.access = "website"):
// the login, the page and the question about the allowance before each download, the file. Since
// 2026-08-31 it shows plain clients pages without a token; OnDemand is the way that is sold.
//
//   once       GET  /login                                    barchart_site_session.hpp
//              POST /login
//   each call  GET  /futures/quotes/GCZ24/historical-download barchart_site_steps.hpp
//              POST /my/download  onlyCheckPermissions=true
//              POST /my/download  the form of the file        barchart_site_file.hpp reads it
#pragma once

#include "vortex/provider/registry.hpp"

namespace vortex {

Provider barchart_website();

}  // namespace vortex
