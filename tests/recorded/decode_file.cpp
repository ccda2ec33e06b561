// Decodes one stored payload and prints what comes of it as JSON lines with full precision: a line
// a row, a line an action, then a line of facts; or one line with the error.
//   decode_file FILE SYMBOL INTERVAL START END RECEIVED_AT STATUS [keep|final [PROVIDER [TYPE]]]
// Times are unix seconds; the provider is yahoo unless named; TYPE is the Content-Type.
#include <charconv>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <span>
#include <string>
#include <string_view>

#include <arrow/record_batch.h>

#include "vortex/base/json.hpp"
#include "vortex/codec/bar_view.hpp"
#include "vortex/provider/registry.hpp"

namespace vortex {
namespace {

void print(JsonWriter& writer) {
  std::printf("%s\n", writer.take().c_str());
}

void print_rows(const BarView& view) {
  constexpr std::pair<BarColumn, std::string_view> kColumns[] = {
      {kOpen, "open"}, {kHigh, "high"}, {kLow, "low"}, {kClose, "close"}, {kVolume, "volume"}};
  for (std::int64_t row = 0; row < view.rows(); ++row) {
    JsonWriter writer;
    writer.begin_object();
    writer.member("t", to_unix_seconds(view.time(row)));
    for (const auto& [column, name] : kColumns) {
      writer.key(name);
      if (view.is_null(column, row))
        writer.null();
      else
        writer.value(view.value(column, row));
    }
    writer.member("final", view.is_final(row));
    writer.end_object();
    print(writer);
  }
}

void print_action(const CorporateAction& action) {
  JsonWriter writer;
  writer.begin_object();
  writer.member("action", to_string(action.kind));
  writer.member("ex_date", std::string_view(format_date(action.ex_date)));
  writer.member("amount", action.amount);
  writer.member("numerator", action.numerator);
  writer.member("denominator", action.denominator);
  writer.end_object();
  print(writer);
}

void print_facts(const Page& page) {
  const BarView view(*page.bars);
  JsonWriter writer;
  writer.begin_object();
  writer.member("slots_empty", page.slots_empty);
  writer.member("rows_unfinal", page.rows_unfinal);
  writer.member("rows_outside", page.rows_outside);
  if (page.instrument) {
    writer.member("zone", std::string_view(page.instrument->zone));
    writer.member("currency", std::string_view(page.instrument->currency));
    writer.member("magnifier", page.instrument->price_magnifier);
    writer.member("type", std::string_view(page.instrument->type));
  }
  if (!view.empty()) {
    writer.member("adjusted", view.text(kAdjusted, 0));
    writer.member("basis", std::string_view(format_date(view.basis(0))));
  }
  writer.end_object();
  print(writer);
}

int print_error(const Error& error) {
  JsonWriter writer;
  writer.begin_object();
  writer.member("error", std::string_view(to_string(error.code)));
  writer.member("class", to_string(error.error_class()));
  writer.member("message", std::string_view(error.message));
  writer.end_object();
  print(writer);
  return 0;
}

std::int64_t number_of(std::string_view text) {
  std::int64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

int decode_file(std::span<char*> args) {
  if (args.size() < 8) {
    std::fputs(
        "usage: decode_file FILE SYMBOL INTERVAL START END RECEIVED_AT STATUS "
        "[keep|final [PROVIDER [TYPE]]]\n",
        stderr);
    return 2;
  }
  std::ifstream in(args[1], std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(in), {}};
  auto symbol = Symbol::parse(args[2]);
  const auto interval = parse_interval(args[3]);
  if (!in || !symbol || !interval) {
    std::fputs("decode_file: bad file, symbol or interval\n", stderr);
    return 2;
  }
  const BarsRequest request{
      .symbol = std::move(*symbol),
      .interval = *interval,
      .range = {from_unix_seconds(number_of(args[4])), from_unix_seconds(number_of(args[5]))},
      .keep_unfinal = args.size() > 8 && std::string_view(args[8]) == "keep"};
  HttpReply reply{.status = static_cast<int>(number_of(args[7])),
                  .body = Body::take(std::move(bytes)),
                  .received_at = from_unix_seconds(number_of(args[6]))};
  if (args.size() > 10) reply.headers.push_back({.name = "Content-Type", .value = args[10]});
  const ProviderRegistry providers = builtin_providers();
  const Provider* provider = providers.find(args.size() > 9 ? args[9] : "yahoo");
  if (provider == nullptr) {
    std::fputs("decode_file: no such provider\n", stderr);
    return 2;
  }
  const auto page = provider->adapter->decode(request, reply);
  if (!page) return print_error(page.error());
  print_rows(BarView(*page->bars));
  for (const CorporateAction& action : page->actions) print_action(action);
  print_facts(*page);
  return 0;
}

}  // namespace
}  // namespace vortex

int main(int argc, char** argv) {
  return vortex::decode_file({argv, static_cast<std::size_t>(argc)});
}
