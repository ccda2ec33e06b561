#include "vortex/base/http_message.hpp"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "vortex/base/json.hpp"
#include "vortex/base/random.hpp"
#include "vortex/base/sha256.hpp"

namespace vortex {
namespace {

TEST(BodyTest, HasReadablePaddingAndSharesItsBytes) {
  const Body body = Body::copy_of("abc");
  EXPECT_EQ(body.view(), "abc");
  for (std::size_t i = 0; i < Body::kBodyPadding; ++i) EXPECT_EQ(body.data()[3 + i], '\0');
  const Body copy = body;  // NOLINT(performance-unnecessary-copy-initialization): what is tested
  EXPECT_EQ(copy.data(), body.data());
  EXPECT_TRUE(Body().empty());
  EXPECT_EQ(Body().view(), "");
}

TEST(PercentTest, EveryByteRoundTripsAndNoneEndsALineOrASegment) {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  const std::string encoded = percent_encode(all);
  EXPECT_EQ(encoded.find_first_of("/\r\n?#&= \"\\"), std::string::npos);
  EXPECT_EQ(percent_decode(encoded), all);
  EXPECT_EQ(percent_encode("^GSPC"), "%5EGSPC");
  EXPECT_FALSE(percent_decode("%G1").has_value());
  EXPECT_FALSE(percent_decode("%4").has_value());
}

TEST(HttpCallTest, TheTargetEncodesNamesAndValues) {
  const HttpCall call{.path = "/v8/chart/ES%3DF", .query = {{"a b", "x&y"}, {"crumb", "a/b"}}};
  EXPECT_EQ(call.target(), "/v8/chart/ES%3DF?a%20b=x%26y&crumb=a%2Fb");
}

TEST(HeadersTest, AreFoundWithoutRegardToCase) {
  const Headers headers = {{"Content-Type", "text/html"}, {"retry-after", "5"}};
  EXPECT_EQ(find_header(headers, "Retry-After"), "5");
  EXPECT_EQ(find_header(headers, "Age"), "");
}

TEST(RedactTest, EverySecretParameterIsMaskedAndOthersStay) {
  EXPECT_EQ(redact_url("https://h/p?symbol=KEY&apikey=S3&x=1"),
            "https://h/p?symbol=KEY&apikey=***&x=1");
  EXPECT_EQ(redact_url("API_KEY=abc"), "API_KEY=***");
  EXPECT_EQ(redact_url("/donkey=1"), "/donkey=1");
}

TEST(JsonTest, WhatIsWrittenReadsBackEqual) {
  JsonWriter writer;
  writer.begin_object();
  writer.member("text", std::string_view("a\"b\\c\n\x01"));
  writer.member("number", 0.1);
  writer.member("whole", std::int64_t{1} << 60);
  writer.key("list");
  writer.begin_array();
  writer.value(true);
  writer.null();
  writer.value(std::nan(""));
  writer.end_array();
  writer.end_object();
  const auto json = Json::parse(writer.text());
  ASSERT_TRUE(json.has_value()) << json.error().message;
  EXPECT_EQ(json->string_at("text"), "a\"b\\c\n\x01");
  EXPECT_EQ(json->find("number")->as_number(), 0.1);
  EXPECT_EQ(json->int_at("whole"), std::int64_t{1} << 60);
  EXPECT_EQ(json->find("list")->as_array()->size(), 3u);
  EXPECT_EQ(json->dump(), writer.text());
}

TEST(JsonTest, BadDocumentsAreRefused) {
  for (const char* text : {"", "{", "[1,]", R"({"a":1,"a":2})", "nul", "{\"a\":1} x", R"("\x")"}) {
    EXPECT_FALSE(Json::parse(text).has_value()) << text;
  }
}

TEST(JsonTest, H8C3DeepNestingIsRefusedNotRecursed) {
  EXPECT_FALSE(Json::parse(std::string(100'000, '[')).has_value());
  for (const std::size_t depth : {70u, 1'000u, 100'000u}) {
    EXPECT_FALSE(Json::parse(std::string(depth, '[') + std::string(depth, ']')).has_value());
    std::string objects;
    for (std::size_t i = 0; i < depth; ++i) objects += "{\"a\":";
    EXPECT_FALSE(Json::parse(objects + "1" + std::string(depth, '}')).has_value());
  }
}

TEST(JsonTest, DoublesAreShortestAndExact) {
  Random random(5);
  for (int i = 0; i < 10'000; ++i) {
    const double number = random.normal() * std::pow(10, static_cast<int>(random.below(40)) - 20);
    std::string text;
    append_double(text, number);
    EXPECT_EQ(std::stod(text), number);
  }
  std::string text;
  append_double(text, 101.1);
  EXPECT_EQ(text, "101.1");
}

TEST(Sha256Test, KnownAnswers) {
  EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(RandomTest, SameSeedSameSequenceAndUuidsHaveTheirForm) {
  Random a(42);
  Random b(42);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(a.next(), b.next());
  const std::string uuid = a.uuid();
  ASSERT_EQ(uuid.size(), 36u);
  EXPECT_EQ(uuid[14], '4');
  for (int i = 0; i < 1000; ++i) EXPECT_LT(a.below(7), 7u);
}

}  // namespace
}  // namespace vortex
