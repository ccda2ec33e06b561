"""sync, read, fetch, status and demo end to end against the simulator."""

import csv
import io
import json
import os
import pty
import resource
import signal
import subprocess
import time

import pytest

from conftest import VORTEX, Sim

RANGE = ("--since", "2024-01-02", "--until", "2024-03-01")


def rows_of(done):
    return list(csv.DictReader(io.StringIO(done.stdout)))


def read(vortex, symbol, *arguments):
    return rows_of(vortex("read", symbol, *arguments, code=0))


def test_sync_then_read(vortex, sim):
    answer = vortex.json("sync", "AAPL", "^GSPC", "ES=F", "0005.HK", "BRK-B", *RANGE)
    assert answer["command"] == "sync" and answer["status"] == "ok"
    assert set(answer) >= {"dataset_id", "store", "table_version", "calls", "rows", "items", "elapsed_s"}
    assert set(answer["calls"]) == {"planned", "sent", "retried", "failed"}
    assert set(answer["rows"]) == {"new", "unchanged", "restated", "quarantined"}
    for item in answer["items"]:
        assert item["status"] == "ok" and item["rows_new"] > 30
        assert set(item) >= {"symbol", "provider", "interval", "code", "message", "retryable", "retry_at", "from", "to"}
    text = vortex("read", "AAPL", code=0).stdout
    assert text.startswith("timestamp,open,high,low,close,volume,symbol,provider")
    rows = read(vortex, "AAPL")
    assert rows[0]["timestamp"] == "2024-01-02T00:00:00Z"
    assert rows[-1]["timestamp"] == "2024-02-29T00:00:00Z"
    assert answer["rows"]["new"] == sum(len(read(vortex, item["symbol"])) for item in answer["items"])
    names = {path.name for path in vortex.directory.iterdir()}
    assert names <= {"home", "data"} | {name for name in names if name.startswith("sim-")}


def test_second_sync_commits_nothing(vortex, sim):
    first = vortex.json("sync", "AAPL", "MSFT", *RANGE)
    log = sorted(os.listdir(vortex.directory / "data/bars/_delta_log"))
    second = vortex.json("sync", "AAPL", "MSFT", *RANGE)
    assert second["rows"]["new"] == second["rows"]["restated"] == 0
    assert second["table_version"] == first["table_version"]
    assert sorted(os.listdir(vortex.directory / "data/bars/_delta_log")) == log


def test_restated_bar_is_one_revision_and_the_old_version_stays(vortex, sim):
    vortex.json("sync", "AAPL", *RANGE)
    old_version = vortex.json("sync", "AAPL", *RANGE)["table_version"]
    old = read(vortex, "AAPL")[-1]
    close = round(float(old["low"]) + (float(old["high"]) - float(old["low"])) / 3, 2)
    sim.post("restate", {"symbol": "AAPL", "date": "2024-02-29", "close": close})
    answer = vortex.json("sync", "AAPL", *RANGE)
    assert answer["rows"]["restated"] == 1 and answer["rows"]["new"] == 0
    new = read(vortex, "AAPL")[-1]
    assert float(new["close"]) == pytest.approx(close)
    assert read(vortex, "AAPL", "--as-of", str(old_version))[-1]["close"] == old["close"]
    assert len(read(vortex, "AAPL")) == len(read(vortex, "AAPL", "--as-of", str(old_version)))


def test_formats_and_output(vortex, sim):
    vortex("sync", "AAPL", *RANGE, code=0)
    rows = read(vortex, "AAPL")
    assert vortex.json("read", "AAPL")["rows"] == len(rows)
    assert len(json.loads(vortex("read", "AAPL", "--format", "json", code=0).stdout)) == len(rows)
    for name in ("x.csv", "x.parquet", "x.arrow", "x.json"):
        vortex("read", "AAPL", "-o", name, code=0)
        assert (vortex.directory / name).stat().st_size > 1000
    pyarrow = pytest.importorskip("pyarrow.parquet")
    table = pyarrow.read_table(vortex.directory / "x.parquet")
    assert table.num_rows == len(rows)
    assert table.column("close").to_pylist() == [float(row["close"]) for row in rows]
    assert "xlsx" in vortex.refusal("read", "AAPL", "-o", "x.xlsx")
    vortex("validate", "x.parquet", "--strict", code=0)
    assert "timestamp" in vortex("read", "AAPL", "--format", "table", "--since", "2024-02-20", code=0).stdout


