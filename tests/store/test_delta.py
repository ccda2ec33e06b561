"""What Vortex writes is a Delta table to delta-rs, Polars and DuckDB: same rows for every version."""
import datetime as dt
import json
import os
import random
import subprocess

import deltalake
import duckdb
import polars as pl
import pytest
from delta_store import SCRIPT, Store

ODD_SYMBOLS = ["0005.HK", "^GSPC", "ES=F", "BRK-B", "0005", "A B&C+D/E:F$G*H"]


@pytest.fixture
def store(tmp_path):
    one = Store(tmp_path / "data")
    yield one
    if one.process.poll() is None:
        one.close()


def day(n):
    return (dt.date(2024, 1, 1) + dt.timedelta(days=n)).isoformat()


def bar(n, close=100.0):
    return [day(n), close - 1, close + 1, close - 2, close, 1000.0 + n]


def series(symbol, rows, provider="yahoo", **more):
    return dict(provider=provider, symbol=symbol, interval="1d", rows=rows, **more)


def table(store, version=None):
    return deltalake.DeltaTable(store.path + "/bars", version=version)


COLUMNS = ["timestamp", "open", "high", "low", "close", "volume"]


def rows_of(frame, symbol, provider="yahoo"):
    frame = frame.filter((pl.col("symbol") == symbol) & (pl.col("provider") == provider))
    out = []
    for stamp, *numbers in frame.sort("timestamp").select(COLUMNS).iter_rows():
        out.append((stamp.strftime("%Y-%m-%dT%H:%M:%SZ"), *numbers))
    return out


def test_every_version_of_a_random_history_reads_the_same_everywhere(store):
    rng = random.Random(7)
    wanted = {}          # symbol -> day -> row
    versions = {}        # version -> state
    for _ in range(25):
        batch = []
        for symbol in rng.sample(ODD_SYMBOLS, rng.randint(1, 4)):
            days = sorted(rng.sample(range(40), rng.randint(1, 8)))
            rows = [bar(n, float(rng.randint(50, 53))) for n in days]
            batch.append(series(symbol, rows))
            wanted.setdefault(symbol, {}).update({row[0]: row for row in rows})
        answer = store.commit(*batch)
        versions[answer["version"]] = {s: dict(r) for s, r in wanted.items()}
    assert len(versions) > 10
    for version, state in versions.items():
        frame = pl.scan_delta(store.path + "/bars", version=version).collect()
        delta = table(store, version)
        files = [os.path.join(store.path, "bars", p) for p in delta.to_pyarrow_dataset().files]
        in_duck = duckdb.sql(f"SELECT count(*) FROM read_parquet({files!r})").fetchall()[0][0]
        assert in_duck == frame.height == sum(len(rows) for rows in state.values())
        through_rs = pl.from_arrow(delta.to_pyarrow_table())
        for symbol, rows in state.items():
            expected = [(row[0] + "T00:00:00Z", *row[1:]) for _, row in sorted(rows.items())]
            assert rows_of(frame, symbol) == expected
            assert rows_of(through_rs, symbol) == expected
            assert store.read(symbol, version=version) == expected


def test_schema_partitions_and_strings(store):
    store.commit(series("0005", [bar(1)]), series("0005", [bar(1, 7.0)], provider="a b%c"))
    delta = table(store)
    names = [field.name for field in delta.schema().fields]
    assert names[:9] == COLUMNS + ["symbol", "provider", "interval"]
    assert delta.metadata().partition_columns == ["provider", "interval"]
    frame = pl.scan_delta(store.path + "/bars").collect()
    assert frame.schema["symbol"] == pl.String
    assert frame.schema["timestamp"] == pl.Datetime("us", "UTC")
    assert sorted(frame["provider"].to_list()) == ["a b%c", "yahoo"]
    assert rows_of(frame, "0005", "a b%c")[0][4] == 7.0
    assert store.read("0005", provider="a b%c")[0][4] == 7.0


