// libcurl's multi socket interface on the runtime's loop: libcurl names the sockets and the moment
// it wants to be woken, Asio watches them. Belongs to the I/O thread. Only public symbols of
// libcurl are used, in this room as a whole, so that the loader may put a compatible library in its
// place (LD_PRELOAD of a library with libcurl's interface, such as curl-impersonate).
#pragma once

#include <memory>

#include <curl/curl.h>

#include "vortex/runtime/runtime.hpp"

namespace vortex {

// What a transfer is told: once, on the I/O thread, outside of libcurl's callbacks.
class CurlListener {
 public:
  virtual void finished(CURLcode code) = 0;

 protected:
  ~CurlListener() = default;
};

class CurlLoop {
 public:
  // Null when libcurl cannot make a multi handle.
  static std::shared_ptr<CurlLoop> create(Runtime& runtime, int host_connections_max);
  ~CurlLoop();
  CurlLoop(const CurlLoop&) = delete;
  CurlLoop& operator=(const CurlLoop&) = delete;

  // Starts a transfer. The listener must stay until `remove`. False when libcurl refuses it.
  bool add(CURL* easy, CurlListener* listener);
  // Ends it: a finished one frees its connection for others, an unfinished one is cut off.
  void remove(CURL* easy);

 private:
  struct Impl;
  explicit CurlLoop(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;
};

}  // namespace vortex
