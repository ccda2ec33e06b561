// Turns the bytes of one HTTP/1.1 request into a ServerRequest. No I/O: the connection feeds it.
// One reader per request; bytes that follow a request are handed back for the next one.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "vortex/net/http_server.hpp"

namespace vortex {

class RequestReader {
 public:
  explicit RequestReader(const ServerLimits& limits);
  ~RequestReader();
  RequestReader(const RequestReader&) = delete;
  RequestReader& operator=(const RequestReader&) = delete;

  // Takes what it can of `bytes` and returns how many it took; the rest must be fed again together
  // with what follows. After `failed_status` it takes nothing.
  std::size_t feed(std::string_view bytes);

  bool done() const;
  int failed_status() const;  // 0, or the status to refuse with: 400, 413, 431
  bool keep_alive() const;
  bool wants_continue() const;  // headers are read, body is not, and the client waits for 100
  ServerRequest take();         // once, when done

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// The path and the decoded parameters of a request target: "/a?x=1&y=a+b". A malformed escape stays
// as it was sent.
void split_target(std::string_view target, std::string& path, QueryParams& query);

}  // namespace vortex
