// Reads a kept answer again, through the same functions that read it when it came, so that the same
// page comes out. Pure; safe on any thread.
#pragma once

#include <string>

#include "vortex/config/settings.hpp"
#include "vortex/engine/decode_job.hpp"
#include "vortex/provider/registry.hpp"
#include "vortex/store/provenance.hpp"

namespace vortex {

// The page with its own capture; with `refused` where the answer was refused when it came and is
// today. Fails as decode does; `unsupported` when this build lacks the
// provider, `corrupt` when the row does not belong to the body. The provider's spelling of the
// symbol is today's: an override that was changed since can make it a mismatch.
Result<CheckedPage> decode_capture(const CaptureRow& row, std::string body,
                                   const ProviderRegistry& providers, const Settings& settings);

}  // namespace vortex
