#include "vortex/resilience/verdict.hpp"

#include <map>

#include <gtest/gtest.h>

namespace vortex {
namespace {

const std::map<ErrorClass, Verdict> kVerdicts = {
    {ErrorClass::resolve, Verdict::failure},      {ErrorClass::tls, Verdict::ignore},
    {ErrorClass::network, Verdict::failure},      {ErrorClass::timeout, Verdict::failure},
    {ErrorClass::deadline, Verdict::ignore},      {ErrorClass::cancelled, Verdict::ignore},
    {ErrorClass::rate_limited, Verdict::ignore},  {ErrorClass::quota_exhausted, Verdict::ignore},
    {ErrorClass::banned, Verdict::ignore},        {ErrorClass::authentication, Verdict::ignore},
    {ErrorClass::authorization, Verdict::ignore}, {ErrorClass::server, Verdict::failure},
    {ErrorClass::client, Verdict::ignore},        {ErrorClass::breaker_open, Verdict::ignore},
    {ErrorClass::bulkhead_full, Verdict::ignore}, {ErrorClass::draining, Verdict::ignore},
    {ErrorClass::deferred, Verdict::ignore},      {ErrorClass::bad_payload, Verdict::bad_data},
    {ErrorClass::truncated, Verdict::bad_data},   {ErrorClass::schema, Verdict::bad_data},
    {ErrorClass::mismatch, Verdict::bad_data},    {ErrorClass::stale, Verdict::bad_data},
    {ErrorClass::quality, Verdict::bad_data},     {ErrorClass::not_found, Verdict::success},
    {ErrorClass::empty, Verdict::success},        {ErrorClass::usage, Verdict::ignore},
    {ErrorClass::config, Verdict::ignore},        {ErrorClass::storage, Verdict::ignore},
    {ErrorClass::internal, Verdict::ignore},
};

TEST(VerdictTest, EveryCodeHasTheVerdictOfItsClass) {
  for (const ErrorEntry& entry : error_table()) {
    ASSERT_TRUE(kVerdicts.contains(entry.error_class)) << to_string(entry.error_class);
    if (entry.code == ErrorCode::local_resource) continue;
    EXPECT_EQ(verdict_of(entry.code), kVerdicts.at(entry.error_class)) << to_string(entry.code);
  }
  EXPECT_EQ(kVerdicts.size(), static_cast<std::size_t>(ErrorClass::internal) + 1)
      << "the table lists every class";
}

TEST(VerdictTest, A17ThisMachinesShortageSaysNothingAboutTheProvider) {
  EXPECT_EQ(verdict_of(ErrorCode::local_resource), Verdict::ignore);
}

TEST(VerdictTest, B10AnUnknownSymbolIsAProperAnswer) {
  EXPECT_EQ(verdict_of(ErrorCode::not_found), Verdict::success);
  EXPECT_EQ(verdict_of(ErrorCode::empty), Verdict::success);
}

TEST(VerdictTest, B9BadCredentialsSayNothingAboutTheProvidersHealth) {
  for (const ErrorCode code : {ErrorCode::authentication, ErrorCode::authorization,
                               ErrorCode::session_refused, ErrorCode::proxy_authentication}) {
    EXPECT_EQ(verdict_of(code), Verdict::ignore) << to_string(code);
  }
}

TEST(VerdictTest, A8AnAttemptThatUsedUpItsOwnTimeIsAFailure) {
  EXPECT_EQ(verdict_of(ErrorCode::deadline, TimeLimit::attempt), Verdict::failure);
  EXPECT_EQ(verdict_of(ErrorCode::deadline, TimeLimit::caller), Verdict::ignore);
  EXPECT_EQ(verdict_of(ErrorCode::cancelled, TimeLimit::attempt), Verdict::ignore);
}

}  // namespace
}  // namespace vortex
