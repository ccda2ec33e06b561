"""Barchart OnDemand through the command, against the simulator."""
import datetime
import json
import urllib.request

import pytest

from conftest import TIMEOUT_S, Sim, check_old_answer_is_no_news, check_quarantine, everything_written, reasons_of

RANGE = ("--provider", "barchart", "--since", "2024-05-01", "--until", "2024-06-01")
NOW = "2024-07-15T20:00:00Z"


class BarchartSim(Sim):
    def __init__(self, vortex, *arguments, now=NOW):
        super().__init__(vortex, *(["--now", now] if now else []), *arguments, provider="barchart")

    @property
    def asked(self):
        return self.counts()["providers"].get("barchart", {"requests": 0, "violations": 0})


@pytest.fixture
def barchart(vortex, started):
    def start(*arguments, key="a-key-of-ours", **options):
        sim = BarchartSim(vortex, *arguments, **options)
        started.append(sim)
        vortex.environment.update({"VORTEX__PROVIDERS__BARCHART__BASE_URL": sim.url,
                                   "VORTEX__PROVIDERS__BARCHART__LIMITS": "[]",
                                   "VORTEX__PROVIDERS__BARCHART__RETRY__ATTEMPTS": "1"})
        if key:
            vortex.environment["VORTEX__PROVIDERS__BARCHART__API_KEY"] = key
        return sim

    return start


def test_stocks_and_contracts_land_and_a_second_run_has_nothing_new(vortex, barchart):
    barchart()
    first = vortex.json("sync", "AAPL", "GCZ24", "GC*1", *RANGE)
    assert first["status"] == "ok" and first["rows"]["quarantined"] == 0 and first["rows"]["new"] > 60
    again = vortex.json("sync", "AAPL", "GCZ24", "GC*1", *RANGE)
    assert again["rows"]["new"] == again["rows"]["restated"] == 0
    days = vortex.rows("AAPL")
    assert days[0]["timestamp"] == "2024-05-01T00:00:00Z" and len(days) == 22
    assert vortex.json("verify")["status"] == "ok"


def test_minutes_have_their_moment_in_utc(vortex, barchart):
    barchart()
    vortex.json("sync", "AAPL", "--interval", "1h", "--provider", "barchart", "--since", "2024-05-01", "--until",
                "2024-05-03")
    stamps = [row["timestamp"] for row in vortex.rows("AAPL", "--interval", "1h")]
    assert stamps[0] == "2024-05-01T13:30:00Z" and len(stamps) == 14


def test_b9_j1_a_wrong_key_is_3_said_once_and_never_shown(vortex, barchart, record_property):
    sim = barchart(key="BAD-1234567890")
    done = vortex("sync", "AAPL", "MSFT", "GCZ24", *RANGE, "-vv", "--json", code=3)
    assert sim.asked["requests"] <= 2  # calls under way at once
    assert "BAD-1234567890" not in done.stdout + done.stderr
    record_property("fault_B9", 1)
    record_property("fault_J1", 1)


def test_b9_without_a_key_nobody_is_asked(vortex, barchart, record_property):
    sim = barchart(key=None)
    done = vortex("sync", "AAPL", *RANGE, code=3)
    assert sim.asked["requests"] == 0 and "api_key" in done.stderr
    record_property("fault_B9", 1)


def test_j1_the_key_is_nowhere(vortex, barchart, record_property):
    key = "QX7ZP0L2M4N6B8V1"
    sim = barchart("--day-calls", "2", key=key)
    told = [vortex("sync", "AAPL", "GCZ24", *RANGE), vortex("sync", "MSFT", *RANGE, "--json")]
    vortex.environment["HOME"] = str(vortex.directory / "elsewhere")  # an account without a past
    (vortex.directory / "elsewhere").mkdir()
    drift = {"status": {"code": 200, "message": key}, "results": [{"symbol": "KO", "note": f"apikey={key} of {key}"}]}
    said = ((500, f"no good: apikey={key} of {key}"), (200, json.dumps(drift)), (401, f"{key} is refused"))
    for status, body in said:
        sim.post("faults", [{"provider": "barchart", "fault": "status", "status": status, "body": body}])
        told.append(vortex("sync", "KO", *RANGE, "-vv"))
    told += [vortex(*words) for words in (("status", "--json"), ("doctor",), ("config", "show"))]
    for code, done in zip(("VX-2106", "VX-4003", "VX-2110"), told[2:]):
        assert code in done.stderr
    for done in told:
        assert key not in done.stdout + done.stderr
    written = list(everything_written(vortex))
    for path, data in written:
        assert key not in str(path) and key.encode() not in data, path
    packs = b"".join(data for path, data in written if path.suffix == ".pack")
    assert json.dumps(drift).replace(key, "*" * len(key)).encode() in packs, "kept, and masked"
    record_property("fault_J1", 1)


