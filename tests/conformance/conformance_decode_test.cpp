// Cards C-11 to C-20: decoding, over the bodies of the provider's own text cases.
#include <algorithm>
#include <array>

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include "vortex/codec/bar_view.hpp"

#include "tests/conformance/conformance.hpp"

namespace vortex {
namespace {

void expect_sound(const Page& page, std::string_view bytes) {
  ASSERT_NE(page.bars, nullptr);
  ASSERT_TRUE(page.bars->ValidateFull().ok());
  // Every row takes five numbers or nulls, and something between them.
  EXPECT_LE(page.bars->num_rows() * 5, static_cast<std::int64_t>(bytes.size()));
}

TEST_P(ConformanceTest, C11C2J4DecodeSurvivesEveryPrefixAndNeverGivesFewerRows) {
  for_each_reply([&](const Case& c, const BarsRequest& request, const HttpReply& reply) {
    const std::string_view body = reply.body.view();
    if (body.size() > 4096 || !body.starts_with('{')) return;
    for (std::size_t size = 0; size < body.size(); ++size) {
      const auto page = adapter().decode(request, with_body(reply, body.substr(0, size)));
      if (reply.status != 200 || c.error) continue;
      ASSERT_FALSE(page.has_value()) << c.name << " cut at " << size;
    }
  });
}

TEST_P(ConformanceTest, C12C3J4DecodeSurvivesCorruptBytes) {
  constexpr auto kBytes = std::to_array<char>({'\0', '"', '}', '9', '-', '\xFF'});
  for_each_reply([&](const Case&, const BarsRequest& request, const HttpReply& reply) {
    std::string bytes(reply.body.view());
    if (bytes.size() > 2048) return;
    for (std::size_t at = 0; at < bytes.size(); ++at) {
      const char before = std::exchange(bytes[at], kBytes[at % kBytes.size()]);
      const auto page = adapter().decode(request, with_body(reply, bytes));
      if (page) expect_sound(*page, bytes);
      bytes[at] = before;
    }
  });
}

TEST_P(ConformanceTest, C13RowsAscendAndLieInTheRange) {
  for_each_reply([&](const Case& c, const BarsRequest& request, const HttpReply& reply) {
    const auto page = adapter().decode(request, reply);
    if (!page) return;
    const BarView view(*page->bars);
    for (std::int64_t row = 0; row < view.rows(); ++row) {
      EXPECT_TRUE(request.range.holds(view.time(row))) << c.name;
      if (row > 0) {
        EXPECT_LT(view.time(row - 1), view.time(row)) << c.name;
      }
    }
  });
}

TEST_P(ConformanceTest, C14SchemaIsCanonical) {
  for_each_reply([&](const Case& c, const BarsRequest& request, const HttpReply& reply) {
    const auto page = adapter().decode(request, reply);
    if (!page) return;
    expect_sound(*page, reply.body.view());
    EXPECT_TRUE(page->bars->schema()->Equals(*bar_schema())) << c.name;
    const BarView view(*page->bars);
    if (view.empty()) return;
    EXPECT_EQ(view.text(kSymbol, 0), request.symbol.text());
    EXPECT_EQ(view.text(kProvider, 0), GetParam());
    EXPECT_EQ(view.text(kInterval, 0), to_string(request.interval));
    EXPECT_EQ(view.transform_time(0), reply.received_at);
  });
}

TEST_P(ConformanceTest, C15DecodeIsPure) {
  for_each_reply([&](const Case& c, const BarsRequest& request, const HttpReply& reply) {
    const auto first = adapter().decode(request, reply);
    const auto second = adapter().decode(request, with_body(reply, reply.body.view()));
    ASSERT_EQ(first.has_value(), second.has_value()) << c.name;
    if (!first) {
      EXPECT_EQ(first.error().to_line(), second.error().to_line());
      return;
    }
    EXPECT_TRUE(first->bars->Equals(*second->bars)) << c.name;
    EXPECT_EQ(first->actions, second->actions);
    EXPECT_EQ(first->instrument, second->instrument);
  });
}

TEST_P(ConformanceTest, C16UnfinalRowsComeOnlyWhenAskedFor) {
  for_each_reply([&](const Case& c, BarsRequest request, const HttpReply& reply) {
    request.keep_unfinal = false;
    const auto page = adapter().decode(request, reply);
    if (!page) return;
    const BarView view(*page->bars);
    for (std::int64_t row = 0; row < view.rows(); ++row) EXPECT_TRUE(view.is_final(row)) << c.name;
    request.keep_unfinal = true;
    const auto all = adapter().decode(request, reply);
    ASSERT_TRUE(all.has_value());
    EXPECT_EQ(all->bars->num_rows(), view.rows() + page->rows_unfinal) << c.name;
    EXPECT_EQ(all->rows_unfinal, 0);
  });
}

TEST_P(ConformanceTest, C17SecretsStayOutOfErrors) {
  constexpr std::string_view kSecret = "s3cr3tvalue";
  const BarsRequest request =
      request_of(Interval::d1, {TimePoint{}, TimePoint{std::chrono::days(10)}});
  const std::string echo = "https://u:" + std::string(kSecret) +
                           "@host/x?crumb=" + std::string(kSecret) +
                           "&apikey=" + std::string(kSecret);
  for (const int status : {200, 400, 401, 403, 404, 429, 500, 503}) {
    const auto page = adapter().decode(
        request, {.status = status, .body = Body::copy_of(echo), .final_url = echo});
    ASSERT_FALSE(page.has_value());
    const Error& error = page.error();
    for (const std::string& text : {error.message, error.evidence, error.hint, error.to_line()}) {
      EXPECT_EQ(text.find(kSecret), std::string::npos) << text;
    }
  }
}

TEST_P(ConformanceTest, C18ErrorsCarryStatusAndEvidence) {
  for_each_reply([&](const Case& c, const BarsRequest& request, const HttpReply& reply) {
    const auto page = adapter().decode(request, reply);
    if (page) return;
    const Error& error = page.error();
    EXPECT_EQ(error.http_status, reply.status) << c.name;
    EXPECT_FALSE(error.message.empty());
    EXPECT_EQ(error.message.find('\n'), std::string::npos);
    EXPECT_EQ(error.evidence.empty(), reply.body.empty()) << c.name;
  });
}

TEST_P(ConformanceTest, C19B19C10AnswersAboutAnotherSymbolAreRefused) {
  for_each_reply([&](const Case& c, BarsRequest request, const HttpReply& reply) {
    const auto page = adapter().decode(request, reply);
    if (!page || !page->instrument) return;
    request.provider_symbol = "QQQQQQ";
    const auto other = adapter().decode(request, reply);
    ASSERT_FALSE(other.has_value()) << c.name;
    EXPECT_EQ(other.error().code, ErrorCode::mismatch) << c.name;
  });
}

TEST_P(ConformanceTest, C20CasesCoverWhatEveryProviderMeets) {
  const auto has = [&](auto condition) {
    return std::ranges::any_of(
        cases(), [&](const Case& c) { return c.provider == GetParam() && condition(c); });
  };
  for (const ErrorCode code :
       {ErrorCode::not_found, ErrorCode::rate_limited, ErrorCode::bad_payload, ErrorCode::truncated,
        ErrorCode::mismatch, ErrorCode::server}) {
    EXPECT_TRUE(has([code](const Case& c) { return c.error && c.error->code == code; }))
        << to_string(code);
  }
  EXPECT_TRUE(has([](const Case& c) { return c.rows && c.rows->empty(); }));
  EXPECT_TRUE(has([](const Case& c) { return c.rows && c.replies.size() > 1; }));
  EXPECT_TRUE(has([](const Case& c) { return c.counts.contains("slots_empty"); }));
  EXPECT_TRUE(has([](const Case& c) { return c.name.starts_with("dst"); }));
}

}  // namespace
}  // namespace vortex
