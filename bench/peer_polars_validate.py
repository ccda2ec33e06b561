"""What people would write instead of vortex/quality: the same rules as Polars expressions, over the clean
1 M rows of validator_bench. Prints JSON: the best time of each way to run them, and the rows each rule hit.

    POLARS_MAX_THREADS=1 python bench/peer_polars_validate.py

Where Vortex quarantines by the last good row, a frame compares with the row before: less work, same answer
on clean rows. Zero prices and jumps are judged for a series without negative prices, as Vortex does; that
fact is taken as known. The frame stands ready before the clock starts, as Vortex's batch does.
"""

import json
import os
import time

import numpy
import polars
from polars import col

ROWS = 1_000_000
TRIES = 20
JUMP = 50.0
MINUTE_US = 60_000_000
FIRST_US = 1_000_000_020 * 1_000_000
RANGE_US = (-(2**62), 2**62)


def clean_frame():
    n = numpy.arange(ROWS, dtype=numpy.int64)
    price = 100 + (n % 977) * 0.01
    return polars.DataFrame({
        "time": FIRST_US + n * MINUTE_US, "open": price, "high": price + 0.5, "low": price - 0.5,
        "close": price + 0.25, "volume": (n % 5000).astype(numpy.float64)})


def rules():
    """{rule: expression that counts its rows}, in the cheapest form we know."""
    time_, open_, high, low, close, volume = (
        col(name) for name in ("time", "open", "high", "low", "close", "volume"))
    before, level = time_.shift(1), close.shift(1)
    prices = (open_, high, low, close)
    finite = open_.is_finite() & high.is_finite() & low.is_finite() & close.is_finite() & volume.is_finite()
    any_of = lambda test: test(open_) | test(high) | test(low) | test(close)
    return {
        "Q01": time_.null_count(),
        "Q02": (time_ < before).sum(),
        "Q03": (time_ == before).sum(),
        "Q04": ((time_ < RANGE_US[0]) | (time_ >= RANGE_US[1])).sum(),
        "Q05": polars.sum_horizontal(price.null_count() for price in prices),
        "Q06": (~finite).sum(),
        "Q07": ((high < open_) | (high < close)).sum(),
        "Q08": ((low > open_) | (low > close)).sum(),
        "Q09": (volume < 0).sum(),
        "Q10": any_of(lambda price: price == 0).sum(),
        "Q11, Q15": ((high >= JUMP * level) | (JUMP * low <= level)).sum(),
        "Q12": (time_ % MINUTE_US != 0).sum(),
        "Q13": volume.null_count(),
        "Q14": any_of(lambda price: price < 0).sum(),
    }


def thrifty_rules():
    """The same decisions from fewer comparisons, as one who knows the data would cut them down."""
    every = rules()
    lowest, highest = polars.min_horizontal("open", "close"), polars.max_horizontal("open", "close")
    every["Q07"] = (col("high") < highest).sum()
    every["Q08"] = (col("low") > lowest).sum()
    every["Q10"] = polars.min_horizontal(col(name).min() for name in ("open", "high", "low", "close")) == 0
    every["Q14"] = polars.min_horizontal(col(name).min() for name in ("open", "high", "low", "close")) < 0
    every["Q04"] = (col("time").min() < RANGE_US[0]) | (col("time").max() >= RANGE_US[1])
    return {name: expression.cast(polars.Int64) for name, expression in every.items()}


def best_ms(run):
    best = float("inf")
    for _ in range(TRIES):
        begun = time.perf_counter()
        run()
        best = min(best, time.perf_counter() - begun)
    return best * 1000


def main():
    frame = clean_frame()
    ways = {}
    for form, made in (("plain", rules()), ("thrifty", thrifty_rules())):
        named = [expression.alias(rule) for rule, expression in made.items()]
        ways[f"{form}, eager"] = lambda named=named: frame.select(named)
        ways[f"{form}, lazy"] = lambda named=named: frame.lazy().select(named).collect()
        ways[f"{form}, streaming"] = lambda named=named: frame.lazy().select(named).collect(engine="streaming")
    hits = {name: {rule: int(count) for rule, count in run().row(0, named=True).items()} for name, run in ways.items()}
    if any(count for counts in hits.values() for count in counts.values()):
        raise SystemExit(f"the frame is clean, yet rules were hit: {hits}")
    times = {name: best_ms(run) for name, run in ways.items()}
    fastest = min(times, key=times.get)
    print(json.dumps({"threads": polars.thread_pool_size(), "polars": polars.__version__, "rules": len(hits[fastest]),
                      "fastest": fastest, "best_ms": times[fastest], "ways_ms": times, "cores": os.cpu_count()}))


if __name__ == "__main__":
    main()
