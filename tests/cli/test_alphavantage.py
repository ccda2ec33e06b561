"""Alpha Vantage through the real CLI against the simulator: keys, allowances, drift. Its refusals come with
status 200."""

import datetime
import json
import subprocess
import urllib.request

import pytest

from conftest import (
    TIMEOUT_S, VORTEX, Sim, check_old_answer_is_no_news, check_quarantine, everything_written, reasons_of)

RANGE = ("--provider", "alphavantage", "--since", "2024-05-01", "--until", "2024-06-01")
NOW = "2024-06-05T12:00:00Z"
KEY = "QX7ZP0L2M4N6B8V1"
NEVER_AGAIN = ("--set", "sync.overlap_bars=0")  # else the newest bars are asked again for restatements


class AlphaVantage(Sim):
    def __init__(self, vortex, *flags, now=NOW):
        super().__init__(vortex, *(["--now", now] if now else []), "--api-key", KEY, *flags,
                         provider="alphavantage")
        vortex.environment.update({
            "VORTEX__PROVIDERS__ALPHAVANTAGE__BASE_URL": self.url,
            "VORTEX__PROVIDERS__ALPHAVANTAGE__LIMITS": "[]",
            "VORTEX__PROVIDERS__ALPHAVANTAGE__API_KEY": KEY,
        })

    def asked(self):
        return self.counts()["providers"].get("alphavantage", {"requests": 0, "violations": 0})


@pytest.fixture
def alphavantage(vortex, started):
    def start(*flags, **options):
        started.append(AlphaVantage(vortex, *flags, **options))
        return started[-1]

    return start


def test_a_second_run_asks_nothing(vortex, alphavantage):
    sim = alphavantage()
    first = vortex.json("sync", "IBM", "EURUSD=X", "BTC-USD", *RANGE, *NEVER_AGAIN)
    assert first["status"] == "ok"
    assert [item["rows_new"] for item in first["items"]] == [22, 23, 31]
    assert sim.asked()["requests"] == 3
    second = vortex.json("sync", "IBM", "EURUSD=X", "BTC-USD", *RANGE, *NEVER_AGAIN)
    assert second["status"] == "ok" and second["calls"]["sent"] == 0
    assert sim.asked()["requests"] == 3
    assert second["table_version"] == first["table_version"]


def test_months_are_spent_one_call_each(vortex, alphavantage):
    sim = alphavantage()
    answer = vortex.json("sync", "IBM", "--interval", "1h", *RANGE)
    assert answer["rows"]["new"] == 22 * 7
    assert sim.asked()["requests"] == 1


def test_splits_and_dividends_come_with_the_full_size(vortex, alphavantage):
    sim = alphavantage()
    vortex.json("sync", "AAPL", "--provider", "alphavantage", "--since", "2020-08-20", "--until", "2020-09-10")
    assert sim.asked()["requests"] == 1

    def closes(adjust):
        bars = vortex.json("read", "AAPL", "--adjust", adjust)["bars"]
        return {bar["timestamp"][:10]: bar["close"] for bar in bars}

    raw, adjusted = closes("none"), closes("split")
    assert raw["2020-08-28"] / adjusted["2020-08-28"] == pytest.approx(4)
    assert raw["2020-08-31"] == adjusted["2020-08-31"]


def test_b4_an_exhausted_allowance_is_5_and_says_when_it_returns(vortex, alphavantage, record_property):
    sim = alphavantage("--day-calls", "2")
    answer = vortex.json("sync", "IBM", "MSFT", "KO", "JPM", *RANGE, code=5)
    stored = [item for item in answer["items"] if item["status"] == "ok"]
    later = [item for item in answer["items"] if item["status"] != "ok"]
    assert len(stored) == 2 and {item["code"] for item in later} == {"VX-2102"}
    assert all(item["retry_at"] for item in later)
    # While the refusal is read, one more may be on its way.
    requests = sim.asked()["requests"]
    assert requests in (3, 4) and sim.asked()["violations"] == requests - 2
    # The next process does not ask again before then.
    again = vortex.json("sync", "KO", *RANGE, code=5)
    assert again["calls"]["sent"] == 0 and again["items"][0]["retry_at"]
    assert sim.asked()["requests"] == requests
    record_property("fault_B4", 1)


