"""tools/tidy_changed.py: which sources a change stands for, and when a pass may be remembered."""

import os
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
import tidy_changed  # noqa: E402  the folder of tools is no package

LANDED = 1_700_000_000


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """A repository of its own, and a function that commits a file at a given time."""
    monkeypatch.setattr(tidy_changed, "ROOT", tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    subprocess.run(["git", "init", "-q", "-b", "main"], cwd=tmp_path, check=True)

    def commit(path, text, time):
        full = tmp_path / path
        full.parent.mkdir(parents=True, exist_ok=True)
        full.write_text(text)
        identity = ["-c", "user.name=x", "-c", "user.email=x@example.com"]
        stamps = dict(os.environ, GIT_AUTHOR_DATE=f"{time} +0000", GIT_COMMITTER_DATE=f"{time} +0000")
        subprocess.run(["git", "add", path], cwd=tmp_path, check=True)
        subprocess.run(["git", *identity, "commit", "-q", "-m", "x"], cwd=tmp_path, env=stamps, check=True)
        return tidy_changed.git("rev-parse", "HEAD")

    return commit


def test_a_header_stands_for_the_source_of_its_stem():
    commands = {"vortex/net/a.cpp": "", "vortex/net/b.cpp": ""}
    changed = ["vortex/net/a.hpp", "vortex/net/c.hpp", "README.md"]
    assert tidy_changed.sources_of(changed, commands) == ["vortex/net/a.cpp"]


def test_changes_are_counted_from_the_last_landing(repository):
    landed = repository("old.cpp", "1", LANDED)
    repository("new.cpp", "2", LANDED + 5 * 3600)
    repository("newer.cpp", "3", LANDED + 6 * 3600)
    assert tidy_changed.base_revision(None) == landed
    assert tidy_changed.changed_files(landed) == ["new.cpp", "newer.cpp"]


def test_a_first_landing_is_all_new(repository):
    repository("a.cpp", "1", LANDED)
    repository("b.cpp", "2", LANDED + 60)
    assert tidy_changed.base_revision(None) == ""
    assert tidy_changed.changed_files("") == ["a.cpp", "b.cpp"]


def test_files_not_yet_committed_count(repository):
    landed = repository("a.cpp", "1", LANDED)
    (tidy_changed.ROOT / "fresh.cpp").write_text("2")
    assert tidy_changed.changed_files(landed) == ["fresh.cpp"]


def test_an_unknown_revision_is_named(repository):
    repository("a.cpp", "1", LANDED)
    with pytest.raises(SystemExit, match="no such revision: nowhere"):
        tidy_changed.base_revision("nowhere")


def test_a_pass_is_forgotten_when_a_header_below_changes(repository):
    repository(".clang-tidy", "Checks: '*'", LANDED)
    repository("vortex/a.cpp", '#include "vortex/b.hpp"\n', LANDED)
    repository("vortex/b.hpp", '#include "vortex/c.hpp"\n', LANDED)
    repository("vortex/c.hpp", "int one;\n", LANDED)
    before = tidy_changed.passed_mark("vortex/a.cpp", "clang++-19 -O2")
    assert tidy_changed.passed_mark("vortex/a.cpp", "clang++-19 -O2 -o x.o") == before
    (tidy_changed.ROOT / "vortex/c.hpp").write_text("int two;\n")
    assert tidy_changed.passed_mark("vortex/a.cpp", "clang++-19 -O2") != before


def test_no_time_is_named_and_is_no_pass(repository):
    repository(".clang-tidy", "Checks: '*'", LANDED)
    repository("a.cpp", "int x;\n", LANDED)
    assert tidy_changed.tidy_one("a.cpp", "clang++-19", 0) == ("a.cpp", "late", "")
    assert not tidy_changed.passed_mark("a.cpp", "clang++-19").exists()


def test_outputs_are_no_arguments_of_clang_tidy():
    command = r"/usr/bin/ccache /usr/bin/clang++-19 -DV=\"1 2\" -MD -MT a.o -MF a.d -o a.o -c a.cpp"
    assert tidy_changed.own_arguments(command) == ['-DV="1', '2"']


def test_a_finding_in_a_header_is_shown_once():
    text = "/r/a.hpp:3:1: error: bad [check]\n  3 | x\n12 warnings generated.\n/r/b.cpp:1:1: error: worse [check]\n"
    seen = set()
    assert tidy_changed.unseen(text, seen) == text.replace("12 warnings generated.\n", "")
    assert tidy_changed.unseen(text, seen) == ""
