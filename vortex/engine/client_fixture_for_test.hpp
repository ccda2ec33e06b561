// One ProviderClient of a fake provider over a scripted transport, in simulated time, and all it
// needs around it: what the client's tests share.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "vortex/engine/fake_provider_for_test.hpp"
#include "vortex/engine/provider_client.hpp"
#include "vortex/resilience/memory_ledger.hpp"

namespace vortex::fake {

class ClientFixture : public testing::Test {
 protected:
  // Of a provider in registry_, by settings_.
  void start_client(std::string_view provider, FakeTransport::Script script);

  // Asks `times` times at once; the results in the order they came.
  std::vector<Result<CheckedPage>> ask(int times = 1);
  boost::asio::awaitable<void> ask_all(int times);
  boost::asio::awaitable<void> ask_one();

  std::int64_t asked(std::string_view path) const;  // calls whose target begins so

  ManualClock clock_{at("2024-06-05")};
  Runtime runtime_{SimulatedTime{.clock = &clock_}};
  ProviderRegistry registry_;
  Slots all_calls_{runtime_.io_executor(), 16};
  Slots ledger_turn_{runtime_.io_executor(), 1};
  MemoryLedger ledger_;
  EventBus events_;
  CallCounts counts_;
  FakeTransport::Log log_;
  ProviderSettings settings_{.limits = std::vector<RateLimit>{}};
  Environment environment_ = [](const std::string&) {
    return std::nullopt;
  };
  std::unique_ptr<FakeTransport> transport_;
  std::unique_ptr<ProviderClient> client_;
  std::vector<Result<CheckedPage>> results_;
};

}  // namespace vortex::fake
