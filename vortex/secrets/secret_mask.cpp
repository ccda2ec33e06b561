#include "vortex/secrets/secret_mask.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "vortex/base/json.hpp"

namespace vortex {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return out;
}

bool names_a_credential(std::string_view header) {
  constexpr std::array<std::string_view, 5> kWords = {"auth", "token", "key", "secret", "session"};
  const std::string name = lower(header);
  return std::ranges::any_of(kWords, [&](std::string_view word) { return name.contains(word); });
}

std::string with_escaped_slashes(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '/') out += '\\';
    out += c;
  }
  return out;
}

void mask_all(std::string& body, std::string_view secret) {
  for (std::size_t at = body.find(secret); at != std::string::npos;
       at = body.find(secret, at + secret.size())) {
    body.replace(at, secret.size(), secret.size(), '*');
  }
}

}  // namespace

void SecretMask::add(const SecretString& secret) {
  const std::string& text = secret.reveal();
  if (text.size() < kLengthMin) return;
  const std::string quoted = json_quote(text);
  const std::string escaped = quoted.substr(1, quoted.size() - 2);
  add_form(text);
  add_form(percent_encode(text));
  add_form(escaped);
  add_form(with_escaped_slashes(escaped));
}

void SecretMask::add(const Headers& headers, const QueryParams& params) {
  for (const auto& [name, value] : params) add(SecretString(value));
  for (const Header& header : headers) {
    const std::string name = lower(header.name);
    if (name == "cookie") add_cookies(header.value);
    if (!names_a_credential(name)) continue;
    add(SecretString(header.value));
    // "Bearer eyJ…": the word before the blank is none of the secret.
    const std::size_t blank = header.value.rfind(' ');
    if (blank != std::string::npos) add(SecretString(header.value.substr(blank + 1)));
  }
}

void SecretMask::add_cookies(std::string_view line) {
  while (!line.empty()) {
    const std::string_view cookie = line.substr(0, line.find(';'));
    line.remove_prefix(std::min(line.size(), cookie.size() + 1));
    const std::size_t equals = cookie.find('=');
    if (equals != std::string_view::npos) add(SecretString(std::string(cookie.substr(equals + 1))));
  }
}

void SecretMask::add_form(std::string form) {
  SecretString one(std::move(form));
  if (std::ranges::find(forms_, one) == forms_.end()) forms_.push_back(std::move(one));
}

std::optional<std::string> SecretMask::masked(std::string_view body) const {
  std::optional<std::string> out;
  for (const SecretString& form : forms_) {
    if (!body.contains(form.reveal())) continue;
    if (!out) out.emplace(body);
    mask_all(*out, form.reveal());
  }
  return out;
}

Error SecretMask::masked(Error error) const {
  for (std::string* text : {&error.message, &error.evidence, &error.hint, &error.call}) {
    if (auto clean = masked(std::string_view(*text))) *text = *std::move(clean);
  }
  return error;
}

}  // namespace vortex