def test_b4_the_published_allowance_is_kept_without_being_told(vortex, alphavantage, record_property):
    sim = alphavantage("--day-calls", "3")
    limits = ("--set", 'providers.alphavantage.limits=["3/day@America/New_York"]', "--set", "sync.reserve=0")
    vortex.json("sync", "IBM", "MSFT", "KO", "JPM", *RANGE, *limits, code=5)
    assert sim.asked()["requests"] == 3 and sim.asked()["violations"] == 0
    record_property("fault_B4", 1)


def test_b4_a_dry_run_defers_what_the_run_will(vortex, alphavantage, record_property):
    """Months of one series beyond the day: the plan and the run say the same of it, and the reserve stays."""
    sim = alphavantage("--day-calls", "25")
    day = ("--set", 'providers.alphavantage.limits=["25/day@America/New_York"]')
    years = ("--provider", "alphavantage", "--interval", "1h", "--since", "2020-01-01", "--until", "2024-06-01")
    plan = vortex.json("sync", "IBM", "--dry-run", *years, *day)
    assert sim.asked()["requests"] == 0
    done = vortex.json("sync", "IBM", *years, *day, code=5)
    assert sim.asked()["requests"] == 20
    for name in ("status", "allowances"):
        assert plan[name] == done[name], name
    assert plan["allowances"][0]["reserved"] == 5 and plan["allowances"][0]["calls_waiting"] == 33
    for name in ("status", "code", "retry_at", "calls_planned"):
        assert plan["items"][0][name] == done["items"][0][name], name
    record_property("fault_B4", 1)


def test_b9_a_wrong_key_is_3_said_once(vortex, alphavantage, record_property):
    sim = alphavantage()
    done = vortex("sync", "IBM", "MSFT", "KO", *RANGE, env={"VORTEX__PROVIDERS__ALPHAVANTAGE__API_KEY": "WRONG"},
                  code=3)
    assert "VX-2110" in done.stderr and "apikey is invalid" in done.stderr
    assert sim.asked()["requests"] == 1
    # The breaker is as it was: the right key is served at once.
    vortex("sync", "IBM", *RANGE, code=0)
    record_property("fault_B9", 1)


def test_b9_without_a_key_nobody_is_asked(vortex, alphavantage, record_property):
    sim = alphavantage()
    del vortex.environment["VORTEX__PROVIDERS__ALPHAVANTAGE__API_KEY"]
    done = vortex("sync", "IBM", *RANGE, code=3)
    assert "providers.alphavantage.api_key" in done.stderr
    assert sim.asked()["requests"] == 0
    record_property("fault_B9", 1)


def test_what_a_plan_lacks_is_said_with_what_it_has(vortex, alphavantage):
    alphavantage("--free-plan")
    done = vortex("sync", "IBM", *RANGE)
    assert done.returncode != 0 and "VX-2105" in done.stderr and "premium" in done.stderr
    vortex("sync", "IBM", "--interval", "1wk", *RANGE, code=0)


def changed(old, new):
    rows = {day: {"1. open": "1.5", "2. high": "2", "3. low": "1", "4. close": "1.5", "5. volume": "7"}
            for day in ("2024-05-30", "2024-05-31")}
    text = json.dumps({"Meta Data": {"2. Symbol": "IBM", "5. Time Zone": "US/Eastern"}, "Time Series (Daily)": rows})
    assert old in text
    return text.replace(old, new)


# What came, its old and its new form, and how many rows of it can be told apart.
DRIFTS = {
    "a column": (changed("4. close", "4. last"), "'4. last'", "open, high, low, close, volume", 2),
    "a column less": (changed(', "5. volume": "7"', ""), "'4. close'", "open, high, low, close, volume", 2),
    "dates": (changed("2024-05-", "May "), "May 30", "2024-01-02", 2),
    "numbers": (changed("1.5", "1,5"), "'1,5'", "a number such as 187.1500", 2),
    "words": ('{"Information":"We moved house."}', "We moved house.", "rate limit", 0),
}


