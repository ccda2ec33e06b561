#include "vortex/provider/barchart/barchart_site.hpp"

#include <memory>

#include "vortex/provider/barchart/barchart_site_adapter.hpp"
#include "vortex/provider/barchart/barchart_site_session.hpp"
#include "vortex/provider/barchart/barchart_site_steps.hpp"

namespace vortex {

Provider barchart_website() {
  return {.adapter = std::make_unique<BarchartSiteAdapter>(),
          .session = std::make_unique<BarchartSiteSession>(),
          .files = nullptr,
          .before = std::make_unique<BarchartSiteSteps>()};
}

}  // namespace vortex
