#include "vortex/engine/capture_decode.hpp"

#include <utility>

#include <arrow/record_batch.h>
#include <fmt/format.h>

#include "vortex/base/json.hpp"
#include "vortex/engine/route.hpp"

namespace vortex {
namespace {

Result<Headers> headers_of(const CaptureRow& row) {
  VORTEX_TRY(const Json parsed, Json::parse(row.headers));
  const Json::Object* members = parsed.as_object();
  if (members == nullptr) return fail(ErrorCode::corrupt, "a capture's headers are no object");
  Headers headers;
  for (const auto& [name, value] : *members) {
    if (const std::string* text = value.as_string()) {
      headers.push_back({.name = name, .value = *text});
    }
  }
  return headers;
}

}  // namespace

Result<CheckedPage> decode_capture(const CaptureRow& row, std::string body,
                                   const ProviderRegistry& providers, const Settings& settings) {
  const Provider* provider = providers.find(row.key.provider);
  if (provider == nullptr) {
    return fail(ErrorCode::unsupported,
                fmt::format("this build has no provider '{}'", untrusted(row.key.provider, 48)));
  }
  VORTEX_TRY(Symbol symbol, Symbol::parse(row.key.symbol));
  VORTEX_TRY(std::string spelling, spelling_for(*provider->adapter, symbol, settings));
  DecodeJob job{.adapter = provider->adapter.get(),
                .request = {.symbol = std::move(symbol),
                            .provider_symbol = std::move(spelling),
                            .interval = row.key.interval,
                            .range = row.range},
                .redacted_request = row.request};
  VORTEX_TRY(job.reply.headers, headers_of(row));
  // What was refused when it came is no loss today; what is refused only today is.
  job.keep_refused = std::erase_if(job.reply.headers, [](const Header& header) {
                       return header.name == kRefusedHeader;
                     }) > 0;
  job.reply.status = row.status;
  job.reply.body = Body::take(std::move(body));
  job.reply.sent_at = row.received_at;
  job.reply.received_at = row.received_at;
  VORTEX_TRY(CheckedPage page, run_decode_job(job));
  if (!page.capture || page.capture->id != row.id) {
    return fail(ErrorCode::corrupt, "the capture's row and its body do not belong together");
  }
  return page;
}

}  // namespace vortex
