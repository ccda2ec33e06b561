#include "vortex/base/error.hpp"

#include <fmt/format.h>

#include "vortex/base/http_message.hpp"

namespace vortex {

Error Error::in(std::string_view context) && {
  message = message.empty() ? std::string(context) : fmt::format("{}: {}", context, message);
  return std::move(*this);
}

Error Error::with_hint(std::string text) && {
  hint = std::move(text);
  return std::move(*this);
}

Error Error::with_evidence(std::string_view text) && {
  evidence = untrusted(text);
  return std::move(*this);
}

std::string Error::to_line() const {
  return fmt::format("{} {}", to_string(code), message);
}

namespace {

// Length of the UTF-8 sequence at the front, 0 where the bytes are none.
std::size_t utf8_length(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  const std::size_t length = lead < 0x80                   ? 1
                             : lead >= 0xC2 && lead < 0xE0 ? 2
                             : (lead & 0xF0) == 0xE0       ? 3
                             : (lead & 0xF8) == 0xF0       ? 4
                                                           : 0;
  if (length == 0 || length > text.size()) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xC0) != 0x80) return 0;
  }
  return length;
}

// U+202A–202E and U+2066–2069 reorder what a terminal shows; U+200E/F are their smaller kin; C1
// controls (U+0080–009F) begin escape sequences on some terminals.
bool is_display_control(std::string_view sequence) {
  if (sequence.size() == 2)
    return sequence[0] == '\xC2' && static_cast<unsigned char>(sequence[1]) < 0xA0;
  if (sequence.size() != 3 || sequence[0] != '\xE2') return false;
  const auto second = static_cast<unsigned char>(sequence[1]);
  const auto third = static_cast<unsigned char>(sequence[2]);
  if (second == 0x80) return third == 0x8E || third == 0x8F || (third >= 0xAA && third <= 0xAE);
  return second == 0x81 && third >= 0xA6 && third <= 0xA9;
}

}  // namespace

std::string untrusted(std::string_view text, std::size_t size_max) {
  std::string out;
  out.reserve(std::min(text.size(), size_max));
  bool was_space = false;
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    const std::string_view sequence = text.substr(0, length == 0 ? 1 : length);
    text.remove_prefix(sequence.size());
    const auto byte = static_cast<unsigned char>(sequence[0]);
    const bool visible =
        length > 0 && byte >= 0x20 && byte != 0x7F && !is_display_control(sequence);
    const bool space = !visible || byte == ' ';
    if (space && was_space) continue;
    was_space = space;
    if (out.size() + sequence.size() > size_max) {
      out += "…";
      break;
    }
    if (space)
      out += ' ';
    else
      out += sequence;
  }
  return redact_url(out);
}

}  // namespace vortex
