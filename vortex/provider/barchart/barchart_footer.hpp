// The last line of a file from Barchart's website: when it was downloaded, by the server's clock.
// The room's own header; pure functions.
#pragma once

#include <optional>
#include <string_view>

#include "vortex/base/time.hpp"

namespace vortex {

inline constexpr std::string_view kBarchartFooterForm =
    "\"Downloaded from Barchart.com as of MM-DD-YYYY hh:mmam CST\"";

// Does this line, whatever follows it, begin like one? By its text: a spreadsheet drops the quotes
// and pads it with commas.
bool is_barchart_footer(std::string_view text);

// "Downloaded from Barchart.com as of 03-05-2026 06:11am CST" → the moment; none where the wording
// is another.
std::optional<TimePoint> read_barchart_footer(std::string_view line);

}  // namespace vortex
