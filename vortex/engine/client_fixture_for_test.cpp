#include "vortex/engine/client_fixture_for_test.hpp"

#include <algorithm>
#include <utility>

#include "vortex/runtime/task_group.hpp"

namespace vortex::fake {

void ClientFixture::start_client(std::string_view provider, FakeTransport::Script script) {
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

std::vector<Result<CheckedPage>> ClientFixture::ask(int times) {
  results_.clear();
  runtime_.run(ask_all(times));
  return std::move(results_);
}

boost::asio::awaitable<void> ClientFixture::ask_all(int times) {
  TaskGroup group(runtime_, {.tasks_max = 64});
  for (int i = 0; i < times; ++i) EXPECT_TRUE(group.spawn(ask_one()).has_value());
  co_await group.join();
  co_await client_->release();
}

boost::asio::awaitable<void> ClientFixture::ask_one() {
  BarsRequest request{.symbol = *Symbol::parse("AAPL"),
                      .provider_symbol = "AAPL",
                      .range = {at("2024-01-01"), at("2024-02-01")}};
  results_.push_back(co_await client_->ask(
      {.request = request, .call = {.path = "/bars/AAPL"}, .counts = &counts_}));
}

std::int64_t ClientFixture::asked(std::string_view path) const {
  return std::ranges::count_if(log_.targets,
                               [&](const std::string& target) { return target.starts_with(path); });
}

}  // namespace vortex::fake
