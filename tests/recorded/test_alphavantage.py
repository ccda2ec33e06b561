"""Every recorded and constructed Alpha Vantage payload, decoded by decode_file and compared value by value
with what this file computes from the same bytes with json, csv, decimal and zoneinfo. The recordings are not
part of the project: VORTEX_SHARED names the folder that holds fixtures/; without it these tests are skipped."""
import csv
import io
import json
import os
import pathlib
import re
import subprocess
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SHARED = pathlib.Path(os.environ.get("VORTEX_SHARED", ROOT.parent / "shared"))
FIXTURES = SHARED / "fixtures" / "alphavantage"
DECODE_FILE = os.environ.get("VORTEX_DECODE_FILE", str(ROOT / "build" / "bin" / "decode_file"))
NEW_YORK = ZoneInfo("America/New_York")
ALWAYS = (0, 4_000_000_000)
MINUTES = {"1m": 1, "5m": 5, "15m": 15, "30m": 30, "1h": 60}
LENGTHS = {"1min": "1m", "5min": "5m", "60min": "1h", "Daily": "1d", "Weekly": "1wk", "Monthly": "1mo"}
# symbol, interval of what has no Meta Data
CSV_FILES = {"AV-AAPL-daily.csv": ("AAPL", "1d"), "AV-AAPL-monthly.csv": ("AAPL", "1mo"),
             "AV-MSFT-weekly.csv": ("MSFT", "1wk")}
ERRORS = {"empty_object": "not_found", "error_message_apikey": "authentication",
          "error_message_invalid_call": "not_found", "error_message_no_function": "client",
          "global_quote_unknown": "schema", "information_25_per_day": "quota_exhausted",
          "information_outputsize_full": "authorization", "information_premium_endpoint": "authorization",
          "information_spread_out": "rate_limited", "note_5_per_minute": "rate_limited"}
# Not series at all: quotes, rates, searches, lists of currencies.
NO_SERIES = {"currency_exchange_rate_BTC_CNY.json": "schema", "global_quote_MSFT.json": "schema",
             "ph_search-ibm.json": "schema", "zu_forex_rate.json": "schema", "ph_digital-partial.csv": "schema",
             "ph_physical-partial.csv": "schema", "ph_ibm-partial.json": "schema"}  # the last: volume cut off


def words(meta):
    return {re.sub(r"^\d+\. ", "", key): value for key, value in meta.items()}


def session_end(day):
    """The moment at which a day's bar is final, and a minute more."""
    return int(datetime.combine(day + timedelta(days=1), datetime.min.time(), NEW_YORK).timestamp()) + 86400


class Asked:
    def __init__(self, name, raw):
        self.name, self.raw = name, raw
        if name in CSV_FILES:
            self.symbol, self.interval = CSV_FILES[name]
            self.share, self.market = True, None
            table = list(csv.DictReader(io.StringIO(raw.decode())))
            self.rows = {row["timestamp"]: {k.replace("_", " "): v for k, v in row.items()} for row in table}
            newest = max(self.rows)
        else:
            document = json.loads(raw, parse_float=Decimal)
            meta = words(document["Meta Data"])
            (key,) = [k for k in document if "Time Series" in k]
            self.interval = LENGTHS[re.search(r"(\d+min|Daily|Weekly|Monthly)", key).group(1)]
            self.share, self.market = "Symbol" in meta, meta.get("Market Code")
            if "From Symbol" in meta:
                self.symbol = f"{meta['From Symbol']}/{meta['To Symbol']}"
            else:
                self.symbol = meta["Symbol"] if self.share else f"{meta['Digital Currency Code']}-{self.market}"
            self.rows = {stamp: {re.sub(r"^\d+[ab]?\. ", "", k): v for k, v in row.items()}
                         for stamp, row in document[key].items()}
            newest = meta["Last Refreshed"]
        self.received = session_end(date.fromisoformat(newest[:10]))


def number(row, name, market):
    value = row.get(name, row.get(f"{name} ({market})"))
    return None if value is None else float(Decimal(value))


def start_of(asked, stamp, ends):
    if asked.interval in MINUTES:
        zone = NEW_YORK if asked.share else timezone.utc
        moment = datetime.fromisoformat(stamp).replace(tzinfo=zone)
        return int(moment.timestamp()) - (60 * MINUTES[asked.interval] if ends else 0)
    day = date.fromisoformat(stamp[:10])
    if asked.interval == "1wk":
        day -= timedelta(days=day.weekday())
    if asked.interval == "1mo":
        day = day.replace(day=1)
    return int(datetime(day.year, day.month, day.day, tzinfo=timezone.utc).timestamp())