def test_statistics_prune_without_losing_rows(store):
    for n in range(0, 30, 3):
        store.commit(series("AAPL", [bar(n)]), series("MSFT", [bar(n + 1, 200.0)]))
    lazy = pl.scan_delta(store.path + "/bars")
    day_three = lazy.filter(pl.col("timestamp") == dt.datetime(2024, 1, 4, tzinfo=dt.timezone.utc))
    assert day_three.collect().height == 1
    dataset = table(store).to_pyarrow_dataset()
    import pyarrow.dataset as ds
    assert dataset.to_table(filter=ds.field("symbol") == "MSFT").num_rows == 10
    adds = table(store).get_add_actions(flatten=True)
    adds = pl.from_arrow(adds).struct.unnest()
    assert adds["num_records"].to_list() == [2] * 10
    assert set(adds["min.symbol"]) == {"AAPL"} and set(adds["max.symbol"]) == {"MSFT"}


def test_history_times_rise_even_when_the_clock_stands(store):
    for n in range(3):
        store.commit(series("AAPL", [bar(n)]), now="2024-03-01T00:00:00Z")
    times = [entry["timestamp"] for entry in table(store).history()]
    assert times == sorted(times, reverse=True) and len(set(times)) == 4
    log = os.path.join(store.path, "bars/_delta_log")
    for name in sorted(os.listdir(log)):
        with open(os.path.join(log, name)) as lines:
            said = json.loads(lines.readline())["commitInfo"]["timestamp"]
        assert os.stat(os.path.join(log, name)).st_mtime_ns == said * 1_000_000


def test_a_restated_bar_is_one_revision_and_the_old_version_still_reads_the_old_value(store):
    first = store.commit(series("AAPL", [bar(1, 10.0), bar(2, 11.0)], capture="before"))
    again = store.commit(series("AAPL", [bar(1, 10.0), bar(2, 11.0)]))
    assert not again["committed"] and again["version"] == first["version"]
    second = store.commit(series("AAPL", [bar(2, 12.0), bar(3, 13.0)], capture="after"))
    assert second["series"] == [[1, 0, 1]]
    revisions = pl.scan_delta(store.path + "/revisions").collect()
    assert revisions.height == 1
    row = revisions.row(0, named=True)
    assert (row["old_close"], row["new_close"], row["kind"]) == (11.0, 12.0, "restated")
    assert (row["old_capture_id"], row["new_capture_id"]) == ("before", "after")
    assert row["bars_version"] == second["version"]
    assert [r[4] for r in store.read("AAPL", version=first["version"])] == [10.0, 11.0]
    old = pl.scan_delta(store.path + "/bars", version=first["version"]).collect()
    assert sorted(old["close"].to_list()) == [10.0, 11.0]
    assert [r[4] for r in store.read("AAPL")] == [10.0, 12.0, 13.0]


def test_delta_rs_may_compact_and_checkpoint_and_we_read_on(store):
    for n in range(12):
        store.commit(series("AAPL", [bar(n)]), series("0005.HK", [bar(n, 5.0)]))
    before = store.read("AAPL")
    delta = table(store)
    delta.optimize.compact()
    delta.create_checkpoint()
    assert store.read("AAPL") == before
    answer = store.commit(series("AAPL", [bar(11, 99.0), bar(12)]))
    assert answer["series"] == [[1, 0, 1]]
    assert len(store.read("AAPL")) == 13
    path = store.path
    store.close()
    fresh = Store(path)  # starts from the checkpoint
    assert len(fresh.read("AAPL")) == 13
    assert fresh.read("0005.HK") == [(r[0], 4.0, 6.0, 3.0, 5.0, r[5]) for r in before]
    fresh.close()
    assert table(store).to_pyarrow_table().num_rows == 25


def test_rows_another_tool_appended_are_ours_too(store):
    store.commit(series("AAPL", [bar(1)]))
    frame = pl.scan_delta(store.path + "/bars").collect().with_columns(
        pl.lit("TSLA").alias("symbol"), pl.col("close") * 2)
    deltalake.write_deltalake(store.path + "/bars", frame.to_arrow(), mode="append")
    assert store.read("TSLA")[0][4] == 200.0
    told = store.ask(do="summary")
    assert told["rows"] == 2 and "rebuilt" in told["rebuilt"]
    answer = store.commit(series("TSLA", [bar(1, 200.0), bar(2)]))
    assert answer["series"] == [[1, 0, 1]]  # open, high and low differ from the doubled row


