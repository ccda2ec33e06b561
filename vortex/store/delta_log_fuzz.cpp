// Any bytes as a log file, a commit by its text, a checkpoint by Parquet's first bytes: actions, or
// a typed error. Actions of a commit survive being written and read again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "vortex/store/delta_checkpoint.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (bytes.starts_with("PAR1")) {
    const auto actions = vortex::parse_checkpoint(std::string(bytes), "bars/1");
    if (!actions && actions.error().message.empty()) std::abort();
    return 0;
  }
  const auto actions = vortex::parse_commit(bytes, "bars/1");
  if (!actions) {
    if (actions.error().message.empty()) std::abort();
    return 0;
  }
  const std::string text = vortex::write_commit(*actions, "bars/1");
  if (text.empty()) return 0;  // nothing in it that we know
  const auto again = vortex::parse_commit(text, "bars/1");
  if (!again || again->adds.size() != actions->adds.size() ||
      again->removes.size() != actions->removes.size()) {
    std::abort();
  }
  for (std::size_t i = 0; i < actions->adds.size(); ++i) {
    if (again->adds[i].path != actions->adds[i].path) std::abort();
  }
  return 0;
}
