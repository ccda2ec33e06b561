#include "vortex/store/text_pool.hpp"

#include <string>

#include <gtest/gtest.h>

namespace vortex {
namespace {

TEST(TextPoolTest, EachTextHasOneNumberInTheOrderTheyCame) {
  TextPool pool;
  EXPECT_EQ(pool.number_of("B"), 0);
  EXPECT_EQ(pool.number_of(""), 1);
  EXPECT_EQ(pool.number_of("A"), 2);
  EXPECT_EQ(pool.number_of("B"), 0);
  EXPECT_EQ(pool.number_of(""), 1);
  EXPECT_EQ(pool.size(), 3U);
  EXPECT_EQ(pool.text(2), "A");
  EXPECT_EQ(pool.find("C"), -1);
}

TEST(TextPoolTest, ManyTextsAreFoundAgain) {
  TextPool pool;
  for (int i = 0; i < 5000; ++i) EXPECT_EQ(pool.number_of("text " + std::to_string(i)), i);
  for (int i = 0; i < 5000; ++i) EXPECT_EQ(pool.find("text " + std::to_string(i)), i);
}

TEST(TextPoolTest, AddedTextsAreFoundToo) {
  TextPool pool;
  EXPECT_EQ(TextPool().find("A"), -1);
  EXPECT_EQ(pool.number_of("A"), 0);
  EXPECT_EQ(pool.add("B"), 1);
  EXPECT_EQ(pool.number_of("C"), 2);
  EXPECT_EQ(pool.find("B"), 1);
  EXPECT_EQ(pool.number_of("B"), 1);
}

TEST(TextPoolTest, ATextOfThePoolItselfCanBeAskedFor) {
  TextPool pool;
  pool.number_of("a text longer than the short ones a string keeps inside");
  EXPECT_EQ(pool.number_of(pool.text(0).substr(2)), 1);
  EXPECT_EQ(pool.text(1), "text longer than the short ones a string keeps inside");
}

TEST(TextPoolTest, BytesAndOffsetsAreThoseOfAStringArray) {
  TextPool pool;
  pool.number_of("ab");
  pool.number_of("");
  pool.number_of("c");
  EXPECT_EQ(pool.bytes(), "abc");
  EXPECT_EQ(pool.offsets(), (std::vector<std::int32_t>{0, 2, 2, 3}));
}

}  // namespace
}  // namespace vortex
