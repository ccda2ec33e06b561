// The file that a download of Barchart's website is: the columns Time,Open,High,Low,Last,Volume and
// a last line that says when it was made. A capture of one is known by its bytes, whichever way in
// is configured. The room's own header; pure functions.
#pragma once

#include <cstdint>

#include "vortex/provider/barchart/barchart_rows.hpp"

namespace vortex {

// The most rows of one file; asked for, and never reached by what is asked.
inline constexpr std::int64_t kBarchartFileRowsMax = 20'000;

bool is_barchart_download(const HttpReply& reply);

// Without its last line the file was cut: `truncated`.
Result<Page> decode_barchart_download(BarchartQuery query, const HttpReply& reply);

}  // namespace vortex
