// One ProviderClient of a fake provider over a scripted transport, and all it needs around it: what
// the client's tests share.
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "vortex/engine/fake_provider_for_test.hpp"
#include "vortex/engine/provider_client.hpp"
#include "vortex/resilience/memory_ledger.hpp"
#include "vortex/runtime/task_group.hpp"

namespace vortex::fake {

class ClientFixture : public testing::Test {
 protected:
  // Of a provider in registry_, by settings_.
  void start_client(std::string_view provider, FakeTransport::Script script) {
    transport_ = std::make_unique<FakeTransport>(&runtime_, clock_, std::move(script), log_);
    auto client = ProviderClient::create({.runtime = &runtime_,
                                          .transport = transport_.get(),
                                          .all_calls = &all_calls_,
                                          .ledger = &ledger_,
                                          .ledger_turn = &ledger_turn_,
                                          .events = &events_,
                                          .provider = registry_.find(provider),
                                          .settings = &settings_,
                                          .environment = &environment_,
                                          .seed = 1});
    ASSERT_TRUE(client.has_value()) << client.error().message;
    client_ = std::move(*client);
  }

  // Asks `times` times at once; the results in the order they came.
  std::vector<Result<CheckedPage>> ask(int times = 1) {
    results_.clear();
    runtime_.run(ask_all(times));
    return std::move(results_);
  }
  boost::asio::awaitable<void> ask_all(int times) {
    TaskGroup group(runtime_, {.tasks_max = 64});
    for (int i = 0; i < times; ++i) EXPECT_TRUE(group.spawn(ask_one()).has_value());
    co_await group.join();
    co_await client_->release();
  }
  boost::asio::awaitable<void> ask_one() {
    BarsRequest request{.symbol = *Symbol::parse("AAPL"),
                        .provider_symbol = "AAPL",
                        .range = {at("2024-01-01"), at("2024-02-01")}};
    results_.push_back(co_await client_->ask(
        {.request = request, .call = {.path = "/bars/AAPL"}, .counts = &counts_}));
  }

  std::int64_t asked(std::string_view path) const {
    return std::ranges::count_if(
        log_.targets, [&](const std::string& target) { return target.starts_with(path); });
  }

  SystemClock clock_;
  Runtime runtime_{clock_, 1};
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
