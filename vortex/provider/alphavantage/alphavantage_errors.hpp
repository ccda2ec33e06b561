// What Alpha Vantage says instead of data: status 200 and one of the members "Error Message",
// "Note", "Information", told apart by their words. Pure functions.
#pragma once

#include <string>
#include <string_view>

#include "vortex/base/error.hpp"
#include "vortex/base/http_message.hpp"

namespace vortex {

// The vendor's words → the error they stand for; words not known are `schema`: never "no data".
Error alphavantage_error(std::string_view member, std::string_view text, const HttpReply& reply);

// What is no document at all: another status, HTML, an empty body.
std::optional<Error> alphavantage_refusal(const HttpReply& reply);

// An error about this answer, fit for logs: the vendor echoes the caller's key in its texts.
Error alphavantage_reply_error(ErrorCode code, std::string message, const HttpReply& reply);

// The text with everything in it that looks like a key masked.
std::string mask_keys(std::string_view text);

}  // namespace vortex
