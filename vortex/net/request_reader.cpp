#include "vortex/net/request_reader.hpp"

#include <algorithm>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/rfc7230.hpp>
#include <boost/beast/http/string_body.hpp>

namespace vortex {
namespace http = boost::beast::http;

struct RequestReader::Impl {
  http::request_parser<http::string_body> parser;
  int failed_status = 0;
};

RequestReader::RequestReader(const ServerLimits& limits) : impl_(std::make_unique<Impl>()) {
  impl_->parser.eager(true);
  impl_->parser.header_limit(limits.header_bytes_max);
  impl_->parser.body_limit(limits.body_bytes_max);
}

RequestReader::~RequestReader() = default;

std::size_t RequestReader::feed(std::string_view bytes) {
  if (impl_->failed_status != 0) return 0;
  std::size_t taken = 0;
  while (taken < bytes.size() && !impl_->parser.is_done()) {
    boost::system::error_code error;
    taken += impl_->parser.put(
        boost::asio::const_buffer(bytes.data() + taken, bytes.size() - taken), error);
    if (error == http::error::need_more) break;
    if (error) {
      impl_->failed_status = error == http::error::header_limit ? 431
                             : error == http::error::body_limit ? 413
                                                                : 400;
      break;
    }
  }
  return taken;
}

bool RequestReader::done() const {
  return impl_->parser.is_done();
}
int RequestReader::failed_status() const {
  return impl_->failed_status;
}
bool RequestReader::keep_alive() const {
  return impl_->parser.keep_alive();
}

bool RequestReader::wants_continue() const {
  if (!impl_->parser.is_header_done() || impl_->parser.is_done()) return false;
  const auto expect = impl_->parser.get()[http::field::expect];
  return boost::beast::iequals(expect, "100-continue");
}

ServerRequest RequestReader::take() {
  auto message = impl_->parser.release();
  ServerRequest request;
  request.method = std::string(message.method_string());
  split_target(std::string_view(message.target().data(), message.target().size()), request.path,
               request.query);
  for (const auto& field : message) {
    request.headers.push_back({std::string(field.name_string()), std::string(field.value())});
  }
  request.body = std::move(message.body());
  return request;
}

namespace {

std::string decode_form(std::string_view text) {
  std::string spaced(text);
  std::ranges::replace(spaced, '+', ' ');
  return percent_decode(spaced).value_or(std::string(text));
}

}  // namespace

void split_target(std::string_view target, std::string& path, QueryParams& query) {
  const auto mark = target.find('?');
  path = target.substr(0, mark);
  query.clear();
  if (mark == std::string_view::npos) return;
  std::string_view rest = target.substr(mark + 1);
  while (!rest.empty()) {
    const auto pair = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
    if (pair.empty()) continue;
    const auto equals = pair.find('=');
    const auto value = equals == std::string_view::npos ? "" : pair.substr(equals + 1);
    query.emplace_back(decode_form(pair.substr(0, equals)), decode_form(value));
  }
}

}  // namespace vortex
