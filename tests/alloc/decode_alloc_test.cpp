// Fault H1 for the decoders: each allocation fails in turn, once alone and once with all that
// follow. What comes of it is an error or std::bad_alloc for the border above to stop; nothing
// leaks, and the next decode is as before.
//
// Only allocations of our own program fail, also those of the C++ library for it. Not those inside
// Arrow, which makes some within noexcept functions (AllocateBitmap) and would end the process, and
// not those of simdjson, whose on-demand parser uses its string buffer unseen (3.0.1).
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <new>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <arrow/memory_pool.h>
#include <arrow/record_batch.h>
#include <gtest/gtest.h>
#include <link.h>

#include "vortex/base/fault_record_for_test.hpp"
#include "vortex/base/json.hpp"
#include "vortex/codec/bar_file.hpp"
#include "vortex/provider/registry.hpp"
#include "vortex/quality/validator.hpp"

#include "tests/cases/case_file.hpp"

namespace vortex {
namespace {

constexpr std::int64_t kNever = INT64_MAX;

// Of this thread, while armed.
thread_local bool armed = false;
thread_local bool fails_for_ever = false;
thread_local bool has_failed = false;
thread_local std::int64_t allowed = kNever;
thread_local std::int64_t blocks_held = 0;  // always counted

struct AddressRange {
  std::uintptr_t begin = 0;
  std::uintptr_t end = 0;
  bool holds(const void* address) const {
    const auto at = reinterpret_cast<std::uintptr_t>(address);
    return begin <= at && at < end;
  }
};

// Where the program's own code lies, and the C++ library's.
AddressRange own_code;
AddressRange library_code;

int note_module(dl_phdr_info* module, std::size_t /*size*/, void* /*unused*/) {
  const std::string_view name = module->dlpi_name;
  AddressRange* const range = name.empty() && own_code.end == 0 ? &own_code
                              : name.contains("libstdc++")      ? &library_code
                                                                : nullptr;
  if (range == nullptr) return 0;
  for (int i = 0; i < module->dlpi_phnum; ++i) {
    const auto& part = module->dlpi_phdr[i];
    if (part.p_type != PT_LOAD || (part.p_flags & PF_X) == 0) continue;
    range->begin = module->dlpi_addr + part.p_vaddr;
    range->end = range->begin + part.p_memsz;
  }
  return 0;
}

void fail_if_due(const void* caller) {
  if (!armed || !(own_code.holds(caller) || library_code.holds(caller)) || --allowed >= 0) return;
  has_failed = true;
  if (!fails_for_ever) armed = false;
  throw std::bad_alloc();
}

void* counted(void* block) {
  if (block == nullptr) throw std::bad_alloc();
  ++blocks_held;
  return block;
}

void* allocate(std::size_t size, const void* caller) {
  fail_if_due(caller);
  return counted(std::malloc(size == 0 ? 1 : size));
}

void* allocate_aligned(std::size_t size, std::align_val_t alignment, const void* caller) {
  fail_if_due(caller);
  const auto align = static_cast<std::size_t>(alignment);
  return counted(std::aligned_alloc(align, (size + align - 1) / align * align));
}

void release(void* block) noexcept {
  if (block == nullptr) return;
  --blocks_held;
  std::free(block);
}

}  // namespace
}  // namespace vortex

void* operator new(std::size_t size) {
  return vortex::allocate(size, __builtin_return_address(0));
}
void* operator new[](std::size_t size) {
  return vortex::allocate(size, __builtin_return_address(0));
}
void* operator new(std::size_t size, std::align_val_t alignment) {
  return vortex::allocate_aligned(size, alignment, __builtin_return_address(0));
}
void* operator new[](std::size_t size, std::align_val_t alignment) {
  return vortex::allocate_aligned(size, alignment, __builtin_return_address(0));
}
void* operator new(std::size_t size, const std::nothrow_t& /*unused*/) noexcept {
  return vortex::allocate(size, nullptr);
}
void* operator new[](std::size_t size, const std::nothrow_t& /*unused*/) noexcept {
  return vortex::allocate(size, nullptr);
}
void operator delete(void* block) noexcept {
  vortex::release(block);
}
void operator delete[](void* block) noexcept {
  vortex::release(block);
}
void operator delete(void* block, std::size_t /*size*/) noexcept {
  vortex::release(block);
}
void operator delete[](void* block, std::size_t /*size*/) noexcept {
  vortex::release(block);
}
void operator delete(void* block, std::align_val_t /*alignment*/) noexcept {
  vortex::release(block);
}
void operator delete[](void* block, std::align_val_t /*alignment*/) noexcept {
  vortex::release(block);
}
void operator delete(void* block, std::size_t /*size*/, std::align_val_t /*align*/) noexcept {
  vortex::release(block);
}
void operator delete[](void* block, std::size_t /*size*/, std::align_val_t /*align*/) noexcept {
  vortex::release(block);
}

