"""What people keep bars in otherwise: delta-rs, with the rows of vortex/store/store_bench and their columns.
Prints JSON: the time in ms of each act, fsync as delta-rs does it, the table anew for each call of the program.

    python bench/peer_delta_rs.py
"""

import datetime
import json
import shutil
import tempfile
import time

import numpy
import polars
import pyarrow
from deltalake import DeltaTable, write_deltalake

DAYS = 250
FEW, MANY = 5_000, 10_000
FIRST = datetime.date(2024, 1, 1)
MICROS = pyarrow.timestamp("us", tz="UTC")
DAY_US = 86_400_000_000
FIRST_US = 1_704_067_200_000_000


def rows_of(symbols, first_day, days, shift=0.0):
    count = symbols * days
    close = numpy.random.default_rng(7 + first_day).normal(100, 5, count) + shift
    stamps = numpy.tile(FIRST_US + (first_day + numpy.arange(days)) * DAY_US, symbols)
    names = numpy.repeat([f"S{i:05}" for i in range(symbols)], days)
    return pyarrow.table({
        "timestamp": pyarrow.array(stamps, MICROS), "open": close, "high": close + 1, "low": close - 1,
        "close": close, "volume": numpy.full(count, 1000.0), "symbol": names,
        "provider": ["bench"] * count, "interval": ["1d"] * count, "adjusted": ["split"] * count,
        "basis": pyarrow.array([FIRST] * count, pyarrow.date32()), "final": [True] * count,
        "transform_timestamp": pyarrow.array(numpy.full(count, FIRST_US), MICROS),
        "capture_id": ["0123456789abcdef"] * count})


def timed(act):
    begun = time.perf_counter()
    act()
    return (time.perf_counter() - begun) * 1e3


def create(folder, rows):
    write_deltalake(folder, rows, partition_by=["provider", "interval"])


def merge(folder, rows):
    same = "t.provider = s.provider and t.interval = s.interval and t.symbol = s.symbol and t.timestamp = s.timestamp"
    (DeltaTable(folder).merge(rows, same, source_alias="s", target_alias="t")
     .when_matched_update_all().when_not_matched_insert_all().execute())


def read_one(folder):
    polars.scan_delta(folder).filter(polars.col("symbol") == "S05000").collect()


def in_folder(act):
    folder = tempfile.mkdtemp()
    try:
        return act(folder)
    finally:
        shutil.rmtree(folder)


def write_and_merge(folder):
    full, day = rows_of(FEW, 0, DAYS), rows_of(FEW, DAYS - 1, 1, shift=1.0)
    return {"write_ms": timed(lambda: create(folder, full)), "merge_ms": timed(lambda: merge(folder, day))}


def append_and_read(folder):
    create(folder, rows_of(MANY, 0, DAYS))
    days = [rows_of(MANY, DAYS + n, 1) for n in range(5)]
    appends = [timed(lambda rows=rows: write_deltalake(folder, rows, mode="append")) for rows in days]
    reads = [timed(lambda: read_one(folder)) for _ in range(5)]
    return {"append_ms": min(appends), "read_ms": min(reads)}


def main():
    print(json.dumps({**in_folder(write_and_merge), **in_folder(append_and_read)}))


if __name__ == "__main__":
    main()
