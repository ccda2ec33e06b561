// What Barchart's website is asked before each download, with the session's cookies:
//
//   page   GET  /futures/quotes/GCZ24/historical-download   not 200: nothing to download there;
//                                                           meta csrf-token, cookie XSRF-TOKEN
//   check  POST /my/download  onlyCheckPermissions=true     {"success":true,"count":N}, N of today;
//                                                           {"error":…}: the allowance is used up
//   data   POST /my/download  the form of the file
//
// XSRF-TOKEN comes anew with every answer and goes back, decoded, as a header. Where the allowance
// is used up no download is asked for. Const and thread-safe.
#pragma once

#include "vortex/provider/adapter.hpp"

namespace vortex {

class BarchartSiteSteps final : public CallSteps {
 public:
  HttpCall begin(State& state, HttpCall wanted) const override;
  Result<Step> on_reply(State& state, const HttpReply& reply) const override;
};

}  // namespace vortex
