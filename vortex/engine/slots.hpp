// A bounded number of places: `co_await take()` waits for one, the returned Slot gives it back when
// it goes. Belongs to the I/O thread; first come, first served.
#pragma once

#include <cstddef>
#include <optional>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/experimental/channel.hpp>

#include "vortex/base/error.hpp"

namespace vortex {

class Slots {
 public:
  Slots(const boost::asio::any_io_executor& executor, std::size_t count)
      : places_(executor, count) {}

  // One place; move-only.
  class Slot {
   public:
    explicit Slot(Slots* owner) : owner_(owner) {}
    Slot(Slot&& other) noexcept : owner_(std::exchange(other.owner_, nullptr)) {}
    Slot& operator=(Slot&&) = delete;
    Slot(const Slot&) = delete;
    Slot& operator=(const Slot&) = delete;
    ~Slot() {
      if (owner_ != nullptr) owner_->give_back();
    }

   private:
    Slots* owner_;
  };

  // `cancelled` when the coroutine was cancelled before or while waiting.
  boost::asio::awaitable<Result<Slot>> take();

  // One place where nobody has to wait for it.
  std::optional<Slot> try_take();

 private:
  using Channel = boost::asio::experimental::channel<void(boost::system::error_code)>;

  void give_back();

  Channel places_;  // each message in the buffer is a place taken
};

}  // namespace vortex
