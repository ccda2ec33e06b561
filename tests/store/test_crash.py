"""What faults leave of a dataset (store_crash_test), also as delta-rs reads it: exactly the acknowledged rows."""
import collections
import concurrent.futures
import os
import pathlib
import subprocess

import deltalake
import pytest

PROGRAM = os.environ["STORE_CRASH_TEST"]
# A disk that the tests simulate needs none of the machine's.
MEMORY = pathlib.Path("/dev/shm")
SUITES = {"crash-suite": "DiskCallsTest.*:*/CrashTest.*", "power_loss-suite": "*/PowerLossTest.*",
          "disk_error-suite": "*/DiskErrorTest.*"}


def expected_rows(folder):
    """(provider, symbol) → [(time in µs, close)], from what Vortex read and the test judged."""
    rows = {}
    for line in (folder / "content.txt").read_text().splitlines():
        series, _, bars = line.partition(":")
        if bars:
            rows[tuple(series.split())] = [(int(stamp), float(close)) for stamp, close in
                                           (bar.split("=") for bar in bars.split())]
    return rows


def rows_of_delta_rs(folder):
    table = deltalake.DeltaTable(str(folder / "bars")).to_pyarrow_table(
        columns=["provider", "symbol", "timestamp", "close"])
    rows = collections.defaultdict(list)
    for provider, symbol, stamp, close in zip(
            table["provider"].to_pylist(), table["symbol"].to_pylist(),
            table["timestamp"].cast("int64").to_pylist(), table["close"].to_pylist()):
        rows[provider, symbol].append((stamp, close))
    return {series: sorted(bars) for series, bars in rows.items()}


def disagreement(folder):
    found, wanted = rows_of_delta_rs(folder), expected_rows(folder)
    return None if found == wanted else (folder.name, found, wanted)


@pytest.mark.parametrize("suite", SUITES)
def test_delta_rs_reads_what_was_acknowledged_after_every_fault(tmp_path, suite):
    environment = dict(os.environ, VORTEX_CRASH_KEEP=str(tmp_path))
    # GoogleTest names its output when it starts and writes it at the end: of two at once one would be lost.
    if environment.get("GTEST_OUTPUT", "").endswith("/"):
        environment["GTEST_OUTPUT"] += f"store_crash_test_{suite}.json"
    if os.access(MEMORY, os.W_OK):
        environment["TMPDIR"] = str(MEMORY)
    done = subprocess.run([PROGRAM, f"--gtest_filter={SUITES[suite]}", "--gtest_brief=1"], env=environment,
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-20_000:]
    folders = sorted(tmp_path.iterdir())
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        wrong = [told for told in pool.map(disagreement, folders) if told]
    print(f"{suite}: {len(folders)} different tables")
    assert len(folders) > 20
    assert not wrong, wrong[:3]
