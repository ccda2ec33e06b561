// Yahoo's ways of saying no, told apart: by status, by the error object that comes under "chart" or
// under "finance", and by what is no JSON at all. The room's own header; pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "vortex/base/error.hpp"
#include "vortex/base/http_message.hpp"

namespace vortex {

// {"code": …, "description": …} as Yahoo writes it.
struct YahooErrorText {
  std::string code;
  std::string description;
};

// What an error object means. ErrorCode::empty: the window lies before the first trade.
Error yahoo_error(const YahooErrorText& text, const HttpReply& reply);

// What can be told without reading a chart: any status but 200, a body that is no JSON document,
// the consent wall. None: the body is worth parsing.
std::optional<Error> yahoo_refusal(const HttpReply& reply);

// True for Yahoo's consent hosts, in a Location header or as the final address.
bool leads_to_consent(const HttpReply& reply);

}  // namespace vortex
