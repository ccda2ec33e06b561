// For the tests of the doctor: a road to one provider that answers as told, names as told, and a
// clock that stands still.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "vortex/engine/doctor_provider.hpp"

namespace vortex {

inline constexpr std::string_view kHost = "query2.finance.yahoo.com";
inline constexpr std::string_view kNoBars =
    R"({"chart":{"result":null,"error":{"code":"Bad Request",)"
    R"("description":"Data doesn't exist for startDate = 1"}}})";

// Answers as told; remembers what was asked.
class DoctorTransport final : public HttpTransport {
 public:
  explicit DoctorTransport(ManualClock& clock) : clock_(clock) {}

  Result<HttpReply> answer = HttpReply{.status = 200, .body = Body::copy_of(kNoBars)};
  Duration round_trip = Duration::zero();
  std::vector<HttpCall> calls;
  std::vector<HttpRoute> routes;

  Task<HttpReply> send(HttpRoute route, HttpCall call, Deadline deadline) override {
    calls.push_back(std::move(call));
    routes.push_back(std::move(route));
    EXPECT_LE(deadline.left(clock_.monotonic()), kDoctorCallMax);
    Result<HttpReply> reply = answer;
    if (reply) reply->sent_at = clock_.now();
    clock_.advance(round_trip);
    if (reply) reply->received_at = clock_.now();
    co_return reply;
  }

 private:
  ManualClock& clock_;
};

// Yahoo's adapter over a fake road.
class DoctorTest : public testing::Test {
 protected:
  std::map<std::string, CheckRow> check(std::string_view date = "Tue, 02 Jan 2024 12:00:00 GMT") {
    if (transport_.answer && !date.empty())
      transport_.answer->headers.push_back({"Date", std::string(date)});
    const Provider* yahoo = registry_.find("yahoo");
    const ProviderProbe probe{.provider = yahoo, .settings = &settings_};
    const DoctorNetwork network{.runtime = &runtime_,
                                .transport = &transport_,
                                .look_up =
                                    [this](const auto& hosts, Duration limit) {
                                      EXPECT_EQ(limit, kDoctorLookupMax);
                                      return found(hosts);
                                    },
                                .proxies = proxies_,
                                .environment = environment_};
    rows_ = check_providers(network, {&probe, 1});
    std::map<std::string, CheckRow> by_part;
    for (const CheckRow& row : rows_) by_part[row.name.substr(row.name.find('.') + 1)] = row;
    EXPECT_EQ(by_part.size(), rows_.size());
    return by_part;
  }

  std::vector<HostAddresses> found(const std::vector<std::string>& hosts) {
    std::vector<HostAddresses> all;
    for (const std::string& host : hosts) {
      looked_up_.push_back(host);
      const auto known = names_.find(host);
      all.push_back(
          {host, known == names_.end() ? fail(ErrorCode::resolve, "no such name") : known->second});
    }
    return all;
  }

  void fails_with(ErrorCode code, std::string evidence) {
    transport_.answer = std::unexpected(
        Error{.code = code, .message = "no answer", .evidence = std::move(evidence)});
  }
  int exits() const { return doctor_exit_code(rows_); }

  ManualClock clock_{*parse_time("2024-01-02T12:00:00.5Z")};
  Runtime runtime_{clock_, 1};
  DoctorTransport transport_{clock_};
  ProviderRegistry registry_ = builtin_providers();
  ProviderSettings settings_;
  ProxyEnvironment proxies_;
  Environment environment_ = [](const std::string&) {
    return std::nullopt;
  };
  std::map<std::string, Result<std::vector<std::string>>> names_ = {
      {std::string(kHost), std::vector<std::string>{"198.51.100.7", "2001:db8::7"}},
      {"fc.yahoo.com", std::vector<std::string>{"198.51.100.8"}}};
  std::vector<std::string> looked_up_;
  std::vector<CheckRow> rows_;
};

}  // namespace vortex
