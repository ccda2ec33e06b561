"""calendar, gaps and repair against the simulator: what is missing is named and asked, what is known
to be empty costs no call."""


from conftest import Sim

NOW = "2024-08-01T12:00:00Z"
RANGE = ("--since", "2024-06-03", "--until", "2024-08-01")


def calls(sim):
    return sim.counts()["providers"].get("yahoo", {}).get("requests", 0)


def series(vortex, *arguments):
    """The one series that `gaps` tells of."""
    (one,) = vortex.json("gaps", *arguments)["series"]
    return one


def ranges(one, state):
    return [(r["from"][:10], r["to"][:10], r["reason"], r["bars"]) for r in one["ranges"] if r["state"] == state]


def asked_by(sim, command):
    """How many calls a command costs, and its answer."""
    before = calls(sim)
    answer = command()
    return calls(sim) - before, answer


def test_a_whole_series_has_holidays_and_no_gap(vortex, sim):
    vortex.json("sync", "AAPL", *RANGE)
    one = series(vortex, *RANGE)
    assert (one["calendar"], one["expected"], one["have"], one["missing"]) == ("XNYS", 41, 41, 0)
    assert ranges(one, "empty") == [
        ("2024-06-19", "2024-06-20", "holiday", 0),
        ("2024-07-04", "2024-07-05", "holiday", 0),
    ]
    spent, answer = asked_by(sim, lambda: vortex.json("repair", *RANGE))
    assert spent == 0 and answer["command"] == "repair" and answer["items"] == []


def test_closed_and_empty_ranges_cost_no_call(vortex, sim):
    vortex.json("sync", "AAPL", *RANGE)
    for closed in (("2024-05-25", "2024-05-28"), ("2023-12-23", "2023-12-26"), ("2012-10-27", "2012-10-31")):
        spent, answer = asked_by(
            sim, lambda: vortex.json("sync", "AAPL", "--no-overlap", "--since", closed[0], "--until", closed[1])
        )
        assert spent == 0 and answer["status"] == "ok" and answer["calls"]["planned"] == 0, closed
    # A range that the provider said is empty is known from then on, without any calendar.
    before_listing = ("sync", "OCDO.L", "--no-overlap", "--since", "2005-01-03", "--until", "2005-03-01")
    vortex("sync", "OCDO.L", *RANGE, code=0)
    first, _ = asked_by(sim, lambda: vortex(*before_listing))
    again, _ = asked_by(sim, lambda: vortex(*before_listing))
    assert first >= 1 and again == 0


def test_a_failed_range_is_named_with_its_code_and_asked_again_by_the_next_sync(vortex, sim):
    vortex.json("sync", "AAPL", "--since", "2024-06-03", "--until", "2024-07-01")
    sim.post("faults", [{"symbol": "AAPL", "fault": "status", "status": 503}])
    vortex("sync", "AAPL", "--no-overlap", *RANGE, code=4)
    one = series(vortex, *RANGE)
    assert ranges(one, "failed") == [
        ("2024-07-01", "2024-07-04", "VX-2106", 3),
        ("2024-07-05", "2024-08-01", "VX-2106", 19),
    ]
    assert (one["failed"], one["have"], one["missing"]) == (22, 19, 0)
    assert "22 failed" in vortex("gaps", *RANGE, code=0).stdout
    sim.post("faults", [])
    spent, answer = asked_by(sim, lambda: vortex.json("sync", "AAPL", "--no-overlap", *RANGE))
    assert spent == 1 and answer["rows"]["new"] == 22
    assert series(vortex, *RANGE)["have"] == 41


def test_repair_asks_exactly_what_is_missing(vortex, sim):
    vortex.json("sync", "AAPL", "--since", "2024-06-03", "--until", "2024-06-10")
    vortex.json("sync", "AAPL", "--no-overlap", "--since", "2024-07-08", "--until", "2024-08-01")
    one = series(vortex, *RANGE)
    assert ranges(one, "missing")[0] == ("2024-06-10", "2024-06-19", None, 7)
    assert one["missing"] == 18
    spent, plan = asked_by(sim, lambda: vortex.json("repair", "--dry-run", *RANGE))
    assert spent == 0
    assert [(i["from"][:10], i["to"][:10]) for i in plan["items"]] == [("2024-06-10", "2024-07-06")]
    spent, answer = asked_by(sim, lambda: vortex.json("repair", *RANGE))
    assert spent == 1 and answer["rows"] == {"new": 18, "unchanged": 0, "restated": 0, "quarantined": 0}
    assert series(vortex, *RANGE)["missing"] == 0


def test_an_earlier_start_is_filled_before_the_first_row(vortex, sim):
    vortex.json("sync", "AAPL", "--since", "2024-07-01", "--until", "2024-08-01")
    assert series(vortex, "--since", "2024-06-03", "--until", "2024-08-01")["missing"] == 19
    answer = vortex.json("sync", "AAPL", *RANGE)
    assert answer["rows"]["new"] == 19
    assert series(vortex, *RANGE)["have"] == 41


def test_what_the_provider_never_had_is_empty_with_a_reason(vortex, sim):
    vortex("sync", "OCDO.L", "--since", "2010-06-01", "--until", "2010-09-01")  # listed on 2010-07-21
    one = series(vortex, "--since", "2010-06-01", "--until", "2010-09-01")
    assert one["calendar"] == "XLON" and one["missing"] == one["failed"] == 0
    assert ranges(one, "empty")[0][2] == "not listed"


