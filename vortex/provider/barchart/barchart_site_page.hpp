// The pages of Barchart's website, as far as a login and a download need them: where a page has its
// token, and what else may come in its place. Errors show nothing of a page, for pages hold tokens.
// The room's own header; pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "vortex/base/error.hpp"
#include "vortex/base/http_message.hpp"
#include "vortex/provider/cookies.hpp"

namespace vortex {

inline constexpr std::string_view kBarchartHost = "www.barchart.com";
inline constexpr CookieSite kBarchartCookies{.host = kBarchartHost};
inline constexpr std::string_view kBarchartLoginPath = "/login";
inline constexpr std::string_view kBarchartFormType = "application/x-www-form-urlencoded";

// Of the login's form, <input type="hidden" name="_token" value="…">; empty: there is none.
std::string barchart_form_token(std::string_view html);
// Of any other page, <meta name="csrf-token" content="…">; empty: there is none.
std::string barchart_page_token(std::string_view html);

// Does the answer ask for a login? A way to /login, its form, or one of the statuses that say so.
bool asks_for_barchart_login(const HttpReply& reply);

// What may come instead of any page: a wall for browsers, too many requests, a fault of the site's.
// A redirect and 404 are none of these.
std::optional<Error> barchart_site_refusal(const HttpReply& reply);

// {"error": words}, which comes with status 200: the allowance is used up, until midnight in
// Chicago; the session ended; the plan does not hold it. Other words are drift.
Error barchart_site_told(std::string_view words, const HttpReply& reply);

// Errors of this website, with what to do instead.
Error barchart_site_error(ErrorCode code, std::string message, const HttpReply& reply);
Error barchart_blocked(std::string message, const HttpReply& reply);
Error barchart_session_ended(std::string message, const HttpReply& reply);

}  // namespace vortex
