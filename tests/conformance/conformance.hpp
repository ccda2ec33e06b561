// What the conformance cards share: every built-in provider, and its text cases as sample answers.
#pragma once

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "vortex/provider/registry.hpp"

#include "tests/cases/case_file.hpp"

namespace vortex {

inline const ProviderRegistry& conformance_providers() {
  static const ProviderRegistry registry = builtin_providers();
  return registry;
}

inline std::vector<std::string> conformance_names() {
  std::vector<std::string> names;
  for (const std::string_view name : conformance_providers().names()) names.emplace_back(name);
  return names;
}

class ConformanceTest : public testing::TestWithParam<std::string> {
 protected:
  const Provider& provider() const { return *conformance_providers().find(GetParam()); }
  const HttpAdapter& adapter() const { return *provider().adapter; }
  const Capabilities& capabilities() const { return adapter().capabilities(); }

  // This provider's cases that have an answer.
  const std::vector<Case>& cases() const {
    static const std::vector<Case> all = load_cases(VORTEX_CASES_DIR).value();
    return all;
  }

  // Calls `use(case, request, reply)` for each answer of each case, the request narrowed to its
  // call.
  template <class Use>
  void for_each_reply(Use use) const {
    for (const Case& c : cases()) {
      if (c.provider != GetParam()) continue;
      const auto calls = adapter().plan(*c.request, c.now);
      if (!calls) continue;
      for (std::size_t i = 0; i < c.replies.size() && i < calls->size(); ++i) {
        BarsRequest request = *c.request;
        request.range = adapter().range_of(request, (*calls)[i]);
        use(c, request, c.replies[i]);
      }
    }
  }

  BarsRequest request_of(Interval interval, TimeRange range) const {
    return {.symbol = Symbol::parse("AAPL").value(), .interval = interval, .range = range};
  }
};

inline HttpReply with_body(HttpReply reply, std::string_view bytes) {
  reply.body = Body::copy_of(bytes);
  return reply;
}

}  // namespace vortex
