#include "vortex/engine/doctor_lookup.hpp"

#include <algorithm>
#include <array>
#include <future>
#include <memory>
#include <thread>
#include <utility>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "vortex/runtime/deadline.hpp"

namespace vortex {
namespace {

using Addresses = Result<std::vector<std::string>>;

std::string address_text(const sockaddr& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const void* bytes = nullptr;
  if (address.sa_family == AF_INET) {
    bytes = &reinterpret_cast<const sockaddr_in&>(address).sin_addr;
  } else if (address.sa_family == AF_INET6) {
    bytes = &reinterpret_cast<const sockaddr_in6&>(address).sin6_addr;
  }
  if (bytes == nullptr) return {};
  const char* written = ::inet_ntop(address.sa_family, bytes, text.data(), text.size());
  return written == nullptr ? std::string() : std::string(written);
}

Addresses look_up(const std::string& host) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* first = nullptr;
  const int refused = ::getaddrinfo(host.c_str(), nullptr, &hints, &first);
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> list(refused == 0 ? first : nullptr,
                                                            [](addrinfo* given) {
                                                              if (given != nullptr)
                                                                ::freeaddrinfo(given);
                                                            });
  if (refused != 0) return fail(ErrorCode::resolve, ::gai_strerror(refused));
  std::vector<std::string> texts;
  for (const addrinfo* each = list.get(); each != nullptr; each = each->ai_next) {
    std::string text = address_text(*each->ai_addr);
    if (!text.empty() && std::ranges::find(texts, text) == texts.end())
      texts.push_back(std::move(text));
  }
  if (texts.empty()) return fail(ErrorCode::resolve, "the name has no address");
  return texts;
}

}  // namespace

std::vector<HostAddresses> look_up_hosts(const std::vector<std::string>& hosts, Duration limit,
                                         const Clock& clock) {
  const Deadline deadline = Deadline::after(clock.monotonic(), limit);
  std::vector<std::future<Addresses>> answers;
  for (const std::string& host : hosts) {
    std::packaged_task<Addresses()> task([host] { return look_up(host); });
    answers.push_back(task.get_future());
    // getaddrinfo cannot be cancelled and may wait for half a minute: a thread that is given up
    // owns all it touches and ends with the process.
    std::thread(std::move(task)).detach();
  }
  std::vector<HostAddresses> found;
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    const Duration left = deadline.left(clock.monotonic());
    if (answers[i].wait_for(left) != std::future_status::ready) {
      found.push_back({hosts[i], fail(ErrorCode::timeout,
                                      fmt::format("no answer within {}", format_duration(limit)))});
      continue;
    }
    found.push_back({hosts[i], answers[i].get()});
  }
  return found;
}

}  // namespace vortex
