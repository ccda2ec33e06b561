"""Barchart OnDemand through the command, against the simulator."""
import csv
import io
import json

import pytest

from conftest import Sim, check_quarantine

RANGE = ("--provider", "barchart", "--since", "2024-05-01", "--until", "2024-06-01")
NOW = "2024-07-15T20:00:00Z"


class BarchartSim(Sim):
    def __init__(self, vortex, *arguments):
        super().__init__(vortex, "--now", NOW, *arguments)
        self.url = json.loads(self.ready.read_text())["barchart"]

    @property
    def asked(self):
        return self.counts()["providers"].get("barchart", {"requests": 0, "violations": 0})


@pytest.fixture
def barchart(vortex):
    running = []

    def start(*arguments, key="a-key-of-ours"):
        sim = BarchartSim(vortex, *arguments)
        running.append(sim)
        vortex.environment.update({"VORTEX__PROVIDERS__BARCHART__BASE_URL": sim.url,
                                   "VORTEX__PROVIDERS__BARCHART__LIMITS": "[]",
                                   "VORTEX__PROVIDERS__BARCHART__RETRY__ATTEMPTS": "1"})
        if key:
            vortex.environment["VORTEX__PROVIDERS__BARCHART__API_KEY"] = key
        return sim

    yield start
    for sim in running:
        sim.stop()


def rows_of(vortex, *arguments):
    return list(csv.DictReader(io.StringIO(vortex("read", *arguments, "--format", "csv", code=0).stdout)))


def test_stocks_and_contracts_land_and_a_second_run_has_nothing_new(vortex, barchart):
    barchart()
    first = vortex.json("sync", "AAPL", "GCZ24", "GC*1", *RANGE)
    assert first["status"] == "ok" and first["rows"]["quarantined"] == 0 and first["rows"]["new"] > 60
    again = vortex.json("sync", "AAPL", "GCZ24", "GC*1", *RANGE)
    assert again["rows"]["new"] == again["rows"]["restated"] == 0
    days = rows_of(vortex, "AAPL")
    assert days[0]["timestamp"] == "2024-05-01T00:00:00Z" and len(days) == 22
    assert vortex.json("verify")["status"] == "ok"


def test_minutes_have_their_moment_in_utc(vortex, barchart):
    barchart()
    vortex.json("sync", "AAPL", "--interval", "1h", "--provider", "barchart", "--since", "2024-05-01", "--until",
                "2024-05-03")
    stamps = [row["timestamp"] for row in rows_of(vortex, "AAPL", "--interval", "1h")]
    assert stamps[0] == "2024-05-01T13:30:00Z" and len(stamps) == 14


def test_b9_j1_a_wrong_key_is_3_said_once_and_never_shown(vortex, barchart):
    sim = barchart(key="BAD-1234567890")
    done = vortex("sync", "AAPL", "MSFT", "GCZ24", *RANGE, "-vv", "--json", code=3)
    assert sim.asked["requests"] <= 2  # calls under way at once
    assert "BAD-1234567890" not in done.stdout + done.stderr


def test_b9_without_a_key_nobody_is_asked(vortex, barchart):
    sim = barchart(key=None)
    done = vortex("sync", "AAPL", *RANGE, code=3)
    assert sim.asked["requests"] == 0 and "api_key" in done.stderr


def test_b4_an_exhausted_allowance_is_5_and_says_when_it_returns(vortex, barchart):
    sim = barchart("--day-calls", "1")
    vortex.json("sync", "AAPL", *RANGE)
    answer = json.loads(vortex("sync", "MSFT", *RANGE, "--json", code=5).stdout)
    (item,) = answer["items"]
    assert item["status"] == "deferred" and item["retry_at"] is not None
    assert sim.asked["requests"] == 2


