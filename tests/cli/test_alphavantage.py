"""Alpha Vantage through the real CLI against the simulator: keys, allowances, drift. Its refusals come with
status 200."""

import json
import subprocess

import pytest

from conftest import TIMEOUT_S, VORTEX, Sim, check_quarantine

RANGE = ("--provider", "alphavantage", "--since", "2024-05-01", "--until", "2024-06-01")
NOW = "2024-06-05T12:00:00Z"
KEY = "QX7ZP0L2M4N6B8V1"
NEVER_AGAIN = ("--set", "sync.overlap_bars=0")  # else the newest bars are asked again for restatements


class AlphaVantage(Sim):
    def __init__(self, vortex, *flags):
        super().__init__(vortex, "--now", NOW, "--api-key", KEY, *flags)
        self.url = json.loads(self.ready.read_text())["alphavantage"]
        vortex.environment.update({
            "VORTEX__PROVIDERS__ALPHAVANTAGE__BASE_URL": self.url,
            "VORTEX__PROVIDERS__ALPHAVANTAGE__LIMITS": "[]",
            "VORTEX__PROVIDERS__ALPHAVANTAGE__API_KEY": KEY,
        })

    def asked(self):
        return self.counts()["providers"].get("alphavantage", {"requests": 0, "violations": 0})


@pytest.fixture
def alphavantage(vortex):
    running = []

    def start(*flags):
        running.append(AlphaVantage(vortex, *flags))
        return running[-1]

    yield start
    for sim in running:
        sim.stop()


def everything_written(vortex):
    """What a run leaves behind, but the simulator's own files."""
    for path in vortex.directory.rglob("*"):
        if path.is_file():
            yield path, path.read_bytes()


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
