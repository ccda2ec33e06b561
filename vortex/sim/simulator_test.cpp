#include "vortex/sim/simulator.hpp"

#include <filesystem>
#include <fstream>
#include <string>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <gtest/gtest.h>
#include <unistd.h>

#include "vortex/base/json.hpp"

namespace vortex {
namespace {

using boost::asio::awaitable;
using boost::asio::ip::tcp;

constexpr auto kSimulatorTestWait = boost::asio::as_tuple(boost::asio::use_awaitable);

// One request on its own connection; the whole answer as text.
awaitable<std::string> ask_simulator(Runtime* runtime, std::string address, std::string request) {
  tcp::socket socket(runtime->io());
  const auto port = static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1)));
  const tcp::endpoint server(boost::asio::ip::address_v4::loopback(), port);
  co_await socket.async_connect(server, kSimulatorTestWait);
  request += " HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n";
  co_await boost::asio::async_write(socket, boost::asio::buffer(request), kSimulatorTestWait);
  std::string answer;
  std::string piece(65536, '\0');
  while (true) {
    auto done = co_await socket.async_read_some(boost::asio::buffer(piece), kSimulatorTestWait);
    auto& [error, count] = done;
    answer.append(piece, 0, count);
    if (error) break;
  }
  co_return answer;
}

awaitable<void> walk_through(Runtime* runtime, SimulatorOptions options,
                             std::vector<std::string>* answers) {
  auto simulator = Simulator::start(*runtime, options);
  EXPECT_TRUE(simulator) << (simulator ? "" : simulator.error().message);
  if (!simulator) co_return;
  const std::string address = (*simulator)->address_of("yahoo");
  EXPECT_EQ((*simulator)->addresses_json(), R"({"yahoo":")" + address + R"(","alphavantage":")" +
                                                (*simulator)->address_of("alphavantage") +
                                                R"(","barchart":")" +
                                                (*simulator)->address_of("barchart") + "\"}");
  for (const std::string_view request :
       {"GET /v8/finance/chart/AAPL?range=5d&interval=1d", "GET /v8/finance/chart/NOPE", "GET /",
        "GET /__sim/counts"}) {
    answers->push_back(co_await ask_simulator(runtime, address, std::string(request)));
  }
  co_await (*simulator)->stop();
}

TEST(SimulatorTest, ServesOverLoopback) {
  const ManualClock clock(*parse_time("2025-06-04T15:00Z"));
  Runtime runtime(clock, 1);
  std::vector<std::string> answers;
  runtime.run(walk_through(&runtime, {.seed = 3}, &answers));
  ASSERT_EQ(answers.size(), 4U);
  EXPECT_TRUE(answers[0].starts_with("HTTP/1.1 200")) << answers[0].substr(0, 200);
  EXPECT_TRUE(
      answers[0].contains(R"({"chart":{"result":[{"meta":{"currency":"USD","symbol":"AAPL")"));
  EXPECT_TRUE(answers[1].starts_with("HTTP/1.1 404"));
  EXPECT_TRUE(answers[2].contains("Set-Cookie: A3="));
  EXPECT_TRUE(answers[3].contains(R"("requests":3)"));
}

TEST(SimulatorTest, WrongOptionsFailAtTheStart) {
  const ManualClock clock(*parse_time("2025-06-04T15:00Z"));
  Runtime runtime(clock, 1);
  const auto message = [&](const SimulatorOptions& options) {
    const auto simulator = Simulator::start(runtime, options);
    return simulator ? std::string("started") : simulator.error().message;
  };
  EXPECT_TRUE(message({.listen = "127.0.0.1"}).contains("127.0.0.1"));
  EXPECT_TRUE(message({.data_dir = "/nowhere/at/all"}).contains("/nowhere/at/all"));
  EXPECT_TRUE(message({.faults_file = "/nowhere/faults.json"}).contains("/nowhere/faults.json"));
  EXPECT_NE(message({.limit = "fast"}), "started");
  EXPECT_TRUE(message({.limit = "25/day@UTC"}).contains("25/day"));
}

}  // namespace
}  // namespace vortex