def test_b4_an_exhausted_allowance_is_5_and_says_when_it_returns(vortex, barchart, record_property):
    sim = barchart("--day-calls", "1")
    vortex.json("sync", "AAPL", *RANGE)
    answer = json.loads(vortex("sync", "MSFT", *RANGE, "--json", code=5).stdout)
    (item,) = answer["items"]
    assert item["status"] == "deferred" and item["retry_at"] is not None
    assert sim.asked["requests"] == 2
    record_property("fault_B4", 1)


def test_c1_c10_what_is_wrong_is_not_stored(vortex, barchart, record_property):
    sim = barchart()
    for fault in ({"fault": "html"}, {"fault": "empty"}, {"fault": "garbage"}, {"fault": "wrong_symbol"},
                  {"fault": "status", "status": 200, "body": "Error retrieving data"}):
        sim.post("faults", [{"provider": "barchart", **fault}])
        done = vortex("sync", "AAPL", *RANGE, "--set", "providers.barchart.breaker.failures=100")
        assert done.returncode in (4, 6), (fault, done.stderr)
    assert vortex.json("status")["series"] == [] or all(s["rows"] == 0 for s in vortex.json("status")["series"])
    record_property("fault_C1", 4)
    record_property("fault_C10", 1)


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


def history(sim, symbol, since, until):
    """What Barchart says, to be said again or otherwise."""
    query = (f"/getHistory.json?apikey=a-key-of-ours&symbol={symbol}&type=daily&startDate={since:%Y%m%d}"
             f"&endDate={until:%Y%m%d}&maxRecords=20000&order=asc")
    with urllib.request.urlopen(sim.url + query, timeout=TIMEOUT_S) as reply:
        return json.loads(reply.read())


def say(sim, answer, **which):
    rule = {"provider": "barchart", "fault": "status", "status": 200, "body": json.dumps(answer)}
    sim.post("faults", [rule | which])


def day(text):
    return datetime.date.fromisoformat(text)


def test_c2_c3_c4_c6_answers_that_lie_store_nothing(vortex, barchart, record_property):
    sim = barchart()
    whole = json.dumps({"status": {"code": 200, "message": "Success."}, "results": [
        ROW | {"timestamp": "2024-05-30T00:00:00-05:00", "tradingDay": "2024-05-30"}]})
    lies = {
        "C2": [whole[:size] for size in range(1, len(whole), 23)],
        "C3": ["[" * 100_000, whole.replace('"low": 1', '"low": 1, "low": 2'), whole.replace("GCZ24", "\\ud800")],
        "C4": [whole.replace("1.5", number) for number in ("1e400", "NaN", "Infinity", '"1,234.5"', "01", "+1")],
        "C6": [whole.replace("2024-05-30T00:00:00-05:00", stamp)
               for stamp in ("1717045200", "2024-02-30T00:00:00-05:00", "2024-05-30T25:00:00-05:00", "2024-05-30")],
    }
    for fault, bodies in lies.items():
        for body in bodies:
            sim.post("faults", [{"provider": "barchart", "fault": "status", "status": 200, "body": body}])
            done = vortex("sync", "GCZ24", *RANGE, "--set", "providers.barchart.breaker.failures=100", code=6)
            assert "VX-400" in done.stderr, (fault, body[:200])
            vortex("read", "GCZ24", code=2)
        record_property(f"fault_{fault}", len(bodies))
    sim.post("faults", [{"provider": "barchart", "fault": "status", "status": 200, "body": whole}])
    assert vortex.json("sync", "GCZ24", *RANGE)["rows"]["new"] == 1


def test_c7_prices_that_cannot_be_go_to_quarantine_with_their_reasons(vortex, barchart, record_property):
    sim = barchart()
    answer = history(sim, "GCZ24", day("2024-05-01"), day("2024-06-01"))
    rows = {row["tradingDay"]: row for row in answer["results"]}
    rows["2024-05-08"] |= {"open": 0, "low": 0}
    rows["2024-05-10"] |= {name: rows["2024-05-10"][name] * 100 for name in ("open", "high", "low", "close")}
    rows["2024-05-14"]["high"] = rows["2024-05-14"]["low"] - 1
    rows["2024-05-16"]["volume"] = -1
    say(sim, answer)
    answer = vortex.json("sync", "GCZ24", *RANGE, "--strict", code=6)
    assert answer["rows"]["quarantined"] == 4 and answer["rows"]["new"] == len(rows) - 4
    assert reasons_of(vortex) == {"2024-05-08": {"Q10"}, "2024-05-10": {"Q11"}, "2024-05-14": {"Q07"},
                                  "2024-05-16": {"Q09"}}
    record_property("fault_C7", 4)


