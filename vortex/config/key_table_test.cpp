#include "vortex/config/key_table.hpp"

#include <gtest/gtest.h>

#include "vortex/config/key_names.hpp"
#include "vortex/config/toml_reader.hpp"

namespace vortex {
namespace {

TEST(KeyTableTest, EveryFallbackHasItsType) {
  for (const KeySpec& spec : key_table()) {
    EXPECT_NE(spec.meaning, "") << spec.pattern;
    if (spec.fallback.empty()) continue;
    const ReadingRules rules{
        .type = spec.type, .bounds = spec.bounds, .providers = {"yahoo"}, .choices = spec.choices};
    const auto value = read_value(read_toml_value(std::string(spec.fallback)), rules);
    EXPECT_TRUE(value) << spec.pattern << ": " << value.error();
  }
}

TEST(KeyNamesTest, FindsKeysBelowKnownProvidersOnly) {
  const KeyNames names({"yahoo"});
  EXPECT_NE(names.find(KeyPath{"providers", "yahoo", "limits"}), nullptr);
  EXPECT_EQ(names.find(KeyPath{"providers", "other", "limits"}), nullptr);
  EXPECT_EQ(names.find(KeyPath{"providers", "yahoo"}), nullptr);
  EXPECT_TRUE(names.is_section(KeyPath{"providers", "yahoo"}));
  EXPECT_EQ(names.nearest(KeyPath{"providers", "yahoo", "limit"}), "providers.yahoo.limits");
  EXPECT_EQ(environment_twin("providers.yahoo.base_url"), "VORTEX__PROVIDERS__YAHOO__BASE_URL");
}

}  // namespace
}  // namespace vortex
