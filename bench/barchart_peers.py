"""A file of Barchart's website, 1 M rows, beside the CSV readers people use, one thread each, in turns in one
run: pyarrow.csv, Polars, DuckDB. Ours is the whole way of an import's decoding, with order, zone and checks.

    python bench/barchart_peers.py --build build-bench --results FOLDER [--rounds 5]

Each figure is the least over all rounds: on a machine that does other work too, only minima compare."""

import argparse
import json
import os
import pathlib
import subprocess
import sys

for name in ("OMP_NUM_THREADS", "POLARS_MAX_THREADS", "ARROW_NUM_THREADS"):
    os.environ[name] = "1"

import datetime  # noqa: E402
import io  # noqa: E402
import time  # noqa: E402

import duckdb  # noqa: E402
import numpy  # noqa: E402
import polars  # noqa: E402
import pyarrow  # noqa: E402
import pyarrow.csv  # noqa: E402

ROWS = 1_000_000
LIMIT = 2.5
COLUMNS = ["Time", "Open", "High", "Low", "Last", "Volume"]
SESSION = 390


def make(path):
    """Ten years of minutes of 390-minute sessions, newest first."""
    random = numpy.random.default_rng(7)
    close = numpy.round(100 * numpy.exp(numpy.cumsum(random.normal(0, 2e-4, ROWS))), 4)
    opened = numpy.round(numpy.concatenate([[100.0], close[:-1]]), 4)
    high = numpy.round(numpy.maximum(opened, close) + numpy.abs(random.normal(0, .02, ROWS)), 4)
    low = numpy.round(numpy.minimum(opened, close) - numpy.abs(random.normal(0, .02, ROWS)), 4)
    volume = random.integers(0, 100000, ROWS)
    first = datetime.datetime(2015, 1, 5, 8, 30)
    with open(path, "w", encoding="ascii") as out:
        out.write("Time,Open,High,Low,Last,Change,%Chg,Volume\n")
        for i in range(ROWS - 1, -1, -1):
            stamp = first + datetime.timedelta(days=i // SESSION, minutes=i % SESSION)
            out.write(f"{stamp:%Y-%m-%d %H:%M},{opened[i]},{high[i]},{low[i]},{close[i]},0.1,0.1%,{volume[i]}\n")
        out.write('"Downloaded from Barchart.com as of 11-22-2026 08:00am CST"\n')


def pyarrow_csv(table):
    pyarrow.csv.read_csv(
        io.BytesIO(table), read_options=pyarrow.csv.ReadOptions(use_threads=False),
        convert_options=pyarrow.csv.ConvertOptions(include_columns=COLUMNS, timestamp_parsers=["%Y-%m-%d %H:%M"],
                                                   column_types={"Time": pyarrow.timestamp("s")}))


def polars_csv(table):
    polars.read_csv(io.BytesIO(table), columns=COLUMNS).with_columns(
        polars.col("Time").str.to_datetime("%Y-%m-%d %H:%M"))


def duckdb_csv(path):
    connection = duckdb.connect()
    connection.execute("set threads=1")
    connection.execute("select strptime(Time,'%Y-%m-%d %H:%M') t, Open,High,Low,Last,Volume from "
                       f"read_csv('{path}', types={{'Time':'VARCHAR'}})").to_arrow_table()


def timed(function, argument):
    begin = time.perf_counter()
    function(argument)
    return (time.perf_counter() - begin) * 1000


def ours(program, path):
    done = subprocess.run([program, "--benchmark_filter=^BarchartCsvBest", "--benchmark_format=json"], check=True,
                          env={**os.environ, "VORTEX_BENCH_BARCHART": str(path)}, capture_output=True, text=True)
    (entry,) = json.loads(done.stdout)["benchmarks"]
    if entry.get("error_occurred"):
        sys.exit(entry["error_message"])
    return entry


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--results", type=pathlib.Path, required=True)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    data = (options.build / "data").resolve()
    data.mkdir(parents=True, exist_ok=True)
    path = data / "barchart_saved.csv"
    if not path.exists():
        make(path)
    table = path.read_bytes()
    table = table[:table.rindex(b'"Downloaded')]  # peers read no footer: theirs goes without
    bare = data / "barchart_table.csv"
    bare.write_bytes(table)
    pyarrow.set_cpu_count(1)
    program = (options.build / "bin/vortex_provider_bench").resolve()
    every = {"vortex": [], "pyarrow": [], "polars": [], "duckdb": []}
    entry = {}
    for _ in range(options.rounds):
        entry = ours(program, path)
        every["vortex"].append(entry["wall_ms"])
        every["pyarrow"].append(timed(pyarrow_csv, table))
        every["polars"].append(timed(polars_csv, table))
        every["duckdb"].append(timed(duckdb_csv, bare))
    best = {name: min(values) for name, values in every.items()}
    fastest = min((name for name in best if name != "vortex"), key=best.get)
    result = {"schema_version": 1, "rows": ROWS, "bytes": path.stat().st_size, "best_ms": best, "fastest_peer": fastest,
              "ratio": best[fastest] / best["vortex"], "limit": LIMIT, "peak_over_payload_batches": entry["batches"],
              "load": os.getloadavg()[0], "rounds": every}
    options.results.mkdir(parents=True, exist_ok=True)
    (options.results / "barchart_peers.json").write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
