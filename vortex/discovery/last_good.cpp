#include "vortex/discovery/last_good.hpp"

#include <utility>

#include <fmt/core.h>

#include "vortex/base/json.hpp"
#include "vortex/base/sha256.hpp"
#include "vortex/discovery/private_file.hpp"

// The file:
// {"version":1,"sha256":"…","lists":[{"service":…,"source":…,"at":…,"endpoints":[{"url":…,
// "weight":…}]}]}. The sum is of the text of `lists`: one wrong bit in an address would send
// credentials to a stranger.
namespace vortex {
namespace {

constexpr std::int64_t kVersion = 1;
constexpr std::size_t kFileBytesMax = 4 << 20;
constexpr std::size_t kListsMax = 1000;

std::unexpected<Error> damaged(std::string_view what) {
  return fail(ErrorCode::corrupt, fmt::format("is damaged: {}", what));
}

void write_list(JsonWriter& json, const LastGoodList& list) {
  json.begin_object();
  json.member("service", std::string_view(list.service));
  json.member("source", std::string_view(list.source));
  json.member("at", std::string_view(format_time(list.at)));
  json.key("endpoints");
  json.begin_array();
  for (const Endpoint& endpoint : list.endpoints) {
    json.begin_object();
    json.member("url", std::string_view(endpoint.base_url));
    json.member("weight", endpoint.weight);
    json.end_object();
  }
  json.end_array();
  json.end_object();
}

Result<Endpoint> read_endpoint(const Json& json, std::string_view source) {
  const auto url = json.string_at("url");
  const auto weight = json.int_at("weight");
  if (!url || !weight || *weight < 1 || *weight > kEndpointWeightMax)
    return damaged("an endpoint without address or weight");
  VORTEX_TRY(std::string address, canonical_base_url(*url));
  return Endpoint{.base_url = std::move(address),
                  .weight = static_cast<int>(*weight),
                  .source = std::string(source)};
}

Result<LastGoodList> read_list(const Json& json) {
  const auto service = json.string_at("service");
  const auto source = json.string_at("source");
  const auto at_text = json.string_at("at");
  const auto at = at_text ? parse_time(*at_text) : std::nullopt;
  const Json* endpoints = json.find("endpoints");
  const Json::Array* array = endpoints == nullptr ? nullptr : endpoints->as_array();
  if (!service || !source || !at || array == nullptr || array->size() > kEndpointsMax)
    return damaged("a list without service, source, time or endpoints");
  LastGoodList list{
      .service = std::string(*service), .source = std::string(*source), .at = *at, .endpoints = {}};
  for (const Json& element : *array) {
    VORTEX_TRY(Endpoint endpoint, read_endpoint(element, *source));
    list.endpoints.push_back(std::move(endpoint));
  }
  return list;
}

Result<LastGood> parse_last_good(std::string_view text) {
  VORTEX_TRY(const Json root, Json::parse(text));
  const auto version = root.int_at("version");
  if (!version) return damaged("it names no version");
  if (*version != kVersion) {
    return fail(ErrorCode::corrupt,
                fmt::format("has version {}, this program reads {}", *version, kVersion));
  }
  const Json* lists = root.find("lists");
  const Json::Array* array = lists == nullptr ? nullptr : lists->as_array();
  if (array == nullptr || array->size() > kListsMax) return damaged("it holds no lists");
  if (root.string_at("sha256") != sha256_hex(lists->dump())) return damaged("its sum is wrong");
  LastGood read;
  for (const Json& element : *array) {
    VORTEX_TRY(LastGoodList list, read_list(element));
    read.push_back(std::move(list));
  }
  return read;
}

}  // namespace

LastGoodRead read_last_good(const std::string& path) {
  auto text = read_private_file(path, kFileBytesMax);
  if (!text && text.error().code == ErrorCode::not_found) return {};
  if (!text) return {.lists = {}, .ignored = std::move(text).error().message};
  auto lists = parse_last_good(*text);
  if (!lists) {
    return {.lists = {}, .ignored = fmt::format("{} {}", untrusted(path), lists.error().message)};
  }
  return {.lists = std::move(*lists), .ignored = ""};
}

Result<void> write_last_good(const std::string& path, const LastGood& lists) {
  JsonWriter array;
  array.begin_array();
  for (const LastGoodList& list : lists) write_list(array, list);
  array.end_array();
  JsonWriter json;
  json.begin_object();
  json.member("version", kVersion);
  json.member("sha256", std::string_view(sha256_hex(array.text())));
  json.key("lists");
  json.raw(array.text());
  json.end_object();
  return replace_private_file(path, json.text());
}

}  // namespace vortex