@pytest.mark.parametrize("change", DRIFTS)
def test_c5_drift_shows_both_forms_and_leaves_what_is_stored(vortex, alphavantage, record_property, change):
    sim = alphavantage()
    vortex("sync", "IBM", *RANGE, code=0)
    before = vortex("read", "IBM", "--format", "csv", code=0).stdout
    body, found, expected, rows = DRIFTS[change]
    sim.post("faults", [{"fault": "status", "status": 200, "body": body}])
    done = vortex("sync", "IBM", *RANGE, code=6)
    assert done.stderr.count("VX-4003") >= 1 and found in done.stderr and expected in done.stderr
    assert vortex("read", "IBM", "--format", "csv", code=0).stdout == before
    check_quarantine(vortex, rows, found, expected)
    # Said again, it is no news; what was stored goes on.
    answer = vortex.json("sync", "IBM", *RANGE, code=6)
    assert [item["code"] for item in answer["items"]] == ["VX-4003"]
    check_quarantine(vortex, rows, found, expected)
    sim.post("faults", [])
    assert vortex.json("sync", "IBM", *RANGE, code=0)["rows"]["quarantined"] == 0
    # A replay tells the same, and counts nothing as lost.
    assert vortex.json("replay", "--into", "again", code=0)["status"] == "ok"
    check_quarantine(vortex, rows, found, expected, "again")
    record_property("fault_C5", 1)


@pytest.mark.parametrize("fault,code,leaves", [
    ({"fault": "empty"}, "VX-4001", 6),
    ({"fault": "garbage"}, "VX-4001", 6),
    ({"fault": "html"}, "VX-4008", 6),
    ({"fault": "cut"}, "VX-4002", 6),
    ({"fault": "wrong_symbol"}, "VX-4004", 6),
    ({"fault": "rate_limit"}, "VX-2101", 4),
], ids=lambda value: value["fault"] if isinstance(value, dict) else None)
def test_c1_c2_c10_bad_answers_store_nothing(vortex, alphavantage, record_property, fault, code, leaves):
    sim = alphavantage()
    sim.post("faults", [fault])
    done = vortex("sync", "IBM", *RANGE, "--set", "providers.alphavantage.retry.attempts=1", code=leaves)
    assert code in done.stderr
    vortex("read", "IBM", code=2)
    ids = {"cut": "C2", "wrong_symbol": "C10", "rate_limit": "B1"}
    record_property("fault_" + ids.get(fault["fault"], "C1"), 1)


def test_c7_prices_that_cannot_be_go_to_quarantine_with_their_reasons(vortex, alphavantage, record_property):
    def row(*prices, volume="7"):
        return dict(zip(("1. open", "2. high", "3. low", "4. close"), prices)) | {"5. volume": volume}

    rows = {f"2024-05-{day:02}": row("10", "11", "9", "10") for day in (20, 21, 22, 23, 24, 28, 29, 30, 31)}
    rows |= {"2024-05-22": row("0", "11", "0", "10"), "2024-05-24": row("1000", "1100", "900", "1000"),
             "2024-05-29": row("10", "9", "11", "10"), "2024-05-30": row("10", "11", "9", "10", volume="-7")}
    sim = alphavantage()
    sim.post("faults", [{"fault": "status", "status": 200, "body": json.dumps(
        {"Meta Data": {"2. Symbol": "IBM", "5. Time Zone": "US/Eastern"}, "Time Series (Daily)": rows})}])
    answer = vortex.json("sync", "IBM", *RANGE, "--strict", code=6)
    assert answer["rows"]["new"] == 5 and answer["rows"]["quarantined"] == 4
    assert reasons_of(vortex) == {"2024-05-22": {"Q10"}, "2024-05-24": {"Q11"}, "2024-05-29": {"Q07", "Q08"},
                                  "2024-05-30": {"Q09"}}
    record_property("fault_C7", 4)


