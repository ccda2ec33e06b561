"""The store beside delta-rs: the same rows and columns, in turns in one run. Writes store_peers.json.

    python bench/store_peers.py --build build-bench --results FOLDER [--rounds 5]

Each figure is the least over the rounds: on a machine that does other work too only minima can be compared.
"""

import argparse
import json
import os
import pathlib
import sys

from peers import kernel, output_of

HERE = pathlib.Path(__file__).resolve().parent
# kernel of vortex_store_bench, delta-rs' figure, and what their ratio may be at most
PAIRS = {"write_much": ("write_ms", 1.0), "append_day": ("append_ms", 5.0), "restate_day": ("merge_ms", 0.2)}
READ_LIMIT_MS = 30.0


def round_of(program):
    theirs = json.loads(output_of([sys.executable, HERE / "peer_delta_rs.py"]))
    ours = {name: kernel(program, name)["real_time"] for name in [*PAIRS, "read_symbol"]}
    return {"vortex": ours, "delta_rs": theirs}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--results", type=pathlib.Path, required=True)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    options.results.mkdir(parents=True, exist_ok=True)
    program = (options.build / "bin/vortex_store_bench").resolve()
    rounds = [round_of(program) for _ in range(options.rounds)]
    result = {"schema_version": 1, "load": os.getloadavg()[0], "rounds": rounds, "figures": {}}
    for name, (peer, limit) in PAIRS.items():
        ours = min(one["vortex"][name] for one in rounds)
        theirs = min(one["delta_rs"][peer] for one in rounds)
        result["figures"][name] = {"vortex_ms": ours, "delta_rs_ms": theirs, "ratio": ours / theirs, "limit": limit}
    read = min(one["vortex"]["read_symbol"] for one in rounds)
    result["figures"]["read_symbol"] = {
        "vortex_ms": read, "delta_rs_ms": min(one["delta_rs"]["read_ms"] for one in rounds), "limit_ms": READ_LIMIT_MS}
    (options.results / "store_peers.json").write_text(json.dumps(result, indent=1) + "\n")
    for name, figure in result["figures"].items():
        print(f"{name:12} vortex {figure['vortex_ms']:8.1f} ms, delta-rs {figure['delta_rs_ms']:8.1f} ms, ratio "
              f"{figure['vortex_ms'] / figure['delta_rs_ms']:.2f} (limit {figure.get('limit', 'by time')})")


if __name__ == "__main__":
    main()
