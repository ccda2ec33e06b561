// A TCP proxy on 127.0.0.1 that breaks what passes through it, byte by byte: between a client under
// test and a server that behaves. Faults are given for each connection and each direction; they are
// those of the matrix: ends (closed, reset, silent) at byte k, latency, jitter, bandwidth, one-byte
// segments, garbled bytes, ends that come late or never. Header-only and by callbacks, so that the
// tests of every room that sees `net` can use it. Belongs to the I/O thread; goes before its
// Runtime.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>

#include "vortex/base/random.hpp"
#include "vortex/runtime/runtime.hpp"

namespace vortex::test {

// What happens to one direction of a connection.
struct FlowFaults {
  // silence: nothing passes any more, in neither direction, and nothing is closed (a black hole).
  enum class End : unsigned char { close, reset, silence };

  std::optional<std::size_t> ends_after = std::nullopt;  // so many bytes passed; then `end`
  End end = End::close;
  Duration latency = Duration::zero();                   // before each piece
  Duration jitter = Duration::zero();                    // up to so much more
  std::size_t bytes_per_second = 0;                      // 0: no limit
  std::size_t segment = 0;                               // > 0: pieces of at most so many bytes
  std::optional<std::size_t> garbled_at = std::nullopt;  // the byte with this number is inverted
  // The sender's end of the stream is passed on so much later; Duration::max(): never.
  Duration slow_close = Duration::zero();
};

struct ConnectionFaults {
  FlowFaults request;  // client → server
  FlowFaults answer;   // server → client
};

class FaultProxy {
 public:
  // The n-th connection gets the n-th faults of the plan; the last ones repeat.
  FaultProxy(Runtime& runtime, std::uint16_t server_port, std::vector<ConnectionFaults> plan = {})
      : state_(std::make_shared<State>(runtime.io(), server_port)) {
    set_plan(std::move(plan));
    accept(state_);
  }
  ~FaultProxy() {
    state_->acceptor.close();
    for (const auto& link : state_->links) {
      if (const auto alive = link.lock()) close(*alive);
    }
  }
  FaultProxy(const FaultProxy&) = delete;
  FaultProxy& operator=(const FaultProxy&) = delete;

  // For the connections from here on.
  void set_plan(std::vector<ConnectionFaults> plan) {
    state_->plan = std::move(plan);
    if (state_->plan.empty()) state_->plan.emplace_back();
    state_->planned = 0;
  }

