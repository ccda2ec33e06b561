"""The package alpha_vantage, which knows nothing of vortex, and vortex read the same simulated vendor: same
numbers, same refusals. Needs VORTEX_BIN, the path of the vortex program."""

import csv
import io
import os
import subprocess
from decimal import Decimal

import pytest

alphavantage = pytest.importorskip("alpha_vantage.alphavantage")
from alpha_vantage.cryptocurrencies import CryptoCurrencies  # noqa: E402
from alpha_vantage.foreignexchange import ForeignExchange  # noqa: E402
from alpha_vantage.timeseries import TimeSeries  # noqa: E402
from simulator import VORTEX, Simulator  # noqa: E402

pytestmark = pytest.mark.skipif(not VORTEX, reason="VORTEX_BIN is not set")

RUN_TIMEOUT_S = 120
KEY = "QX7ZP0L2M4N6B8V1"
NOW = "2024-06-05T12:00:00Z"
SINCE, UNTIL = "2024-05-01", "2024-06-01"
FIELDS = ("open", "high", "low", "close", "volume")


@pytest.fixture
def simulators(tmp_path, monkeypatch):
    running = []

    def start(*flags):
        folder = tmp_path / f"sim{len(running)}"
        folder.mkdir()
        running.append(Simulator(folder, "alphavantage", "--now", NOW, "--api-key", KEY, *flags))
        monkeypatch.setattr(alphavantage.AlphaVantage, "_ALPHA_VANTAGE_API_URL", running[-1].url + "/query?")
        return running[-1]

    yield start
    for simulator in running:
        simulator.stop()


def vortex_rows(simulator, folder, symbol, interval, provider="alphavantage"):
    common = ["--store", str(folder / "data"), "--set", f"state_dir={folder / 'state'}",
              "--set", f"providers.{provider}.base_url={simulator.urls[provider]}",
              "--set", f"providers.{provider}.limits=[]"]
    environment = {**os.environ, "VORTEX__PROVIDERS__ALPHAVANTAGE__API_KEY": KEY}
    for arguments in (["sync", symbol, "--provider", provider, "--since", SINCE, "--until", UNTIL],
                      ["read", symbol, "--provider", provider, "--adjust", "none", "--format", "csv"]):
        done = subprocess.run([VORTEX, *arguments, "--interval", interval, *common], capture_output=True,
                              text=True, timeout=RUN_TIMEOUT_S, cwd=folder, env=environment)
        assert done.returncode == 0, done.stderr
        assert KEY not in done.stdout + done.stderr
    return list(csv.DictReader(io.StringIO(done.stdout)))


def plain(row):
    """'1. open' → open, as numbers."""
    return {name.split(". ", 1)[1]: Decimal(str(value)) for name, value in row.items()}


def compare_days(rows, series):
    theirs = {stamp: plain(row) for stamp, row in series.items() if SINCE <= stamp < UNTIL}
    assert rows and {row["timestamp"][:10] for row in rows} == set(theirs)
    for row in rows:
        for name in FIELDS:
            wanted = theirs[row["timestamp"][:10]].get(name)
            assert row[name] == "" if wanted is None else float(row[name]) == float(wanted), (row, name)


def test_days_are_the_packages(simulators, tmp_path):
    simulator = simulators()
    series, meta = TimeSeries(key=KEY).get_daily("IBM", outputsize="full")
    assert meta["2. Symbol"] == "IBM"
    compare_days(vortex_rows(simulator, tmp_path, "IBM", "1d"), series)


def test_adjusted_days_weeks_and_months_are_read_by_the_package(simulators):
    simulators()
    client = TimeSeries(key=KEY)
    days, _ = client.get_daily_adjusted("AAPL", outputsize="full")
    assert days["2020-08-31"]["8. split coefficient"] == "4.0000"
    assert any(Decimal(row["7. dividend amount"]) for row in days.values())
    for series, _ in (client.get_weekly("AAPL"), client.get_weekly_adjusted("AAPL"),
                      client.get_monthly("AAPL"), client.get_monthly_adjusted("AAPL")):
        assert len(series) > 100


def test_minutes_are_the_packages(simulators, tmp_path):
    simulator = simulators()
    series, meta = TimeSeries(key=KEY).get_intraday("IBM", interval="5min", outputsize="full")
    assert meta["6. Time Zone"] == "US/Eastern"
    rows = vortex_rows(simulator, tmp_path, "IBM", "5m")
    regular = {s: plain(r) for s, r in series.items()
               if "2024-05-08" <= s < UNTIL and "09:30" <= s[11:16] < "16:00"}
    ours = {row["timestamp"]: row for row in rows if row["timestamp"] >= "2024-05-08"}
    assert len(ours) == len(regular) > 1000
    for stamp, theirs in regular.items():  # summer: four hours ahead
        hour = int(stamp[11:13]) + 4
        row = ours[f"{stamp[:10]}T{hour:02d}{stamp[13:]}Z"]
        assert [float(row[name]) for name in FIELDS] == [float(theirs[name]) for name in FIELDS]


def test_currencies_and_coins_are_the_packages(simulators, tmp_path):
    simulator = simulators()
    series, _ = ForeignExchange(key=KEY).get_currency_exchange_daily("EUR", "USD", outputsize="full")
    compare_days(vortex_rows(simulator, tmp_path, "EURUSD=X", "1d"), series)
    series, _ = CryptoCurrencies(key=KEY).get_digital_currency_daily("BTC", "USD")
    compare_days(vortex_rows(simulator, tmp_path, "BTC-USD", "1d"), series)


def test_the_package_reads_csv(simulators):
    simulators()
    lines, _ = TimeSeries(key=KEY, output_format="csv").get_daily("IBM")
    lines = list(lines)
    assert lines[0] == ["timestamp", *FIELDS]
    assert len(lines) == 101


def test_both_providers_sell_the_same_market(simulators, tmp_path):
    simulator = simulators()
    pairs = zip(vortex_rows(simulator, tmp_path, "MSFT", "1d"), vortex_rows(simulator, tmp_path, "MSFT", "1d", "yahoo"))
    count = 0
    for ours, yahoos in pairs:
        assert ours["timestamp"] == yahoos["timestamp"]
        assert [float(ours[n]) for n in FIELDS] == pytest.approx([float(yahoos[n]) for n in FIELDS], abs=1e-4)
        count += 1
    assert count == 22


@pytest.mark.parametrize("flags,key,ask,words", [
    ([], "WRONG", {}, "apikey"),
    ([], KEY, {"symbol": "NOSUCHNAME"}, "Invalid API call"),
    (["--free-plan"], KEY, {"outputsize": "full"}, "premium"),
])
def test_refusals_reach_the_package(simulators, flags, key, ask, words):
    simulators(*flags)
    with pytest.raises(ValueError, match=words):
        TimeSeries(key=key, treat_info_as_error=True).get_daily(**{"symbol": "IBM", **ask})


def test_b4_the_day_of_a_key_ends(simulators):
    simulator = simulators("--day-calls", "2")
    client = TimeSeries(key=KEY, treat_info_as_error=True)
    client.get_daily("IBM")
    client.get_daily("MSFT")
    with pytest.raises(ValueError, match="2 requests per day"):
        client.get_daily("AAPL")
    counts = simulator.counts()
    assert (counts["requests"], counts["violations"]) == (3, 1)