def test_reading_narrows_by_time(vortex, sim):
    vortex("sync", "AAPL", *RANGE, code=0)
    rows = read(vortex, "AAPL", "--since", "2024-02-01", "--until", "2024-02-10")
    assert rows[0]["timestamp"][:10] == "2024-02-01" and rows[-1]["timestamp"][:10] == "2024-02-09"


def test_unknown_series_name_the_nearest(vortex, sim):
    vortex("sync", "AAPL", *RANGE, code=0)
    done = vortex("read", "AAPK", code=2)
    assert "AAPK" in done.stderr and "did you mean 'AAPL'?" in done.stderr
    assert "1d of yahoo" in vortex("read", "AAPL", "--interval", "1h", code=2).stderr


def test_unknown_symbol_alone_is_2_and_with_others_8(vortex, sim):
    alone = vortex.json("sync", "NOPE123", *RANGE, code=2)
    assert alone["items"][0]["code"] == "VX-5001"
    mixed = vortex.json("sync", "AAPL", "AAPLL", *RANGE, code=8)
    assert mixed["status"] == "partial"
    failed = next(item for item in mixed["items"] if item["symbol"] == "AAPLL")
    assert failed["status"] == "failed" and "AAPL" in failed["message"]


def test_dry_run_calls_nobody(vortex, sim):
    before = sim.counts()
    done = vortex("sync", "AAPL", "--dry-run", *RANGE, code=0)
    assert "planned" in done.stderr
    assert sim.counts() == before
    assert list(vortex.directory.glob("data/**/*.parquet")) == []


def test_jobs_are_synced(vortex, sim):
    (vortex.directory / "vortex.toml").write_text(
        "[[jobs]]\nname = 'daily'\nsymbols = ['AAPL', 'MSFT']\nsince = 2024-01-02\n"
        "[[jobs]]\nname = 'hours'\nsymbols = ['SPY']\ninterval = '1wk'\nsince = '2023-01-02'\n"
    )
    answer = vortex.json("sync", "--until", "2024-03-01")
    asked = [(item["symbol"], item["interval"]) for item in answer["items"]]
    assert asked == [("AAPL", "1d"), ("MSFT", "1d"), ("SPY", "1wk")]


def test_status_shows_series(vortex, sim):
    vortex("sync", "AAPL", "NOPE123", *RANGE, code=8)
    assert "AAPL" in vortex("status", code=0).stdout
    answer = vortex.json("status")
    series = next(entry for entry in answer["series"] if entry["symbol"] == "AAPL")
    assert series["rows"] == len(read(vortex, "AAPL"))
    assert series["coverage"][0]["state"] == "have"


def test_fetch_stores_nothing(vortex, sim):
    rows = rows_of(vortex("fetch", "AAPL", *RANGE, code=0))
    assert rows[0]["timestamp"] == "2024-01-02T00:00:00Z"
    answer = vortex.json("fetch", "AAPL", "NOPE123", *RANGE, code=8)
    assert len(answer["bars"]) == len(rows) and answer["status"] == "partial"
    assert not (vortex.directory / "data").exists()


def test_humans_read_stderr(vortex, sim):
    done = vortex("sync", "AAPL", *RANGE, code=0)
    assert done.stdout == ""
    for word in ("rows", "calls", "quality", "elapsed", "version"):
        assert word in done.stderr
    assert vortex("sync", "MSFT", "-q", *RANGE, code=0).stderr == ""


