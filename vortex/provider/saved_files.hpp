// Files that people saved from a provider's website by hand: what one is, told from its name and
// bytes, so that it can be decoded by the provider's adapter like any answer. Pure; thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "vortex/base/error.hpp"
#include "vortex/model/bars_request.hpp"

namespace vortex {

// What the stamp of an intraday bar names. The start is what is stored.
enum class BarLabels : std::uint8_t { start, end };

struct SavedFileHints {
  std::string_view name;         // without its folder
  std::optional<Symbol> symbol;  // said by the user: goes before what the file says
  std::optional<Interval> interval;
  std::optional<BarLabels> labels;  // none: as the provider writes them
};

struct SavedFile {
  BarsRequest request;                // whole: range holds every row
  std::string content_type;           // by which decode knows it; kept with the capture
  std::optional<TimePoint> saved_at;  // where the file says it
};

class SavedFiles {
 public:
  virtual ~SavedFiles() = default;
  // Fails with schema: not a file of this provider; truncated: cut, or nothing in it; usage: symbol
  // or interval cannot be told, or contradict the file.
  virtual Result<SavedFile> inspect(const SavedFileHints& hints, std::string_view bytes) const = 0;
};

}  // namespace vortex