def is_final(asked, start):
    """By the New York date (UTC for others) of the day on which it was received."""
    received = datetime.fromtimestamp(asked.received, timezone.utc)
    if asked.interval in MINUTES:
        return True  # received a day later
    today = (received.astimezone(NEW_YORK) + timedelta(hours=4) if asked.share
             else received - timedelta(minutes=15)).date()
    running = {"1d": today, "1wk": today - timedelta(days=today.weekday()), "1mo": today.replace(day=1)}
    return datetime.fromtimestamp(start, timezone.utc).date() < running[asked.interval]


def expected_rows(asked):
    # All recordings of shares from before 2024 label a bar by its end; those of coins by its start.
    ends = asked.share and max(asked.rows) < "2024"
    out = []
    for stamp, row in sorted(asked.rows.items()):
        start = start_of(asked, stamp, ends)
        values = [number(row, name, asked.market) for name in ("open", "high", "low", "close", "volume")]
        out.append((start, *values, is_final(asked, start)))
    return out


def expected_actions(asked):
    """Dividends in the shares of today: divided by every later split."""
    if asked.interval != "1d":
        return []
    out, later = [], Decimal(1)
    for stamp, row in sorted(asked.rows.items(), reverse=True):
        split = Decimal(row.get("split coefficient", 1))
        dividend = Decimal(row.get("dividend amount", 0))
        if split != 1:
            ratio = Fraction(split).limit_denominator(100)
            out.append(("split", stamp, 0.0, float(ratio.numerator), float(ratio.denominator)))
        if dividend:
            out.append(("dividend", stamp, pytest.approx(float(dividend / later), rel=1e-12), 1.0, 1.0))
        later *= split
    return out[::-1]


def run_decode(tmp_path, raw, symbol, interval, received, keep):
    file = tmp_path / "payload"
    file.write_bytes(raw)
    command = [DECODE_FILE, file, symbol, interval, *ALWAYS, received, 200, "keep" if keep else "final",
               "alphavantage"]
    out = subprocess.run([str(part) for part in command], capture_output=True, check=True, text=True)
    return [json.loads(line) for line in out.stdout.splitlines()]


def series_files():
    if not FIXTURES.is_dir():
        return []
    return sorted(p for p in FIXTURES.iterdir() if p.suffix in (".json", ".csv") and p.name not in NO_SERIES)


needs_fixtures = pytest.mark.skipif(not FIXTURES.is_dir(), reason=f"no recordings at {FIXTURES} (VORTEX_SHARED)")


@needs_fixtures
@pytest.mark.parametrize("keep", [False, True])
@pytest.mark.parametrize("path", series_files(), ids=lambda path: path.name)
def test_decodes_to_the_expected_values(tmp_path, path, keep):
    asked = Asked(path.name, path.read_bytes())
    lines = run_decode(tmp_path, asked.raw, asked.symbol, asked.interval, asked.received, keep)
    rows = [(r["t"], r["open"], r["high"], r["low"], r["close"], r["volume"], r["final"]) for r in lines if "t" in r]
    wanted = expected_rows(asked)
    assert rows == [row for row in wanted if keep or row[-1]]
    assert wanted, "a recording without rows shows nothing"
    actions = [(a["action"], a["ex_date"], a["amount"], a["numerator"], a["denominator"])
               for a in lines if "action" in a]
    assert actions == expected_actions(asked)
    facts = lines[-1]
    assert facts["rows_unfinal"] == (0 if keep else sum(not row[-1] for row in wanted))
    assert facts["rows_outside"] == facts["slots_empty"] == 0
    assert facts.get("adjusted", "none") == "none"


@needs_fixtures
@pytest.mark.parametrize("name,wanted", sorted(ERRORS.items()))
def test_constructed_errors_are_classified(tmp_path, name, wanted):
    raw = (FIXTURES / "errors_constructed" / f"{name}.json").read_bytes()
    (line,) = run_decode(tmp_path, raw, "IBM", "1d", 1_704_715_200, False)
    assert line["class"] == wanted, line


@needs_fixtures
@pytest.mark.parametrize("name,wanted", sorted(NO_SERIES.items()))
def test_what_is_no_series_is_refused(tmp_path, name, wanted):
    (line,) = run_decode(tmp_path, (FIXTURES / name).read_bytes(), "IBM", "1d", 1_704_715_200, False)
    assert line["class"] == wanted, line


@needs_fixtures
def test_every_constructed_error_is_named_here():
    assert {path.stem for path in (FIXTURES / "errors_constructed").iterdir()} == set(ERRORS)
