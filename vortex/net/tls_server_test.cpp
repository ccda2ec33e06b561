#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <string_view>
#include <system_error>

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "vortex/net/tls_for_test.hpp"

namespace vortex::test {

namespace {

void add_extension(X509* certificate, X509* issuer, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str());
  ASSERT_NE(extension, nullptr) << value;
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

}  // namespace

Identity make_identity(const std::string& alternative_names, long seconds_left,
                       const Identity* issuer) {
  static long serial = 1000;
  std::string curve = "P-256";
  Identity made{Key(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", curve.data())),
                Certificate(X509_new())};
  X509* certificate = made.certificate.get();
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), ++serial);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate), seconds_left);
  X509_set_pubkey(certificate, made.key.get());
  const std::string name = "Vortex test " + std::to_string(serial);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  X509* signer = issuer != nullptr ? issuer->certificate.get() : certificate;
  X509_set_issuer_name(certificate, X509_get_subject_name(signer));
  if (alternative_names.empty()) {
    add_extension(certificate, signer, NID_basic_constraints, "critical,CA:TRUE");
    add_extension(certificate, signer, NID_key_usage, "critical,keyCertSign,cRLSign");
  } else {
    add_extension(certificate, signer, NID_subject_alt_name, alternative_names);
  }
  EVP_PKEY* key = issuer != nullptr ? issuer->key.get() : made.key.get();
  EXPECT_NE(X509_sign(certificate, key, EVP_sha256()), 0);
  return made;
}

CaFile::CaFile(const Identity& authority) {
  std::string name = (std::filesystem::temp_directory_path() / "vortex-ca-XXXXXX").string();
  const int file = ::mkstemp(name.data());
  FILE* stream = file < 0 ? nullptr : ::fdopen(file, "w");
  if (stream == nullptr) throw std::system_error(errno, std::generic_category(), name);
  path_ = name;
  EXPECT_EQ(PEM_write_X509(stream, authority.certificate.get()), 1);
  ::fclose(stream);
}

CaFile::~CaFile() {
  std::error_code ignored;
  std::filesystem::remove(path_, ignored);
}

struct TlsServer::Context {
  SSL_CTX* ssl = SSL_CTX_new(TLS_server_method());
  Context() = default;
  ~Context() { SSL_CTX_free(ssl); }
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;
};

TlsServer::TlsServer(const Identity& identity, std::string answer, End end, Versions versions)
    : context_(std::make_unique<Context>()), answer_(std::move(answer)), end_(end) {
  if (versions == Versions::old_only) {
    SSL_CTX_set_min_proto_version(context_->ssl, TLS1_VERSION);
    SSL_CTX_set_max_proto_version(context_->ssl, TLS1_1_VERSION);
    SSL_CTX_set_security_level(context_->ssl, 0);
  }
  SSL_CTX_use_certificate(context_->ssl, identity.certificate.get());
  SSL_CTX_use_PrivateKey(context_->ssl, identity.key.get());
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (listener_ < 0) throw std::system_error(errno, std::generic_category(), "socket");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  EXPECT_EQ(::bind(listener_, generic, size), 0);
  EXPECT_EQ(::listen(listener_, 16), 0);
  EXPECT_EQ(::getsockname(listener_, generic, &size), 0);
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { serve(); });
}

TlsServer::~TlsServer() {
  ::shutdown(listener_, SHUT_RDWR);  // wakes the accept
  thread_.join();
  ::close(listener_);
}

std::string TlsServer::url(const std::string& host) const {
  return "https://" + host + ":" + std::to_string(port_);
}

void TlsServer::serve() {
  sigset_t broken_pipe;  // a client that left is no reason to end the test
  sigemptyset(&broken_pipe);
  sigaddset(&broken_pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &broken_pipe, nullptr);
  for (;;) {
    const int connection = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (connection < 0) return;
    const timeval patience{.tv_sec = 5, .tv_usec = 0};
    ++connections_;
    ::setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    answer_one(connection);
    ::close(connection);
  }
}

void TlsServer::answer_one(int connection) {
  SSL* ssl = SSL_new(context_->ssl);
  SSL_set_fd(ssl, connection);
  std::string head;
  std::array<char, 4096> piece{};
  if (SSL_accept(ssl) == 1) {
    while (head.find("\r\n\r\n") == std::string::npos) {
      const int count = SSL_read(ssl, piece.data(), static_cast<int>(piece.size()));
      if (count <= 0) break;
      head.append(piece.data(), static_cast<std::size_t>(count));
    }
    SSL_write(ssl, answer_.data(), static_cast<int>(answer_.size()));
    ++answered_;
    if (end_ == End::close_notify) SSL_shutdown(ssl);
  }
  SSL_free(ssl);
}

TEST(TlsServerTest, AnAuthoritySignsAnIdentity) {
  const Identity authority = make_identity("", 3600, nullptr);
  const Identity server = make_identity("DNS:localhost", 3600, &authority);
  EXPECT_EQ(X509_verify(server.certificate.get(), authority.key.get()), 1);
  EXPECT_NE(X509_verify(server.certificate.get(), server.key.get()), 1);
}

}  // namespace vortex::test
