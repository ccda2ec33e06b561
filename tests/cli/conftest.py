"""Runs the real `vortex` (VORTEX_BIN) in an empty directory with an empty home."""

import csv
import io
import json
import os
import signal
import subprocess
import time
import urllib.request
from pathlib import Path

import pytest

VORTEX = os.environ.get("VORTEX_BIN", str(Path(__file__).parents[2] / "build/bin/vortex"))
TIMEOUT_S = 60


class Vortex:
    """The command, a working directory and an environment."""

    def __init__(self, directory):
        self.directory = Path(directory)
        home = self.directory / "home"
        home.mkdir()
        self.environment = {"HOME": str(home), "PATH": os.environ["PATH"], "TERM": "dumb"}
        for name in ("LD_LIBRARY_PATH", "ASAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS", "TZDIR"):
            if name in os.environ:
                self.environment[name] = os.environ[name]

    def __call__(self, *arguments, env=None, code=None, **options):
        done = subprocess.run(
            [VORTEX, *map(str, arguments)],
            cwd=self.directory,
            env={**self.environment, **(env or {})},
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=TIMEOUT_S,
            **options,
        )
        if code is not None:
            assert done.returncode == code, (arguments, done.returncode, done.stdout[-2000:], done.stderr[-2000:])
        return done

    def json(self, *arguments, env=None, code=0):
        """The one object of --json."""
        answer = json.loads(self(*arguments, "--json", env=env, code=code).stdout)
        assert answer["schema_version"] == 1
        return answer

    def rows(self, *arguments):
        """What `read` shows."""
        return list(csv.DictReader(io.StringIO(self("read", *arguments, "--format", "csv", code=0).stdout)))

    def start(self, *arguments, **options):
        return subprocess.Popen(
            [VORTEX, *map(str, arguments)],
            cwd=self.directory,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **options,
        )

    def refusal(self, *arguments, code=2, env=None):
        """The one line a bad input gets."""
        done = self(*arguments, env=env, code=code)
        lines = done.stderr.strip().splitlines()
        assert len(lines) == 1, done.stderr
        assert lines[0].startswith("VX-")
        assert done.stdout == ""
        return lines[0]


class Sim:
    """A running `vortex sim`, asked as `provider`."""

    def __init__(self, vortex, *arguments, provider="yahoo"):
        self.ready = vortex.directory / f"sim-{time.monotonic_ns()}.json"
        self.process = vortex.start("sim", "--ready-file", self.ready, *arguments)
        deadline = time.monotonic() + TIMEOUT_S
        while not self.ready.exists():
            assert self.process.poll() is None, self.process.stderr.read()
            assert time.monotonic() < deadline, "the simulator did not get ready"
            time.sleep(0.01)
        self.urls = json.loads(self.ready.read_text())  # by provider
        self.url = self.urls[provider]

    def post(self, path, value):
        request = urllib.request.Request(f"{self.url}/__sim/{path}", json.dumps(value).encode(), method="POST")
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as reply:
            return reply.read()

    def counts(self):
        with urllib.request.urlopen(f"{self.url}/__sim/counts", timeout=TIMEOUT_S) as reply:
            return json.loads(reply.read())

    def wait_until_asked(self, word, process):
        """Until a call that names `word` has come from the running `process`."""
        deadline = time.monotonic() + TIMEOUT_S
        while not any(word in str(value) for value in self.counts().items()):
            assert process.poll() is None, process.stderr.read()
            assert time.monotonic() < deadline, f"nobody asked for {word}"
            time.sleep(0.01)

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.process.communicate(timeout=TIMEOUT_S)
        return self.process.returncode


def everything_written(vortex):
    """What runs leave behind, file by file, as a reader sees it: packs and tables without their compression."""
    import pyarrow
    import pyarrow.parquet

    for path in vortex.directory.rglob("*"):
        if not path.is_file():
            continue
        data = path.read_bytes()
        if path.suffix == ".pack":
            data = pyarrow.CompressedInputStream(pyarrow.BufferReader(data), "zstd").read()
        elif path.suffix == ".parquet":
            data = str(pyarrow.parquet.ParquetFile(path).read().to_pylist()).encode()
        yield path, data


def reasons_of(vortex, store="data"):
    """The rules that sent each day to quarantine."""
    import polars

    table = polars.read_delta(str(vortex.directory / store / "quarantine"))
    return {str(stamp)[:10]: set(reasons.split(",")) for stamp, reasons in zip(table["timestamp"], table["reasons"])}


def check_old_answer_is_no_news(vortex, sim, provider, symbol, since):
    """A cache in front of the vendor, which the caller has scripted, repeats what it said days ago: nothing of it is
    new, and what it lacks is asked for again."""
    asked = ("--provider", provider, "--since", str(since))
    vortex("sync", symbol, *asked, code=0)
    stored = vortex("read", symbol, "--format", "csv", code=0).stdout
    again = vortex.json("sync", symbol, *asked)
    assert again["rows"]["new"] == again["rows"]["restated"] == 0
    assert vortex("read", symbol, "--format", "csv", code=0).stdout == stored
    sim.post("faults", [])
    assert vortex.json("sync", symbol, *asked)["rows"]["new"] >= 2
    assert vortex("read", symbol, "--format", "csv", code=0).stdout.startswith(stored)


def check_quarantine(vortex, rows, found, expected, store="data"):
    """The rows of one refused answer, as other readers of the dataset see them, and its error with both forms."""
    import polars

    table = polars.read_delta(str(vortex.directory / store / "quarantine")) if rows else None
    if table is None:
        quarantine = vortex.directory / store / "quarantine"
        assert not quarantine.exists() or polars.read_delta(str(quarantine)).height == 0
        return
    assert table.height == rows and table["reasons"].unique().to_list() == ["schema"]
    assert len(set(table["row_text"])) == rows
    (capture,) = table["capture_id"].unique().to_list()
    captures = polars.read_delta(str(vortex.directory / store / "captures"))
    (headers,) = captures.filter(polars.col("capture_id") == capture)["headers"].to_list()
    error = json.loads(headers)["vortex-refused"]
    assert error.startswith("VX-4003") and found in error and expected in error


@pytest.fixture
def vortex(tmp_path):
    return Vortex(tmp_path)


@pytest.fixture
def started():
    """Simulators a test starts by itself."""
    sims = []
    yield sims
    for one in sims:
        one.stop()


@pytest.fixture
def sim(vortex):
    """A simulator that `vortex` asks: no rate limit, one attempt a call."""
    running = Sim(vortex)
    vortex.environment.update(
        {
            "VORTEX__PROVIDERS__YAHOO__BASE_URL": running.url,
            "VORTEX__PROVIDERS__YAHOO__LIMITS": "[]",
            "VORTEX__PROVIDERS__YAHOO__RETRY__ATTEMPTS": "1",
        }
    )
    yield running
    running.stop()
