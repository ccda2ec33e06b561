"""Two syncs on one dataset, killed -9 at random moments: nothing acknowledged is lost, nothing is doubled, and what
is missing is asked again."""
import collections
import datetime as dt
import json
import os
import random
import subprocess

import deltalake

LONG = os.environ.get("VORTEX_LONG") == "1"
KILLS = 500 if LONG else 60
# Only of exchanges whose holidays the simulator keeps: it trades Hong Kong on days on which that exchange is closed,
# and whether such a day is sent then depends on the range around it, which differs with every kill.
SYMBOLS = ["AAPL", "MSFT", "^GSPC", "BTC-USD", "SPY", "BRK-B"]
FIRST = dt.date(2022, 1, 3)
# Commits as small as they come, so that a run has many moments to die in.
SMALL = ("--set", "sync.batch_age_max=1ms", "--set", "cpu_threads=1")
RUN_S = 0.3  # about what a run takes; one that lives longer than its moment is killed
RUN_S_MAX = 5


def bars_of(directory, store="data"):
    """key → values, of the newest version; a key that is there twice fails."""
    path = directory / store / "bars"
    if not (path / "_delta_log" / f"{0:020}.json").exists():
        return {}
    table = deltalake.DeltaTable(str(path)).to_pyarrow_table(
        columns=["symbol", "timestamp", "open", "high", "low", "close", "volume"])
    names = table.set_column(1, "timestamp", table["timestamp"].cast("int64")).to_pydict()
    rows = list(zip(*names.values()))
    doubled = [key for key, count in collections.Counter(row[:2] for row in rows).items() if count > 1]
    assert not doubled, doubled[:5]
    return {row[:2]: row[2:] for row in rows}


def versions_of(directory):
    names = os.listdir(directory / "data/bars/_delta_log")
    return sorted(int(name[:20]) for name in names if name[20:] == ".json")


def microseconds(date):
    return int(dt.datetime(date.year, date.month, date.day, tzinfo=dt.timezone.utc).timestamp() * 1e6)


class Round:
    """Two syncs at once, of some symbols each, up to one day."""

    def __init__(self, vortex, dice, until, run_s):
        self.until = until
        self.jobs = []
        for _ in range(2):
            symbols = dice.sample(SYMBOLS, dice.randint(2, len(SYMBOLS)))
            process = vortex.start("sync", *symbols, "--since", str(FIRST), "--until", str(until), "--json", *SMALL)
            self.jobs.append((process, symbols, dice.uniform(0, run_s)))

    def end(self):
        """The symbols of syncs that said they were done, and how many were killed."""
        killed, acknowledged = 0, []
        for process, symbols, moment in self.jobs:
            try:
                process.wait(timeout=moment)
            except subprocess.TimeoutExpired:
                process.kill()
                killed += 1
            answer, trouble = process.communicate()
            if process.returncode == 0:
                assert json.loads(answer)["status"] == "ok", answer
                acknowledged += symbols
            else:
                assert process.returncode == -9, (process.returncode, answer, trouble)
        return killed, acknowledged


def check(found, truth, before, acknowledged, until):
    """What was seen stays, what was acknowledged is there, and nothing is there that was never sent."""
    assert before.items() <= found.items()
    limit = microseconds(until)
    for key, values in truth.items():
        if key[0] in acknowledged and key[1] < limit:
            assert found.get(key) == values, key
    assert found.items() <= truth.items()


def test_h3_g4_two_syncs_killed_at_random_lose_and_double_nothing(vortex, sim, record_property):
    rounds = KILLS  # at most; about half of the runs live to their end
    last = FIRST + dt.timedelta(days=7 + 2 * rounds)
    vortex("sync", *SYMBOLS, "--since", FIRST, "--until", last, "--store", "truth", code=0)
    truth = bars_of(vortex.directory, "truth")
    dice = random.Random(20240102)
    killed, finished, before, newest = 0, 0, {}, -1
    run_s = RUN_S  # follows what a run takes on this machine, so that about half of them are killed in time
    for number in range(rounds):
        until = FIRST + dt.timedelta(days=7 + 2 * number)
        died, acknowledged = Round(vortex, dice, until, run_s).end()
        run_s = max(run_s * 0.8, 0.01) if died == 0 else min(run_s * 1.25, RUN_S_MAX) if died == 2 else run_s
        found = bars_of(vortex.directory)
        check(found, truth, before, acknowledged, until)
        if found:
            versions = versions_of(vortex.directory)
            assert versions == list(range(versions[0], versions[-1] + 1)) and versions[-1] >= newest
            newest = versions[-1]
        killed, finished, before = killed + died, finished + len(acknowledged), found
        if killed >= KILLS:
            break
    assert killed >= KILLS * 2 // 3 and finished > 0, (killed, finished)
    record_property("fault_G4", killed)
    record_property("fault_H3", killed)

    vortex("sync", *SYMBOLS, "--since", FIRST, "--until", last, code=0)
    assert bars_of(vortex.directory) == truth
    again = vortex.json("sync", *SYMBOLS, "--since", FIRST, "--until", last)
    assert again["rows"]["new"] == again["rows"]["restated"] == 0
    assert vortex.json("status")["table_version"] == again["table_version"]
    print(f"{killed} killed, {finished} series acknowledged, {newest} versions, {len(truth)} rows")
