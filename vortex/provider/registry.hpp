// The providers that are built in. Explicit: no registration macros, no global state.
#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "vortex/provider/adapter.hpp"
#include "vortex/provider/saved_files.hpp"

namespace vortex {

struct Provider {
  std::unique_ptr<const HttpAdapter> adapter;
  std::unique_ptr<const SessionSteps> session;  // null: no login
  std::unique_ptr<const SavedFiles> files;      // null: none that `vortex import` reads
  std::unique_ptr<const CallSteps> before;      // null: data is asked for at once
  std::string_view name() const { return adapter->capabilities().name; }
};

class ProviderRegistry {
 public:
  void add(std::unique_ptr<const HttpAdapter> adapter,
           std::unique_ptr<const SessionSteps> session = nullptr,
           std::unique_ptr<const SavedFiles> files = nullptr);
  // Another way into a provider that was added before: its website beside its interface. The word
  // must outlive the registry.
  void add_way(std::string_view access, Provider way);
  // Takes that way from now on; false: the provider has none of that name.
  bool choose(std::string_view name, std::string_view access);
  const Provider* find(std::string_view name) const;  // null when unknown
  std::span<const Provider> all() const { return providers_; }
  std::vector<std::string_view> names() const;

 private:
  struct Way {
    std::string_view access;
    Provider provider;
  };
  std::vector<Provider> providers_;
  std::vector<Way> ways_;  // not chosen
};

// Every provider of this build (provider/builtin.cpp).
ProviderRegistry builtin_providers();

}  // namespace vortex