  std::uint16_t port() const { return state_->acceptor.local_endpoint().port(); }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port()); }
  std::size_t connections() const { return state_->links.size(); }
  std::size_t open_connections() const {
    return static_cast<std::size_t>(
        std::ranges::count_if(state_->links, [](const auto& link) { return !link.expired(); }));
  }
  // Of the connection accepted last.
  std::size_t request_bytes() const { return state_->last_bytes[0]; }
  std::size_t answer_bytes() const { return state_->last_bytes[1]; }

 private:
  using Socket = boost::asio::ip::tcp::socket;
  using Code = boost::system::error_code;
  using End = FlowFaults::End;

  struct Link;
  struct State {
    State(boost::asio::io_context& io, std::uint16_t port)
        : acceptor(io, {boost::asio::ip::address_v4::loopback(), 0}),
          server(boost::asio::ip::address_v4::loopback(), port) {}
    boost::asio::ip::tcp::acceptor acceptor;
    boost::asio::ip::tcp::endpoint server;
    std::vector<ConnectionFaults> plan;
    std::size_t planned = 0;
    std::vector<std::weak_ptr<Link>> links;
    std::array<std::size_t, 2> last_bytes{};
    Random random{1};
  };

  struct Flow {
    explicit Flow(boost::asio::io_context& io) : timer(io) {}
    FlowFaults faults;
    std::array<char, 16UL * 1024> buffer{};
    std::size_t begin = 0;
    std::size_t end = 0;
    std::size_t passed = 0;
    std::size_t received = 0;
    bool ended = false;  // the sender's end was passed on
    boost::asio::steady_timer timer;
  };

  // Both sides of one connection; kept alive by the operations under way.
  struct Link {
    Link(boost::asio::io_context& io, std::shared_ptr<State> given, Socket accepted)
        : state(std::move(given)),
          client(std::move(accepted)),
          server(io),
          flows{Flow(io), Flow(io)},
          number(state->links.size()) {}
    Socket& from(std::size_t way) { return way == 0 ? client : server; }
    Socket& to(std::size_t way) { return way == 0 ? server : client; }
    std::shared_ptr<State> state;
    Socket client;
    Socket server;
    std::array<Flow, 2> flows;  // request, answer
    std::size_t number;
    bool silent = false;
  };
  using LinkPointer = std::shared_ptr<Link>;

  static void accept(const std::shared_ptr<State>& state) {
    state->acceptor.async_accept([state](Code error, Socket socket) {
      if (error) return;  // closed
      auto& io = static_cast<boost::asio::io_context&>(state->acceptor.get_executor().context());
      const auto link = std::make_shared<Link>(io, state, std::move(socket));
      const auto& faults = state->plan[std::min(state->planned++, state->plan.size() - 1)];
      link->flows[0].faults = faults.request;
      link->flows[1].faults = faults.answer;
      state->links.push_back(link);
      state->last_bytes = {};
      link->server.async_connect(state->server, [link](Code refused) {
        if (refused) return close(*link);
        link->client.set_option(boost::asio::ip::tcp::no_delay(true));
        link->server.set_option(boost::asio::ip::tcp::no_delay(true));
        read(link, 0);
        read(link, 1);
      });
      accept(state);
    });
  }

  static void read(const LinkPointer& link, std::size_t way) {
    Flow& flow = link->flows[way];
    link->from(way).async_read_some(
        boost::asio::buffer(flow.buffer), [link, way](Code error, std::size_t size) {
          Flow& read_flow = link->flows[way];
          if (error) return end_of_stream(link, way);
          if (link->silent) return read(link, way);  // dropped
          const auto garbled = read_flow.faults.garbled_at;
          if (garbled && *garbled >= read_flow.received && *garbled < read_flow.received + size) {
            char& byte = read_flow.buffer[*garbled - read_flow.received];
            byte = static_cast<char>(~byte);
          }
          read_flow.received += size;
          read_flow.begin = 0;
          read_flow.end = size;
          pass_on(link, way);
        });
  }

  // The next piece of what was read, when its time has come.
  static void pass_on(const LinkPointer& link, std::size_t way) {
    Flow& flow = link->flows[way];
    if (flow.begin == flow.end || link->silent) return read(link, way);
    const FlowFaults& faults = flow.faults;
    std::size_t size = flow.end - flow.begin;
    if (faults.segment > 0) size = std::min(size, faults.segment);
    if (faults.ends_after) size = std::min(size, *faults.ends_after - flow.passed);
    if (size == 0) return end_link(link, way);
    Duration wait = faults.latency;
    if (faults.jitter > Duration::zero()) {
      const auto bound = static_cast<std::uint64_t>(faults.jitter.count());
      wait += Duration(static_cast<std::int64_t>(link->state->random.below(bound)));
    }
    if (faults.bytes_per_second > 0) {
      // A hundredth of a second's bytes at a time, so that they come evenly.
      size = std::min(size, std::max<std::size_t>(1, faults.bytes_per_second / 100));
      wait += Duration(std::chrono::seconds(1)) * static_cast<std::int64_t>(size) /
              static_cast<std::int64_t>(faults.bytes_per_second);
    }
    if (wait == Duration::zero()) return write(link, way, size);
    flow.timer.expires_after(wait);
    flow.timer.async_wait([link, way, size](Code error) {
      if (!error) write(link, way, size);
    });
  }

  static void write(const LinkPointer& link, std::size_t way, std::size_t size) {
    Flow& flow = link->flows[way];
    boost::asio::async_write(link->to(way),
                             boost::asio::buffer(flow.buffer.data() + flow.begin, size),
                             [link, way](Code error, std::size_t written) {
                               if (error) return close(*link);
                               Flow& written_flow = link->flows[way];
                               written_flow.begin += written;
                               written_flow.passed += written;
                               const auto& links = link->state->links;
                               if (link->number + 1 == links.size())
                                 link->state->last_bytes[way] = written_flow.passed;
                               if (written_flow.passed == written_flow.faults.ends_after)
                                 return end_link(link, way);
                               pass_on(link, way);
                             });
  }

  // The fault of this direction: it takes the whole connection.
  static void end_link(const LinkPointer& link, std::size_t way) {
    if (link->flows[way].faults.end == End::silence) {
      link->silent = true;
      return read(link, way);
    }
    if (link->flows[way].faults.end == End::reset) {
      Code ignored;
      link->client.set_option(boost::asio::socket_base::linger(true, 0), ignored);
      link->server.set_option(boost::asio::socket_base::linger(true, 0), ignored);
    }
    close(*link);
  }

  static void end_of_stream(const LinkPointer& link, std::size_t way) {
    Flow& flow = link->flows[way];
    if (link->silent) {
      if (way == 0) close(*link);  // the client gave up
      return;
    }
    if (flow.faults.slow_close == Duration::zero()) return pass_end_on(link, way);
    const Duration wait = std::min<Duration>(flow.faults.slow_close, std::chrono::hours(1));
    flow.timer.expires_after(wait);
    flow.timer.async_wait([link, way](Code error) {
      if (!error) pass_end_on(link, way);
    });
  }

  static void pass_end_on(const LinkPointer& link, std::size_t way) {
    Code ignored;
    link->flows[way].ended = true;
    link->to(way).shutdown(Socket::shutdown_send, ignored);
    if (way == 0 || link->flows[0].ended) close(*link);  // a client that ended waits for nothing
  }

  static void close(Link& link) {
    Code ignored;
    for (Flow& flow : link.flows) flow.timer.cancel();
    link.client.close(ignored);
    link.server.close(ignored);
  }

  std::shared_ptr<State> state_;
};

}  // namespace vortex::test