def test_today_is_not_yet_due_before_the_close(vortex, tmp_path):
    with_clock = Sim(vortex, "--now", NOW)
    try:
        vortex.environment.update(
            {"VORTEX__PROVIDERS__YAHOO__BASE_URL": with_clock.url, "VORTEX__PROVIDERS__YAHOO__LIMITS": "[]"}
        )
        vortex.json("sync", "AAPL", *RANGE)
        far = series(vortex, "--since", "2024-06-03", "--until", "2100-01-01")
        assert far["not_due"] > 10_000
        assert ranges(far, "not yet due")[-1][1] >= "2099-12-31"
    finally:
        with_clock.stop()


def test_without_a_calendar_a_gap_is_unknown(vortex, sim):
    vortex.json("sync", "AAPL", *RANGE)
    (vortex.directory / "vortex.toml").write_text('[[jobs]]\nname = "j"\nsymbols = ["NVDA"]\nsince = "2024-06-03"\n')
    one = series(vortex, "NVDA")
    assert one["calendar"] is None and one["expected"] is None
    assert "no calendar" in vortex("gaps", "NVDA", code=0).stdout
    assert vortex.refusal("gaps", "NVDAA").startswith("VX-6002")


def test_a_bar_outside_the_sessions_is_kept_told_and_found_by_calendar_diff(vortex, sim):
    days = ("--since", "2025-01-02", "--until", "2025-01-18")  # the simulator trades on 2025-01-09
    answer = vortex.json("sync", "AAPL", "MSFT", *days)
    assert answer["rows"]["quarantined"] == 0
    assert answer["quality"]["outside_sessions"] == 2
    assert "outside the sessions of XNYS" in vortex("sync", "NVDA", *days, code=0).stderr
    assert "2025-01-09T00:00:00Z" in vortex("read", "AAPL", code=0).stdout
    diff = vortex.json("calendar", "diff", "XNYS")
    assert diff["contradictions"] == [
        {"kind": "traded_when_closed", "first": "2025-01-09", "last": "2025-01-09",
         "days": 1, "bars": 3, "series": 3, "series_of": 3}
    ]
    text = vortex("calendar", "diff", "NYSE", code=0).stdout
    assert text == "2025-01-09  closed by the calendar, but 3 of 3 series have 3 bars\n"
    # The user knows better: then nothing contradicts.
    (vortex.directory / "own.toml").write_text('[calendars.XNYS]\nhours = { "2025-01-09" = "09:30-16:00" }\n')
    own = ("--set", "calendars.file=own.toml")
    assert vortex.json("calendar", "diff", "XNYS", *own)["contradictions"] == []
    assert series(vortex, "AAPL", *days, *own)["expected"] == series(vortex, "AAPL", *days)["expected"] + 1


def test_hours_after_an_early_close_are_one_line(vortex):
    then = Sim(vortex, "--now", "2024-12-10T12:00:00Z")
    vortex.environment["VORTEX__PROVIDERS__YAHOO__BASE_URL"] = then.url
    try:
        days = ("--since", "2024-11-25", "--until", "2024-12-03", "--set", "providers.yahoo.depth={}")
        vortex.json("sync", "AAPL", "--interval", "1h", *days)
        diff = vortex.json("calendar", "diff", "XNYS")["contradictions"]
        assert [(c["kind"], c["first"], c["bars"]) for c in diff] == [("outside_hours", "2024-11-29", 3)]
        one = series(vortex, *days)
        assert one["expected"] == one["have"] == 4 * 7 + 4
    finally:
        then.stop()


def test_calendar_show_and_next(vortex):
    shown = vortex.json("calendar", "show", "XNAS", "--since", "2024-07-01", "--until", "2024-07-09")
    assert shown["calendar"] == "XNYS" and "exchange_calendars" in shown["version"]
    assert [s["date"] for s in shown["sessions"]] == [
        "2024-07-01", "2024-07-02", "2024-07-03", "2024-07-05", "2024-07-08",
    ]  # fmt: skip
    assert shown["sessions"][2]["kind"] == "early close"
    assert shown["sessions"][2]["close"] == "2024-07-03T17:00:00Z"
    year = vortex.json("calendar", "show", "XNYS", "--since", "2024-01-01", "--until", "2025-01-01")
    assert len(year["sessions"]) == 252
    lunch = vortex.json("calendar", "next", "XHKG", "--since", "2024-06-04T04:30Z")
    assert lunch["is_open"] is False and lunch["session"]["date"] == "2024-06-04"
    assert lunch["next"]["open"] == "2024-06-05T01:30:00Z"
    beyond = vortex.json("calendar", "show", "XNYS", "--since", "2040-07-01", "--until", "2040-07-08")
    assert [s["date"] for s in beyond["sessions"]] == ["2040-07-02", "2040-07-03", "2040-07-05", "2040-07-06"]
    assert all(s["by_rule"] for s in beyond["sessions"])
    assert beyond["sessions"][0]["open"] == "2040-07-02T13:30:00Z"  # summer time, after 2037 too
    assert len(vortex.json("calendar", "show")["calendars"]) > 70


def test_a_wrong_calendar_name_or_file_is_one_line(vortex):
    assert "did you mean 'XNYS'" in vortex.refusal("calendar", "show", "XNYZ")
    assert vortex.refusal("calendar", "next").startswith("VX-6001")
    (vortex.directory / "own.toml").write_text("[calendars.XNYS]\n\nclosed = ['2027-02-30']\n")
    line = vortex.refusal("gaps", "--set", "calendars.file=own.toml", code=78)
    assert "own.toml:3: calendars.XNYS.closed" in line
    for command in (("calendar", "show", "XNYS"), ("repair",), ("sync", "AAPL")):
        vortex.refusal(*command, "--set", "calendars.file=missing.toml", code=78)
