// Where a secret comes from: settings hold references, and this turns one into its value at the
// moment it is needed. Values never enter settings, messages or logs.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "vortex/base/error.hpp"
#include "vortex/base/secret.hpp"

namespace vortex {

using Environment = std::function<std::optional<std::string>(const std::string&)>;

// The environment of this process; read before other threads change it.
Environment process_environment();

// Does the text have the form of a reference: env:NAME, file:PATH or vault:PATH#FIELD?
bool is_secret_reference(std::string_view text);

// env:NAME reads the environment. file:PATH reads a regular file of ours or root's that others
// cannot read, less one line end. vault: is refused as not yet supported. All failures are config
// errors; none shows the value.
Result<SecretString> resolve_secret(std::string_view reference, const Environment& environment);

}  // namespace vortex
