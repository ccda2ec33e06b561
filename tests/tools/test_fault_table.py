"""tools/fault_table.py: which ids a name carries, what counts, and when a whole run fails."""

import json
import os
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
import fault_table  # noqa: E402  the folder of tools is no package


@pytest.mark.parametrize("suite, name, ids", [
    ("CurlFaultsTest", "A6A12EveryCutOfTheAnswerIsAnError", ["A6", "A12"]),
    ("CurlFaultsTest", "A5AResetWithinTheRequest", ["A5"]),
    ("CurlFaultsTest", "BringsAReply", []),
    ("RetryTest", "A100TimesSlowerIsNoId", []),
    ("HttpTest", "B1429IsNoId", []),
    ("Providers/ConformanceTest", "C10RateLimitCarriesWhen/yahoo", []),
    ("Providers/ConformanceTest", "C19B19C10AnotherSymbol/yahoo", ["B19", "C10"]),
    ("tests/cli/test_http2.py", "test_b18_a8_window_closed", ["B18", "A8"]),
    ("tests/cli/test_http2.py", "test_a_lost_session", []),
    ("tests/cli/test_http2.py", "test_b9_lost[503]", ["B9"]),
])
def test_a_name_begins_with_its_ids(suite, name, ids):
    assert fault_table.ids_of_name(suite, name) == ids


def gtest_file(folder, *tests):
    cases = [{"name": name, "result": result, **more} for name, result, more in tests]
    document = {"testsuites": [{"name": "RoadTest", "testsuite": cases}]}
    (folder / "road_test.json").write_text(json.dumps(document))


def test_counts_and_violations_are_added_up(tmp_path):
    gtest_file(tmp_path,
               ("A6EveryCut", "COMPLETED", {"fault_A6": "86"}),
               ("A6OnceMore", "COMPLETED", {}),
               ("A8Silence", "COMPLETED", {"failures": [{"failure": "slow"}]}),
               ("A9Skipped", "SKIPPED", {}),
               ("SaysItOnlyInside", "COMPLETED", {"fault_K1": "3", "other": "x"}))
    table = fault_table.read_folder(tmp_path)
    assert table.fired == {"A6": 87, "A8": 1, "K1": 3}
    assert table.violations.total() == table.violations["A8"] == 1
    assert "A9" in table.missing() and "A6" not in table.missing()


def test_required_ids_stand_first_in_the_issues_order(tmp_path):
    gtest_file(tmp_path, ("J3Redirect", "COMPLETED", {}), ("A1Refused", "COMPLETED", {}))
    ids = fault_table.read_folder(tmp_path).ids()
    assert ids[:7] == ["A1", "A2", "A3", "A4", "A5", "A6", "A8"]
    assert ids[-1] == "J3"
    assert len(fault_table.REQUIRED) == len(set(fault_table.REQUIRED)) == 82


def test_pytest_runs_are_written_by_the_plug_in(tmp_path):
    (tmp_path / "test_some.py").write_text(
        "import pytest\n"
        "def test_b18_refused(record_property):\n    record_property('fault_B18', 5)\n"
        "def test_b1_fails():\n    assert False\n"
        "@pytest.fixture\ndef broken():\n    raise OSError\n"
        "def test_b2_cannot_start(broken):\n    pass\n"
        "def test_b3_skipped():\n    pytest.skip('not here')\n")
    log = tmp_path / "faults"
    log.mkdir()
    environment = {**os.environ, "PYTEST_PLUGINS": "fault_table", "PYTHONPATH": str(ROOT / "tools"),
                   "VORTEX_FAULT_DIR": str(log)}
    subprocess.run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", tmp_path / "test_some.py"],
                   env=environment, capture_output=True)
    table = fault_table.read_folder(log)
    assert table.fired == {"B18": 5, "B1": 1, "B2": 1}
    assert table.violations["B1"] == table.violations["B2"] == 1


def test_a_whole_run_needs_every_required_id(tmp_path, capsys):
    every = [(f"{fault}Fires", "COMPLETED", {}) for fault in fault_table.REQUIRED]
    gtest_file(tmp_path, *every)
    assert fault_table.main([str(tmp_path), "--whole"]) == 0
    gtest_file(tmp_path, *every[1:])
    assert fault_table.main([str(tmp_path)]) == 0
    assert fault_table.main([str(tmp_path), "--whole"]) == 1
    assert capsys.readouterr().out.splitlines()[-1] == "never fired: A1"


def test_a_violation_fails_any_run(tmp_path):
    gtest_file(tmp_path, ("A1Refused", "COMPLETED", {"failures": [{}]}))
    assert fault_table.main([str(tmp_path)]) == 1
