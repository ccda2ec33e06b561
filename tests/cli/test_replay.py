"""`vortex replay`, `why` and `revisions`: where rows came from, and that they can be made again, equal in every
column."""

import random
import shutil

import deltalake
import pyarrow as pa
import pytest

RANGE = ("--since", "2024-01-02", "--until", "2024-06-01")
# What another commit, another pack or another table cannot have in common. All else must be equal.
OWN = {"captures": {"pack", "offset", "length"}}
TABLES = {
    "bars": ["provider", "interval", "symbol", "timestamp"],
    "captures": ["provider", "interval", "symbol", "received_at", "capture_id"],
    "revisions": ["provider", "interval", "symbol", "timestamp", "noticed_at"],
    "quarantine": ["provider", "interval", "symbol", "timestamp", "reasons", "row_text"],
    "corporate_actions": ["provider", "symbol", "kind", "ex_date", "noticed_at"],
    "instruments": ["provider", "symbol", "noticed_at"],
}


def rows(store, table, without=()):
    """All rows of a table, sorted by its key, but for the columns that name a commit."""
    if not (store / table / "_delta_log").exists():
        return []
    content = deltalake.DeltaTable(str(store / table)).to_pyarrow_table()
    dropped = {"commit_id", *without, *OWN.get(table, ())}
    content = content.select([name for name in content.column_names if name not in dropped])
    plain = [(f.name, pa.string()) if pa.types.is_dictionary(f.type) else f for f in content.schema]
    content = content.cast(pa.schema(plain))
    return content.sort_by([(key, "ascending") for key in TABLES[table]]).to_pylist()


def assert_equal_datasets(one, other, without=()):
    for table in TABLES:
        assert rows(one, table, without) == rows(other, table, without), table


def pages_of(store, symbol=None):
    found = rows(store, "captures")
    return [row for row in found if symbol in (None, row["symbol"])]


@pytest.fixture
def history(vortex, sim):
    """Some syncs with restatements, a split, quarantined rows, failures, two intervals."""
    sim.post("now", {"now": "2024-03-01T22:00:00Z"})
    sim.post("split", {"symbol": "AAPL", "date": "2024-02-14", "ratio": 2})
    store = vortex.directory / "data"
    chance = random.Random(7)
    symbols = ["AAPL", "MSFT", "BTC-USD"]
    vortex("sync", *symbols, "--since", "2024-01-02", "--until", "2024-02-01", code=0)
    vortex("sync", "AAPL", "--interval", "1wk", "--since", "2023-10-02", "--until", "2024-02-01", code=0)
    for step in range(5):
        symbol = chance.choice(symbols[:2])
        read = vortex.json("read", symbol)["bars"]
        old = chance.choice(read[-4:])
        close = round(old["low"] + (old["high"] - old["low"]) * chance.random(), 2)
        sim.post("restate", {"symbol": symbol, "date": old["timestamp"][:10], "close": close})
        if step == 2:  # a row that contradicts itself
            sim.post("restate", {"symbol": "MSFT", "date": "2024-02-09", "high": 1.0})
        if step == 3:
            sim.post("faults", [{"symbol": "MSFT", "fault": "status", "status": 503}])
        until = f"2024-02-{3 + 5 * step:02d}"
        vortex("sync", *symbols, "--since", "2024-01-02", "--until", until)
        sim.post("faults", [])
    vortex("sync", *symbols, "--since", "2024-01-02", "--until", "2024-03-01", code=0)
    return store


def test_a_replay_is_equal_in_every_column_of_every_table(vortex, history):
    assert rows(history, "revisions") and rows(history, "quarantine") and rows(history, "corporate_actions")
    answer = vortex.json("replay")
    assert answer["status"] == "ok" and answer["lost"] == [] and answer["other_ways"] == []
    assert answer["captures"] == len(rows(history, "captures"))
    assert answer["table_version"] == answer["source_version"]
    assert_equal_datasets(history, vortex.directory / "data.replay")
    for version in range(1, answer["source_version"] + 1):
        one, other = (deltalake.DeltaTable(str(store / "bars"), version=version).to_pyarrow_table()
                      for store in (history, vortex.directory / "data.replay"))
        keys = [(key, "ascending") for key in TABLES["bars"]]
        assert one.sort_by(keys).to_pylist() == other.sort_by(keys).to_pylist(), version


def test_a_replay_of_a_replay_is_the_same_and_it_is_never_written_over(vortex, history):
    vortex("replay", "--into", "once", code=0)
    vortex("replay", "--store", "once", "--into", "twice", code=0)
    assert_equal_datasets(history, vortex.directory / "twice")
    assert "once is there already" in vortex.refusal("replay", "--into", "once")
    assert "lies in the dataset" in vortex.refusal("replay", "--into", "data/again")
    assert "lies in the dataset" in vortex.refusal("replay", "--into", "data")
    # Its next sync asks no more than the overlap.
    assert vortex.json("sync", "BTC-USD", "--store", "twice", "--since", "2024-01-02",
                       "--until", "2024-03-01")["rows"]["new"] == 0


def test_an_unfinished_replay_is_thrown_away_and_a_foreign_directory_is_not(vortex, history):
    partial = vortex.directory / "data.replay.partial"
    (partial / "bars" / "_delta_log").mkdir(parents=True)
    vortex("replay", code=0)
    assert not partial.exists()
    shutil.rmtree(vortex.directory / "data.replay")
    partial.mkdir()
    (partial / "thesis.txt").write_text("mine")
    assert "in the way" in vortex.refusal("replay")
    assert (partial / "thesis.txt").read_text() == "mine"


