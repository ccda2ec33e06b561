"""Every Barchart payload of the recordings, decoded by decode_file and compared value by value with
barchart_expected. The recordings are not part of the project: VORTEX_SHARED names the folder that holds
fixtures/, by default ../shared beside the checkout; without it these tests are skipped."""
import json
import os
import pathlib
import subprocess
from datetime import datetime, timezone

import barchart_expected as oracle
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SHARED = pathlib.Path(os.environ.get("VORTEX_SHARED", ROOT.parent / "shared"))
FIXTURES = SHARED / "fixtures" / "barchart"
DECODE_FILE = os.environ.get("VORTEX_DECODE_FILE", str(ROOT / "build" / "bin" / "decode_file"))
NEW_ENOUGH = datetime(2026, 11, 1, tzinfo=timezone.utc)
SAVED = "text/csv; origin=barchart.com-file"
ALWAYS = (-2_208_988_800, 4_070_908_800)

pytestmark = pytest.mark.skipif(not FIXTURES.is_dir(), reason=f"no recordings at {FIXTURES} (set VORTEX_SHARED)")

FILES = {
    "website/gbpusd_price-history-08-29-2023.4ad581f.csv": ("^GBPUSD", "1d"),
    "website/mpf_jpyusd_barchartdotcom.csv": ("^JPYUSD", "1d"),
    "website/nqh26_daily_historical-data-03-05-2026.tail.csv": ("NQH26", "1d"),
    "website/nqh26_intraday-1min_historical-data-03-05-2026.tail.csv": ("NQH26", "1m"),
    "website/spx_intraday-60min_historical-data-03-04-2026.tail.csv": ("$SPX", "1h"),
    "derived_raw/GRZ22_Day_GOLD_micro_20221200.site_old.csv": ("GRZ22", "1d"),
    "derived_raw/GRZ22_Hour_GOLD_micro_20221200.site.csv": ("GRZ22", "1h"),
    "derived_raw/ZCZ13_Day_CORN_20131200.service_old.csv": ("ZCZ13", "1d"),
    "derived_raw/ZCZ21_Hour_CORN_20211200.service.csv": ("ZCZ21", "1h"),
    "derived_raw/ZMQ24_Hour_SOYMEAL_20240800.service_old.csv": ("ZMQ24", "1h"),
}
ONDEMAND = {
    "ondemand/getHistory_minutes_ZCZ21.json": ("ZCZ21", "1h"),
    "ondemand/getHistory_minutes_ZCZ21.csv": ("ZCZ21", "1h"),
    "ondemand/getHistory_daily_HOPA_excerpt.json": ("HOPA-516-1.CM", "1d"),
    "ondemand/getHistory_daily_negative_basis_excerpt.json": ("ZCBZ18-26147-8422.CM", "1d"),
}
ERRORS = {
    "ondemand/errors_constructed/status_400.json": ((200, 400), "client"),
    "ondemand/errors_constructed/status_401.json": ((200, 401), "authentication"),
    "ondemand/errors_constructed/status_429.json": ((200, 429), "rate_limited"),
    "ondemand/errors_constructed/status_500.json": ((200, 500), "server"),
    "web_errors_constructed/allowance_error.json": ((200,), "quota_exhausted"),
    "web_errors_constructed/download_error.txt": ((200,), "server"),
    "web_errors_constructed/login_page_no_token.html": ((200,), "banned"),
    "web_errors_constructed/login_page.html": ((200,), "bad_payload"),
}


def payloads():
    if not FIXTURES.is_dir():
        return []
    found = [(name, symbol, interval, True) for name, (symbol, interval) in FILES.items()]
    found += [(name, symbol, interval, False) for name, (symbol, interval) in ONDEMAND.items()]
    for path in sorted((FIXTURES / "daily_series").glob("*.csv")):
        symbol = path.stem[path.stem.index("$"):]
        found.append((f"daily_series/{path.name}", symbol, "1d", True))
    return found


def decoded(name, symbol, interval, saved, status=200, keep=False):
    command = [DECODE_FILE, FIXTURES / name, symbol, interval, *ALWAYS, int(NEW_ENOUGH.timestamp()), status,
               "keep" if keep else "final", "barchart"] + ([SAVED] if saved else [])
    out = subprocess.run([str(part) for part in command], capture_output=True, check=True, text=True)
    return [json.loads(line) for line in out.stdout.splitlines()]


@pytest.mark.parametrize("name,symbol,interval,saved", payloads())
@pytest.mark.parametrize("keep", [False, True])
def test_decodes_to_the_expected_values(name, symbol, interval, saved, keep):
    text = (FIXTURES / name).read_text()
    lines = decoded(name, symbol, interval, saved, keep=keep)
    assert "error" not in lines[0], lines[0]
    want = oracle.expected(symbol, interval, NEW_ENOUGH, text, saved, keep)
    assert [line for line in lines if "t" in line] == want["rows"]
    assert lines[-1]["rows_unfinal"] == want["rows_unfinal"]
    assert lines[-1]["rows_outside"] == lines[-1]["slots_empty"] == 0


@pytest.mark.parametrize("name", ERRORS)
def test_every_wording_of_no_has_its_class(name):
    statuses, kind = ERRORS[name]
    for status in statuses:
        (line,) = decoded(name, "ZCZ21", "1d", False, status=status)
        assert line["class"] == kind, line


def test_nothing_there_is_a_page_without_rows():
    for name, status in (("empty_204.json", 200), ("empty_204.json", 204), ("empty_body.txt", 204)):
        (facts,) = decoded(f"ondemand/errors_constructed/{name}", "ZCZ21", "1d", False, status=status)
        assert facts["rows_outside"] == 0


def test_the_recordings_are_all_there():
    assert len(payloads()) >= 40
    values = sum(len(oracle.expected(symbol, interval, NEW_ENOUGH, (FIXTURES / name).read_text(), saved)["rows"])
                 for name, symbol, interval, saved in payloads())
    assert values > 150_000
