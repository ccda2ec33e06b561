#include "vortex/engine/provider_access.hpp"

#include <gtest/gtest.h>

namespace vortex {
namespace {

TEST(ProviderAccessTest, TheWayInIsTheFirstUnlessAnotherIsAskedFor) {
  Settings settings;
  settings.providers["barchart"] = {};
  const auto plain = providers_by_access(settings);
  ASSERT_TRUE(plain.has_value());
  EXPECT_EQ(plain->find("barchart")->adapter->capabilities().auth, "api_key");
  EXPECT_EQ(plain->find("barchart")->before, nullptr);
  settings.providers["barchart"].access = "website";
  const auto site = providers_by_access(settings);
  ASSERT_TRUE(site.has_value());
  EXPECT_EQ(site->names(), plain->names());
  EXPECT_EQ(site->find("barchart")->adapter->capabilities().auth, "session");
  EXPECT_NE(site->find("barchart")->before, nullptr);
  EXPECT_NE(site->find("barchart")->files, nullptr) << "vortex import reads on";
}

TEST(ProviderAccessTest, AWayThatIsNotThereIsAConfigError) {
  Settings settings;
  settings.providers["yahoo"].access = "website";
  const auto none = providers_by_access(settings);
  ASSERT_FALSE(none.has_value());
  EXPECT_EQ(none.error().code, ErrorCode::config);
  EXPECT_TRUE(none.error().message.contains("providers.yahoo.access"));
}

}  // namespace
}  // namespace vortex
