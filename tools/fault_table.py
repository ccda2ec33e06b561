"""The faults that a run of the tests injected, as a table: id → times fired, violations.

    python tools/fault_table.py FOLDER [--whole]      exit 1 on a violation; with --whole also where an id of
                                                      REQUIRED never fired

A test says by its name which faults of the matrix it injects: `CurlFaultsTest.A6A12EveryCut…`, `test_b18_goaway…`.
That is one firing each; a test that injects more says how many: `fault_fired("A6", 86)` in C++ (header
vortex/base/fault_record_for_test.hpp), `record_property("fault_A6", 86)` in pytest. Each failed test is one
violation of its ids. FOLDER holds what the runs wrote: GoogleTest by GTEST_OUTPUT=json:FOLDER/, pytest by this
file as a plug-in (PYTEST_PLUGINS=fault_table, VORTEX_FAULT_DIR=FOLDER). Skipped tests count for nothing.
"""

import argparse
import collections
import json
import os
import pathlib
import re
import sys

ID = re.compile(r"[A-K][1-9]\d?")
PROPERTY = "fault_"


def span(letter, first, last):
    return [f"{letter}{number}" for number in range(first, last + 1)]


# Of K: K3 and K4 are about streams, K5 about reloading limits, K6 about falling back on another provider.
REQUIRED = [
    *span("A", 1, 6), *span("A", 8, 17), "A19", *span("B", 1, 20), *span("C", 1, 11), *span("F", 1, 4), "F6",
    *span("G", 1, 14), "H1", "H2", "H3", "H5", "H8", "H10", "H11", "I1", "I2", "I6", "I8", "K1", "K2",
    "K7", "K8"]


def ids_of_name(suite, name):
    """The ids a test's name begins with. The cards of the conformance suite (C01…) are numbers of their own."""
    if name.startswith("test_"):
        words = re.match(r"test_((?:[a-k][1-9]\d?_)*)", name)
        return words.group(1).upper().split("_")[:-1]
    if suite.split("/")[-1].startswith("Conformance"):
        name = re.sub(r"^C\d\d", "", name)
    found = re.match(r"((?:[A-K][1-9]\d?)*)(?=[A-Z])", name)
    return ID.findall(found.group(1)) if found else []


class Table:
    def __init__(self):
        self.fired = collections.Counter()
        self.violations = collections.Counter()
        self.tests = collections.Counter()

    def add(self, suite, name, failed, properties):
        """One test that ran, not skipped."""
        counts = dict.fromkeys(ids_of_name(suite, name), 1)
        for key, value in properties.items():
            if key.startswith(PROPERTY) and ID.fullmatch(key.removeprefix(PROPERTY)):
                counts[key.removeprefix(PROPERTY)] = int(value)
        for fault, count in counts.items():
            self.fired[fault] += count
            self.tests[fault] += 1
            self.violations[fault] += failed

    def ids(self):
        """The required ones in their order, then the others that fired."""
        others = set(self.tests) - set(REQUIRED)
        return REQUIRED + sorted(others, key=lambda fault: (fault[0], int(fault[1:])))

    def missing(self):
        return [fault for fault in REQUIRED if self.fired[fault] == 0]

    def text(self):
        rows = ["fault   fired  violations  tests"]
        for fault in self.ids():
            rows.append(f"{fault:5} {self.fired[fault]:7} {self.violations[fault]:11} {self.tests[fault]:6}")
        rows.append(f"{len(self.tests)} faults fired {self.fired.total()} times, {self.violations.total()} violations")
        return "\n".join(rows)


def read_googletest(document, table):
    for suite in document.get("testsuites", []):
        for test in suite.get("testsuite", []):
            if test.get("result") == "COMPLETED":
                table.add(suite["name"], test["name"], "failures" in test, test)


def read_folder(folder):
    table = Table()
    for path in sorted(pathlib.Path(folder).glob("*.json")):
        read_googletest(json.loads(path.read_text()), table)
    for path in sorted(pathlib.Path(folder).glob("*.jsonl")):
        for line in path.read_text().splitlines():
            table.add(**json.loads(line))
    return table


def pytest_runtest_logreport(report):
    """pytest calls this for each stage of each test; a test that passed or failed is written down."""
    folder = os.environ.get("VORTEX_FAULT_DIR")
    if not folder or report.skipped or (report.when != "call" and not report.failed):
        return
    module, name = report.nodeid.split("::", 1)
    line = {"suite": module, "name": name.split("::")[-1], "failed": report.failed,
            "properties": {key: value for key, value in report.user_properties if key.startswith(PROPERTY)}}
    with open(pathlib.Path(folder) / f"pytest-{os.getpid()}.jsonl", "a") as log:
        log.write(json.dumps(line) + "\n")


def main(arguments):
    parser = argparse.ArgumentParser(description="Prints which faults of the matrix the tests injected.")
    parser.add_argument("folder")
    parser.add_argument("--whole", action="store_true", help="the run was whole: every required id must have fired")
    options = parser.parse_args(arguments)
    table = read_folder(options.folder)
    print(table.text())
    missing = table.missing() if options.whole else []
    if missing:
        print("never fired: " + " ".join(missing))
    return 1 if missing or table.violations.total() else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
