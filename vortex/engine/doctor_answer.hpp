// What one exchange with a provider says about the road to it, its throttling and our clock. Pure:
// a reply or an error in, rows out.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "vortex/base/http_message.hpp"
#include "vortex/engine/doctor.hpp"

namespace vortex {

// Beyond the first a request's signature or a session's expiry may fail, beyond the second day
// quotas and certificates do.
inline constexpr Duration kSkewComfort = std::chrono::seconds(30);
inline constexpr Duration kSkewMax = std::chrono::minutes(5);

// Why a handshake failed, in our words, and the cure; from libcurl's text.
struct TlsTrouble {
  std::string_view reason;
  std::string cure;
};
TlsTrouble tls_trouble(std::string_view curl_text, std::string_view provider);

// The row PROVIDER.connection of an exchange without an answer.
CheckRow connection_failure(const CheckTimer& timer, const Error& error, std::string_view provider);

struct DoctorAnswer {
  std::string provider;
  std::string auth;  // capabilities().auth
  HttpReply reply;
  std::optional<Error> refusal;  // what the adapter made of the reply; none: it is good
};

// The answer is the provider's own and usable. A session or key that is asked for is no fault:
// nothing was logged in.
CheckRow answer_row(const DoctorAnswer& answer, const Clock& clock);

// Throttled until when; a block of the address or client; or neither.
CheckRow throttling_row(const DoctorAnswer& answer, const Clock& clock);

// How far this machine's clock is from the answer's Date, which is taken to be of the middle of the
// exchange.
CheckRow clock_row(const DoctorAnswer& answer, const Clock& clock);

// The table's next step with the provider's name put in.
std::string next_step_for(const Error& error, std::string_view provider);

}  // namespace vortex
