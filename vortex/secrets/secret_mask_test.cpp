#include "vortex/secrets/secret_mask.hpp"

#include <gtest/gtest.h>

namespace vortex {
namespace {

TEST(SecretMaskTest, ASecretBecomesAsManyStars) {
  SecretMask mask;
  mask.add(SecretString("abc/DEF+9"));
  EXPECT_EQ(mask.masked("key abc/DEF+9, again abc/DEF+9."), "key *********, again *********.");
  EXPECT_EQ(mask.masked("nothing of it: abc/DEF"), std::nullopt);
}

TEST(SecretMaskTest, J1ItIsFoundAsUrlsAndJsonWriteIt) {
  SecretMask mask;
  mask.add(SecretString("abc/D\"F+9"));
  EXPECT_FALSE(mask.masked("u=abc%2FD%22F%2B9")->contains("abc"));
  EXPECT_FALSE(mask.masked(R"({"k":"abc/D\"F+9"})")->contains("abc"));
  EXPECT_FALSE(mask.masked(R"({"k":"abc\/D\"F+9"})")->contains("abc"));
}

TEST(SecretMaskTest, WhatStandsInAnyBodyIsNoSecret) {
  SecretMask mask;
  mask.add(SecretString("demo"));
  mask.add(SecretString(""));
  EXPECT_EQ(mask.masked("a demo body"), std::nullopt);
}

TEST(SecretMaskTest, J1OfASessionItKnowsParametersCookiesAndTokens) {
  SecretMask mask;
  mask.add({{"Cookie", "A1=cookie-one; A3=cookie=two"},
            {"Authorization", "Bearer eyJhbGci"},
            {"Accept", "application/json"}},
           {{"crumb", "cr.umb/1"}});
  for (const char* secret : {"cookie-one", "cookie=two", "eyJhbGci", "cr.umb/1"}) {
    EXPECT_FALSE(mask.masked(std::string("<") + secret + ">")->contains(secret)) << secret;
  }
  EXPECT_EQ(mask.masked("application/json"), std::nullopt);
}

TEST(SecretMaskTest, J1NoTextOfAnErrorKeepsIt) {
  SecretMask mask;
  mask.add(SecretString("K3Y/abcdef"));
  const Error error = mask.masked(Error{.message = "refused K3Y/abcdef",
                                        .evidence = "for K3Y%2Fabcdef",
                                        .hint = "K3Y/abcdef",
                                        .call = "GET /q?k=K3Y%2Fabcdef"});
  for (const std::string& text : {error.message, error.evidence, error.hint, error.call})
    EXPECT_FALSE(text.contains("abcdef")) << text;
}

}  // namespace
}  // namespace vortex
