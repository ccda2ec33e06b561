"""Kernels beside what others do with the same bytes and rows, in turns in one run: decode beside a bare walk
of the payload (the floor), validation beside Polars.

    python bench/peers.py --build build-bench --results FOLDER [--rounds 9]

Writes peers.json. Each figure is the least over all rounds, of which each is the least of several tries: on
a machine that does other work too, only minima can be compared. What is absent is named, not guessed.
"""

import argparse
import json
import os
import pathlib
import re
import subprocess
import sys

BARS = 1_000_000
ROUNDS_MIN = 7
DECODE_LIMIT = 1.4  # × the floor
SUM_LIMIT = 2.0  # × adding up the same six buffers
POLARS_THREADS = (1, 2)
FLOOR_LINE = re.compile(r"^simdjson ondemand walk ([0-9.]+) ms", re.MULTILINE)
HERE = pathlib.Path(__file__).resolve().parent


def shared_folder():
    return pathlib.Path(os.environ.get("VORTEX_SHARED", HERE.parent.parent / "shared"))


def output_of(command, **environment):
    done = subprocess.run([str(word) for word in command], env={**os.environ, **environment}, text=True,
                          capture_output=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{command[0]} ended with {done.returncode}: {done.stderr[-2000:]}{done.stdout[-2000:]}")
    return done.stdout


def kernel(program, name, **environment):
    """The counters of one of our benchmarks, run alone."""
    text = output_of([program, f"--benchmark_filter=^{name}(/|$)", "--benchmark_format=json"], **environment)
    (entry,) = json.loads(text)["benchmarks"]
    if entry.get("error_occurred"):
        sys.exit(f"{name}: {entry['error_message']}")
    return entry


def chart_file(data):
    """The payload both decode: made once, kept for the next run."""
    chart, mark = data / "yahoo_chart.json", data / "made.json"
    wanted = json.dumps([BARS])
    if chart.exists() and mark.exists() and mark.read_text() == wanted:
        return chart
    maker = shared_folder() / "peers/make_data.py"
    if not maker.exists():
        return None
    print(f"making {BARS:,} bars in {data}", file=sys.stderr)
    output_of([sys.executable, "-W", "ignore::DeprecationWarning", maker, data, BARS])
    mark.write_text(wanted)
    return chart


def decode_beside_floor(build, rounds):
    floor, ours = (build / "bin/floor_simdjson").resolve(), (build / "bin/vortex_provider_bench").resolve()
    if not floor.exists():
        return {"skipped": "the floor program is not on this machine (VORTEX_SHARED)"}
    chart = chart_file(build / "data")
    if chart is None:
        return {"skipped": "the program that makes the payload is not on this machine (VORTEX_SHARED)"}
    every = {"floor_ms": [], "vortex_ms": []}
    for _ in range(rounds):
        said = FLOOR_LINE.search(output_of([floor, chart]))
        every["floor_ms"].append(float(said.group(1)))
        every["vortex_ms"].append(kernel(ours, "DecodeBest", VORTEX_BENCH_CHART=str(chart.resolve()))["best_ms"])
    best = {name: min(values) for name, values in every.items()}
    return {"bars": BARS, "bytes": chart.stat().st_size, **best, "ratio": best["vortex_ms"] / best["floor_ms"],
            "limit": DECODE_LIMIT, "rounds": every}


def polars_round(threads):
    return json.loads(output_of([sys.executable, HERE / "peer_polars_validate.py"], POLARS_MAX_THREADS=str(threads)))


def validation_beside_polars(build, rounds):
    ours = (build / "bin/vortex_quality_bench").resolve()
    every = {"vortex_ms": [], "sum_ms": [], "sum_ratio": [], **{f"polars_{n}_ms": [] for n in POLARS_THREADS}}
    ways = {}
    for _ in range(rounds):
        entry = kernel(ours, "ratio_of_validate_to_sum")
        every["vortex_ms"].append(entry["validate_ms"])
        every["sum_ms"].append(entry["sum_ms"])
        every["sum_ratio"].append(entry["ratio"])
        for threads in POLARS_THREADS:
            said = polars_round(threads)
            every[f"polars_{threads}_ms"].append(said["best_ms"])
            ways.setdefault(str(threads), []).append(said["fastest"])
    best = {name: min(values) for name, values in every.items() if name != "sum_ratio"}
    ratios = {str(n): best["vortex_ms"] / best[f"polars_{n}_ms"] for n in POLARS_THREADS}
    return {"rows": BARS, **best, "ratio_to_sum": best["vortex_ms"] / best["sum_ms"], "sum_limit": SUM_LIMIT,
            "ratio_to_polars": ratios, "polars": said["polars"], "polars_ways": ways, "rounds": every}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--results", type=pathlib.Path, required=True)
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args()
    rounds = max(options.rounds, ROUNDS_MIN)
    options.results.mkdir(parents=True, exist_ok=True)
    result = {"schema_version": 1, "cores": os.cpu_count(), "rounds": rounds,
              "decode": decode_beside_floor(options.build, rounds),
              "validate": validation_beside_polars(options.build, rounds)}
    (options.results / "peers.json").write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
