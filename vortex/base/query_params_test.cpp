#include "vortex/base/query_params.hpp"

#include <gtest/gtest.h>

namespace vortex {
namespace {

TEST(QueryParamsTest, NamesAndValuesAreEncoded) {
  EXPECT_EQ(encode_params({}), "");
  EXPECT_EQ(encode_params({{"a", "1"}, {"b c", "x&y=z"}, {"d", ""}}), "a=1&b%20c=x%26y%3Dz&d=");
}

TEST(QueryParamsTest, TheFirstOfANameIsFound) {
  const QueryParams params = {{"a", "1"}, {"b", "2"}, {"a", "3"}};
  EXPECT_EQ(find_param(params, "a"), "1");
  EXPECT_EQ(find_param(params, "c"), "");
}

}  // namespace
}  // namespace vortex
