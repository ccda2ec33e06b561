#include "vortex/provider/html_tag.hpp"

#include <string>

#include <gtest/gtest.h>

namespace vortex {
namespace {

TEST(HtmlTagTest, TheFirstTagOfThatNameCounts) {
  constexpr std::string_view kPage =
      R"(<meta name="token" content="m"><input name="other" value="o">)"
      R"(<input type='hidden' value='v1' name='token'><input name="token" value="v2">)";
  EXPECT_EQ(find_tag_attribute(kPage, "<input", "token", "value"), "v1");
  EXPECT_EQ(find_tag_attribute(kPage, "<meta", "token", "content"), "m");
  EXPECT_EQ(find_tag_attribute(kPage, "<input", "nowhere", "value"), "");
  EXPECT_EQ(find_tag_attribute(kPage, "<input", "token", "content"), "");
}

TEST(HtmlTagTest, AnAttributeIsAWordOfItsOwn) {
  EXPECT_EQ(
      find_tag_attribute(R"(<input data-name="token" value="x">)", "<input", "token", "value"), "");
  EXPECT_EQ(find_tag_attribute(R"(<input data-name="other" name="token" value="v">)", "<input",
                               "token", "value"),
            "v");
  EXPECT_EQ(
      find_tag_attribute(R"(<input name="token" data-value="x">)", "<input", "token", "value"), "");
}

TEST(HtmlTagTest, HalfOpenAndLongTagsAreBounded) {
  std::string half_open;
  for (int i = 0; i < 200'000; ++i) half_open += "<input";
  EXPECT_EQ(find_tag_attribute(half_open, "<input", "token", "value"), "");
  const std::string behind = "<input " + std::string(2'000, 'x') + R"( name="token" value="v">)";
  EXPECT_EQ(find_tag_attribute(behind, "<input", "token", "value"), "");
}

}  // namespace
}  // namespace vortex
