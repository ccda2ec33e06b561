"""Each error shape of the provider through the real CLI: a typed error with evidence, nothing stored for
that symbol, the rest of the job goes on, and the frozen exit code."""

import pytest

RANGE = ("--since", "2024-01-02", "--until", "2024-03-01")

# What the shapes are in the fault matrix.
IDS = {"cut": "A12", "reset": "A6", "empty": "C1", "garbage": "C1", "html": "A16", "wrong_symbol": "C10",
       "gzip_bomb": "B14", "rate_limit": "B1", "redirect": "B11"}
STATUS_IDS = {500: "B8", 503: "B8", 404: "B10", 403: "B5"}

# fault, code of the error, exit code when it hits everything
SHAPES = [
    ({"fault": "cut"}, {"VX-4002"}, 6),
    ({"fault": "cut", "at_byte": 1}, {"VX-4002"}, 6),
    ({"fault": "empty"}, {"VX-4001"}, 6),
    ({"fault": "garbage"}, {"VX-4001"}, 6),
    ({"fault": "html"}, {"VX-4008"}, 6),
    ({"fault": "wrong_symbol"}, {"VX-4004"}, 6),
    ({"fault": "gzip_bomb"}, {"VX-4007"}, 6),
    ({"fault": "reset"}, {"VX-1003", "VX-4002"}, None),
    ({"fault": "rate_limit", "retry_after": "120"}, {"VX-2101"}, 4),
    ({"fault": "status", "status": 500}, {"VX-2106"}, 4),
    ({"fault": "status", "status": 503}, {"VX-2106"}, 4),
    ({"fault": "status", "status": 404}, {"VX-5001"}, 2),
    ({"fault": "status", "status": 403}, {"VX-2103", "VX-2105"}, None),
    ({"fault": "redirect", "location": "http://169.254.169.254/latest/meta-data"}, {"VX-1007"}, 4),
    ({"fault": "redirect", "location": "file:///etc/passwd"}, {"VX-1007"}, 4),
]


@pytest.mark.parametrize("fault, codes, alone", SHAPES, ids=[str(shape[0]) for shape in SHAPES])
def test_one_bad_answer_does_not_stop_the_job(vortex, sim, record_property, fault, codes, alone):
    record_property("fault_" + (IDS.get(fault["fault"]) or STATUS_IDS[fault["status"]]), 1)
    sim.post("faults", [{"symbol": "AAPL", **fault}])
    # First come, first served: MSFT's call has left before a refusal of AAPL's can close the account.
    answer = vortex.json("sync", "MSFT", "AAPL", *RANGE, code=8)
    assert answer["status"] == "partial"
    good, bad = answer["items"]
    assert bad["status"] == "failed" and bad["code"] in codes
    assert bad["rows_new"] == 0
    assert good["status"] == "ok" and good["rows_new"] > 30
    vortex("read", "AAPL", code=2)
    assert len(vortex.json("read", "MSFT")["bars"]) == good["rows_new"]
    series = [entry for entry in vortex.json("status")["series"] if entry["symbol"] == "AAPL" and entry["rows"] > 0]
    assert series == []
    if alone is not None:
        vortex("sync", "AAPL", *RANGE, code=alone)
    sim.post("faults", [])
    if "VX-2101" in codes or "VX-2103" in codes:  # the account stays closed, for the next process too
        answer = vortex.json("sync", "AAPL", *RANGE, code=4)
        assert answer["calls"]["sent"] == 0 and answer["items"][0]["retry_at"]
        assert vortex.json("status")["accounts"][0]["closed"]["code"] in codes
        return
    vortex("sync", "AAPL", *RANGE, code=0)


def test_b1_throttling_carries_when_to_come_back(vortex, sim):
    sim.post("faults", [{"fault": "rate_limit", "retry_after": "120"}])
    item = vortex.json("sync", "AAPL", *RANGE, code=4)["items"][0]
    assert item["retryable"] is True
    assert item["retry_at"].endswith("Z")


def test_evidence_is_shown_and_clean(vortex, sim):
    """The provider's own text is kept, without control characters."""
    body = '{"chart":{"result":null,"error":{"code":"Odd","description":"no\\u001b[31m red \\r\\nhere"}}}'
    sim.post("faults", [{"fault": "status", "status": 500, "body": body}])
    done = vortex("sync", "AAPL", *RANGE, code=4)
    assert "evidence: status 500" in done.stderr
    assert "\x1b" not in done.stderr and "\r" not in done.stderr
    assert "try: " in done.stderr


def test_a8_a_silent_answer_ends_at_the_deadline(vortex, sim):
    sim.post("faults", [{"symbol": "AAPL", "fault": "hang"}])
    answer = vortex.json("sync", "AAPL", "MSFT", *RANGE, "--set", "providers.yahoo.breaker.call_timeout=2s", code=8)
    assert answer["items"][0]["code"] in {"VX-1004", "VX-1005"}


def test_retries_are_counted(vortex, sim):
    sim.post("faults", [{"symbol": "AAPL", "calls": [1], "fault": "status", "status": 503}])
    # --set goes before the fixture's environment: three attempts are in force.
    more = ("--set", "providers.yahoo.retry.attempts=3", "--set", "providers.yahoo.retry.budget=1")
    answer = vortex.json("sync", "AAPL", *RANGE, *more)
    assert answer["status"] == "ok" and answer["calls"]["retried"] == 1


def test_b9_a_lost_session_is_renewed_once(vortex, sim):
    sim.post("faults", [{"symbol": "AAPL", "calls": [1], "fault": "bad_session"}])
    assert vortex.json("sync", "AAPL", *RANGE)["status"] == "ok"


def test_a1_nobody_there_is_4(vortex):
    env = {"VORTEX__PROVIDERS__YAHOO__BASE_URL": "http://127.0.0.1:1", "VORTEX__PROVIDERS__YAHOO__RETRY__ATTEMPTS": "1"}
    answer = vortex.json("sync", "AAPL", *RANGE, env=env, code=4)
    assert answer["items"][0]["code"] == "VX-1003"
    assert vortex.json("fetch", "AAPL", *RANGE, env=env, code=4)["items"][0]["error"]["class"] == "network"
