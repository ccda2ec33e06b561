"""The whole path beside its peers, in turns in one run: `vortex sync` into a fresh dataset, the floor
program (where it was built) and yfinance.download, all from one static nginx on loopback.

    python bench/whole_path.py --build build-bench --results FOLDER [--symbols 200] [--rows 5000] [--rounds 5]

Writes whole_path.json: every round, medians and ratios. Peers that are absent are named, not guessed.
"""

import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import static_provider

YFINANCE_ROUNDS_MAX = 2  # ten seconds each


def timed(command, **options):
    """(seconds, peak memory in MB, standard output) of a program that must succeed."""
    begun = time.perf_counter()
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen([str(w) for w in command], stdout=out, stderr=errors, **options)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - begun
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0), errors.seek(0)
        if process.returncode != 0:
            sys.exit(f"{command[0]} ended with {process.returncode}: {errors.read()[-2000:]}{out.read()[-2000:]}")
        return seconds, usage.ru_maxrss / 1024, out.read()


def vortex_sync(program, base, symbols, rows, folder):
    seconds, peak, text = timed([
        program, "sync", *symbols, "--interval", "1d", "--since", "2005-01-01", "--until", "2020-01-01",
        "--store", folder / "data", "--json", "--set", f"providers.yahoo.base_url={base}",
        "--set", "providers.yahoo.limits=[]", "--set", f"state_dir={folder / 'state'}"], cwd=folder)
    report = json.loads(text)
    expected = len(symbols) * rows
    if report["rows"]["new"] != expected:
        sys.exit(f"vortex sync stored {report['rows']} instead of {expected} rows")
    return {"seconds": seconds, "peak_mb": peak}


def floor_sync(program, base, symbols, folder):
    seconds, peak, text = timed([program, base, len(symbols), folder / "floor"])
    return {"seconds": seconds, "peak_mb": peak, "said": text.strip()}


def yfinance_download(base, symbols):
    here = pathlib.Path(__file__).resolve().parent
    _, peak, text = timed([sys.executable, here / "peer_yfinance.py", base, len(symbols)])
    answer = json.loads(text.strip().splitlines()[-1])
    return {"seconds": answer["seconds"], "peak_mb": peak, "rows": answer["rows"]}


def in_turns(options, base, scratch):
    """{contender: [round, …]}, one of each in every round."""
    program, floor = options.build / "bin/vortex", options.build / "bin/floor_sync"
    symbols = static_provider.symbols(options.symbols)
    rounds = {"vortex": [], "floor": [], "yfinance": []}
    for turn in range(options.rounds):
        folder = pathlib.Path(tempfile.mkdtemp(dir=scratch))
        rounds["vortex"].append(vortex_sync(program.resolve(), base, symbols, options.rows, folder))
        if floor.exists():
            rounds["floor"].append(floor_sync(floor.resolve(), base, symbols, folder))
        if turn < YFINANCE_ROUNDS_MAX:
            rounds["yfinance"].append(yfinance_download(base, symbols))
        shutil.rmtree(folder)
    return rounds


def memory_of_few(options, base, scratch):
    """Peak memory for a quarter of the symbols: it must not grow with their number."""
    few = static_provider.symbols(max(1, options.symbols // 4))
    folder = pathlib.Path(tempfile.mkdtemp(dir=scratch))
    return vortex_sync((options.build / "bin/vortex").resolve(), base, few, options.rows, folder)["peak_mb"]


def summary_of(rounds, symbols):
    medians = {name: statistics.median(r["seconds"] for r in turns) for name, turns in rounds.items() if turns}
    speeds = {name: symbols / seconds for name, seconds in medians.items()}
    ratios = {f"vortex / {name}": speeds["vortex"] / speed for name, speed in speeds.items() if name != "vortex"}
    skipped = [name for name, turns in rounds.items() if not turns]
    peaks = {name: max(r["peak_mb"] for r in turns) for name, turns in rounds.items() if turns}
    return {"symbols_per_second": speeds, "ratios": ratios, "peak_mb": peaks, "skipped": skipped}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--results", type=pathlib.Path, required=True)
    parser.add_argument("--symbols", type=int, default=200)
    parser.add_argument("--rows", type=int, default=5000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()

    payloads = options.build / "payloads"
    static_provider.write_payloads(payloads, options.symbols, options.rows)
    scratch = pathlib.Path(tempfile.mkdtemp(dir=options.build))
    try:
        with static_provider.serving(payloads) as base:
            rounds = in_turns(options, base, scratch)
            few = memory_of_few(options, base, scratch)
    finally:
        shutil.rmtree(scratch)
    result = {"schema_version": 1, "symbols": options.symbols, "rows": options.rows, "cores": os.cpu_count(),
              "rounds": rounds, "peak_mb_quarter": few, **summary_of(rounds, options.symbols)}
    (options.results / "whole_path.json").write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
