#include "vortex/model/futures_contracts.hpp"

#include <gtest/gtest.h>

namespace vortex {
namespace {

Date contract_day(std::string_view text) {
  return parse_date(text).value();
}

std::vector<std::string> contract_symbols(const FuturesCycle& cycle) {
  std::vector<std::string> out;
  for (const FuturesContract& contract : list_contracts(cycle).value()) {
    out.push_back(contract.symbol);
  }
  return out;
}

TEST(FuturesContractsTest, NewestComesFirstAndReachesAYearAhead) {
  EXPECT_EQ(contract_symbols({.root = "GC",
                              .months = "GZ",
                              .since = contract_day("2023-12-01"),
                              .until = contract_day("2025-01-15")}),
            (std::vector<std::string>{"GCZ25", "GCG25", "GCZ24", "GCG24", "GCZ23"}));
}

TEST(FuturesContractsTest, AContractThatEndsInTheMonthOfSinceIsIn) {
  const auto contracts = list_contracts({.root = "A6",
                                         .months = "H",
                                         .since = contract_day("2020-03-31"),
                                         .until = contract_day("2020-03-31")})
                             .value();
  ASSERT_EQ(contracts.size(), 2U);
  EXPECT_EQ(contracts.back().symbol, "A6H20");
  EXPECT_EQ(contracts.back().first_of_month, contract_day("2020-03-01"));
  EXPECT_EQ(contracts.back().last_day, contract_day("2020-03-31"));
  const auto after = contract_symbols({.root = "A6",
                                       .months = "H",
                                       .since = contract_day("2020-04-01"),
                                       .until = contract_day("2020-04-01")});
  EXPECT_EQ(after, std::vector<std::string>{"A6H21"});
}

TEST(FuturesContractsTest, TheOrderOfTheLettersDoesNotMatter) {
  const auto cycle = [](std::string_view months) {
    return contract_symbols({.root = "ZC",
                             .months = months,
                             .since = contract_day("1998-01-01"),
                             .until = contract_day("2001-01-01")});
  };
  EXPECT_EQ(cycle("HKNUZ"), cycle("ZUNKH"));
  EXPECT_EQ(cycle("HKNUZ").back(), "ZCH98");
}

TEST(FuturesContractsTest, WhatIsNoRootOrMonthIsRefusedByName) {
  const auto refusal = [](std::string_view root, std::string_view months, std::string_view since) {
    const auto contracts = list_contracts({.root = root,
                                           .months = months,
                                           .since = contract_day(since),
                                           .until = contract_day("2026-01-01")});
    return contracts ? std::string("contracts") : contracts.error().to_line();
  };
  EXPECT_NE(refusal("GOLD", "Z", "2020-01-01").find("'GOLD' cannot be a futures root"),
            std::string::npos);
  EXPECT_NE(refusal("", "Z", "2020-01-01").find("cannot be a futures root"), std::string::npos);
  EXPECT_NE(refusal("GC", "GA", "2020-01-01").find("'A' in the cycle"), std::string::npos);
  EXPECT_NE(refusal("GC", "GG", "2020-01-01").find("stands twice"), std::string::npos);
  EXPECT_NE(refusal("GC", "", "2020-01-01").find("names no month"), std::string::npos);
  EXPECT_NE(refusal("GC", "Z", "1926-01-01").find("later --since"), std::string::npos);
}

}  // namespace
}  // namespace vortex
