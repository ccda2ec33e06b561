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
ALPHAVANTAGE_LIMIT = 4.5  # × faster than orjson's bare parse
BATCHES_LIMIT = 2.0  # what a decode may take beside the payload, in batches
POLARS_THREADS = (1, 2)
FLOOR_LINE = re.compile(r"^simdjson ondemand walk ([0-9.]+) ms", re.MULTILINE)
FLOORS = {"wall": "floor_simdjson", "processor": "floor_simdjson_processor"}
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


def floor_ms(program, chart):
    return float(FLOOR_LINE.search(output_of([program, chart])).group(1))


def decode_beside_floor(build, rounds):
    """By the wall, as the floor times itself, and by processor time, which other work disturbs less."""
    floors = {kind: (build / f"bin/{name}").resolve() for kind, name in FLOORS.items()}
    ours = (build / "bin/vortex_provider_bench").resolve()
    if not all(program.exists() for program in floors.values()):
        return {"skipped": "the floor program is not on this machine (VORTEX_SHARED)"}
    chart = chart_file(build / "data")
    if chart is None:
        return {"skipped": "the program that makes the payload is not on this machine (VORTEX_SHARED)"}
    every = {f"{who}_{kind}_ms": [] for kind in floors for who in ("floor", "vortex")}
    for _ in range(rounds):
        entry = kernel(ours, "DecodeBest", VORTEX_BENCH_CHART=str(chart.resolve()))
        for kind, program in floors.items():
            every[f"vortex_{kind}_ms"].append(entry[f"{kind}_ms"])
            every[f"floor_{kind}_ms"].append(floor_ms(program, chart))
    best = {name: min(values) for name, values in every.items()}
    ratios = {kind: best[f"vortex_{kind}_ms"] / best[f"floor_{kind}_ms"] for kind in floors}
    return {"bars": BARS, "bytes": chart.stat().st_size, **best, "ratio": ratios, "limit": DECODE_LIMIT,
            "load": os.getloadavg()[0], "rounds": every}


def alphavantage_beside_orjson(build, rounds):
    """A million rows of texts to a batch, beside orjson's bare parse of the same bytes."""
    ours = (build / "bin/vortex_provider_bench").resolve()
    if chart_file(build / "data") is None:
        return {"skipped": "the program that makes the payload is not on this machine (VORTEX_SHARED)"}
    payload = (build / "data/alphavantage.json").resolve()
    every = {f"{who}_{kind}_ms": [] for kind in ("wall", "processor") for who in ("orjson", "vortex")}
    for _ in range(rounds):
        entry = kernel(ours, "AvDecodeBest", VORTEX_BENCH_ALPHAVANTAGE=str(payload))
        peer = json.loads(output_of([sys.executable, HERE / "peer_orjson_parse.py", payload]))
        for kind in ("wall", "processor"):
            every[f"vortex_{kind}_ms"].append(entry[f"{kind}_ms"])
            every[f"orjson_{kind}_ms"].append(peer[f"{kind}_ms"])
    best = {name: min(values) for name, values in every.items()}
    ratios = {kind: best[f"orjson_{kind}_ms"] / best[f"vortex_{kind}_ms"] for kind in ("wall", "processor")}
    memory = kernel(ours, "AvMemory", VORTEX_BENCH_ALPHAVANTAGE=str(payload))["batches"]
    return {"rows": BARS, "bytes": payload.stat().st_size, **best, "times_faster": ratios,
            "limit": ALPHAVANTAGE_LIMIT, "batches_beside_payload": memory, "batches_limit": BATCHES_LIMIT,
            "load": os.getloadavg()[0], "rounds": every}


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
              "alphavantage": alphavantage_beside_orjson(options.build, rounds),
              "validate": validation_beside_polars(options.build, rounds)}
    (options.results / "peers.json").write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