def test_c1_c10_what_is_wrong_is_not_stored(vortex, barchart):
    sim = barchart()
    for fault in ({"fault": "html"}, {"fault": "empty"}, {"fault": "garbage"}, {"fault": "wrong_symbol"},
                  {"fault": "status", "status": 200, "body": "Error retrieving data"}):
        sim.post("faults", [{"provider": "barchart", **fault}])
        done = vortex("sync", "AAPL", *RANGE, "--set", "providers.barchart.breaker.failures=100")
        assert done.returncode in (4, 6), (fault, done.stderr)
    assert vortex.json("status")["series"] == [] or all(s["rows"] == 0 for s in vortex.json("status")["series"])


ROW = {"symbol": "GCZ24", "open": 1.5, "high": 2, "low": 1, "close": 1.5, "volume": 7}


def changed(old, new):
    rows = [ROW | {"timestamp": f"{day}T00:00:00-05:00", "tradingDay": day} for day in ("2024-05-30", "2024-05-31")]
    text = json.dumps({"status": {"code": 200, "message": "Success."}, "results": rows})
    assert old in text
    return text.replace(old, new)


# What came, its new and its old form, and how many rows of it can be told apart.
DRIFTS = {
    "a column": (changed('"close"', '"settle"'), "'settle'", "high, low, close", 2),
    "a column less": (changed('"low": 1, ', ""), "'high', 'close'", "high, low, close", 2),
    "dates": (changed("T00:00:00-05:00", " 00:00"), "'2024-05-30 00:00'", "2020-05-01T00:00:00-04:00", 2),
    "numbers": (changed("1.5", '"1\'4"'), "results[0].open is no number", "a number such as 412.5", 2),
    "csv": ("symbol,timestamp,tradingDay,open,high,low,settle,volume\nGCZ24,2024-05-31T00:00:00-05:00,2024-05-31,"
            "1,2,1,2,7\n", "settle", "Last, Latest or Close", 1),
}


@pytest.mark.parametrize("change", DRIFTS)
def test_c5_drift_shows_both_forms_and_leaves_what_is_stored(vortex, barchart, record_property, change):
    sim = barchart()
    vortex("sync", "GCZ24", *RANGE, code=0)
    before = vortex("read", "GCZ24", "--format", "csv", code=0).stdout
    body, found, expected, rows = DRIFTS[change]
    sim.post("faults", [{"provider": "barchart", "fault": "status", "status": 200, "body": body}])
    answer = vortex.json("sync", "GCZ24", *RANGE, code=6)
    (item,) = answer["items"]
    assert item["code"] == "VX-4003" and found in item["message"] and expected in item["message"]
    assert item["rows_quarantined"] == rows
    assert vortex("read", "GCZ24", "--format", "csv", code=0).stdout == before
    check_quarantine(vortex, rows, found, expected)
    assert vortex.json("replay", "--into", "again", code=0)["status"] == "ok"
    check_quarantine(vortex, rows, found, expected, "again")
    record_property("fault_C5", 1)


def test_futures_are_listed_newest_first(vortex, barchart):
    sim = barchart()
    plan = vortex.json("sync", "--futures", "GC", "--cycle", "GJMQVZ", "--since", "2024-01-01", "--dry-run")
    symbols = [item["symbol"] for item in plan["items"]]
    assert symbols[-3:] == ["GCM24", "GCJ24", "GCG24"] and symbols == sorted(
        symbols, key=lambda s: (s[-2:], "GJMQVZ".index(s[2])), reverse=True)
    assert sim.asked["requests"] == 0
    answer = vortex.json("sync", "--futures", "GC", "--cycle", "G", "--since", "2023-01-01")
    assert answer["status"] in ("ok", "partial") and answer["rows"]["new"] > 200
    rows = rows_of(vortex, "GCG24")
    assert rows[-1]["timestamp"] <= "2024-02-29T00:00:00Z"


def test_futures_need_months_and_a_beginning(vortex):
    assert "--cycle GJMQVZ" in vortex.refusal("sync", "--futures", "GC")
    assert "no month code" in vortex.refusal("sync", "--futures", "GC", "--cycle", "A", "--since", "2024-01-01")
