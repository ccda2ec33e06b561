"""A random history of 200 commits: for every version delta-rs, Polars, DuckDB and `vortex read` see the same rows."""
import datetime as dt
import os
import random
import urllib.parse

import deltalake
import duckdb
import polars as pl
import pyarrow as pa
import pytest
from delta_store import Store, bar, series

COMMITS = 200
SEEDS = range(1, 6) if os.environ.get("VORTEX_LONG") == "1" else [1]
ODD_SYMBOLS = ["0005.HK", "^GSPC", "ES=F", "BRK-B", "0005", "A B&C+D/E:F$G*H"]
PROVIDERS = ["yahoo", "a b%c"]
DAYS = 60
COLUMNS = ["provider", "symbol", "timestamp", "open", "high", "low", "close", "volume"]


class History:
    """What was committed, and after each version what the table must hold."""

    def __init__(self, store, seed):
        self.store = store
        self.dice = random.Random(seed)
        self.rows = {}        # (provider, symbol, day) → bar
        self.versions = {}    # version → rows then
        self.compactions = 0
        self.sent = []        # batches, to be sent again

    def rows_of(self, today):
        """New days, days that come late, and days that say something else now."""
        days = {today} if self.dice.random() < 0.8 else set()
        days.update(self.dice.sample(range(today + 1), min(today + 1, self.dice.choice([0, 0, 0, 1, 4]))))
        rows = [bar(n, float(self.dice.randint(50, 54))) for n in sorted(days)]
        self.dice.shuffle(rows)
        return rows + self.dice.sample(rows, min(len(rows), self.dice.choice([0, 0, 1])))

    def batch(self, today):
        if self.sent and self.dice.random() < 0.1:
            return self.dice.choice(self.sent)
        chosen = self.dice.sample([(p, s) for p in PROVIDERS for s in ODD_SYMBOLS], self.dice.randint(1, 6))
        batch = [series(symbol, self.rows_of(today), provider) for provider, symbol in chosen]
        self.sent = self.sent[-20:] + [batch]
        return batch

    def step(self, number):
        if self.dice.random() < 0.05:
            answer = self.store.ask(do="compact", now=self.store.day.strftime("%Y-%m-%dT%H:%M:%SZ"))
            assert "error" not in answer, answer
            self.compactions += answer["commits"] > 0
        else:
            batch = self.batch(min(DAYS - 1, number * DAYS // COMMITS))
            answer = self.store.commit(*batch)
            for one in batch:
                for row in one["rows"]:  # of rows with one time the last counts
                    self.rows[one["provider"], one["symbol"], row[0]] = row
        self.versions[answer["version"]] = dict(self.rows)

    def expected(self, version):
        rows = self.versions[version].items()
        return sorted((provider, symbol, stamp + "T00:00:00Z", *row[1:]) for (provider, symbol, stamp), row in rows)


def told(table):
    """Rows of an Arrow table, sorted, times as text."""
    names = table.select(COLUMNS).to_pydict()
    stamps = [stamp.astimezone(dt.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ") for stamp in names["timestamp"]]
    return sorted(zip(names["provider"], names["symbol"], stamps, *(names[name] for name in COLUMNS[3:])))


def through_duckdb(table, database):
    """The active files as Parquet, with the partition from their folders."""
    folder = table.table_uri.removeprefix("file://")
    actions = pa.table(table.get_add_actions(flatten=True)).to_pylist()
    parts = []
    for action in actions:
        path = os.path.join(folder, action["path"])
        if not os.path.exists(path):
            path = os.path.join(folder, urllib.parse.unquote(action["path"]))
        parts.append(f"SELECT {sql_text(action['partition.provider'])} AS provider, "
                     "symbol, timestamp, open, high, low, close, volume "
                     f"FROM read_parquet({sql_text(path)}, hive_partitioning = false)")
    return database.sql(" UNION ALL ".join(parts)).to_arrow_table()


def sql_text(text):
    return "'" + text.replace("'", "''") + "'"


def through_vortex(store, version, keys):
    rows = []
    for provider, symbol in keys:
        for row in store.read(symbol, provider=provider, version=version):
            rows.append((provider, symbol, *row))
    return sorted(rows)


@pytest.mark.parametrize("seed", SEEDS)
def test_every_version_of_a_long_random_history_reads_the_same_everywhere(tmp_path, seed):
    store = Store(tmp_path / "data")
    history = History(store, seed)
    for number in range(COMMITS):
        history.step(number)
    versions = sorted(history.versions)
    assert versions[-1] >= COMMITS * 0.8 and history.compactions >= 3
    database = duckdb.connect()
    for version in versions:
        expected = history.expected(version)
        table = deltalake.DeltaTable(store.path + "/bars", version=version)
        assert told(table.to_pyarrow_table()) == expected, version
        assert told(pl.scan_delta(store.path + "/bars", version=version).collect().to_arrow()) == expected, version
        assert told(through_duckdb(table, database)) == expected, version
        keys = {(provider, symbol) for provider, symbol, *_ in expected}
        assert through_vortex(store, version, keys) == expected, version
    store.close()


def pieces_of(answers, dice):
    """The answers cut into pieces, half of which come twice, in any order."""
    pieces = []
    for symbol, rows in answers.items():
        size = dice.randint(1, 30)
        pieces += [(symbol, rows[at:at + size]) for at in range(0, len(rows), size)]
    pieces += dice.sample(pieces, len(pieces) // 2)
    dice.shuffle(pieces)
    return pieces


def test_c9_shuffled_doubled_and_resent_batches_give_the_same_table(tmp_path):
    dice = random.Random(5)
    answers = {symbol: [bar(n, 50.0 + n) for n in range(30)] for symbol in ODD_SYMBOLS}
    wanted = sorted(("yahoo", symbol, row[0] + "T00:00:00Z", *row[1:])
                    for symbol, rows in answers.items() for row in rows)
    for number in range(5):
        store = Store(tmp_path / str(number))
        pieces = pieces_of(answers, dice)
        for at in range(0, len(pieces), 4):
            store.commit(*[series(symbol, dice.sample(rows, len(rows))) for symbol, rows in pieces[at:at + 4]])
        again = [series(symbol, rows) for symbol, rows in pieces]
        assert store.commit(*again)["committed"] is False
        assert told(deltalake.DeltaTable(store.path + "/bars").to_pyarrow_table()) == wanted
        store.close()
