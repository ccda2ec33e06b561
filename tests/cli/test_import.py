"""`vortex import`: files saved by hand from Barchart's website, into the dataset."""
import json

import pytest

HEADER = "Time,Open,High,Low,Latest,Change,%Change,Volume,\"Open Int\"\n"
FOOTER = '"Downloaded from Barchart.com as of 03-05-2026 06:11am CST"\n'
DAYS = ("2026-03-04,452.5,455.25,451,454.75,2.25,+0.50%,\"101,200\",600100\n"
        "2026-03-03,450.25,453,449.75,452.5,-1.5,-0.33%,98000,599000\n"
        "2026-03-02,451,452.5,448,454,3,+0.66%,97000,598000\n")  # high below close
NAME = "zch26_price-history-03-05-2026.csv"


def saved(vortex, text, name=NAME):
    path = vortex.directory / name
    path.write_text(text)
    return path


def test_a_file_lands_in_the_dataset_with_its_provenance(vortex):
    answer = vortex.json("import", saved(vortex, HEADER + DAYS + FOOTER))
    assert (answer["command"], answer["status"]) == ("import", "ok")
    assert answer["rows"] == {"new": 2, "unchanged": 0, "restated": 0, "quarantined": 1}
    (file,) = answer["files"]
    assert (file["symbol"], file["interval"], file["provider"]) == ("ZCH26", "1d", "barchart")
    assert file["saved_at"] == "2026-03-05T12:11:00Z"
    rows = vortex.rows("ZCH26")
    assert [(r["timestamp"], r["open"], r["close"], r["volume"]) for r in rows] == [
        ("2026-03-03T00:00:00Z", "450.25", "452.5", "98000"),
        ("2026-03-04T00:00:00Z", "452.5", "454.75", "101200")]
    assert {r["provider"] for r in rows} == {"barchart"}
    why = vortex("why", "ZCH26", "2026-03-04", "close", code=0)
    assert NAME in why.stdout + why.stderr and "454.75" in why.stdout + why.stderr


def test_a_second_import_of_the_same_file_is_no_news(vortex):
    path = saved(vortex, HEADER + DAYS + FOOTER)
    first = vortex.json("import", path)
    second = vortex.json("import", path)
    assert second["rows"] == {"new": 0, "unchanged": 2, "restated": 0, "quarantined": 1}
    assert vortex.json("status")["rows_quarantined"] == 1
    assert second["table_version"] == first["table_version"]
    assert vortex.json("verify")["status"] == "ok"


def test_a_replay_makes_the_same_rows_from_the_file_that_was_kept(vortex):
    path = saved(vortex, HEADER + DAYS + FOOTER)
    vortex.json("import", path)
    path.unlink()
    replayed = vortex.json("replay", "--into", vortex.directory / "again")
    assert replayed["status"] == "ok" and replayed["rows"]["new"] == 2 and replayed["rows"]["quarantined"] == 1
    again = vortex.rows("ZCH26", "--store", vortex.directory / "again")
    assert again == vortex.rows("ZCH26")


def test_a_changed_value_is_restated_and_told(vortex):
    vortex.json("import", saved(vortex, HEADER + DAYS + FOOTER))
    answer = vortex.json("import", saved(vortex, HEADER + DAYS.replace("454.75", "454.5") + FOOTER))
    assert answer["rows"]["restated"] == 1 and answer["rows"]["unchanged"] == 1
    assert vortex.rows("ZCH26")[-1]["close"] == "454.5"


def test_the_row_of_a_day_that_runs_is_left_out(vortex):
    answer = vortex.json("import", saved(vortex, HEADER + "2026-03-05,455,456,454,455,1,1%,10,0\n" + DAYS + FOOTER))
    assert answer["files"][0]["rows_unfinal"] == 1
    assert vortex.rows("ZCH26")[-1]["timestamp"] == "2026-03-04T00:00:00Z"


