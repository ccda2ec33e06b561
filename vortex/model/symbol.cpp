#include "vortex/model/symbol.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "vortex/base/ascii.hpp"

namespace vortex {
namespace {

constexpr std::size_t kSymbolLengthMax = 40;
constexpr std::string_view kPunctuation = " ^=.$&*+:/_-";

bool is_symbol_char(char c) {
  return is_alnum(c) || kPunctuation.contains(c);
}

}  // namespace

Result<Symbol> Symbol::parse(std::string_view text) {
  const auto refuse = [&](std::string_view why) {
    return fail(ErrorCode::bad_symbol,
                fmt::format("'{}' cannot be a symbol: {}", untrusted(text, 48), why));
  };
  if (text.empty()) return refuse("it is empty");
  if (text.size() > kSymbolLengthMax) return refuse("it is longer than 40 characters");
  if (!std::ranges::all_of(text, is_symbol_char))
    return refuse("only A-Z a-z 0-9 ^ = . $ & * + : / _ - and space");
  if (text == "." || text.contains("..")) return refuse("'.' and '..' are paths");
  if (text.front() == ' ' || text.back() == ' ') return refuse("it begins or ends with a space");
  return Symbol(std::string(text));
}

}  // namespace vortex
