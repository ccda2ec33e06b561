// Writes and reads Parquet, parses JSON with simdjson, hashes and does a TLS handshake in one
// process: the libraries whose symbols overlap in the wheel's libparquet. Prints "ok". Without the
// argument "run" it ends at once, so that the loader alone can be watched.
#include <array>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string_view>

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/io/memory.h>
#include <arrow/table.h>
#include <curl/curl.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/writer.h>
#include <simdjson.h>

namespace {

constexpr int kRows = 1000;
constexpr int kHandshakeStepsMax = 20;

bool parquet_round_trip() {
  arrow::DoubleBuilder builder;
  for (int i = 0; i < kRows; ++i) {
    if (!builder.Append(i * 0.5).ok()) return false;
  }
  auto schema = arrow::schema({arrow::field("close", arrow::float64())});
  auto table = arrow::Table::Make(schema, {builder.Finish().ValueOrDie()});
  auto sink = arrow::io::BufferOutputStream::Create().ValueOrDie();
  auto properties =
      parquet::WriterProperties::Builder().compression(parquet::Compression::ZSTD)->build();
  if (!parquet::arrow::WriteTable(*table, arrow::default_memory_pool(), sink, kRows, properties)
           .ok()) {
    return false;
  }
  auto source = std::make_shared<arrow::io::BufferReader>(sink->Finish().ValueOrDie());
  auto reader = parquet::arrow::OpenFile(source, arrow::default_memory_pool()).ValueOrDie();
  auto read = reader->ReadTable();
  return read.ok() && (*read)->Equals(*table);
}

bool json_parses() {
  const simdjson::padded_string text(std::string_view(R"({"close": [1.5, 2.5, null, 4.0]})"));
  simdjson::ondemand::parser parser;
  auto document = parser.iterate(text);
  double sum = 0;
  for (auto element : document["close"].get_array()) {
    if (!element.is_null()) sum += element.get_double();
  }
  return sum == 8.0;
}

bool hash_is_right() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (EVP_Digest("abc", 3, digest.data(), &size, EVP_sha256(), nullptr) != 1) return false;
  return size == 32 && digest[0] == 0xba && digest[31] == 0xad;
}

struct Free {
  void operator()(SSL_CTX* p) const { SSL_CTX_free(p); }
  void operator()(SSL* p) const { SSL_free(p); }
  void operator()(EVP_PKEY* p) const { EVP_PKEY_free(p); }
  void operator()(X509* p) const { X509_free(p); }
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

Owned<SSL_CTX> server_context() {
  const Owned<EVP_PKEY> key(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  const Owned<X509> certificate(X509_new());
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), 0);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
  X509_set_pubkey(certificate.get(), key.get());
  X509_sign(certificate.get(), key.get(), nullptr);  // Ed25519 brings its own digest
  Owned<SSL_CTX> context(SSL_CTX_new(TLS_server_method()));
  SSL_CTX_use_certificate(context.get(), certificate.get());
  SSL_CTX_use_PrivateKey(context.get(), key.get());
  return context;
}

// Both ends in memory: what one writes the other reads.
bool tls_talks() {
  const auto server_side = server_context();
  const Owned<SSL_CTX> client_side(SSL_CTX_new(TLS_client_method()));
  const Owned<SSL> server(SSL_new(server_side.get()));
  const Owned<SSL> client(SSL_new(client_side.get()));
  BIO* one = nullptr;
  BIO* two = nullptr;
  if (BIO_new_bio_pair(&one, 0, &two, 0) != 1) return false;
  SSL_set_bio(server.get(), one, one);
  SSL_set_bio(client.get(), two, two);
  SSL_set_accept_state(server.get());
  SSL_set_connect_state(client.get());
  for (int step = 0; step < kHandshakeStepsMax; ++step) {
    const int client_done = SSL_do_handshake(client.get());
    const int server_done = SSL_do_handshake(server.get());
    if (client_done == 1 && server_done == 1) break;
  }
  std::array<char, 8> heard{};
  return SSL_write(client.get(), "vortex", 6) == 6 &&
         SSL_read(server.get(), heard.data(), heard.size()) == 6 &&
         std::memcmp(heard.data(), "vortex", 6) == 0;
}

bool curl_is_whole() {
  if (curl_global_init(CURL_GLOBAL_ALL) != CURLE_OK) return false;
  const std::string_view tls = curl_version_info(CURLVERSION_NOW)->ssl_version;
  curl_global_cleanup();
  return tls.starts_with("OpenSSL/");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2 || std::string_view(argv[1]) != "run") return 0;
  const bool good = json_parses() && parquet_round_trip() && hash_is_right() && tls_talks() &&
                    curl_is_whole() && json_parses();
  std::puts(good ? "ok" : "broken");
  return good ? 0 : 1;
}
