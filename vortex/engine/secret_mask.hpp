// The secrets a call went with, so that an answer that echoes one can be masked before anything is
// read from it or kept of it. Immutable once filled; safe on any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vortex/base/secret.hpp"
#include "vortex/provider/adapter.hpp"

namespace vortex {

class SecretMask {
 public:
  // What is shorter stands in any body by chance, and is no secret.
  static constexpr std::size_t kLengthMin = 6;

  void add(const SecretString& secret);
  // Its parameters, and of its headers the cookies' values and what names itself a credential.
  void add(const Session& session);

  // The body with each secret as so many stars; none when it holds none. Looked for as it is, as a
  // URL encodes it and as JSON escapes it.
  std::optional<std::string> masked(std::string_view body) const;

 private:
  void add_form(std::string form);
  void add_cookies(std::string_view line);

  std::vector<SecretString> forms_;
};

}  // namespace vortex
