"""Runs clang-tidy-19 over the sources a change touches, for a bounded time.

    python tools/tidy_changed.py --build build [--jobs N] [--minutes M] [REV]

What changed is counted from REV, else from where the branch left origin/main, else from the last
commit that is four hours older than HEAD. A changed header stands for the source of its stem. A source that
passed before with the same text, headers and checks is not looked at again. Exit 1 where clang-tidy found
something; sources for which there was no time are named, and are no failure.
"""

import argparse
import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys
import time

CLANG_TIDY = "clang-tidy-19"
LANDING_SECONDS = 4 * 3600
ONE_FILE_SECONDS_MAX = 300
ROOT = pathlib.Path(__file__).resolve().parent.parent


def git(*arguments):
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True)
    return done.stdout.strip() if done.returncode == 0 else ""


def base_revision(given):
    """The commit to compare with; empty means that everything is new."""
    if given:
        revision = git("rev-parse", "--verify", f"{given}^{{commit}}")
        if not revision:
            sys.exit(f"tidy_changed: no such revision: {given}")
        return revision
    fork = git("merge-base", "HEAD", "origin/main")
    if fork and fork != git("rev-parse", "HEAD"):
        return fork
    head_time = int(git("log", "-1", "--format=%ct", "HEAD") or 0)
    return git("rev-list", "-1", f"--before={head_time - LANDING_SECONDS}", "HEAD")


def changed_files(base):
    if not base:
        return git("ls-files", "--cached", "--others", "--exclude-standard").splitlines()
    untracked = git("ls-files", "--others", "--exclude-standard").splitlines()
    return sorted({*git("diff", "--name-only", "--diff-filter=d", base).splitlines(), *untracked})


def sources_of(paths, commands):
    """The compiled sources a list of changed paths stands for."""
    found = set()
    for path in paths:
        if path.endswith((".hpp", ".ipp")):
            path = re.sub(r"\.[hi]pp$", ".cpp", path)
        if path.endswith(".cpp") and path in commands:
            found.add(path)
    return sorted(found)


def compile_commands(build):
    """{path below the root: command}. A unity build's sources are there too, one by one."""
    commands = {}
    for entry in json.loads((build / "compile_commands.json").read_text()):
        path = os.path.relpath(os.path.join(entry["directory"], entry["file"]), ROOT)
        if path.startswith(".."):
            continue
        commands.setdefault(path, entry["command"])
        for included in unity_members(pathlib.Path(ROOT / path)):
            commands.setdefault(included, entry["command"])
    return commands


def unity_members(path):
    if "Unity/unity_" not in str(path) or not path.exists():
        return []
    return [os.path.relpath(m, ROOT) for m in re.findall(r'#include "([^"]+\.cpp)"', path.read_text())]


def closure_text(path, seen):
    """The text of a source and of all our headers it reaches, for the key under which a pass is kept."""
    full = ROOT / path
    if path in seen or not full.exists():
        return ""
    seen.add(path)
    text = full.read_text(encoding="utf-8", errors="replace")
    return text + "".join(closure_text(p, seen) for p in re.findall(r'#include "(vortex/[^"]+)"', text))


def passed_mark(path, command):
    key = hashlib.sha256()
    arguments = " ".join(own_arguments(command))
    for part in (closure_text(path, set()), arguments, (ROOT / ".clang-tidy").read_text()):
        key.update(part.replace(str(ROOT), "").encode() + b"\0")
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache")
    return cache / "vortex" / "clang-tidy" / key.hexdigest()


def own_arguments(command):
    """The compiler's arguments without what names one source and its outputs."""
    words = shlex.split(re.sub(r"\s-(o|c|MF|MT|MQ) \S+|\s-MD\b", "", command))
    compiler = next(i for i, word in enumerate(words) if "clang++" in word or "g++" in word)
    return words[compiler + 1:]


def tidy_one(path, command, deadline):
    mark = passed_mark(path, command)
    if mark.exists():
        return path, "known", ""
    left = deadline - time.monotonic()
    if left <= 0:
        return path, "late", ""
    call = [CLANG_TIDY, "--quiet", path, "--", *own_arguments(command)]
    try:
        done = subprocess.run(call, cwd=ROOT, capture_output=True, text=True,
                              timeout=min(left + 60, ONE_FILE_SECONDS_MAX))
    except subprocess.TimeoutExpired:
        return path, "late", ""
    if done.returncode != 0:
        return path, "bad", done.stdout + done.stderr
    mark.parent.mkdir(parents=True, exist_ok=True)
    mark.touch()
    return path, "good", ""


def unseen(text, seen):
    """The findings of a text that were not shown yet: a header's come again with every source."""
    fresh = []
    for finding in re.split(r"^(?=/\S+:\d+:\d+: (?:error|warning):)", text, flags=re.M):
        first = finding.split("\n", 1)[0]
        if re.match(r"/\S+:\d+:\d+: ", first) and first not in seen:
            seen.add(first)
            fresh.append(re.sub(r"^\d+ warnings?( and \d+ errors?)? generated\.\n", "", finding, flags=re.M))
    return "".join(fresh)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("revision", nargs="?")
    options = parser.parse_args()

    commands = compile_commands(options.build.resolve())
    base = base_revision(options.revision)
    sources = sources_of(changed_files(base), commands)
    print(f"clang-tidy: {len(sources)} sources changed since {base[:12] or 'the beginning'}", flush=True)
    deadline = time.monotonic() + options.minutes * 60
    seen = set()
    outcomes = {"known": [], "good": [], "bad": [], "late": []}
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        jobs = [pool.submit(tidy_one, path, commands[path], deadline) for path in sources]
        for job in concurrent.futures.as_completed(jobs):
            path, outcome, text = job.result()
            outcomes[outcome].append(path)
            print(unseen(text, seen) if outcome == "bad" else "", end="", flush=True)
            if outcome == "bad" and "error:" not in text:
                print(f"{path}: {text.strip()}", flush=True)
    if outcomes["late"]:
        print(f"no time in {options.minutes:g} min for: {' '.join(sorted(outcomes['late']))}")
    counts = ", ".join(f"{len(paths)} {name}" for name, paths in outcomes.items())
    print(f"clang-tidy: {counts}")
    return 1 if outcomes["bad"] else 0


if __name__ == "__main__":
    sys.exit(main())
