// A value that cannot be printed: formatting it gives "***". Only `reveal` shows it, so that every
// place where a secret leaves can be found by name.
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace vortex {

template <class T>
class Secret {
 public:
  Secret() = default;
  explicit Secret(T value) : value_(std::move(value)) {}
  const T& reveal() const { return value_; }
  bool empty() const
    requires requires(const T& t) { t.empty(); }
  {
    return value_.empty();
  }
  bool operator==(const Secret&) const = default;

 private:
  T value_{};
};

using SecretString = Secret<std::string>;

template <class T>
constexpr std::string_view format_as(const Secret<T>& /*secret*/) {
  return "***";
}

}  // namespace vortex
