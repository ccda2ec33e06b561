// The settings of a run, typed and checked before anything starts (DESIGN §6). Made by
// load_settings from defaults, file, environment and flags; plain values afterwards.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "vortex/base/time.hpp"
#include "vortex/model/interval.hpp"

namespace vortex {

// "5/5s", "25/day@America/New_York": at most `count` calls in any window.
struct RateLimit {
  std::int64_t count = 0;
  Duration window = Duration::zero();  // zero: a calendar day in `zone`
  std::string zone;
  bool operator==(const RateLimit&) const = default;
};

struct RetrySettings {
  int attempts = 4;
  double budget = 0.2;
};

struct BreakerSettings {
  int failures = 5;
  Duration reset = std::chrono::seconds(60);
  Duration call_timeout = std::chrono::seconds(30);
};

// What lets us in, where it is no API key. Secrets are references, as api_key is.
struct AuthSettings {
  std::string user;
  std::string password;
  std::string client_id;
  std::string client_secret;
  std::string token_url;
  std::string scope;
  std::string client_in = "header";  // or body
  std::string cookies;               // a browser's cookies.txt
};

struct ProviderSettings {
  std::string access;    // the way in, where the provider has several; empty: its first
  std::string base_url;  // the adapter's default when not set
  bool base_url_is_default = true;
  std::string api_key;  // a reference: env:NAME, file:PATH, vault:PATH#FIELD
  AuthSettings auth;
  std::optional<std::vector<RateLimit>> limits;  // none: the adapter's
  int concurrency = 4;
  std::optional<std::map<Interval, Duration>> depth;  // none: the adapter's; empty: not checked
  RetrySettings retry;
  BreakerSettings breaker;
  std::string user_agent;
  Duration connect_timeout = std::chrono::seconds(10);
  Duration read_timeout = std::chrono::seconds(60);
  std::string proxy;
  std::string ca_file;
  std::uint64_t body_bytes_max = 512ull << 20;
  bool allow_private_hosts = false;
  std::vector<std::string> endpoints;    // further base URLs that serve the same
  std::string strategy = "round_robin";  // or least_requests, p2c_ewma
  bool critical = false;                 // its failure alone makes the whole degraded
};

// Work handed over to be done later (the task processor).
struct TaskSettings {
  int workers = 10;
  std::int64_t queue_items_max = 10'000;
  std::uint64_t queue_bytes_max = 64ull << 20;
  Duration grace = std::chrono::seconds(30);  // for running tasks, once asked to stop
};

// How long raw bodies are kept beside the rows they brought.
struct RawSettings {
  Duration keep = std::chrono::days(400);
  std::uint64_t bytes_max = 20ull << 30;  // then the oldest go
};

struct JobSettings {
  std::string name;
  std::vector<std::string> symbols;
  std::vector<std::string> providers;
  Interval interval = Interval::d1;
  std::optional<Date> since;
  std::string schedule;
  std::string timezone;
};

struct Settings {
  std::string state_dir;  // expanded
  std::string store_uri = "./data";
  std::vector<std::string> default_providers = {"yahoo"};
  int concurrency = 16;  // calls in flight, all providers
  int cpu_threads = 0;   // 0: as many as cores
  int overlap_bars = 5;
  double reserve = 0.2;       // of a day's allowance, kept from backlogs for the daily update
  std::string calendar_file;  // expanded; empty: none
  TaskSettings tasks;
  RawSettings raw;
  std::uint64_t batch_bytes_max = 32ull << 20;
  Duration batch_age_max = std::chrono::seconds(60);
  std::map<std::string, ProviderSettings> providers;  // every built-in provider has an entry
  std::map<std::string, std::map<std::string, std::string>>
      symbols;  // symbol → provider → spelling
  std::vector<JobSettings> jobs;
};

}  // namespace vortex
