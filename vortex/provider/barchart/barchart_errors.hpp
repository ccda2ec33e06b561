// Barchart's ways of saying no: HTTP status, the status object inside a 200, the texts of the
// website, and what is no answer at all. The room's own header; pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "vortex/base/error.hpp"
#include "vortex/base/http_message.hpp"

namespace vortex {

// {"status": {"code": …, "message": …}}, as far as it is there.
struct BarchartStatus {
  int code = 0;
  std::string message;
};

// What a status object means. Code 204 is ErrorCode::empty; 200 is none.
std::optional<Error> barchart_status_error(const BarchartStatus& status, const HttpReply& reply);

// What can be told without reading rows: a status other than 200, error texts, web pages, an empty
// body. ErrorCode::empty: Barchart says there is nothing. None: the body is worth parsing.
std::optional<Error> barchart_refusal(const HttpReply& reply);

// The moment a daily allowance comes back: midnight of Barchart's own clock (US Central). The
// provider names none.
TimePoint barchart_allowance_back(TimePoint now);

}  // namespace vortex
