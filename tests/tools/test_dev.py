"""The `dev` script where nothing has to be installed: what it says and how it ends."""

import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]


def dev(*arguments):
    return subprocess.run([ROOT / "dev", *arguments], capture_output=True, text=True, stdin=subprocess.DEVNULL)


def test_help_names_every_command():
    done = dev("help")
    commands = set(re.findall(r"^cmd_(\w+)\(\)", (ROOT / "dev").read_text(), re.M))
    assert done.returncode == 0
    assert commands <= set(re.findall(r"\w+", done.stdout))


def test_no_command_is_help():
    assert dev().stdout == dev("help").stdout


def test_an_unknown_command_is_named_on_stderr():
    done = dev("biuld")
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.splitlines()[-1] == "dev: no such command: biuld"


def test_what_ci_runs_is_a_command_of_dev():
    used = set(re.findall(r"\./dev ([\w-]+)", (ROOT / ".ci/run").read_text()))
    known = set(re.findall(r"^\s+([a-z |-]+)\) ", (ROOT / "dev").read_text().split("main() {")[1], re.M))
    words = {word for line in known for word in line.split(" | ")}
    assert used and used <= words
