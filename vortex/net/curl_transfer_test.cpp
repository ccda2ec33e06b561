#include "vortex/net/curl_transfer.hpp"

#include <gtest/gtest.h>

#include "vortex/net/loopback_for_test.hpp"
#include "vortex/runtime/sleep.hpp"

namespace vortex {
namespace {

boost::asio::awaitable<void> run_until_finished(Runtime* runtime, CurlTransfer* transfer) {
  while (!transfer->is_finished()) (void)co_await sleep_for(*runtime, Duration(200));
}

// One transfer to `url` under the rule, in a loop that keeps its connections.
std::optional<Error> transfer_failure(test::Loopback& world, CurlLoop& loop, const std::string& url,
                                      ScopeRule scopes) {
  const HttpRoute route;
  const Hop hop{.url = url, .scopes = scopes};
  const CurlEasy easy(curl_easy_init());
  CurlTransfer transfer(world.runtime(), route, hop, easy.get());
  EXPECT_TRUE(transfer.prepare(""));
  EXPECT_TRUE(loop.add(easy.get(), &transfer));
  world.runtime().run(run_until_finished(&world.runtime(), &transfer));
  loop.remove(easy.get());
  return transfer.failure();
}

TEST(CurlTransferTest, J3AHostThatResolvesToThisMachineIsNeverConnectedTo) {
  test::Loopback world;
  auto& server = world.serve([](const ServerRequest&) { return ServerReply{.body = "in"}; });
  const auto loop = CurlLoop::create(world.runtime(), 4);
  const std::string url = "http://localhost:" + std::to_string(server.port()) + "/";
  const auto refused = transfer_failure(world, *loop, url, ScopeRule{});
  EXPECT_EQ(refused.value().code, ErrorCode::redirect_refused);
  EXPECT_EQ(server.connections_accepted(), 0u);
}

TEST(CurlTransferTest, J3AKeptConnectionDoesNotOpenTheDoorEither) {
  test::Loopback world;
  int asked = 0;
  auto& server = world.serve([&](const ServerRequest&) {
    ++asked;
    return ServerReply{.body = "in"};
  });
  const auto loop = CurlLoop::create(world.runtime(), 4);
  const std::string url = test::url_of(server) + "/";
  EXPECT_FALSE(transfer_failure(world, *loop, url, ScopeRule{.allow_all = true}));
  const auto refused = transfer_failure(world, *loop, url, ScopeRule{});
  EXPECT_EQ(refused.value().code, ErrorCode::redirect_refused);
  EXPECT_EQ(asked, 1);
}

}  // namespace
}  // namespace vortex
