"""The commands that need neither network nor dataset."""

import json
import signal
import subprocess
import time
import urllib.request

import pytest

from conftest import Sim


def test_version(vortex):
    done = vortex("--version", code=0)
    assert done.stdout.startswith("vortex ") and done.stdout.count("\n") == 1
    assert vortex.json("--version")["version"] == done.stdout.split()[1]


def test_help_names_every_command_and_flag(vortex):
    text = vortex("--help", code=0).stdout
    for word in ("demo", "sync", "read", "explain", "--set", "--json", "--since"):
        assert word in text
    assert vortex("help", code=0).stdout == text
    assert "--as-of" in vortex("read", "--help", code=0).stdout
    assert vortex("help", "read", code=0).stdout == vortex("read", "--help", code=0).stdout
    assert {command["name"] for command in vortex.json("help")["commands"]} >= {"demo", "sync", "sim"}


def test_explain_knows_every_code_it_lists(vortex):
    codes = vortex.json("explain")["codes"]
    assert len(codes) > 30
    for entry in codes[:: len(codes) // 8]:
        text = vortex("explain", entry["code"], code=0).stdout
        assert entry["code"] in text and entry["next_step"] in text
        assert vortex.json("explain", entry["code"].lower())["codes"] == [entry]
    assert {entry["exit_code"] for entry in codes} <= {0, 1, 2, 3, 4, 5, 6, 7, 78, 130}


def test_providers_tells_limits_and_terms(vortex):
    assert "yahoo" in vortex("providers", code=0).stdout
    yahoo = vortex.json("providers")["providers"][0]
    assert yahoo["name"] == "yahoo"
    assert yahoo["limits"] and yahoo["terms"]
    assert "1d" in [interval["interval"] for interval in yahoo["intervals"]]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completions_parse(vortex, shell):
    script = vortex("completions", shell, code=0).stdout
    assert "--as-of" in script.replace("-l as-of", "--as-of")
    try:
        done = subprocess.run([shell, "-n"], input=script, text=True, capture_output=True, check=False)
    except FileNotFoundError:
        pytest.skip(f"{shell} is not installed")
    assert (done.returncode, done.stderr) == (0, "")


def test_bash_completion_proposes_commands_flags_and_values(vortex):
    script = vortex("completions", "bash", code=0).stdout

    def proposed(*words):
        quoted = " ".join(f"'{word}'" for word in words)
        ask = f"COMP_WORDS=({quoted}); COMP_CWORD={len(words) - 1}; _vortex; echo \"${{COMPREPLY[@]}}\""
        return subprocess.run(["bash", "-c", script + ask], text=True, capture_output=True, check=True).stdout.split()

    assert proposed("vortex", "sy") == ["sync"]
    assert proposed("vortex", "read", "--as") == ["--as-of"]
    assert "1wk" in proposed("vortex", "read", "--interval", "")
    assert proposed("vortex", "config", "sch") == ["schema"]


def write_csv(vortex, rows):
    path = vortex.directory / "bars.csv"
    path.write_text("timestamp,open,high,low,close,volume\n" + "\n".join(rows) + "\n")
    return path


def test_validate_reports_bad_rows(vortex):
    days = {"02": "10,11,9,10,100", "03": "10,9,9,10,100", "04": "10,11,9,10,100"}
    path = write_csv(vortex, [f"2024-01-{day}T00:00:00Z,{values}" for day, values in days.items()])
    assert "Q07" in vortex("validate", path, code=0).stdout
    assert vortex("validate", path, "--strict", code=6)
    check = vortex.json("validate", path)["check"]
    assert check["report"]["rows"] == 3
    assert check["report"]["quarantined"] == 1


def test_validate_refuses_what_is_no_bar_file(vortex):
    (vortex.directory / "x.csv").write_text("a,b\n1,2\n")
    done = vortex("validate", "x.csv", code=6)
    assert done.stderr.startswith("VX-4003")
    assert "vortex explain VX-4003" in done.stderr
    assert vortex.json("validate", "x.csv", code=6)["error"]["class"] == "schema"


@pytest.mark.parametrize("sent, code", [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_sim_listens_until_a_signal(vortex, sent, code):
    sim = Sim(vortex, "--seed", "7")
    assert sim.url.startswith("http://127.0.0.1:")
    with urllib.request.urlopen(f"{sim.url}/v8/finance/chart/AAPL?interval=1d&range=5d", timeout=10) as reply:
        assert json.loads(reply.read())["chart"]["error"] is None
    sim.process.send_signal(sent)
    sim.process.communicate(timeout=30)
    assert sim.process.returncode == code


def test_sim_refuses_bad_options(vortex):
    (vortex.directory / "faults.json").write_text('[{"fault": "statsu"}]')
    assert "status" in vortex.refusal("sim", "--faults", "faults.json")
    assert "absent" in vortex.refusal("sim", "--faults", "absent.json")


def test_version_is_fast(vortex):
    """Measured, not asserted on one run: the best of ten is the cost without the machine's noise."""
    best = min(timed(vortex) for _ in range(10))
    print(f"vortex --version: {best * 1000:.1f} ms")


def timed(vortex):
    start = time.monotonic()
    vortex("--version", code=0)
    return time.monotonic() - start
