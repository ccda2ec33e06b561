"""`providers = ["barchart", "yahoo"]`: what the first cannot serve the next one does. Both simulators in one run, over
one market: Barchart sells shares split-adjusted and futures as traded, Yahoo split-adjusted with its actions apart."""

import json
import urllib.request

import pytest

from conftest import TIMEOUT_S, Sim

KEY = "a-key-of-ours-123"
RANGE = ("--since", "2024-05-01", "--until", "2024-06-01")
JOB = '''
[[jobs]]
name = "shares"
symbols = {symbols}
providers = ["barchart", "yahoo"]
interval = "1d"
since = "2024-05-01"
'''


class Both(Sim):
    def __init__(self, vortex, *flags, key=KEY):
        # Faults are posted to it; every provider's counts have their own address.
        super().__init__(vortex, "--now", "2024-06-05T12:00:00Z", *flags, provider="barchart")
        for name in ("barchart", "yahoo"):
            vortex.environment |= {f"VORTEX__PROVIDERS__{name.upper()}__BASE_URL": self.urls[name],
                                   f"VORTEX__PROVIDERS__{name.upper()}__LIMITS": "[]",
                                   f"VORTEX__PROVIDERS__{name.upper()}__RETRY__ATTEMPTS": "1"}
        if key:
            vortex.environment["VORTEX__PROVIDERS__BARCHART__API_KEY"] = key

    def asked(self, provider):
        with urllib.request.urlopen(f"{self.urls[provider]}/__sim/counts", timeout=TIMEOUT_S) as reply:
            return json.loads(reply.read())["providers"].get(provider, {"requests": 0})["requests"]


@pytest.fixture
def both(vortex, started):
    def start(*flags, **options):
        started.append(Both(vortex, *flags, **options))
        return started[-1]

    return start


def job(vortex, *symbols):
    (vortex.directory / "vortex.toml").write_text(JOB.format(symbols=json.dumps(symbols)))


def rows(vortex, symbol, provider):
    return vortex.rows(symbol, "--provider", provider)


def only_served_by_yahoo(vortex, answer, symbol, code):
    """Its bars are Yahoo's alone, and the report says why they are not Barchart's."""
    (item,) = [item for item in answer["items"] if item["symbol"] == symbol]
    assert (item["status"], item["provider"]) == ("ok", "yahoo") and item["rows_new"] >= 22
    (skipped,) = item["skipped"]
    assert skipped["provider"] == "barchart" and skipped["code"] == code and skipped["message"]
    told = rows(vortex, symbol, "yahoo")
    assert len(told) == item["rows_new"] and {row["provider"] for row in told} == {"yahoo"}
    vortex("read", symbol, "--provider", "barchart", code=2)
    return skipped


def test_whoever_is_first_serves_while_it_can(vortex, both):
    sim = both()
    job(vortex, "AAPL", "MSFT")
    answer = vortex.json("sync", "--until", "2024-06-01")
    assert [(item["provider"], item["skipped"]) for item in answer["items"]] == [("barchart", [])] * 2
    assert sim.asked("yahoo") == 0


def test_b9_without_a_key_the_next_one_serves(vortex, both, record_property):
    sim = both(key=None)
    job(vortex, "AAPL", "MSFT")
    answer = vortex.json("sync", "--until", "2024-06-01")
    for symbol in ("AAPL", "MSFT"):
        skipped = only_served_by_yahoo(vortex, answer, symbol, "VX-2110")
        assert "api_key" in skipped["message"]
    assert sim.asked("barchart") == 0
    done = vortex("sync", "--until", "2024-06-01", code=0)
    assert "barchart skipped: VX-2110" in done.stderr
    record_property("fault_B9", 1)


def test_b9_j1_a_refused_key_is_asked_once_and_shown_nowhere(vortex, both, record_property):
    sim = both(key="BAD-1234567890")
    job(vortex, "AAPL", "MSFT", "KO")
    answer = vortex.json("sync", "--until", "2024-06-01")
    for symbol in ("AAPL", "MSFT", "KO"):
        only_served_by_yahoo(vortex, answer, symbol, "VX-2110")
    assert sim.asked("barchart") == 1
    assert "BAD-1234567890" not in json.dumps(answer)
    record_property("fault_B9", 1)
    record_property("fault_J1", 1)


