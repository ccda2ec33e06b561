"""`vortex diff`: two providers' stored bars against each other. Both sell the simulator's market; what differs is
planted by telling one of them a restatement, or in a file that is imported."""

import json
import urllib.request

import pytest

from conftest import TIMEOUT_S, Sim

KEY = "QX7ZP0L2M4N6B8V1"
RANGE = ("--since", "2024-05-01", "--until", "2024-06-01")
SPLIT_RANGE = ("--since", "2020-08-20", "--until", "2020-09-10")
PAIR = ("--providers", "yahoo,alphavantage")
HEADER = 'Time,Open,High,Low,Latest,Change,%Change,Volume,"Open Int"\n'
FOOTER = '"Downloaded from Barchart.com as of 06-04-2024 06:11am CST"\n'


@pytest.fixture
def both(vortex):
    """A simulator that both providers' calls go to; `tell(path, value)` changes what Alpha Vantage says."""
    sim = Sim(vortex, "--now", "2024-06-05T12:00:00Z", "--api-key", KEY)
    url = sim.urls["alphavantage"]
    vortex.environment.update({
        "VORTEX__PROVIDERS__YAHOO__BASE_URL": sim.url,
        "VORTEX__PROVIDERS__YAHOO__LIMITS": "[]",
        "VORTEX__PROVIDERS__ALPHAVANTAGE__BASE_URL": url,
        "VORTEX__PROVIDERS__ALPHAVANTAGE__LIMITS": "[]",
        "VORTEX__PROVIDERS__ALPHAVANTAGE__API_KEY": KEY,
    })

    def tell(date, **values):
        body = json.dumps({"symbol": "AAPL", "date": date, **values}).encode()
        request = urllib.request.Request(f"{url}/__sim/restate", body, method="POST")
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as reply:
            assert reply.status == 200

    sim.tell = tell
    yield sim
    sim.stop()


def sync(vortex, *providers, when=RANGE):
    for provider in providers:
        vortex("sync", "AAPL", "--provider", provider, *when, code=0)


def bars_of(vortex, provider, *more):
    return {row["timestamp"][:10]: row for row in vortex.rows("AAPL", "--provider", provider, *more)}


def import_as_barchart(vortex, bars):
    """Rows of `read` as a file saved from Barchart's website, newest first."""
    lines = [f"{date},{row['open']},{row['high']},{row['low']},{row['close']},0,0%,{row['volume']},0\n"
             for date, row in sorted(bars.items(), reverse=True)]
    path = vortex.directory / "aapl_price-history-06-04-2024.csv"
    path.write_text(HEADER + "".join(lines) + FOOTER)
    vortex("import", path, "--symbol", "AAPL", code=0)


def planted_in(answer):
    return [(one["timestamp"][:10], one.get("field") or "missing from " + one["missing_from"])
            for one in answer["differences"]]


def test_two_simulated_providers_agree(vortex, both):
    sync(vortex, "yahoo", "alphavantage")
    answer = vortex.json("diff", "AAPL", *PAIR)
    assert answer["agree"] and answer["differences"] == [] and answer["factors"] == []
    assert answer["bars"] == {"compared": 22, "equal": 22, "scaled": 0, "differing": 0, "unfinal": 0, "missing": 0}
    assert vortex("diff", "AAPL", *PAIR, "--strict", code=0).stdout == ""


