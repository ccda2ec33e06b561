"""What bad words get: exit 2, one line that names them and the nearest valid ones."""

import json
import os
import subprocess

import pytest

from conftest import VORTEX


@pytest.mark.parametrize(
    "arguments, named, nearest",
    [
        (["snyc", "AAPL"], "snyc", "sync"),
        (["read", "AAPL", "--intervall", "1d"], "--intervall", "--interval"),
        (["--jsn", "status"], "--jsn", "--json"),
        (["sync", "AAPL", "--dryrun"], "--dryrun", "--dry-run"),
        (["sync", "AAPL", "--interval", "1day"], "1day", "1d"),
        (["read", "AAPL", "--interval", "60m"], "60m", None),
        (["sync", "AAPL", "--since", "2024-02-30"], "2024-02-30", "2024-02-29"),
        (["sync", "AAPL", "--since", "20240105"], "20240105", "2024-01-05"),
        (["sync", "AAPL", "--until", "2024-1-5"], "2024-1-5", "2024-01-05"),
        (["sync", "AAPL", "--since", "yesterday"], "yesterday", None),
        (["sync", "AAPL", "--since", "2024-05-01", "--until", "2024-04-01"], "2024-04-01", None),
        (["sync", "AAPL", "--provider", "yaho"], "yaho", "yahoo"),
        (["read", "AAPL", "--format", "cvs"], "cvs", "csv"),
        (["read", "AAPL", "--adjust", "splits"], "splits", "split"),
        (["explain", "VX-210"], "VX-210", "VX-210"),
        (["config", "chek"], "chek", "check"),
        (["completions", "bsh"], "bsh", "bash"),
        (["help", "raed"], "raed", "read"),
        (["sim", "--seed", "x"], "x", None),
        (["sim", "--limit", "0/s"], "0/s", None),
        (["read"], "SYMBOL", None),
        (["read", "AAPL", "MSFT"], "MSFT", None),
        (["read", "AAPL", "--since"], "--since", "DATE"),
        (["sync"], "no symbol", None),
        (["read", "AAPL", "--store", "s3://bucket/x"], "s3://bucket/x", None),
        (["validate", "absent.csv"], "absent.csv", None),
    ],
)
def test_unknown_words_are_named_with_the_nearest(vortex, arguments, named, nearest):
    line = vortex.refusal(*arguments)
    assert named in line
    assert nearest is None or nearest in line


@pytest.mark.parametrize(
    "symbol",
    ["../../x", "..", ".", "a..b", "A\rB", "A\nHost: x", "A\tB", "\u202eAAPL", "A" * 41, "A" * 100_000]
    + ["", "Ä", "A?b=1", "A%00"],
)
@pytest.mark.parametrize("command", ["sync", "fetch", "read"])
def test_what_is_no_symbol_is_refused_before_any_call(vortex, command, symbol):
    line = vortex.refusal(command, symbol)
    assert line.startswith("VX-6003")
    assert len(line) < 700
    assert "\r" not in line and "\u202e" not in line
    assert [path.name for path in vortex.directory.iterdir()] == ["home"]


@pytest.mark.parametrize("symbol", ["BRK-B", "^GSPC", "0005.HK", "ES=F", "EURUSD=X", "BRK/B", "M&M.NS"])
def test_real_symbols_are_accepted(vortex, symbol):
    """They get as far as the dataset that is not there."""
    assert "no dataset" in vortex.refusal("read", symbol)


def test_a_megabyte_of_symbol_cannot_even_be_passed(vortex):
    with pytest.raises(OSError):
        vortex("read", "A" * (1 << 20))


def test_store_paths_name_the_nearest_dataset(vortex):
    (vortex.directory / "data/bars/_delta_log").mkdir(parents=True)
    assert "did you mean 'data'" in vortex.refusal("status", "--store", "dat")
    (vortex.directory / "file").write_text("x")
    assert "file" in vortex.refusal("status", "--store", "file")
    assert "file" in vortex.refusal("read", "AAPL", "--store", "./file")


def test_errors_are_one_json_object(vortex):
    for arguments in (["snyc"], ["read", "../x"], ["read", "AAPL"], ["config", "chek"], ["explain", "VX-1"]):
        answer = vortex.json(*arguments, code=2)
        assert answer["status"] == "failed"
        error = answer["error"]
        assert error["code"].startswith(("VX-6", "VX-7004"))
        assert error["class"] == "usage"
        assert error["retryable"] is False
        assert set(error) >= {"code", "class", "message", "evidence", "hint", "retryable", "retry_at"}


def test_common_flags_go_in_any_position(vortex):
    before, after = ["--store", "x", "--json", "status"], ["status", "--store", "x", "--json"]
    for arguments in (before, after, ["--json", "status", "--store=x"]):
        done = vortex(*arguments, code=2)
        assert "'x'" in json.loads(done.stdout)["error"]["message"]


def test_a_symbol_may_be_called_like_a_command(vortex):
    assert "no dataset" in vortex.refusal("read", "sync")


def test_no_command_shows_help_and_fails(vortex):
    done = vortex(code=2)
    assert "usage: vortex COMMAND" in done.stderr
    assert done.stdout == ""


def test_no_colour_outside_a_terminal(vortex):
    assert "\x1b" not in vortex("read", "AAPL").stderr
    assert "\x1b" not in vortex("--help").stdout


def run_on_terminal(vortex, *arguments, **environment):
    """Runs with stderr on a pseudo-terminal; what the person saw."""
    ours, theirs = os.openpty()
    where = {"cwd": vortex.directory, "env": {**vortex.environment, **environment}}
    with subprocess.Popen([VORTEX, *arguments], **where, stderr=theirs, stdout=subprocess.DEVNULL) as process:
        os.close(theirs)
        seen = b""
        try:
            while chunk := os.read(ours, 4096):
                seen += chunk
        except OSError:  # the other end is closed
            pass
        process.wait()
    os.close(ours)
    return seen


def test_colour_on_a_terminal_unless_no_color(vortex):
    assert b"\x1b[31m" in run_on_terminal(vortex, "read", "AAPL", TERM="xterm")
    assert b"\x1b" not in run_on_terminal(vortex, "read", "AAPL", TERM="xterm", NO_COLOR="1")
    assert b"\x1b" not in run_on_terminal(vortex, "read", "AAPL", TERM="dumb")


def test_a_reader_that_leaves_ends_the_command_quietly(vortex):
    reader, writer = os.pipe()
    os.close(reader)
    streams = {"stdout": writer, "stderr": subprocess.PIPE}
    with subprocess.Popen([VORTEX, "explain"], env=vortex.environment, **streams) as process:
        os.close(writer)
        assert process.stderr.read() == b""
    assert process.returncode == 0


def test_full_disk_on_stdout_is_a_storage_error(vortex):
    with open("/dev/full", "wb") as full:
        streams = {"stdout": full, "stderr": subprocess.PIPE}
        done = subprocess.run([VORTEX, "explain"], env=vortex.environment, **streams, check=False)
    assert done.returncode == 7
    assert b"VX-7002" in done.stderr
