// How an instrument is written by the user. The dataset keeps this spelling; adapters map it to
// their provider's.
#pragma once

#include <compare>
#include <string>
#include <string_view>

#include "vortex/base/error.hpp"

namespace vortex {

class Symbol {
 public:
  // 1–40 of A-Za-z0-9 ^=.$&*+:/_- and space inside; not "." or "..", no ".." inside. Else
  // bad_symbol.
  static Result<Symbol> parse(std::string_view text);

  const std::string& text() const { return text_; }
  auto operator<=>(const Symbol&) const = default;

 private:
  explicit Symbol(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

inline std::string_view format_as(const Symbol& symbol) {
  return symbol.text();
}

}  // namespace vortex
