// Certificates made on the spot and a TLS server on 127.0.0.1, for the tests of this room.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>

#include <openssl/evp.h>
#include <openssl/x509.h>

namespace vortex::test {

struct OpenSslCleanup {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(X509* certificate) const { X509_free(certificate); }
};
using Key = std::unique_ptr<EVP_PKEY, OpenSslCleanup>;
using Certificate = std::unique_ptr<X509, OpenSslCleanup>;

struct Identity {
  Key key;
  Certificate certificate;
};

// A certificate for `alternative_names` ("DNS:localhost,IP:127.0.0.1"; empty: an authority), valid
// from an hour ago for `seconds_left`, signed by `issuer` or by itself.
Identity make_identity(const std::string& alternative_names, long seconds_left,
                       const Identity* issuer);

// The authority's certificate in a PEM file, removed at the end.
class CaFile {
 public:
  explicit CaFile(const Identity& authority);
  ~CaFile();
  CaFile(const CaFile&) = delete;
  CaFile& operator=(const CaFile&) = delete;
  std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

// Answers every connection once with the given bytes, on a thread of its own. `old_only`: speaks
// TLS 1.0 and 1.1, nothing newer.
class TlsServer {
 public:
  enum class End : unsigned char { close_notify, cut };
  enum class Versions : unsigned char { current, old_only };
  TlsServer(const Identity& identity, std::string answer, End end = End::close_notify,
            Versions versions = Versions::current);
  ~TlsServer();
  TlsServer(const TlsServer&) = delete;
  TlsServer& operator=(const TlsServer&) = delete;
  std::string url(const std::string& host) const;
  std::uint16_t port() const { return port_; }
  int connections() const { return connections_; }
  int answered() const { return answered_; }

 private:
  struct Context;
  void serve();
  void answer_one(int connection);

  std::unique_ptr<Context> context_;
  std::string answer_;
  End end_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<int> connections_ = 0;
  std::atomic<int> answered_ = 0;
  std::thread thread_;
};

}  // namespace vortex::test