def test_what_is_planted_is_found_and_nothing_else(vortex, both):
    both.tell("2024-05-07", close=1.5)  # below the low: it goes to quarantine
    sync(vortex, "yahoo")
    told = bars_of(vortex, "yahoo")
    near = round(float(told["2024-05-14"]["close"]), 2)
    low, high = (round(float(told["2024-05-20"][name]), 2) for name in ("low", "high"))
    volume = int(told["2024-05-22"]["volume"])
    both.tell("2024-05-14", close=near + 0.01)
    both.tell("2024-05-20", low=low - 1, high=high + 1)
    both.tell("2024-05-22", volume=2 * volume)
    sync(vortex, "alphavantage")
    answer = vortex.json("diff", "AAPL", *PAIR)
    assert (answer["command"], answer["status"], answer["symbol"], answer["interval"]) == ("diff", "ok", "AAPL", "1d")
    assert planted_in(answer) == [
        ("2024-05-07", "missing from alphavantage"),
        ("2024-05-14", "close"),
        ("2024-05-20", "high"), ("2024-05-20", "low"),
        ("2024-05-22", "volume"),
    ]
    assert answer["differences"][0] == {
        "timestamp": "2024-05-07T00:00:00Z", "kind": "missing", "missing_from": "alphavantage"}
    assert answer["differences"][4] == {
        "timestamp": "2024-05-22T00:00:00Z", "kind": "value", "field": "volume", "values": [volume, 2 * volume],
        "factor": None}
    assert answer["bars"] == {"compared": 21, "equal": 18, "scaled": 0, "differing": 3, "unfinal": 0, "missing": 1}
    assert answer["agreement"] == pytest.approx(18 / 22)
    assert {name: field["differing"] for name, field in answer["fields"].items()} == {
        "open": 0, "high": 1, "low": 1, "close": 1, "volume": 1}
    assert answer["fields"]["volume"]["largest"] == 0.5
    assert answer["providers"] == [
        {"provider": "yahoo", "rows": 22, "adjusted": ["split"], "splits": 0, "dividends": 1, "missing": 0},
        {"provider": "alphavantage", "rows": 21, "adjusted": ["none"], "splits": 0, "dividends": 1, "missing": 1},
    ]
    assert (answer["adjust"], answer["differences_total"], answer["notes"]) == ("split", 5, [])
    assert answer["covered"] == [{"from": "2024-05-01T00:00:00Z", "to": "2024-06-01T00:00:00Z"}]
    assert answer["tolerance"] == {"tick": 0.01, "ticks": 0.5, "price": 0.0001, "volume": 0.001}

    mirrored = vortex.json("diff", "AAPL", "--providers", "alphavantage,yahoo")
    assert planted_in(mirrored) == planted_in(answer)
    assert mirrored["differences"][4]["values"] == [2 * volume, volume]


def test_flags_choose_range_tolerance_and_length(vortex, both):
    sync(vortex, "yahoo")
    told = bars_of(vortex, "yahoo")
    for date in ("2024-05-14", "2024-05-15", "2024-05-16"):
        both.tell(date, low=round(float(told[date]["low"]), 2) - 0.01)
    sync(vortex, "alphavantage")
    assert vortex.json("diff", "AAPL", *PAIR, "--ticks", "1")["agree"]
    part = vortex.json("diff", "AAPL", *PAIR, "--since", "2024-05-15", "--until", "2024-05-16")
    assert planted_in(part) == [("2024-05-15", "low")] and part["bars"]["compared"] == 1
    first = vortex.json("diff", "AAPL", *PAIR, "--limit", "1")
    assert len(first["differences"]) == 1 and first["differences_total"] == 3
    text = vortex("diff", "AAPL", "--provider", "yahoo,alphavantage", "--limit", "2", code=0)
    assert len(text.stdout.splitlines()) == 2 and text.stdout.startswith("2024-05-14  low")
    assert "2 of 3 differences are listed" in text.stderr and "3 differing" in text.stderr
    failed = vortex.json("diff", "AAPL", *PAIR, "--strict", code=6)
    assert failed["status"] == "failed" and failed["differences_total"] == 3


def test_as_traded_and_adjusted_are_compared_on_one_basis(vortex, both):
    sync(vortex, "yahoo", "alphavantage", when=SPLIT_RANGE)
    for adjust in ("split", "none", "all"):
        answer = vortex.json("diff", "AAPL", *PAIR, "--adjust", adjust)
        assert answer["adjust"] == adjust
        assert answer["agree"], (adjust, answer["differences"], answer["factors"])
    assert [side["adjusted"] for side in answer["providers"]] == [["split"], ["none"]]


