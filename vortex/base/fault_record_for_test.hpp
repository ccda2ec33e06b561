// Says how often a test has injected a fault of the matrix, for the table that tools/fault_table.py
// prints. A test whose name begins with the id (TEST(RoadTest, A6EveryCut…)) counts as one firing
// by itself; this is for loops. From the test's own thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include <gtest/gtest.h>

namespace vortex::test {

// Adds up within one test: fault_fired("A6") in a loop, or fault_fired("A6", cuts) after it.
inline void fault_fired(const std::string& id, std::int64_t times = 1) {
  static const testing::TestInfo* counted = nullptr;
  static std::map<std::string, std::int64_t> counts;
  const testing::TestInfo* const running = testing::UnitTest::GetInstance()->current_test_info();
  if (running != counted) counts.clear();
  counted = running;
  testing::Test::RecordProperty("fault_" + id, std::to_string(counts[id] += times));
}

}  // namespace vortex::test
