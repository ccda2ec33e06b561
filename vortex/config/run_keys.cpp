#include <array>

#include "vortex/config/key_groups.hpp"

namespace vortex {
namespace {

using Target = SettingsTarget;
using Typed = TypedValue;

constexpr std::array kKeys = {
    KeySpec{"state_dir",
            KeyType::text,
            {},
            R"("~/.local/state/vortex")",
            "Quota ledger of the accounts, shared by every process of this user. ~ is the home "
            "directory.",
            [](const Target& t, const Typed& v) {
              t.settings->state_dir = as_text(v);
            }},
    KeySpec{"default_providers",
            KeyType::providers,
            {},
            R"(["yahoo"])",
            "Asked, in this order, when neither --provider nor the job names any.",
            [](const Target& t, const Typed& v) {
              t.settings->default_providers = as_texts(v);
            }},
    KeySpec{"concurrency",
            KeyType::integer,
            {1, 1000},
            "16",
            "Calls in flight, all providers together.",
            [](const Target& t, const Typed& v) {
              t.settings->concurrency = as_int(v);
            }},
    KeySpec{"cpu_threads",
            KeyType::integer,
            {0, 1024},
            "0",
            "Threads that decode, validate and encode; 0 = as many as cores.",
            [](const Target& t, const Typed& v) {
              t.settings->cpu_threads = as_int(v);
            }},
    KeySpec{"store.uri",
            KeyType::text,
            {},
            R"("./data")",
            "Directory of the dataset.",
            [](const Target& t, const Typed& v) {
              t.settings->store_uri = as_text(v);
            }},
    KeySpec{"raw.keep",
            KeyType::duration,
            {kDay, 36'500 * kDay},
            R"("400d")",
            "How long raw answers are kept. Rows stay; what is older cannot be replayed.",
            [](const Target& t, const Typed& v) {
              t.settings->raw.keep = as_duration(v);
            }},
    KeySpec{"raw.max",
            KeyType::size,
            {kMebi, 1024 * 1024 * kGibi},
            R"("20GiB")",
            "Disk that raw answers may take; beyond it the oldest go.",
            [](const Target& t, const Typed& v) {
              t.settings->raw.bytes_max = as_bytes(v);
            }},
    KeySpec{"sync.overlap_bars",
            KeyType::integer,
            {0, 64},
            "5",
            "Stored bars that every sync asks again, so that restatements are noticed.",
            [](const Target& t, const Typed& v) {
              t.settings->overlap_bars = as_int(v);
            }},
    KeySpec{"sync.batch_bytes_max",
            KeyType::size,
            {kMebi, 4 * kGibi},
            R"("32MiB")",
            "A commit is made when this much is decoded: bounds the memory of a sync.",
            [](const Target& t, const Typed& v) {
              t.settings->batch_bytes_max = as_bytes(v);
            }},
    KeySpec{"sync.batch_age_max",
            KeyType::duration,
            {kMilli, kDay},
            R"("60s")",
            "A commit is made at least this often: bounds what a crash can cost.",
            [](const Target& t, const Typed& v) {
              t.settings->batch_age_max = as_duration(v);
            }},
    KeySpec{"sync.reserve",
            KeyType::number,
            {0, 1},
            "0.2",
            "Share of a day's allowance that backlogs leave to the daily update.",
            [](const Target& t, const Typed& v) {
              t.settings->reserve = std::get<double>(v);
            }},
    KeySpec{"calendars.file",
            KeyType::text,
            {},
            "",
            "Your own closures, hours and calendars, in TOML (docs/calendars.md); unset = none.",
            [](const Target& t, const Typed& v) {
              t.settings->calendar_file = as_text(v);
            }},
    KeySpec{"tasks.workers",
            KeyType::integer,
            {1, 1000},
            "10",
            "Tasks that run at the same time.",
            [](const Target& t, const Typed& v) {
              t.settings->tasks.workers = as_int(v);
            }},
    KeySpec{"tasks.queue_items_max",
            KeyType::integer,
            {1, 1'000'000},
            "10000",
            "Tasks that may wait; one more is refused.",
            [](const Target& t, const Typed& v) {
              t.settings->tasks.queue_items_max = std::get<std::int64_t>(v);
            }},
    KeySpec{"tasks.queue_bytes_max",
            KeyType::size,
            {1024, 16 * kGibi},
            R"("64MiB")",
            "What the waiting tasks may hold in memory, all together.",
            [](const Target& t, const Typed& v) {
              t.settings->tasks.queue_bytes_max = as_bytes(v);
            }},
    KeySpec{"tasks.grace",
            KeyType::duration,
            {kMilli, kDay},
            R"("30s")",
            "How long running tasks may take to end once asked to stop.",
            [](const Target& t, const Typed& v) {
              t.settings->tasks.grace = as_duration(v);
            }},
};

}  // namespace

std::span<const KeySpec> run_keys() {
  return kKeys;
}

}  // namespace vortex