def test_g7_a_flipped_bit_in_a_pack_is_named_and_the_rest_is_made_again(vortex, history):
    page = pages_of(history, "BTC-USD")[0]
    pack = history / page_place(history, page["capture_id"])["pack"]
    content = bytearray(pack.read_bytes())
    place = page_place(history, page["capture_id"])
    content[place["offset"] + place["length"] // 2] ^= 4
    pack.write_bytes(content)
    answer = vortex.json("replay", code=8)
    assert answer["status"] == "partial"
    lost = answer["lost"]
    assert [(one["symbol"], one["reason"], one["captures"]) for one in lost] == [("BTC-USD", "damaged", 1)]
    assert lost[0]["code"].startswith("VX-7")
    assert lost[0]["ranges"][0]["from"] == "2024-01-02T00:00:00Z"
    others = [row for row in rows(history, "bars") if row["symbol"] != "BTC-USD"]
    again = [row for row in rows(vortex.directory / "data.replay", "bars") if row["symbol"] != "BTC-USD"]
    assert others == again
    # The range is not taken for known: a sync asks for it.
    assert vortex.json("sync", "BTC-USD", "--store", "data.replay", "--since", "2024-01-02",
                       "--until", "2024-03-01")["rows"]["new"] > 0
    why = vortex.json("why", "BTC-USD", "2024-01-05", "close")
    assert why["capture"]["state"] == "damaged"


def page_place(store, capture_id):
    content = deltalake.DeltaTable(str(store / "captures")).to_pyarrow_table()
    return next(row for row in content.to_pylist() if row["capture_id"] == capture_id)


def test_captures_that_are_gone_are_named(vortex, history):
    for pack in (history / "raw").glob("*.pack"):
        if pack.name in page_place(history, pages_of(history, "AAPL")[0]["capture_id"])["pack"]:
            pack.unlink()
    answer = vortex.json("replay", code=8)
    assert {one["reason"] for one in answer["lost"]} == {"gone"}
    assert vortex.json("why", "BTC-USD", "2024-01-05", "close")["capture"]["state"] == "gone"
    text = vortex("replay", "--into", "again", code=8).stderr
    assert "gone" in text and "2024-01-02" in text


def test_why_shows_where_a_number_came_from(vortex, history):
    changed = rows(history, "revisions")[-1]
    day, symbol = changed["timestamp"].strftime("%Y-%m-%d"), changed["symbol"]
    answer = vortex.json("why", symbol, day, "close")
    stored = next(row for row in rows(history, "bars")
                  if row["symbol"] == symbol and row["timestamp"] == changed["timestamp"] and row["interval"] == "1d")
    assert answer["stored"] == stored["close"] and answer["capture_id"] == stored["capture_id"]
    assert answer["capture"]["state"] == "equal" and answer["capture"]["decoded"] == stored["close"]
    assert answer["capture"]["request"].startswith("GET http")
    newest = answer["revisions"][0]
    assert newest["new_capture_id"] == answer["capture_id"]
    assert {one["capture_id"] for one in answer["asked"]} >= {newest["new_capture_id"], newest["old_capture_id"]}
    text = vortex("why", symbol, day, "close", code=0).stdout
    assert "decoded again" in text and "before" in text


def test_why_says_what_is_known_where_there_is_no_bar(vortex, history):
    weekend = vortex("why", "AAPL", "2024-01-06", "close", code=2).stderr
    assert "no bar of 'AAPL'" in weekend and "the provider sent none" in weekend and "last asked on" in weekend
    refused = vortex("why", "MSFT", "2024-02-09", "high", code=2).stderr
    assert "in quarantine (Q07" in refused
    assert "nothing was asked" in vortex("why", "AAPL", "2019-01-02", "close", code=2).stderr
    assert "did you mean 'close'" in vortex.refusal("why", "AAPL", "2024-01-05", "clse")
    assert "open, high, low, close" in vortex.refusal("why", "AAPL", "2024-01-05", "price")
    assert vortex("why", "NOPE", "2024-01-05", "close", code=2).stderr.startswith("VX-")
    assert vortex("why", "AAPL", "yesterday", "close", code=2).stderr.startswith("VX-")


def test_revisions_lists_what_was_changed(vortex, history):
    stored = [row for row in rows(history, "revisions") if row["symbol"] == "AAPL"]
    answer = vortex.json("revisions", "AAPL")["revisions"]
    assert len(answer) == len(stored) > 0
    first = answer[0]
    assert first["kind"] in ("restated", "split", "finalised")
    assert first["changes"][0].keys() == {"field", "old", "new"}
    since = answer[-1]["timestamp"][:10]
    later = vortex.json("revisions", "AAPL", "--since", since)["revisions"]
    assert later and all(one["timestamp"][:10] >= since for one in later)
    assert "nothing was changed" in vortex("revisions", "BTC-USD", code=0).stderr


def test_raw_bodies_are_kept_as_long_as_is_asked(vortex, sim):
    sim.post("now", {"now": "2024-03-01T22:00:00Z"})
    vortex("sync", "AAPL", "--since", "2024-01-02", "--until", "2024-02-01", code=0)
    assert list((vortex.directory / "data" / "raw").glob("*.pack"))
    for value, word in (("5", "unit"), ("-1d", "raw.keep"), ("1h", "raw.keep")):
        assert word in vortex("sync", "AAPL", "--set", f"raw.keep={value}", code=78).stderr
    vortex("sync", "AAPL", "--set", "raw.max=nonsense", code=78)