def test_c8_an_old_answer_again_is_no_news_and_no_gap_for_ever(vortex, alphavantage, record_property):
    sim = alphavantage(now=None)
    today = datetime.datetime.now(datetime.timezone.utc).date()
    query = f"/query?function=TIME_SERIES_DAILY&symbol=IBM&outputsize=compact&apikey={KEY}"
    with urllib.request.urlopen(sim.url + query, timeout=TIMEOUT_S) as reply:
        old = json.loads(reply.read())
    rows = old["Time Series (Daily)"]
    for day in [day for day in rows if day > str(today - datetime.timedelta(days=6))]:
        del rows[day]
    sim.post("faults", [{"fault": "status", "status": 200, "body": json.dumps(old)}])
    check_old_answer_is_no_news(vortex, sim, "alphavantage", "IBM", today - datetime.timedelta(days=30))
    record_property("fault_C8", 1)


def test_c12_files_and_cut_tables_in_place_of_an_answer_are_refused(vortex, alphavantage, record_property):
    sim = alphavantage()
    vortex("sync", "KO", *RANGE, code=0)
    table = "timestamp,open,high,low,close,volume\r\n2024-05-31,10,11,9,10,7\r\n2024-05-30,10,11,9,10,7\r\n"
    bodies = ["PAR1\x15\x04\x15", "ARROW1\x00\x00", table[:-1] + "2024-05-29,1", table[:50],
              table + "\x00,1,1,1,1,1\r\n"]
    for body in bodies:
        sim.post("faults", [{"symbol": "IBM", "fault": "status", "status": 200, "body": body}])
        done = vortex("sync", "IBM", "KO", *RANGE, "--set", "providers.alphavantage.retry.attempts=1", code=8)
        assert "VX-400" in done.stderr, body
        vortex("read", "IBM", code=2)
        vortex("read", "KO", code=0)
    record_property("fault_C12", len(bodies))


def test_j1_the_key_is_nowhere(vortex, alphavantage, record_property):
    sim = alphavantage("--day-calls", "1")
    told = []
    for arguments in (("sync", "IBM", *RANGE), ("sync", "MSFT", *RANGE), ("sync", "KO", *RANGE, "--json"),
                      ("status", "--json"), ("doctor",), ("config", "show"), ("why", "VX-2102")):
        done = vortex(*arguments)
        told.append(done.stdout + done.stderr)
    sim.post("faults", [{"fault": "status", "status": 500, "body": f"no good: apikey={KEY} of {KEY}"}])
    vortex.environment["HOME"] = str(vortex.directory / "elsewhere")  # an account without a past
    (vortex.directory / "elsewhere").mkdir()
    done = vortex("sync", "MSFT", *RANGE, "--set", "providers.alphavantage.retry.attempts=1")
    told.append(done.stdout + done.stderr)
    assert "VX-2102" in told[1] and "VX-2106" in told[-1]
    for text in told:
        assert KEY not in text
    for path, data in everything_written(vortex):
        assert KEY not in str(path) and KEY.encode() not in data, path
    record_property("fault_J1", 1)


def test_b4_processes_that_share_a_key_keep_its_allowance_together(vortex, alphavantage, record_property):
    """20 processes, each killed somewhere: by the simulator's count no call is beyond the allowance."""
    allowed = 12
    sim = alphavantage("--day-calls", str(allowed))
    limits = ("--set", f'providers.alphavantage.limits=["{allowed}/day@America/New_York"]', "--set",
              "sync.reserve=0", "--set", "providers.alphavantage.retry.attempts=1")
    running = []
    for number in range(20):
        store = vortex.directory / f"data{number}"
        running.append(subprocess.Popen(
            [VORTEX, "sync", f"S{number:04d}", f"S{number + 100:04d}", *RANGE, *limits, "--store", str(store)],
            cwd=vortex.directory, env=vortex.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        if number % 3 == 2:
            running[number - 1].kill()
    for process in running:
        process.wait(timeout=TIMEOUT_S)
    assert sim.asked()["violations"] == 0
    assert 0 < sim.asked()["requests"] <= allowed
    record_property("fault_B4", 1)
