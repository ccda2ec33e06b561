#include "vortex/sim/fault_reply.hpp"

#include <array>
#include <cstdint>
#include <utility>

namespace vortex {
namespace {

constexpr std::size_t kBombBytes = 1 << 20;
constexpr std::string_view kPage =
    "<!DOCTYPE html>\n<html lang=\"en-us\"><head><meta "
    "charset=\"utf-8\"><title>Yahoo</title></head>"
    "<body><h1>Will be right back...</h1><p>Thank you for your patience.</p></body></html>";
constexpr std::string_view kGarbage = "\x1f\x8e{{]]\"chart\":\xff\xfe\x01}}not json";

ServerReply make(int status, std::string_view content_type, std::string body) {
  ServerReply reply;
  reply.status = status;
  reply.headers = {{.name = "Content-Type", .value = std::string(content_type)},
                   {.name = "server", .value = "ATS"}};
  reply.body = std::move(body);
  return reply;
}

ServerReply page(int status, std::string_view body) {
  return make(status, "text/html; charset=utf-8", std::string(body));
}

ServerReply json_error(int status, std::string_view code, std::string_view description) {
  return make(status, "application/json;charset=utf-8",
              R"({"finance":{"result":null,"error":{"code":")" + std::string(code) +
                  R"(","description":")" + std::string(description) + "\"}}}");
}

// A status in the provider's own words.
ServerReply status_reply(const FaultRule& rule) {
  if (rule.body) return make(rule.status, "application/json;charset=utf-8", *rule.body);
  switch (rule.status) {
    case 401: return json_error(401, "Unauthorized", "Invalid Crumb");
    case 403: return page(403, "<html><body><h1>Forbidden</h1></body></html>");
    case 404: return json_error(404, "Not Found", "No data found, symbol may be delisted");
    case 429: return make(429, "text/plain;charset=utf-8", "Too Many Requests\r\n");
    case 500: return json_error(500, "Internal Server Error", "Duplicate key 1497411900");
    default: return page(rule.status, rule.status >= 500 ? kPage : "");
  }
}

ServerReply bomb_reply(const FaultRule& rule) {
  ServerReply reply =
      make(200, "application/json;charset=utf-8", gzip_bomb(rule.at_byte.value_or(kBombBytes)));
  reply.headers.push_back({"Content-Encoding", "gzip"});
  return reply;
}

ServerReply redirect_reply(const FaultRule& rule) {
  ServerReply reply = make(302, "text/html; charset=utf-8", "");
  reply.headers.push_back({"Location", rule.location});
  return reply;
}

// Writes bits from the lowest up, as deflate wants them.
class BitWriter {
 public:
  explicit BitWriter(std::string& out) : out_(&out) {}
  void put(unsigned bits, int count) {
    for (int i = 0; i < count; ++i) put_bit((bits >> i) & 1U);
  }
  // Huffman codes go in from their highest bit.
  void put_code(unsigned code, int length) {
    for (int i = length - 1; i >= 0; --i) put_bit((code >> i) & 1U);
  }
  void flush() {
    if (used_ > 0) put(0, 8 - used_);
  }

 private:
  void put_bit(unsigned bit) {
    byte_ |= bit << used_;
    if (++used_ < 8) return;
    *out_ += static_cast<char>(byte_);
    byte_ = 0;
    used_ = 0;
  }
  std::string* out_;
  unsigned byte_ = 0;
  int used_ = 0;
};

// Code lengths of the block: blank 2, end 2, "copy 258 bytes" 1, distance 1: a copy costs two zero
// bits. RFC 1951 §3.2.7: lengths of the code-length code in its odd order, then the runs.
void write_code_lengths(BitWriter& bits) {
  constexpr int kCodes = 18;  // of the order 16 17 18 0 8 7 9 6 10 5 11 4 12 3 13 2 14 1
  bits.put(1, 1);             // last block
  bits.put(2, 2);             // with its own codes
  bits.put(286 - 257, 5);
  bits.put(1 - 1, 5);
  bits.put(kCodes - 4, 4);
  constexpr std::array<unsigned, kCodes> kLengths = {0, 0, 1, 0, 0, 0, 0, 0, 0,
                                                     0, 0, 0, 0, 0, 0, 2, 0, 2};
  for (const unsigned length : kLengths) bits.put(length, 3);
  const auto zeros = [&](unsigned count) {
    bits.put_code(0b0, 1);  // run of 11 to 138 zeros
    bits.put(count - 11, 7);
  };
  const auto one = [&] {
    bits.put_code(0b10, 2);
  };
  const auto two = [&] {
    bits.put_code(0b11, 2);
  };
  zeros(32);
  two();  // the blank
  zeros(138);
  zeros(85);
  two();  // the end
  zeros(28);
  one();  // a copy of 258 bytes
  one();  // from one byte back
}

}  // namespace

std::string gzip_bomb(std::size_t packed_bytes) {
  std::string out("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03", 10);
  BitWriter bits(out);
  write_code_lengths(bits);
  bits.put_code(0b10, 2);
  for (std::size_t i = 0; i < packed_bytes; ++i) bits.put(0, 8);
  bits.put_code(0b11, 2);
  bits.flush();
  return out.append(8, '\0');
}

ServerReply with_fault(ServerReply reply, const FaultRule& rule) {
  using enum FaultKind;
  switch (rule.kind) {
    case status: reply = status_reply(rule); break;
    case rate_limit:
      reply = make(429, "text/plain;charset=utf-8", rule.body.value_or("Too Many Requests\r\n"));
      break;
    case html: reply = page(200, rule.body.value_or(std::string(kPage))); break;
    case empty: reply.body.clear(); break;
    case garbage: reply.body = rule.body.value_or(std::string(kGarbage)); break;
    case gzip_bomb: reply = bomb_reply(rule); break;
    case redirect: reply = redirect_reply(rule); break;
    case connect_hang:
    case hang: reply.hang = true; break;
    case refuse:
    case resolve:
    case tls: reply.reset = true; break;
    case reset:
      reply.reset = true;
      reply.close_after_bytes = rule.at_byte.value_or(0);
      break;
    case cut: reply.close_after_bytes = rule.at_byte.value_or(reply.body.size() / 2); break;
    case trickle:
      reply.trickle_bytes = 1;
      reply.trickle_pause = rule.delay.value_or(reply.trickle_pause);
      break;
    case delay:
    case wrong_symbol:
    case bad_session: break;
  }
  if (rule.delay && rule.kind != trickle) reply.delay = *rule.delay;
  if (!rule.retry_after.empty()) reply.headers.push_back({"Retry-After", rule.retry_after});
  return reply;
}

}  // namespace vortex
