"""The commit log shared with other tools: checkpoints both ways, several writers, versions by time, bad tables."""
import datetime as dt
import json
import os
import pathlib
import shutil
import threading

import deltalake
import polars as pl
import pyarrow.parquet as pq
import pytest

from delta_store import Store, bar, day, series


@pytest.fixture
def store(tmp_path):
    one = Store(tmp_path / "data")
    yield one
    one.close()


def log_of(store, table="bars"):
    return pathlib.Path(store.path) / table / "_delta_log"


def drop_commits_below(log, version):
    for path in log.glob("*.json"):
        if int(path.name[:20]) < version:
            path.unlink()


def closes_in(frame, symbol):
    frame = pl.from_arrow(frame) if not isinstance(frame, pl.DataFrame) else frame
    return frame.filter(pl.col("symbol") == symbol).sort("timestamp")["close"].to_list()


def closes(store, symbol, **more):
    return [row[4] for row in store.read(symbol, **more)]


def fill(store, commits):
    """Commit n adds a day of two symbols and restates another; gives the closes by version."""
    states = {}
    rows = {}
    for n in range(commits):
        rows[n] = 100.0 + n
        rows[n // 2] = 500.0 + n
        answer = store.commit(series("A B&C+D/E", [bar(d, rows[d]) for d in sorted({n, n // 2})]),
                              series("MSFT", [bar(n)], provider="a b%c=d"))
        states[answer["version"]] = [rows[d] for d in sorted(rows)]
    return states


def test_others_read_from_our_checkpoint_alone(store):
    states = fill(store, 24)
    log = log_of(store)
    assert json.loads((log / "_last_checkpoint").read_text())["version"] == 20
    drop_commits_below(log, 20)
    (log / f"{10:020}.checkpoint.parquet").unlink()
    for hint in (True, False):
        if not hint:
            (log / "_last_checkpoint").unlink()
        for version in (20, 22, 24):
            delta = deltalake.DeltaTable(store.path + "/bars", version=version)
            table = pl.from_arrow(delta.to_pyarrow_table())
            assert closes_in(table, "A B&C+D/E") == states[version]
            assert table.filter(pl.col("provider") == "a b%c=d").height == version
            frame = pl.scan_delta(store.path + "/bars", version=version).collect()
            assert closes_in(frame, "A B&C+D/E") == states[version]
            assert closes(store, "A B&C+D/E", version=version) == states[version]
    adds = pl.from_arrow(delta.get_add_actions(flatten=True))
    adds = adds.struct.unnest() if isinstance(adds, pl.Series) else adds
    assert set(adds["num_records"].to_list()) <= {1, 2} and None not in adds["min.symbol"].to_list()
    # What they take out they know from the tombstones in the checkpoint, and may go on writing.
    assert len(delta.vacuum(retention_hours=0, enforce_retention_duration=False)) > 0
    delta = deltalake.DeltaTable(store.path + "/bars")
    assert closes_in(delta.to_pyarrow_table(), "A B&C+D/E") == states[24]
    delta.optimize.compact()
    assert closes(store, "A B&C+D/E") == states[24]


def test_a_checkpoint_has_the_columns_and_rows_the_protocol_wants(store):
    fill(store, 10)
    table = pq.read_table(log_of(store) / f"{10:020}.checkpoint.parquet")
    assert set(table.column_names) == {"txn", "add", "remove", "metaData", "protocol"}
    rows = table.to_pylist()
    for row in rows:
        assert sum(value is not None for value in row.values()) == 1
    assert sum(row["protocol"] is not None for row in rows) == 1
    assert sum(row["metaData"] is not None for row in rows) == 1
    adds = [row["add"] for row in rows if row["add"]]
    removes = [row["remove"] for row in rows if row["remove"]]
    assert adds and removes
    for one in adds:
        assert one["dataChange"] is False and json.loads(one["stats"])["numRecords"] > 0
        assert dict(one["partitionValues"]).keys() == {"provider", "interval"}
    assert {one["path"] for one in adds}.isdisjoint(one["path"] for one in removes)
    assert all(one["deletionTimestamp"] > 0 and one["extendedFileMetadata"] for one in removes)


def split_into_parts(log, version, parts):
    """A checkpoint as Spark writes big ones: several files of one version."""
    whole = log / f"{version:020}.checkpoint.parquet"
    table = pq.read_table(whole)
    whole.unlink()
    step = -(-table.num_rows // parts)
    for part in range(parts):
        name = f"{version:020}.checkpoint.{part + 1:010}.{parts:010}.parquet"
        pq.write_table(table.slice(part * step, step), log / name)


@pytest.mark.parametrize("parts", [1, 3])
def test_we_read_from_the_checkpoint_of_another_writer_alone(tmp_path, parts):
    store = Store(tmp_path / "data")
    states = fill(store, 8)
    store.close()
    delta = deltalake.DeltaTable(store.path + "/bars")
    delta.create_checkpoint()
    log = log_of(store)
    if parts > 1:
        split_into_parts(log, 8, parts)
    drop_commits_below(log, 8)
    fresh = Store(tmp_path / "data")
    assert closes(fresh, "A B&C+D/E") == states[8]
    answer = fresh.commit(series("A B&C+D/E", [bar(30)]))
    assert answer["version"] == 9 and answer["series"] == [[1, 0, 0]]
    fresh.close()
    assert deltalake.DeltaTable(store.path + "/bars").to_pyarrow_table().num_rows == 8 + 8 + 1
    if parts > 1:
        (log / f"{8:020}.checkpoint.{2:010}.{parts:010}.parquet").unlink()
        (log / f"{8:020}.json").unlink()
        broken = Store(tmp_path / "data")
        assert "VX-7006" in broken.process.stdout.readline()  # a part is missing: no shorter table
        broken.process.wait(timeout=20)


def test_side_tables_are_checkpointed_too(store):
    for n in range(11):
        store.commit(series("AAPL", [bar(0, 100.0 + n)]))
    revisions = deltalake.DeltaTable(store.path + "/revisions")
    assert (log_of(store, "revisions") / "_last_checkpoint").exists() == (revisions.version() >= 10)
    for n in range(3):
        store.commit(series("AAPL", [bar(0, 200.0 + n)]))
    log = log_of(store, "revisions")
    drop_commits_below(log, 10)
    assert deltalake.DeltaTable(store.path + "/revisions").to_pyarrow_table().num_rows == 13


def test_g9_many_processes_commit_and_no_row_is_lost_or_doubled(tmp_path):
    first = Store(tmp_path / "data")
    writers = [first] + [Store(tmp_path / "data") for _ in range(3)]
    commits = 12
    made = []
    failures = []

    def write(index, writer):
        try:
            for n in range(commits):
                # Day 0 is everybody's and equal, day 1 everybody's and each writer's own, the rest one's own.
                rows = [bar(0), bar(1, 1000.0 + 100 * index + n), bar(2 + n * 4 + index, float(index))]
                made.append(writer.commit(series("AAPL", rows), series(f"S{index}", [bar(n)]))["version"])
        except Exception as error:  # told by the test, not by a dead thread
            failures.append(error)

    threads = [threading.Thread(target=write, args=pair) for pair in enumerate(writers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert sorted(made) == list(range(1, 4 * commits + 1))  # one version each, none missing, none twice
    for writer in writers:
        writer.close()
    reader = Store(tmp_path / "data")
    rows = reader.read("AAPL")
    assert [row[0][:10] for row in rows] == [day(n) for n in range(2 + 4 * commits)]
    assert [row[4] for row in rows[2:]] == [float(n % 4) for n in range(4 * commits)]
    reader.close()
    table = pl.from_arrow(deltalake.DeltaTable(store_bars := str(tmp_path / "data/bars")).to_pyarrow_table())
    assert table.height == 2 + 4 * commits + 4 * commits
    assert table.select("symbol", "timestamp").n_unique() == table.height
    assert [entry["version"] for entry in deltalake.DeltaTable(store_bars).history()][::-1] == list(
        range(4 * commits + 1))
    # Each loser saw the winner's row: every change of day 1 is one revision, from the value before it.
    revisions = pl.from_arrow(deltalake.DeltaTable(str(tmp_path / "data/revisions")).to_pyarrow_table())
    revisions = revisions.sort("bars_version")
    assert revisions["old_close"].to_list()[1:] == revisions["new_close"].to_list()[:-1]
    assert revisions.height == 4 * commits - 1 == revisions["bars_version"].n_unique()


def test_a_version_by_time_is_the_one_delta_rs_gives(store):
    states = fill(store, 23)
    delta = deltalake.DeltaTable(store.path + "/bars")
    stamps = {entry["version"]: entry["timestamp"] for entry in delta.history()}
    for version in range(1, 24):
        for shift_ms in (0, 1, 3_600_000):
            moment = dt.datetime.fromtimestamp((stamps[version] + shift_ms) / 1000, dt.timezone.utc)
            delta.load_as_version(moment)
            ours = closes(store, "A B&C+D/E", at=moment.isoformat().replace("+00:00", "Z"))
            assert delta.version() == version and ours == states[version], (version, shift_ms)
        before = dt.datetime.fromtimestamp((stamps[version] - 1) / 1000, dt.timezone.utc)
        delta.load_as_version(before)
        assert delta.version() == version - 1
        if version > 1:
            assert closes(store, "A B&C+D/E", at=before.isoformat().replace("+00:00", "Z")) == states[version - 1]
    early = store.asked("A B&C+D/E", at="2020-01-01T00:00:00Z")
    assert "VX-5001" in early["error"] and "no version at 2020-01-01" in early["error"]


def refused(path):
    """What opening says, in one line."""
    store = Store(path)
    line = store.process.stdout.readline()
    store.process.stdin.close()
    assert store.process.wait(timeout=20) == 1
    return json.loads(line)["error"]


def test_a_log_that_is_gone_is_not_taken_for_a_new_dataset(tmp_path):
    store = Store(tmp_path / "data")
    store.commit(series("AAPL", [bar(1)]))
    store.close()
    shutil.move(log_of(store), tmp_path / "log")
    error = refused(tmp_path / "data")
    assert "VX-7006" in error and "table bars" in error and "its log is gone" in error
    assert not os.path.exists(log_of(store)) or not os.listdir(log_of(store))


def test_a_foreign_table_is_refused_by_its_first_difference(tmp_path):
    frame = pl.DataFrame({"timestamp": [1], "symbol": ["AAPL"]})
    deltalake.write_deltalake(str(tmp_path / "data/bars"), frame.to_arrow())
    error = refused(tmp_path / "data")
    assert "VX-7004" in error and "table bars was not made by Vortex" in error
    assert os.listdir(tmp_path / "data") == ["bars"]


def test_g10_a_missing_data_file_is_an_error_that_names_it(store):
    store.commit(series("AAPL", [bar(1)]))
    store.commit(series("AAPL", [bar(2)]))
    data = sorted(pathlib.Path(store.path).glob("bars/**/*.parquet"))
    data[0].rename(data[0].with_suffix(".away"))
    answer = store.asked("AAPL")
    assert "VX-7006" in answer["error"] and "table bars version 2" in answer["error"]
    assert data[0].name in answer["error"] and "is missing" in answer["error"]


def test_g14_a_data_file_cut_short_is_an_error_at_every_length(store, record_property):
    store.commit(series("AAPL", [bar(n) for n in range(50)]))
    data = next(pathlib.Path(store.path).glob("bars/**/*.parquet"))
    whole = data.read_bytes()
    cuts = [0, 1, 4, 11, 12, len(whole) // 2, len(whole) - 8, len(whole) - 1, *range(13, len(whole), 211)]
    for size in cuts:
        data.write_bytes(whole[:size])
        assert "VX-7006" in store.asked("AAPL")["error"], size
    data.write_bytes(whole + b"PAR1")
    assert "VX-7006" in store.asked("AAPL")["error"]
    data.write_bytes(whole)
    assert len(store.read("AAPL")) == 50
    record_property("fault_G14", len(cuts))


def test_g8_another_files_bytes_in_a_data_files_place_are_noticed(store):
    store.commit(series("AAPL", [bar(1)]))
    store.commit(series("AAPL", [bar(n) for n in range(2, 30)]))
    first, second = sorted(pathlib.Path(store.path).glob("bars/**/*.parquet"), key=lambda p: p.stat().st_size)
    second.write_bytes(first.read_bytes())
    answer = store.asked("AAPL")
    assert "VX-7006" in answer["error"] and "its commit says" in answer["error"]


def test_g10_a_dataset_taken_away_under_a_writer_is_not_made_again(store):
    store.commit(series("AAPL", [bar(1)]))
    os.rename(store.path, store.path + ".away")
    answer = store.ask(do="commit", now="2024-06-01T00:00:00Z", series=[series("AAPL", [bar(2)])])
    assert "VX-7001" in answer["error"], answer
    assert not os.path.exists(store.path)
    os.rename(store.path + ".away", store.path)
    assert store.commit(series("AAPL", [bar(2)]))["series"] == [[1, 0, 0]]
