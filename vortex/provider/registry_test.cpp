#include "vortex/provider/registry.hpp"

#include <gtest/gtest.h>

namespace vortex {
namespace {

TEST(ProviderRegistryTest, BuiltinProvidersAreFoundByName) {
  const ProviderRegistry registry = builtin_providers();
  ASSERT_NE(registry.find("yahoo"), nullptr);
  EXPECT_EQ(registry.find("yahoo")->name(), "yahoo");
  EXPECT_EQ(registry.find("nobody"), nullptr);
  EXPECT_EQ(registry.names().size(), registry.all().size());
}

TEST(ServedRangeTest, CutsWhatIsTooDeepAndKeepsTheRest) {
  const ProviderRegistry registry = builtin_providers();
  const Capabilities& yahoo = registry.find("yahoo")->adapter->capabilities();
  const TimePoint now{std::chrono::seconds{1'706'745'600}};
  BarsRequest request{.symbol = Symbol::parse("AAPL").value(),
                      .interval = Interval::m1,
                      .range = {now - std::chrono::days(40), now}};
  const auto cut = served_range(yahoo, request, now);
  ASSERT_TRUE(cut.has_value());
  EXPECT_EQ(cut->start, now - std::chrono::days(30) + kDepthSafety);
  EXPECT_EQ(cut->end, now);
  request.interval = Interval::d1;
  EXPECT_EQ(served_range(yahoo, request, now), request.range);
}

}  // namespace
}  // namespace vortex