def test_symbol_and_interval_can_be_said(vortex):
    path = saved(vortex, HEADER + DAYS + FOOTER, "corn.csv")
    line = vortex.json("import", path, "--symbol", "ZCH26", "--interval", "1d")["files"][0]
    assert (line["symbol"], line["interval"]) == ("ZCH26", "1d")
    refused = vortex("import", path, "--symbol", "ZCH26", "--interval", "1h", code=2).stderr
    assert "contradicts the file" in refused


WRONG = [
    ("", 6, "empty"),
    ("<html></html>\n", 6, "not a file of Barchart's website"),
    (HEADER, 6, "no rows"),
    (HEADER + DAYS[:60], 6, "VX-"),
    (HEADER + DAYS.rstrip("\n"), 6, "no line end"),
    (HEADER.replace("Latest", "Settle") + DAYS, 6, "no column Last, Latest or Close"),
    (HEADER + DAYS.replace("2026-03-03", "03.03.2026"), 6, "03.03.2026"),
    (HEADER + DAYS.replace("452.5,455", "452'4,455"), 6, "452'4"),
    ("Symbol," + HEADER + "ZCH26," + DAYS.replace("\n", "\nZCK26,", 1), 6, ""),
]


@pytest.mark.parametrize("text,code,part", WRONG)
def test_c5_c12_what_cannot_be_read_changes_nothing(vortex, text, code, part):
    vortex.json("import", saved(vortex, HEADER + DAYS + FOOTER))
    before = vortex("read", "ZCH26", "--format", "csv", code=0).stdout
    done = vortex("import", saved(vortex, text, "zch26_price-history-x.csv"), code=code)
    assert part in done.stderr and "try: " in done.stderr
    assert vortex("read", "ZCH26", "--format", "csv", code=0).stdout == before


BY_ENDS = ("Time,Open,High,Low,Latest,Change,%Change,Volume\n"
           '"2026-03-05 07:00",5,6,4,5,1,1%,3\n"2026-03-05 06:00",5,6,4,5,1,1%,3\n"2026-03-05 05:00",5,6,4,5,1,1%,3\n'
           '"Downloaded from Barchart.com as of 03-05-2026 06:41am CST"\n')


def test_stamps_of_ends_are_stored_by_starts_where_it_is_said(vortex):
    path = saved(vortex, BY_ENDS, "nqh26_intraday-60min_historical-data-03-05-2026.csv")
    done = vortex("import", path, code=6)
    assert "VX-4004" in done.stderr and "--labels end" in done.stderr
    assert "start or end" in vortex.refusal("import", path, "--labels", "middle")
    answer = vortex.json("import", path, "--labels", "end")
    assert answer["rows"]["new"] == 2 and answer["files"][0]["rows_unfinal"] == 1
    rows = vortex.rows("NQH26", "--interval", "1h")
    assert [row["timestamp"] for row in rows] == ["2026-03-05T10:00:00Z", "2026-03-05T11:00:00Z"]
    assert vortex.json("import", path, "--labels", "end")["rows"]["new"] == 0
    # The capture remembers how it was read.
    vortex.json("replay", "--into", vortex.directory / "again")
    assert vortex.rows("NQH26", "--interval", "1h", "--store", vortex.directory / "again") == rows


def test_a_refused_file_does_not_keep_the_others_out(vortex):
    good = saved(vortex, HEADER + DAYS + FOOTER)
    bad = saved(vortex, "nothing\n", "zck26_price-history-x.csv")
    done = vortex("import", bad, good, "--json", code=8)
    answer = json.loads(done.stdout)
    assert answer["status"] == "partial" and [f["status"] for f in answer["files"]] == ["failed", "ok"]
    assert answer["files"][0]["next_step"]


def test_a_name_that_is_not_there_stops_before_anything(vortex):
    assert "there is no file" in vortex.refusal("import", saved(vortex, HEADER + DAYS), "nowhere.csv")
    assert not (vortex.directory / "data").exists()


def test_quarantined_rows_fail_the_command_only_with_strict(vortex):
    vortex("import", saved(vortex, HEADER + DAYS + FOOTER), "--strict", code=6)