namespace vortex {
namespace {

enum class Outcome : unsigned char { right, refused, out_of_memory };

// `work` decodes once and says what came of it: right means equal to what is decoded with memory.
using Work = std::function<Outcome()>;

Outcome run_starved(const Work& work, std::int64_t allocations, bool for_ever) {
  has_failed = false;
  allowed = allocations;
  fails_for_ever = for_ever;
  armed = true;
  Outcome outcome = Outcome::right;
  try {
    outcome = work();
  } catch (const std::bad_alloc&) {
    outcome = Outcome::out_of_memory;
  }
  armed = false;
  return outcome;
}

// How many allocations failed, over all runs.
std::int64_t starve(const Work& work) {
  dl_iterate_phdr(&note_module, nullptr);
  EXPECT_EQ(work(), Outcome::right);  // also fills what is made once and kept
  std::int64_t fired = 0;
  for (const bool for_ever : {false, true}) {
    for (std::int64_t n = 0;; ++n) {
      const std::int64_t held = blocks_held;
      const std::int64_t arrow_held = arrow::default_memory_pool()->bytes_allocated();
      const Outcome outcome = run_starved(work, n, for_ever);
      EXPECT_EQ(blocks_held, held) << "leak when allocation " << n << " fails";
      EXPECT_EQ(arrow::default_memory_pool()->bytes_allocated(), arrow_held) << n;
      if (!has_failed) {
        EXPECT_EQ(outcome, Outcome::right);
        break;
      }
      ++fired;
    }
  }
  EXPECT_EQ(work(), Outcome::right) << "a decode that failed leaves nothing behind";
  return fired;
}

// Of Yahoo's; other providers have cases of the same names.
const Case& case_named(std::string_view name) {
  static const std::vector<Case> all = load_cases(VORTEX_CASES_DIR).value();
  for (const Case& c : all) {
    if (c.provider == "yahoo" && c.name == name) return c;
  }
  throw std::runtime_error("no such case");
}

Outcome decode_like(const HttpAdapter& adapter, const Case& c, const Result<Page>& expected) {
  const auto page = adapter.decode(*c.request, c.replies.at(0));
  if (!page) {
    const bool same = !expected && page.error().code == expected.error().code;
    return same ? Outcome::right : Outcome::refused;
  }
  EXPECT_TRUE(expected && page->bars->Equals(*expected->bars) && page->actions == expected->actions)
      << "an answer that memory made wrong";
  return Outcome::right;
}

TEST(DecodeAllocTest, H1EveryFailedAllocationOfAChartIsContained) {
  const ProviderRegistry providers = builtin_providers();
  const HttpAdapter& adapter = *providers.find("yahoo")->adapter;
  for (const char* name : {"normal_daily", "splits_and_dividends", "null_bar", "not_found",
                           "error_inside_200", "truncated", "rate_limited_with_200"}) {
    const Case& c = case_named(name);
    const auto expected = adapter.decode(*c.request, c.replies.at(0));
    test::fault_fired("H1", starve([&] { return decode_like(adapter, c, expected); }));
  }
}

TEST(DecodeAllocTest, H1EveryFailedAllocationOfTheValidatorIsContained) {
  const ProviderRegistry providers = builtin_providers();
  const Case& c = case_named("partly_null");
  const auto page = providers.find("yahoo")->adapter->decode(*c.request, c.replies.at(0)).value();
  const auto verdict = validate(page.bars).value();
  test::fault_fired("H1", starve([&] {
                      const auto again = validate(page.bars);
                      if (!again) return Outcome::refused;
                      EXPECT_EQ(again->quarantined, verdict.quarantined);
                      EXPECT_TRUE(again->good->Equals(*verdict.good));
                      return Outcome::right;
                    }));
}

TEST(DecodeAllocTest, H1EveryFailedAllocationOfAJsonDocumentIsContained) {
  const std::string text = R"({"a":[1,2.5,"three",null,true],"b":{"c":"a longer text than fits"}})";
  const Json expected = Json::parse(text).value();
  test::fault_fired("H1", starve([&] {
                      const auto json = Json::parse(text);
                      if (!json) return Outcome::refused;
                      EXPECT_EQ(json->dump(), expected.dump());
                      return Outcome::right;
                    }));
}

TEST(DecodeAllocTest, H1EveryFailedAllocationOfACsvFileIsContained) {
  const std::string_view text =
      "timestamp,open,high,low,close,volume,symbol\n2024-01-02,1,2,0.5,1.5,10,AAPL\n"
      "2024-01-03,1.5,2,1,1.75,20,AAPL\n";
  const auto expected = read_bar_csv(text, "AAPL").value();
  test::fault_fired("H1", starve([&] {
                      const auto file = read_bar_csv(text, "AAPL");
                      if (!file) return Outcome::refused;
                      EXPECT_TRUE(file->bars->Equals(*expected.bars));
                      return Outcome::right;
                    }));
}

}  // namespace
}  // namespace vortex
