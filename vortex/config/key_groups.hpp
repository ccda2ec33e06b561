// The keys by subject, one source each, and the few words they are written with. Only
// key_table.cpp puts them together.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "vortex/config/key_table.hpp"

namespace vortex {

std::span<const KeySpec> run_keys();       // of the run as a whole: state_dir … tasks.*
std::span<const KeySpec> provider_keys();  // providers.*.…
std::span<const KeySpec> job_keys();       // symbols.*.*, jobs.*.…

// Bounds of durations are in seconds, of sizes in bytes.
inline constexpr double kMilli = 0.001;
inline constexpr double kDay = 86400;
inline constexpr double kMebi = 1 << 20;
inline constexpr double kGibi = 1 << 30;

inline const std::string& as_text(const TypedValue& v) {
  return std::get<std::string>(v);
}
inline int as_int(const TypedValue& v) {
  return static_cast<int>(std::get<std::int64_t>(v));
}
inline std::uint64_t as_bytes(const TypedValue& v) {
  return static_cast<std::uint64_t>(std::get<std::int64_t>(v));
}
inline Duration as_duration(const TypedValue& v) {
  return std::get<Duration>(v);
}
inline const std::vector<std::string>& as_texts(const TypedValue& v) {
  return std::get<std::vector<std::string>>(v);
}

}  // namespace vortex