def test_a_split_that_one_does_not_know_is_named_once(vortex, both):
    sync(vortex, "yahoo", when=SPLIT_RANGE)
    import_as_barchart(vortex, bars_of(vortex, "yahoo", "--adjust", "none"))
    answer = vortex.json("diff", "AAPL", "--providers", "yahoo,barchart")
    assert answer["differences"] == [] and answer["factors_total"] == 1
    assert answer["factors"] == [{"kind": "split", "factor": "4:1", "of": "prices", "bars": 7,
                                  "first": "2020-08-20T00:00:00Z", "last": "2020-08-28T00:00:00Z"}]
    assert answer["notes"] == ["yahoo knows a split 4:1 of 2020-08-31 that barchart does not"]
    assert answer["bars"]["scaled"] == 7 and not answer["agree"]


def test_pence_and_missing_bars_are_named(vortex, both):
    sync(vortex, "yahoo")
    bars = bars_of(vortex, "yahoo")
    for row in bars.values():
        for name in ("open", "high", "low", "close"):
            row[name] = round(float(row[name]) * 100, 2)
    bars["2024-05-09"]["close"] += 50
    bars["2024-05-09"]["high"] = bars["2024-05-09"]["close"] + 100
    del bars["2024-05-14"], bars["2024-05-15"]
    import_as_barchart(vortex, bars)
    answer = vortex.json("diff", "AAPL", "--providers", "barchart,yahoo")
    assert [(one["kind"], one["factor"], one["bars"]) for one in answer["factors"]] == [("units", "1:100", 20)]
    assert planted_in(answer) == [("2024-05-09", "high"), ("2024-05-09", "close"),
                                  ("2024-05-14", "missing from barchart"), ("2024-05-15", "missing from barchart")]
    assert "as pence and pounds" in vortex("diff", "AAPL", "--providers", "barchart,yahoo", code=0).stdout


def test_what_cannot_be_compared_says_the_next_step(vortex, both):
    sync(vortex, "yahoo")
    assert "did you mean 'yahoo'" in vortex.refusal("diff", "AAPL", "--providers", "yaho,alphavantage")
    for arguments in ((), ("--providers", "yahoo"), ("--providers", "yahoo,yahoo"),
                      ("--providers", "yahoo,alphavantage,barchart")):
        assert "two different providers" in vortex.refusal("diff", "AAPL", *arguments)
    lacking = vortex("diff", "AAPL", *PAIR, code=2)
    assert "no bars of 'AAPL' 1d from alphavantage are stored" in lacking.stderr
    assert "vortex sync 'AAPL' --provider alphavantage --interval 1d --since 2024-05-01" in lacking.stderr
    assert "did you mean 'AAPL'" in vortex("diff", "AAPPL", *PAIR, code=2).stderr
    assert "no number from 0 to" in vortex.refusal("diff", "AAPL", *PAIR, "--ticks", "-1")
    assert "no dataset" in vortex.refusal("diff", "AAPL", *PAIR, "--store", "./elsewhere")


def events_of(done):
    """The events among the log's lines."""
    lines = [line[line.index("{"):] for line in done.stderr.splitlines() if '{"sequence":' in line]
    return [json.loads(line) for line in lines]


def test_the_summary_is_an_event_for_who_looks(vortex, both):
    sync(vortex, "yahoo")
    both.tell("2024-05-14", close=150.5)
    both.tell("2024-05-20", volume=7)
    sync(vortex, "alphavantage")
    done = vortex("diff", "AAPL", *PAIR, "-vv", "--json", code=0)
    answer = json.loads(done.stdout)
    (event,) = events_of(done)
    assert (event["topic"], event["type"]) == ("provider.yahoo.data.compared", "data.compared")
    assert event["symbol"] == "AAPL" and "alphavantage" in event["text"]
    assert event["differences"] == answer["differences_total"] > 0 and event["bars"] == 22
    assert event["agreement"] == pytest.approx(answer["agreement"])
    assert events_of(vortex("diff", "AAPL", *PAIR, code=0)) == []


def test_a_syncs_events_are_told_in_their_order(vortex, both):
    done = vortex("sync", "AAPL", "--provider", "yahoo", *RANGE, "-vv", code=0)
    told = events_of(done)
    assert [event["sequence"] for event in told] == list(range(told[0]["sequence"], told[0]["sequence"] + len(told)))
    types = [event["type"] for event in told]
    assert types.index("call.sent") < types.index("data.transformed") < types.index("dataset.committed")