def test_progress_is_redrawn_on_a_terminal_only(vortex, sim):
    ours, theirs = pty.openpty()
    environment = {**vortex.environment, "TERM": "xterm"}
    command = [VORTEX, "sync", "AAPL", "MSFT", *RANGE]
    done = subprocess.run(command, cwd=vortex.directory, env=environment, stderr=theirs, timeout=60, check=True)
    os.close(theirs)
    seen = os.read(ours, 65536).decode()
    os.close(ours)
    assert done.returncode == 0
    assert "2/2 symbols" in seen and "rows" in seen
    assert "\r\x1b[2K" in seen
    elsewhere = vortex("sync", "AAPL", *RANGE, code=0).stderr
    assert "\r" not in elsewhere and "1/1 symbols" not in elsewhere


def test_demo(vortex):
    done = vortex("demo", code=0)
    assert "12 of 12 series" in done.stderr and "next:" in done.stderr
    assert "AAPL" in done.stdout
    assert (vortex.directory / "demo-data/bars/_delta_log").is_dir()
    assert vortex.json("demo")["status"] == "ok"
    assert (vortex.directory / "demo-data-2").is_dir()


@pytest.mark.parametrize("sent, code", [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_signals_keep_what_was_committed(vortex, sim, sent, code):
    vortex("sync", "MSFT", *RANGE, code=0)
    sim.post("faults", [{"symbol": "AAPL", "fault": "hang"}])
    process = vortex.start("sync", "AAPL", *RANGE)
    sim.wait_until_asked("AAPL", process)
    process.send_signal(sent)
    process.communicate(timeout=30)
    assert process.returncode == code
    sim.post("faults", [])
    assert len(read(vortex, "MSFT")) > 30
    vortex("sync", "AAPL", *RANGE, code=0)


def limit_file_size():
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (16 * 1024, 16 * 1024))


def test_a_write_that_fails_is_7_and_the_last_version_stays(vortex, sim):
    vortex("sync", "MSFT", *RANGE, code=0)
    before = read(vortex, "MSFT")
    done = vortex("sync", "AAPL", "--since", "1990-01-01", "--until", "2024-03-01", preexec_fn=limit_file_size)
    assert done.returncode == 7, done.stderr
    assert read(vortex, "MSFT") == before
    vortex("sync", "AAPL", "--since", "1990-01-01", "--until", "2024-03-01", code=0)


@pytest.fixture
def small_disk(vortex):
    """A file system of 8 MB at ./disk, and how to fill it."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small file system")
    disk = vortex.directory / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=8m", "vortex-test", disk]
    if subprocess.run(mount, check=False, capture_output=True).returncode != 0:
        pytest.skip("mounting is not allowed here")
    yield disk
    subprocess.run(["umount", disk], check=False)


def fill(disk):
    filler = disk / "filler"
    with open(filler, "wb", buffering=0) as file:
        with pytest.raises(OSError):
            while True:
                file.write(b"x" * 4096)
    return filler


def test_a_full_disk_is_7_and_the_last_version_stays(vortex, sim, small_disk):
    store = ("--store", "disk/data")
    vortex("sync", "MSFT", *store, *RANGE, code=0)
    before = read(vortex, "MSFT", *store)
    filler = fill(small_disk)
    done = vortex("sync", "AAPL", *store, *RANGE, code=7)
    assert "VX-700" in done.stderr
    filler.unlink()
    assert read(vortex, "MSFT", *store) == before
    vortex("sync", "AAPL", *store, *RANGE, code=0)
    assert len(read(vortex, "AAPL", *store)) > 30


def test_reading_needs_no_free_space(vortex, sim, small_disk):
    store = ("--store", "disk/data")
    vortex("sync", "MSFT", *store, *RANGE, code=0)
    before = read(vortex, "MSFT", *store)
    fill(small_disk)
    assert read(vortex, "MSFT", *store) == before


def test_crumb_and_limits(vortex):
    sim = Sim(vortex, "--require-crumb")
    try:
        vortex.environment["VORTEX__PROVIDERS__YAHOO__BASE_URL"] = sim.url
        assert vortex.json("sync", "AAPL", *RANGE)["status"] == "ok"
        sim.post("end-sessions", {})
        vortex("sync", "MSFT", *RANGE, code=0)
    finally:
        sim.stop()


def test_a_dataset_path_that_is_a_file_is_refused(vortex, sim):
    (vortex.directory / "data").write_text("not a directory")
    done = vortex("sync", "AAPL", *RANGE, code=2)
    assert "data" in done.stderr
    assert sim.counts() is not None


def test_the_read_pipe_may_close_early(vortex, sim):
    vortex("sync", "AAPL", "--since", "1990-01-01", "--until", "2024-03-01", code=0)
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {VORTEX} read AAPL | head -1"], cwd=vortex.directory, env=vortex.environment,
        capture_output=True, text=True, check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_status_says_what_was_rebuilt(vortex, sim):
    vortex("sync", "AAPL", "--since", "2024-01-01", code=0)
    before = vortex.json("status")
    assert before["rebuilt"] is None and before["files"] == 1 and before["bytes"] > 0
    for part in (vortex.directory / "data").glob("state.db*"):
        part.unlink()
    after = vortex.json("status")
    assert "state.db" in after["rebuilt"]
    assert after["series"][0]["rows"] == before["series"][0]["rows"]


DAILY = ("--set", 'providers.yahoo.limits=["5/day@UTC"]')


def test_a_backlog_larger_than_the_day_is_planned_and_deferred(vortex, sim):
    symbols = [f"S{number:04}" for number in range(9)]
    plan = vortex.json("sync", *symbols, "--dry-run", *RANGE, *DAILY, code=0)
    (day,) = plan["allowances"]
    assert day["rule"] == "5/day@UTC" and day["limit"] == 5 and day["left"] == 5
    assert (day["calls_now"], day["calls_waiting"], day["reserved"]) == (4, 5, 1)
    assert day["resets_at"].endswith("T00:00:00Z") and day["done_after"] > day["resets_at"]
    done = vortex("sync", *symbols, "--dry-run", *RANGE, *DAILY, code=0)
    assert "5 wait: done on" in done.stderr

    answer = vortex.json("sync", *symbols, *RANGE, *DAILY, code=5)
    assert answer["status"] == "deferred" and answer["calls"]["sent"] == 4
    waiting = [item for item in answer["items"] if item["status"] == "deferred"]
    assert len(waiting) == 5
    assert {item["code"] for item in waiting} == {"VX-3004"}
    assert {item["retry_at"] for item in waiting} == {day["resets_at"]}

    # Another process knows what was used; the reserve is for those that are stored already.
    (account,) = [entry for entry in vortex.json("status", *DAILY)["accounts"] if entry["provider"] == "yahoo"]
    assert account["allowances"][0]["left"] == 1
    again = vortex.json("sync", *symbols[4:], *RANGE, *DAILY, code=5)
    assert again["calls"]["sent"] == 0


def test_status_shows_a_running_sync(vortex, sim):
    vortex("sync", "MSFT", *RANGE, code=0)
    assert vortex.json("status")["running"] == []
    sim.post("faults", [{"symbol": "AAPL", "fault": "hang"}])
    process = vortex.start("sync", "AAPL", *RANGE)
    running = []
    deadline = time.monotonic() + 30
    while not any(entry["in_flight"] for run in running for entry in run["providers"]) and time.monotonic() < deadline:
        running = vortex.json("status")["running"]
    assert running[0]["pid"] == process.pid and running[0]["command"] == "sync"
    (provider,) = running[0]["providers"]
    assert provider["provider"] == "yahoo" and provider["breaker"] == "closed"
    assert provider["in_flight"] == 1 and provider["sent"] == 1
    assert f"pid {process.pid}" in vortex("status", code=0).stdout
    process.kill()  # what it said of itself is nobody's any more
    process.communicate(timeout=30)
    assert vortex.json("status")["running"] == []


def test_h3_a_killed_sync_leaves_its_allowance_used(vortex, sim):
    sim.post("faults", [{"symbol": "AAPL", "fault": "hang"}])
    process = vortex.start("sync", "AAPL", *RANGE, *DAILY)
    sim.wait_until_asked("AAPL", process)
    process.kill()
    process.communicate(timeout=30)
    vortex("sync", "MSFT", *RANGE, code=0)
    (account,) = [entry for entry in vortex.json("status", *DAILY)["accounts"] if entry["provider"] == "yahoo"]
    assert account["allowances"][0]["used"] >= 1
