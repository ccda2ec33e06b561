#include <algorithm>
#include <utility>

#include <arrow/record_batch.h>
#include <gtest/gtest.h>

#include "vortex/engine/fake_provider_for_test.hpp"
#include "vortex/runtime/sleep.hpp"

namespace vortex::fake {

Task<HttpReply> FakeTransport::send(HttpRoute /*route*/, HttpCall call, Deadline deadline) {
  log_.targets.push_back(call.target());
  log_.headers.push_back(call.headers);
  log_.running_max = std::max(log_.running_max, ++log_.running);
  Answer answer = script_(call);
  Result<void> slept;
  const Duration left = deadline.left(clock_.monotonic());
  if (runtime_ != nullptr) slept = co_await sleep_for(*runtime_, std::min(answer.delay, left));
  --log_.running;
  if (!slept) co_return std::unexpected(std::move(slept).error());
  if (answer.delay > left) co_return fail(ErrorCode::deadline, "no answer in time");
  if (answer.error) co_return std::unexpected(*answer.error);
  co_return HttpReply{.status = answer.status,
                      .headers = std::move(answer.headers),
                      .body = Body::take(std::move(answer.body)),
                      .sent_at = clock_.now(),
                      .received_at = clock_.now()};
}

TEST(FakeAdapterTest, PlansOneCallAndReadsItsLines) {
  const FakeAdapter adapter;
  const BarsRequest request{.symbol = *Symbol::parse("A/B"),
                            .provider_symbol = "A/B",
                            .range = {at("2024-01-01"), at("2024-01-03")}};
  const auto calls = adapter.plan(request, at("2024-02-01"));
  ASSERT_EQ(calls->size(), 1u);
  EXPECT_TRUE(calls->front().path.ends_with("A%2FB"));
  const HttpReply reply{.status = 200, .body = Body::copy_of("2024-01-02 10\n2024-01-05 11\n")};
  EXPECT_EQ(adapter.decode(request, reply)->bars->num_rows(), 1) << "the second lies outside";
}

}  // namespace vortex::fake
