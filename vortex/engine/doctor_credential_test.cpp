#include <memory>
#include <optional>
#include <string>

#include <gtest/gtest.h>

#include "vortex/engine/doctor_for_test.hpp"
#include "vortex/engine/fake_provider_for_test.hpp"

namespace vortex {
namespace {

// The same road to a provider that wants an API key.
class DoctorCredentialTest : public DoctorTest {
 protected:
  DoctorCredentialTest() {
    registry_ = ProviderRegistry();
    registry_.add(std::make_unique<fake::FakeAdapter>(fake::FakeTraits{
                      .name = "yahoo", .auth = "api_key", .credential_place = "header:X-Key"}),
                  nullptr);
    names_["fake.invalid"] = std::vector<std::string>{"198.51.100.9"};
    environment_ = [this](const std::string&) {
      return key_;
    };
    settings_.api_key = "env:KEY";
  }
  std::optional<std::string> key_;
};

TEST_F(DoctorCredentialTest, AMissingKeyIsToldWithItsCureAndNothingIsSent) {
  auto rows = check();
  EXPECT_EQ(rows["credential"].status, CheckStatus::failed);
  EXPECT_EQ(rows["credential"].code, ErrorCode::authentication);
  EXPECT_TRUE(rows["credential"].cure.contains("export KEY")) << rows["credential"].cure;
  EXPECT_EQ(rows["answer"].status, CheckStatus::skipped);
  EXPECT_TRUE(transport_.calls.empty());
  EXPECT_EQ(exits(), 3);
}

TEST_F(DoctorCredentialTest, J1AKeyIsSentAndARefusalOfItShowsNone) {
  key_ = "S3CR3T-key-1";
  transport_.answer = HttpReply{.status = 401, .body = Body::copy_of("unknown key S3CR3T-key-1")};
  auto rows = check();
  EXPECT_EQ(find_header(transport_.calls.at(0).headers, "X-Key"), *key_);
  EXPECT_EQ(rows["credential"].status, CheckStatus::ok);
  EXPECT_EQ(rows["answer"].status, CheckStatus::failed);
  EXPECT_EQ(exits(), 3);
  for (const CheckRow& row : rows_) EXPECT_FALSE(to_text(row).contains("S3CR3T")) << to_text(row);
}

}  // namespace
}  // namespace vortex
