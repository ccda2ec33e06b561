// Credentials that are as they are configured: none, basic, API key.
#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "vortex/base/ascii.hpp"
#include "vortex/base/base64.hpp"
#include "vortex/net/call_check.hpp"
#include "vortex/secrets/credential.hpp"

namespace vortex {
namespace {

class NoCredential final : public Credential {
 public:
  Task<void> prepare() override { co_return Result<void>{}; }
  void put_into(HttpCall& /*call*/) const override {}
  void add_secrets(SecretMask& /*mask*/) const override {}
  std::uint64_t generation() const override { return 0; }
  Task<void> renew(std::uint64_t /*seen*/) override {
    co_return std::unexpected(refused_credential("a call without a credential"));
  }
};

// A value that is read once, and once more when it was refused.
class StaticCredential final : public Credential {
 public:
  struct Form {
    CredentialPlace place;
    std::string what;  // "the API key", for errors
    std::string user;  // of basic
    bool is_basic = false;
  };
  StaticCredential(Form form, SecretString value, ReadSecret read)
      : form_(std::move(form)), value_(std::move(value)), read_(std::move(read)) {}

  Task<void> prepare() override { co_return Result<void>{}; }

  void put_into(HttpCall& call) const override {
    const std::string& name = form_.place.name;
    if (form_.place.in_query) {
      std::erase_if(call.query, [&](const auto& param) { return param.first == name; });
      call.query.emplace_back(name, value_.reveal());
      return;
    }
    std::erase_if(call.headers,
                  [&](const Header& header) { return equals_ignoring_case(header.name, name); });
    call.headers.push_back({name, form_.is_basic ? "Basic " + encoded() : value_.reveal()});
  }

  void add_secrets(SecretMask& mask) const override {
    mask.add(value_);
    if (form_.is_basic) mask.add(SecretString(encoded()));
  }

  std::uint64_t generation() const override { return generation_; }

  Task<void> renew(std::uint64_t seen) override {
    if (seen != generation_) co_return Result<void>{};
    VORTEX_CO_TRY(SecretString value, read_());
    if (value == value_) co_return std::unexpected(refused_credential(form_.what));
    value_ = std::move(value);
    ++generation_;
    co_return Result<void>{};
  }

 private:
  std::string encoded() const { return base64_encode(form_.user + ":" + value_.reveal()); }

  Form form_;
  SecretString value_;
  ReadSecret read_;
  std::uint64_t generation_ = 1;
};

Result<std::unique_ptr<Credential>> make_static(StaticCredential::Form form, ReadSecret read) {
  VORTEX_TRY(SecretString value, read());
  return std::make_unique<StaticCredential>(std::move(form), std::move(value), std::move(read));
}

// A line end in a value would begin a header of its own.
ReadSecret one_line(std::string what, ReadSecret read) {
  return [what = std::move(what), read = std::move(read)]() -> Result<SecretString> {
    VORTEX_TRY(SecretString value, read());
    const auto is_control = [](char c) {
      return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
    };
    if (std::ranges::none_of(value.reveal(), is_control)) return value;
    return fail(ErrorCode::authentication,
                fmt::format("{} holds a line end or another control character", what));
  };
}

}  // namespace

Error refused_credential(std::string_view what) {
  return {.code = ErrorCode::authentication,
          .message = fmt::format("the provider refuses {}", what)};
}

Result<CredentialPlace> parse_credential_place(std::string_view text) {
  const bool in_query = text.starts_with("query:");
  if (in_query || text.starts_with("header:")) {
    CredentialPlace place{.in_query = in_query, .name = std::string(text.substr(in_query ? 6 : 7))};
    // Redirects elsewhere drop what goes by such a name.
    if (is_credential_name(place.name)) return place;
  }
  return fail(ErrorCode::internal, fmt::format("'{}' is no place for an API key", text));
}

std::unique_ptr<Credential> no_credential() {
  return std::make_unique<NoCredential>();
}

Result<std::unique_ptr<Credential>> api_key_credential(CredentialPlace place, ReadSecret read) {
  return make_static({.place = std::move(place), .what = "the API key"},
                     one_line("the API key", std::move(read)));
}

Result<std::unique_ptr<Credential>> basic_credential(std::string user, ReadSecret read) {
  if (user.contains(':')) {
    return fail(ErrorCode::authentication, "a user name with a colon cannot be sent (RFC 7617)");
  }
  return make_static({.place = {.name = "Authorization"},
                      .what = "the user or password",
                      .user = std::move(user),
                      .is_basic = true},
                     one_line("the password", std::move(read)));
}

}  // namespace vortex
