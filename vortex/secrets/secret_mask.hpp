// The secrets a call went with, so that an answer that echoes one can be masked before anything is
// read from it or kept of it. Immutable once filled; safe on any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vortex/base/error.hpp"
#include "vortex/base/http_message.hpp"
#include "vortex/base/secret.hpp"

namespace vortex {

class SecretMask {
 public:
  // What is shorter stands in any body by chance, and is no secret.
  static constexpr std::size_t kLengthMin = 6;

  void add(const SecretString& secret);
  // Of a session: its parameters, and of its headers the cookies' values and what names itself a
  // credential.
  void add(const Headers& headers, const QueryParams& params);

  // The body with each secret as so many stars; none when it holds none. Looked for as it is, as a
  // URL encodes it and as JSON escapes it.
  std::optional<std::string> masked(std::string_view body) const;

  // The error with all its texts masked.
  Error masked(Error error) const;

 private:
  void add_form(std::string form);
  void add_cookies(std::string_view line);

  std::vector<SecretString> forms_;
};

}  // namespace vortex