def test_b4_an_allowance_used_up_is_a_skip_for_the_next_run_too(vortex, both, record_property):
    sim = both("--day-calls", "1")
    job(vortex, "AAPL")
    vortex.json("sync", "--until", "2024-06-01")
    job(vortex, "AAPL", "MSFT")
    answer = vortex.json("sync", "MSFT", "--set", 'default_providers=["barchart","yahoo"]', *RANGE)
    skipped = only_served_by_yahoo(vortex, answer, "MSFT", "VX-2102")
    assert "daily limit" in skipped["message"]
    asked = sim.asked("barchart")
    # The next process does not ask Barchart again, and what it brought stays its own.
    vortex.json("sync", "KO", "--set", 'default_providers=["barchart","yahoo"]', *RANGE)
    assert sim.asked("barchart") == asked
    assert {row["provider"] for row in rows(vortex, "AAPL", "barchart")} == {"barchart"}
    record_property("fault_B4", 1)


def test_a_symbol_the_first_does_not_know_is_the_next_ones(vortex, both):
    sim = both()
    sim.post("faults", [{"provider": "barchart", "symbol": "MSFT", "fault": "status", "status": 404, "body": "{}"}])
    job(vortex, "AAPL", "MSFT", "EURUSD=X")
    answer = vortex.json("sync", "--until", "2024-06-01")
    providers = {item["symbol"]: item["provider"] for item in answer["items"]}
    assert providers == {"AAPL": "barchart", "MSFT": "yahoo", "EURUSD=X": "yahoo"}
    only_served_by_yahoo(vortex, answer, "MSFT", "VX-5001")
    only_served_by_yahoo(vortex, answer, "EURUSD=X", "VX-6003")


def test_k6_c5_drift_at_the_first_is_quarantined_there_and_served_by_the_next(vortex, both, record_property):
    sim = both()
    body = json.dumps({"status": {"code": 200, "message": "Success."}, "results": [
        {"symbol": "AAPL", "timestamp": "2024-05-30T00:00:00-04:00", "tradingDay": "2024-05-30", "first": 1, "high": 2,
         "low": 1, "close": 1.5, "volume": 7}]})
    sim.post("faults", [{"provider": "barchart", "fault": "status", "status": 200, "body": body}])
    job(vortex, "AAPL")
    answer = vortex.json("sync", "--until", "2024-06-01")
    skipped = only_served_by_yahoo(vortex, answer, "AAPL", "VX-4003")
    assert "'first'" in skipped["message"] and "expected symbol, timestamp, open" in skipped["message"]
    assert answer["rows"]["quarantined"] == 1
    record_property("fault_K6", 1)
    record_property("fault_C5", 1)


def test_k6_adjusted_and_unadjusted_never_mix(vortex, both, record_property):
    """Barchart's series stays as it was received while Yahoo stands in; each is read on one basis, never joined."""
    sim = both()
    split = ("--since", "2020-08-20", "--until", "2020-09-10")
    pair = ("--set", 'default_providers=["barchart","yahoo"]')
    first = vortex.json("sync", "AAPL", *split, *pair)
    assert first["items"][0]["provider"] == "barchart"
    before = rows(vortex, "AAPL", "barchart")
    sim.post("faults", [{"provider": "barchart", "fault": "status", "status": 503}])
    second = vortex.json("sync", "AAPL", *split, *pair)
    assert second["items"][0]["provider"] == "yahoo" and second["items"][0]["skipped"][0]["provider"] == "barchart"
    assert rows(vortex, "AAPL", "barchart") == before
    bars = stored(vortex)
    for provider in ("barchart", "yahoo"):
        assert len({row["adjusted"] for row in bars if row["provider"] == provider}) == 1
    # Without --provider the job's first that has it is read, not a mix.
    job(vortex, "AAPL")
    assert len({row["provider"] for row in vortex.rows("AAPL")}) == 1
    # On one basis they are the same market.
    assert vortex.json("diff", "AAPL", "--providers", "barchart,yahoo")["factors"] == []
    record_property("fault_K6", 1)


def stored(vortex):
    import polars

    return polars.read_delta(str(vortex.directory / "data" / "bars")).to_dicts()