def test_a_newer_protocol_is_refused_by_name(store):
    store.commit(series("AAPL", [bar(1)]))
    path = store.path
    store.close()
    log = os.path.join(path, "bars/_delta_log")
    newest = sorted(os.listdir(log))[-1]
    name = f"{int(newest[:20]) + 1:020}.json"
    with open(os.path.join(log, name), "w") as out:
        out.write(json.dumps({"protocol": {"minReaderVersion": 3, "minWriterVersion": 7,
                                           "readerFeatures": ["deletionVectors"],
                                           "writerFeatures": ["deletionVectors"]}}) + "\n")
    run = subprocess.run([SCRIPT, path], input="", capture_output=True, text=True, timeout=20)
    assert run.returncode == 1
    assert "deletionVectors" in run.stdout and "VX-7005" in run.stdout


def test_splits_are_undone_and_applied_when_read(store):
    split = ["split", day(2), 0, 4, 1]
    store.commit(series("AAPL", [bar(0, 25.0), bar(1, 25.0), bar(2, 26.0)], basis=day(5),
                        actions=[split]))
    assert [r[4] for r in store.read("AAPL")] == [25.0, 25.0, 26.0]
    traded = store.read("AAPL", adjust="none")
    assert [r[4] for r in traded] == [100.0, 100.0, 26.0]
    assert traded[0][5] == 250.0
    # One more split after the rows' basis: stored prices stay, reading brings them to today's shares.
    store.commit(series("AAPL", [], actions=[["split", day(10), 0, 2, 1]]))
    assert [r[4] for r in store.read("AAPL")] == [12.5, 12.5, 13.0]
    assert [r[4] for r in store.read("AAPL", adjust="none")] == [100.0, 100.0, 26.0]


def test_compaction_keeps_every_row_for_every_reader(store):
    for n in range(70):
        store.commit(series("AAPL", [bar(n), bar(n + 1)]), series("0005.HK", [bar(n, 5.0)]))
    ours = {symbol: store.read(symbol) for symbol in ("AAPL", "0005.HK")}
    before = pl.scan_delta(store.path + "/bars").collect()
    version = table(store).version()
    answer = store.ask(do="compact", now="2024-09-01T00:00:00Z")
    assert answer["commits"] >= 1 and store.ask(do="compact", now="2024-09-01T00:00:00Z")["commits"] == 0
    delta = table(store)
    assert delta.version() == version + 1
    entry = delta.history(1)[0]
    assert entry["operation"] == "OPTIMIZE"
    after = pl.scan_delta(store.path + "/bars").collect()
    keys = ["provider", "interval", "symbol", "timestamp"]
    assert after.sort(keys).equals(before.select(after.columns).sort(keys))
    assert pl.scan_delta(store.path + "/bars", version=version).collect().height == before.height
    assert {symbol: store.read(symbol) for symbol in ours} == ours
    assert len(delta.file_uris()) <= 5  # three months, and what lies over two of them
    changes = [json.loads(line) for line in open(os.path.join(
        store.path, f"bars/_delta_log/{version + 1:020}.json"))]
    moved = [line.get("add") or line.get("remove") for line in changes if "commitInfo" not in line]
    assert moved and not any(action["dataChange"] for action in moved)


def test_a_file_that_another_tool_left_unsorted_is_sorted_by_a_merge(store):
    for n in range(6):
        store.commit(series("MSFT", [bar(n)]), series("AAPL", [bar(n, 5.0)]))
    table(store).optimize.compact()
    store.commit(series("AAPL", [bar(9)]))
    before = {symbol: store.read(symbol) for symbol in ("AAPL", "MSFT")}
    assert store.ask(do="compact", now="2024-09-01T00:00:00Z")["commits"] == 1
    assert {symbol: store.read(symbol) for symbol in before} == before
    paths = [uri.replace("file://", "") for uri in table(store).file_uris()]
    assert len(paths) == 1
    rows = pl.read_parquet(paths[0])
    assert rows.select("symbol", "timestamp").rows() == sorted(rows.select("symbol", "timestamp").rows())
