"""orjson's bare parse of a file, the least of three tries, by the wall and by processor time: one JSON line."""

import json
import pathlib
import sys
import time

import orjson

TRIES = 3


def main():
    data = pathlib.Path(sys.argv[1]).read_bytes()
    wall, processor = [], []
    for _ in range(TRIES):
        start = (time.perf_counter(), time.process_time())
        parsed = orjson.loads(data)
        wall.append(time.perf_counter() - start[0])
        processor.append(time.process_time() - start[1])
        del parsed  # its end is not timed
    print(json.dumps({"wall_ms": min(wall) * 1e3, "processor_ms": min(processor) * 1e3}))


if __name__ == "__main__":
    main()
