// How an Error is shown: lines for people on stderr, one JSON object on stdout with --json.
#pragma once

#include <string>
#include <string_view>

#include "vortex/base/error.hpp"
#include "vortex/base/json.hpp"

#include "apps/cli/output.hpp"

namespace vortex::cli {

inline constexpr int kJsonSchemaVersion = 1;

// VX-4002 yahoo: AAPL 1d: cut at byte 812
//   evidence: …   cause: …   try: …   more: vortex explain VX-4002
// Usage and configuration errors take one line: what was typed is all the evidence there is.
void show_error(Output& output, const Error& error);

// {"code": …, "class": …, "message": …, "evidence": …, "hint": …, "retryable": …, "retry_at": …, …}
void write_error(JsonWriter& json, const Error& error);

// The whole answer of a command that failed.
std::string error_json(std::string_view command, const Error& error);

// Opens the object every --json answer is: {"schema_version": 1, "command": …, "status": ….
JsonWriter begin_answer(std::string_view command, std::string_view status);

}  // namespace vortex::cli
