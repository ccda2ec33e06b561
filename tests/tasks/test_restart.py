"""What was accepted survives a kill −9 at any moment: the next process goes on with it."""
import contextlib
import json
import os
import random
import signal
import subprocess

import pytest

SCRIPT = os.environ["TASK_SCRIPT"]
INTERRUPTIONS_MAX = 3


class Died(Exception):
    pass


class Runner:
    def __init__(self, directory, kill_at=None):
        self.directory = str(directory)
        words = [SCRIPT, self.directory] + ([str(kill_at)] if kill_at else [])
        self.process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, text=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()
        with contextlib.suppress(BrokenPipeError):  # it died before it had read what was sent
            self.process.stdin.close()
        self.process.stdout.close()

    def send(self, **command):
        try:
            self.process.stdin.write(json.dumps(command) + "\n")
            self.process.stdin.flush()
        except BrokenPipeError as gone:
            raise Died from gone

    def ask(self, **command):
        self.send(**command)
        line = self.process.stdout.readline()
        if not line.endswith("\n"):
            raise Died
        return json.loads(line)

    def submit(self, kind, payload=""):
        answer = self.ask(do="submit", kind=kind, payload=payload)
        assert "id" in answer, answer
        return answer["id"]

    def states(self):
        return dict(self.ask(do="list")["tasks"])

    def kill(self):
        self.process.kill()
        self.process.wait(timeout=20)


def notes(directory):
    path = directory / "notes"
    return path.read_text().split() if path.exists() else []


def finish_all(directory, accepted):
    """A restart brings every accepted task to its end, and ran its work at least once."""
    with Runner(directory) as runner:
        for task, payload in accepted.items():
            result = runner.ask(do="wait", id=task)
            assert result.get("state") == "done", (task, result)
            assert result["text"] == payload
        assert runner.ask(do="list")["note"] == ""
    assert set(accepted.values()) <= set(notes(directory))


def test_h3_a_kill_at_every_write_of_the_log_loses_no_accepted_task(tmp_path):
    fired = 0
    for n in range(1, 400):
        directory = tmp_path / str(n)
        accepted = {}
        with Runner(directory, kill_at=n) as runner:
            try:
                for i in range(3):
                    accepted[runner.submit("note", f"p{i}")] = f"p{i}"
                for task in accepted:
                    runner.ask(do="wait", id=task)
                survived = True
            except Died:
                survived = False
        fired += not survived
        finish_all(directory, accepted)
        if survived:
            break
    assert survived, "the scenario never came to its end"
    assert fired >= 10, fired


def test_h3_a_kill_at_any_moment_loses_no_accepted_task(tmp_path):
    rng = random.Random(20240102)
    accepted = {}
    for round_number in range(12):
        with Runner(tmp_path) as runner:
            for i in range(rng.randrange(1, 15)):
                payload = f"{round_number}.{i}"
                accepted[runner.submit("note", payload)] = payload
            runner.kill()
    assert len(set(accepted)) == len(set(accepted.values())), "an id was given twice"
    finish_all(tmp_path, accepted)


def test_h3_a_kill_during_the_recovery_from_a_kill(tmp_path):
    with Runner(tmp_path) as runner:
        accepted = {runner.submit("note", f"p{i}"): f"p{i}" for i in range(5)}
        runner.kill()
    for n in range(1, 25):
        with Runner(tmp_path, kill_at=n) as runner:
            try:
                runner.ask(do="list")
            except Died:
                pass
    # A process that dies before its work began to run is no suspicion against the task; of those
    # that were running too often the end says so.
    with Runner(tmp_path) as runner:
        for task, payload in accepted.items():
            result = runner.ask(do="wait", id=task)
            assert result["state"] in ("done", "failed"), result
            if result["state"] == "failed":
                assert result["interruptions"] > INTERRUPTIONS_MAX and "out of order" in result["error"]


def test_h3_a_task_that_kills_its_process_does_not_kill_for_ever(tmp_path):
    with Runner(tmp_path) as runner:
        runner.send(do="submit", kind="crash", payload="")
        runner.process.wait(timeout=20)
    deaths = 1
    while True:
        with Runner(tmp_path) as runner:
            try:
                result = runner.ask(do="wait", id=1)
                break
            except Died:
                deaths += 1
                assert deaths <= INTERRUPTIONS_MAX + 1
    assert deaths == INTERRUPTIONS_MAX + 1
    assert result["state"] == "failed" and "out of order" in result["error"], result


def test_k7_drain_ends_although_work_ignores_its_stop_and_a_restart_goes_on(tmp_path):
    with Runner(tmp_path) as runner:
        deaf, held = runner.submit("deaf"), runner.submit("hold")
        waiting = runner.submit("note", "later")
        while list(runner.states().values()).count("running") < 2:
            pass
        report = runner.ask(do="drain", grace_ms=200)
        assert runner.process.wait(timeout=20) == 0
    assert report["abandoned"] == [deaf], report
    assert report["interrupted"] == [held] and report["waiting"] == 1, report
    with Runner(tmp_path) as runner:
        states = runner.states()
        assert set(states) == {deaf, held, waiting}
        assert not {"cancelled", "failed", "done"} & {states[deaf], states[held]}


def test_g9_a_second_process_is_refused(tmp_path):
    with Runner(tmp_path) as first:
        first.submit("note", "x")
        with Runner(tmp_path) as second, pytest.raises((Died, AssertionError)) as refused:
            second.submit("note", "y")
        assert "another process" in str(refused.value)


@pytest.mark.parametrize("sent, code", [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_h2_a_signal_drains_within_the_grace_and_the_next_process_goes_on(tmp_path, sent, code):
    with Runner(tmp_path) as runner:
        held = [runner.submit("hold"), runner.submit("hold")]
        behind = [runner.submit("note", f"p{i}") for i in range(5)]
        runner.process.send_signal(sent)
        assert runner.process.wait(timeout=20) == code
    assert notes(tmp_path) == []
    with Runner(tmp_path) as runner:
        states = runner.states()
        assert sorted(states) == sorted(held + behind), "none was lost"
        assert set(states.values()) <= {"waiting", "running"}


def test_k7_a_signal_ends_work_that_hangs_too(tmp_path):
    with Runner(tmp_path) as runner:
        hanging = [runner.submit("deaf"), runner.submit("deaf")]
        runner.process.send_signal(signal.SIGTERM)
        assert runner.process.wait(timeout=20) == 143
    with Runner(tmp_path) as runner:
        assert sorted(runner.states()) == hanging
