"""Prints what the last benchmarks found, and how it compares with earlier results where those are given.

    python bench/summarise.py RESULTS [EARLIER]
"""

import json
import pathlib
import sys


def kernels_in(folder):
    """{room/kernel: median nanoseconds of real time}."""
    units = {"ns": 1, "us": 1e3, "ms": 1e6, "s": 1e9}
    found = {}
    for path in sorted(folder.glob("kernels_*.json")):
        room = path.stem.removeprefix("kernels_")
        for entry in json.loads(path.read_text() or '{"benchmarks": []}')["benchmarks"]:
            if entry.get("aggregate_name") == "median":
                found[f"{room}/{entry['run_name']}"] = entry["real_time"] * units[entry["time_unit"]]
    return found


def in_words(nanoseconds):
    for unit, size in (("s", 1e9), ("ms", 1e6), ("µs", 1e3)):
        if nanoseconds >= size:
            return f"{nanoseconds / size:.3g} {unit}"
    return f"{nanoseconds:.3g} ns"


def print_kernels(now, before):
    for name, nanoseconds in now.items():
        compared = f"   {before[name] / nanoseconds:.2f}× the earlier speed" if name in before else ""
        print(f"  {name:60} {in_words(nanoseconds):>10}{compared}")


def print_whole_path(path):
    result = json.loads(path.read_text())
    print(f"\nsync of {result['symbols']} symbols × {result['rows']} rows (medians of one run, in turns)")
    for name, speed in result["symbols_per_second"].items():
        print(f"  {name:10} {speed:8.1f} symbols/s   peak {result['peak_mb'][name]:6.0f} MB")
    for name, ratio in result["ratios"].items():
        print(f"  {name:22} {ratio:.2f}")
    print(f"  vortex with a quarter of the symbols: peak {result['peak_mb_quarter']:.0f} MB")
    for name in result["skipped"]:
        print(f"  skipped: {name} (not on this machine)")


def verdict(value, limit):
    return f"{value:.2f} (limit {limit:g}: {'kept' if value <= limit else 'MISSED'})"


def print_decode(decode):
    if "skipped" in decode:
        print(f"  decode: skipped, {decode['skipped']}")
        return
    print(f"  decode of {decode['bars']:,} bars (load of the machine {decode['load']:.1f})")
    for kind, ratio in decode["ratio"].items():
        print(f"    by {kind:9} time: vortex {decode[f'vortex_{kind}_ms']:.1f} ms, walk of the same bytes "
              f"{decode[f'floor_{kind}_ms']:.1f} ms, ratio {verdict(ratio, decode['limit'])}")


def print_validation(validate):
    print(f"  validation of {validate['rows']:,} rows: vortex {validate['vortex_ms']:.2f} ms, sum of the same buffers "
          f"{validate['sum_ms']:.2f} ms, ratio {verdict(validate['ratio_to_sum'], validate['sum_limit'])}")
    for threads, ratio in validate["ratio_to_polars"].items():
        print(f"    polars {validate['polars']} on {threads} thread(s) {validate[f'polars_{threads}_ms']:.1f} ms, "
              f"vortex / polars {verdict(ratio, 1)}")


def faster(ratio, limit):
    return f"{ratio:.1f} × faster (limit {limit:g}: {'kept' if ratio >= limit else 'MISSED'})"


def print_alphavantage(one):
    if "skipped" in one:
        print(f"  Alpha Vantage: skipped, {one['skipped']}")
        return
    print(f"  Alpha Vantage, {one['rows']:,} rows, memory beside the payload "
          f"{verdict(one['batches_beside_payload'], one['batches_limit'])} batches")
    for kind, ratio in one["times_faster"].items():
        print(f"    by {kind:9} time: vortex {one[f'vortex_{kind}_ms']:.0f} ms, orjson's bare parse "
              f"{one[f'orjson_{kind}_ms']:.0f} ms, {faster(ratio, one['limit'])}")


def print_peers(path):
    result = json.loads(path.read_text())
    print(f"\nbeside others (least of {result['rounds']} rounds in turns)")
    print_decode(result["decode"])
    print_validation(result["validate"])
    if "alphavantage" in result:  # not in results of before
        print_alphavantage(result["alphavantage"])


def print_barchart(path):
    result = json.loads(path.read_text())
    best, peer = result["best_ms"], result["fastest_peer"]
    print(f"  Barchart's file, {result['rows']:,} rows, memory beside the payload "
          f"{verdict(result['peak_over_payload_batches'], 2)} batches")
    print(f"    vortex {best['vortex']:.0f} ms, {peer} {best[peer]:.0f} ms, {faster(result['ratio'], result['limit'])}")


def main():
    folder = pathlib.Path(sys.argv[1])
    earlier = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else None
    print("kernels (median)")
    print_kernels(kernels_in(folder), kernels_in(earlier) if earlier else {})
    if (folder / "peers.json").exists():
        print_peers(folder / "peers.json")
    if (folder / "barchart_peers.json").exists():
        print_barchart(folder / "barchart_peers.json")
    if (folder / "whole_path.json").exists():
        print_whole_path(folder / "whole_path.json")


if __name__ == "__main__":
    main()