def test_c8_an_old_answer_again_is_no_news_and_no_gap_for_ever(vortex, barchart, record_property):
    sim = barchart(now=None)
    today = datetime.datetime.now(datetime.timezone.utc).date()
    since = today - datetime.timedelta(days=30)
    old = history(sim, "AAPL", since, today)
    old["results"] = [row for row in old["results"] if day(row["tradingDay"]) < today - datetime.timedelta(days=6)]
    say(sim, old)
    check_old_answer_is_no_news(vortex, sim, "barchart", "AAPL", since)
    record_property("fault_C8", 1)


def test_c9_an_answer_in_another_order_or_with_a_row_twice_is_the_same(vortex, barchart, record_property):
    sim = barchart()
    answer = history(sim, "GCZ24", day("2024-05-01"), day("2024-06-01"))
    first = vortex.json("sync", "GCZ24", *RANGE)
    answer["results"].reverse()
    answer["results"].insert(3, answer["results"][3])
    say(sim, answer)
    again = vortex.json("sync", "GCZ24", *RANGE)
    assert again["rows"]["new"] == again["rows"]["restated"] == 0
    assert first["rows"]["new"] == len(vortex.rows("GCZ24"))
    record_property("fault_C9", 2)


def test_c11_prices_on_another_basis_are_refused_whole(vortex, barchart, record_property):
    """As if `splits` had been turned over: the rows asked again are a quarter of what is stored, and no split says
    why. Nothing of the answer is stored."""
    sim = barchart()
    first = ("--provider", "barchart", "--since", "2024-05-01", "--until", "2024-05-20")
    vortex("sync", "AAPL", *first, code=0)
    stored = vortex("read", "AAPL", "--format", "csv", code=0).stdout
    answer = history(sim, "AAPL", day("2024-05-01"), day("2024-06-01"))
    for row in answer["results"]:
        row |= {name: row[name] / 4 for name in ("open", "high", "low", "close")} | {"volume": row["volume"] * 4}
    say(sim, answer)
    (item,) = vortex.json("sync", "AAPL", *RANGE, code=6)["items"]
    assert item["code"] == "VX-4004"
    assert vortex("read", "AAPL", "--format", "csv", code=0).stdout == stored
    sim.post("faults", [])
    assert vortex.json("sync", "AAPL", *RANGE)["status"] == "ok"
    record_property("fault_C11", 1)


def test_c12_files_and_cut_tables_in_place_of_an_answer_are_refused(vortex, barchart, record_property):
    sim = barchart()
    vortex("sync", "GCZ24", *RANGE, code=0)
    table = ("symbol,timestamp,tradingDay,open,high,low,close,volume\n"
             "AAPL,2024-05-31T00:00:00-04:00,2024-05-31,10,11,9,10,7\n")
    bodies = ["PAR1\x15\x04\x15", "ARROW1\x00\x00", table + table[60:90], table[:40]]
    for body in bodies:
        sim.post("faults", [{"provider": "barchart", "symbol": "AAPL", "fault": "status", "status": 200, "body": body}])
        done = vortex("sync", "AAPL", "GCZ24", *RANGE, "--set", "providers.barchart.breaker.failures=100", code=8)
        assert "VX-400" in done.stderr, body
        vortex("read", "AAPL", code=2)
        vortex("read", "GCZ24", code=0)
    record_property("fault_C12", len(bodies))


def test_futures_are_listed_newest_first(vortex, barchart):
    sim = barchart()
    plan = vortex.json("sync", "--futures", "GC", "--cycle", "GJMQVZ", "--since", "2024-01-01", "--dry-run")
    symbols = [item["symbol"] for item in plan["items"]]
    assert symbols[-3:] == ["GCM24", "GCJ24", "GCG24"] and symbols == sorted(
        symbols, key=lambda s: (s[-2:], "GJMQVZ".index(s[2])), reverse=True)
    assert sim.asked["requests"] == 0
    answer = vortex.json("sync", "--futures", "GC", "--cycle", "G", "--since", "2023-01-01")
    assert answer["status"] in ("ok", "partial") and answer["rows"]["new"] > 200
    rows = vortex.rows("GCG24")
    assert rows[-1]["timestamp"] <= "2024-02-29T00:00:00Z"


def test_futures_need_months_and_a_beginning(vortex):
    assert "--cycle GJMQVZ" in vortex.refusal("sync", "--futures", "GC")
    assert "no month code" in vortex.refusal("sync", "--futures", "GC", "--cycle", "A", "--since", "2024-01-01")
