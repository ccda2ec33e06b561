// Asks one provider on behalf of everybody in this process: places, rate limits, retries, login and
// deadlines in one path that no caller can go around. Belongs to the I/O thread.
#pragma once

#include <memory>
#include <optional>

#include "vortex/base/random.hpp"
#include "vortex/config/settings.hpp"
#include "vortex/engine/decode_job.hpp"
#include "vortex/engine/session_keeper.hpp"
#include "vortex/engine/slots.hpp"
#include "vortex/engine/sync.hpp"
#include "vortex/net/http_transport.hpp"
#include "vortex/provider/registry.hpp"
#include "vortex/resilience/rate_limiter.hpp"
#include "vortex/resilience/retry.hpp"
#include "vortex/runtime/runtime.hpp"

namespace vortex {

class ProviderClient {
 public:
  // All given must outlive the client. `all_calls` bounds the calls of all providers together.
  struct Parts {
    Runtime* runtime = nullptr;
    HttpTransport* transport = nullptr;
    Slots* all_calls = nullptr;
    CallCounts* counts = nullptr;
    const Provider* provider = nullptr;
    const ProviderSettings* settings = nullptr;
    std::uint64_t seed = 0;  // of the jitter
  };
  static Result<std::unique_ptr<ProviderClient>> create(const Parts& parts);

  const HttpAdapter& adapter() const { return *parts_.provider->adapter; }
  const ProviderSettings& settings() const { return *parts_.settings; }

  // One call until it has a checked page or a final error: asked again after passing faults, and
  // once after renewing a refused session.
  Task<CheckedPage> ask(BarsRequest request, HttpCall call, bool keep_capture);

 private:
  ProviderClient(const Parts& parts, const RateLimiter::Options& limits);

  Task<CheckedPage> attempt(BarsRequest request, HttpCall call, bool keep_capture);
  Task<HttpReply> send(HttpCall call);
  Task<void> permit();
  // After a failed attempt: waits or renews, or gives the error back because it is final.
  Task<void> before_next_attempt(Error error, int attempt, std::uint64_t generation, bool* renewed);
  void note_block(const Error& error);

  Parts parts_;
  HttpRoute route_;
  Slots places_;
  RateLimiter limiter_;
  RetryPolicy retry_;
  SessionKeeper session_;
  Random random_;
  std::optional<Error> block_;  // the provider said stop; calls are refused with this …
  Monotonic blocked_until_;     // … until then
};

}  // namespace vortex
