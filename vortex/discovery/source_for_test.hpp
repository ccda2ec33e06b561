// For tests: a source that says what it is told to say.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "vortex/discovery/endpoint_source.hpp"

namespace vortex {

class ScriptedSource final : public EndpointSource {
 public:
  explicit ScriptedSource(std::string name) : name_(std::move(name)) {}

  void say(const std::vector<std::string>& urls) {
    std::vector<Endpoint> list;
    list.reserve(urls.size());
    for (const std::string& url : urls) list.push_back({.base_url = url});
    answer_ = std::move(list);
  }
  void fail_with(std::string message) { answer_ = fail(ErrorCode::network, std::move(message)); }

  std::string_view name() const override { return name_; }
  Result<std::vector<Endpoint>> current(std::string_view /*service*/) const override {
    return answer_;
  }

 private:
  std::string name_;
  Result<std::vector<Endpoint>> answer_;
};

inline std::vector<std::string> urls_of(const std::vector<Endpoint>& endpoints) {
  std::vector<std::string> urls;
  urls.reserve(endpoints.size());
  for (const Endpoint& endpoint : endpoints) urls.push_back(endpoint.base_url);
  return urls;
}

}  // namespace vortex
