"""`vortex read --as-of VERSION|TIME`: what it gives, and what a wrong one gets."""

import datetime as dt
import json

import pytest

EARLY = ("--since", "2024-01-02", "--until", "2024-03-01")
LATER = ("--since", "2024-01-02", "--until", "2025-01-02")


def commit_time(vortex, version):
    log = vortex.directory / f"data/bars/_delta_log/{version:020}.json"
    stamp = json.loads(log.read_text().splitlines()[0])["commitInfo"]["timestamp"]
    return dt.datetime.fromtimestamp(stamp / 1000, dt.timezone.utc)


def text_of(moment):
    return moment.isoformat().replace("+00:00", "Z")


def test_as_of_gives_rows_and_adjustment_as_they_were(vortex, sim):
    first = vortex.json("sync", "AAPL", *EARLY)["table_version"]
    before = {adjust: vortex.rows("AAPL", "--adjust", adjust) for adjust in ("none", "split", "all")}
    second = vortex.json("sync", "AAPL", *LATER)["table_version"]
    assert second > first
    after = vortex.rows("AAPL", "--adjust", "all")
    assert len(after) > len(before["all"])
    # Dividends that came later have moved the early prices; as of the first version they have not.
    assert after[0]["close"] != before["all"][0]["close"]
    made = commit_time(vortex, first)
    for as_of in (str(first), text_of(made), text_of(made + dt.timedelta(milliseconds=1))):
        for adjust, rows in before.items():
            assert vortex.rows("AAPL", "--adjust", adjust, "--as-of", as_of) == rows, (as_of, adjust)
    told = vortex.json("read", "AAPL", "--as-of", str(first))
    assert told["table_version"] == first and told["rows"] == len(before["split"])
    assert vortex.json("read", "AAPL", "--as-of", text_of(made))["table_version"] == first
    assert vortex.json("read", "AAPL", "--as-of", "2999-01-01")["table_version"] == second


def test_as_of_by_time_is_the_version_delta_rs_gives(vortex, sim):
    deltalake = pytest.importorskip("deltalake")
    for symbol in ("AAPL", "MSFT", "BRK-B"):
        vortex("sync", symbol, *EARLY, code=0)
    table = deltalake.DeltaTable(vortex.directory / "data/bars")
    for version in range(1, table.version() + 1):
        for shift in (-1, 0, 1):
            moment = commit_time(vortex, version) + dt.timedelta(milliseconds=shift)
            theirs = deltalake.DeltaTable(vortex.directory / "data/bars")
            theirs.load_as_version(moment)
            if theirs.version() == 0:
                assert "not in version 0" in vortex.refusal("read", "AAPL", "--as-of", text_of(moment))
                continue
            ours = vortex.json("read", "AAPL", "--as-of", text_of(moment))["table_version"]
            assert ours == theirs.version(), (version, shift)


def test_a_wrong_as_of_is_said_in_one_line(vortex, sim):
    vortex("sync", "AAPL", *EARLY, code=0)
    newest = vortex.json("read", "AAPL")["table_version"]
    assert f"versions 0 to {newest}, not 99" in vortex.refusal("read", "AAPL", "--as-of", "99")
    assert "no version at 2020-01-01T00:00:00Z" in vortex.refusal("read", "AAPL", "--as-of", "2020-01-01")
    assert "was made at" in vortex.refusal("read", "AAPL", "--as-of", "2020-01-01")
    assert "not in version 0" in vortex.refusal("read", "AAPL", "--as-of", "0")
    for wrong in ("yesterday", "-1", "1.5", "2024-13-01", "2024-01-01T00:00", "99999999999999999999", "0x1", "", " "):
        assert "--as-of" in vortex.refusal("read", "AAPL", f"--as-of={wrong}"), wrong


def test_a_version_that_was_cleaned_away_names_the_oldest_kept(vortex, sim):
    for symbol in ("AAPL", "MSFT", "BRK-B", "^GSPC", "ES=F", "0005.HK", "TSLA", "NVDA", "AMZN", "GOOG", "META"):
        vortex("sync", symbol, *EARLY)
    log = vortex.directory / "data/bars/_delta_log"
    newest = max(int(path.name[:20]) for path in log.glob("*.json"))
    assert newest >= 10, "too few commits for a checkpoint"
    rows = vortex.rows("AAPL")
    for version in range(10):
        (log / f"{version:020}.json").unlink()
    assert vortex.rows("AAPL") == rows == vortex.rows("AAPL", "--as-of", "10")
    assert "version 3 was cleaned away; the oldest is 10" in vortex.refusal("read", "AAPL", "--as-of", "3")
    line = vortex.refusal("read", "AAPL", "--as-of", "2020-01-01")
    assert "the oldest that was kept, 10, was made at" in line


def test_g7_a_damaged_log_is_named_and_exits_7(vortex, sim):
    vortex("sync", "AAPL", *EARLY, code=0)
    log = vortex.directory / "data/bars/_delta_log" / f"{1:020}.json"
    text = log.read_text()
    log.write_text(text.replace("numRecords", "numRecorts", 1))
    said = vortex("read", "AAPL", code=7).stderr
    assert said.startswith("VX-7006") and "table bars version 1" in said and "checksum" in said
    log.write_text(text[: len(text) // 2])
    assert "table bars version 1" in vortex("read", "AAPL", code=7).stderr
    log.unlink()
    log.with_name(f"{2:020}.json").write_text(text)
    assert "version 1 is missing from the log" in vortex("sync", "AAPL", *EARLY, code=7).stderr
