"""yfinance, which knows nothing of vortex, and vortex read the same simulated Yahoo: same numbers.

Needs VORTEX_BIN, the path of the vortex program. Every host yfinance calls is rewritten to the simulator.
"""

import csv
import datetime
import io
import re
import subprocess
import sys

import pytest

yf = pytest.importorskip("yfinance")
curl_requests = pytest.importorskip("curl_cffi.requests")
from simulator import VORTEX, Simulator  # noqa: E402

pytestmark = [
    pytest.mark.skipif(not VORTEX, reason="VORTEX_BIN is not set"),
    pytest.mark.filterwarnings("ignore"),
]

RUN_TIMEOUT_S = 120
FIELDS = ("open", "high", "low", "close", "volume")
DAILY_SYMBOLS = ["AAPL", "MSFT", "BRK-B", "^GSPC", "OCDO.L", "SAP.DE", "7203.T", "0005.HK", "BHP.AX",
                 "EURUSD=X", "BTC-USD", "ES=F", "VFINX", "S0001", "GS2C.DE"]


@pytest.fixture(scope="module")
def simulator(tmp_path_factory):
    running = Simulator(tmp_path_factory.mktemp("sim"), "yahoo")
    yield running
    running.stop()


@pytest.fixture(scope="module", autouse=True)
def fresh_caches(tmp_path_factory):
    yf.set_tz_cache_location(str(tmp_path_factory.mktemp("yfinance")))


def session_to(base):
    class Rewriting(curl_requests.Session):
        def request(self, method, url, *args, **kwargs):
            return super().request(method, re.sub(r"https://[^/]+", base, url), *args, **kwargs)

    return Rewriting()


class Vortex:
    """A dataset of its own, fed by the simulator."""

    def __init__(self, url, folder):
        self.folder = folder
        self.common = ["--store", str(folder / "data"), "--set", f"state_dir={folder / 'state'}",
                       "--set", f"providers.yahoo.base_url={url}", "--set", "providers.yahoo.limits=[]"]

    def run(self, *arguments):
        done = subprocess.run([VORTEX, *arguments, *self.common], capture_output=True, text=True,
                              timeout=RUN_TIMEOUT_S, cwd=self.folder)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def read(self, symbol, interval, adjust="split"):
        text = self.run("read", symbol, "--interval", interval, "--adjust", adjust, "--format", "csv")
        return list(csv.DictReader(io.StringIO(text)))


def peer_rows(url, symbol, **arguments):
    """yfinance's rows: stamp → the five numbers."""
    frame = yf.Ticker(symbol, session=session_to(url)).history(auto_adjust=False, actions=False, **arguments)
    assert len(frame), f"yfinance got nothing for {symbol}"
    columns = [frame[name.capitalize()].tolist() for name in FIELDS]
    return frame.index, list(zip(*columns))


def number(text):
    return float(text) if text else None


def compare(vortex_rows, stamps, numbers, closed_before):
    """Every row of vortex is yfinance's; what vortex lacks is not final yet."""
    peers = dict(zip(stamps, numbers))
    assert vortex_rows, "vortex stored nothing"
    for row in vortex_rows:
        expected = peers.pop(row["timestamp"], None)
        assert expected is not None, f"yfinance has no bar at {row['timestamp']}"
        for name, value in zip(FIELDS, expected):
            assert number(row[name]) == pytest.approx(value, rel=1e-12), (row["timestamp"], name)
    first = vortex_rows[0]["timestamp"]
    missing = [stamp for stamp in peers if first <= stamp < closed_before]
    assert not missing, f"vortex lacks {missing[:5]}"


def iso(moment):
    return moment.astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def days_ago(count):
    return datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=count)


@pytest.mark.parametrize("symbol", DAILY_SYMBOLS)
def test_daily_bars_are_equal(simulator, tmp_path, symbol):
    vortex = Vortex(simulator.url, tmp_path)
    vortex.run("sync", symbol, "--interval", "1d", "--since", "2019-01-01")
    index, numbers = peer_rows(simulator.url, symbol, start="2019-01-01", interval="1d")
    stamps = [f"{stamp.date()}T00:00:00Z" for stamp in index]
    compare(vortex.read(symbol, "1d"), stamps, numbers, f"{days_ago(3).date()}T00:00:00Z")


@pytest.mark.parametrize("interval,symbol", [("1m", "AAPL"), ("5m", "OCDO.L"), ("15m", "BHP.AX"),
                                             ("1h", "SAP.DE"), ("1h", "BTC-USD")])
def test_intraday_bars_are_equal(simulator, tmp_path, interval, symbol):
    vortex = Vortex(simulator.url, tmp_path)
    since = days_ago(6).date().isoformat()
    vortex.run("sync", symbol, "--interval", interval, "--since", since)
    index, numbers = peer_rows(simulator.url, symbol, start=since, interval=interval)
    stamps = [iso(stamp.to_pydatetime()) for stamp in index]
    compare(vortex.read(symbol, interval), stamps, numbers, iso(days_ago(1)))


@pytest.mark.parametrize("interval,days", [("1wk", 14), ("1mo", 62)])
def test_longer_bars_are_equal(simulator, tmp_path, interval, days):
    vortex = Vortex(simulator.url, tmp_path)
    vortex.run("sync", "MSFT", "--interval", interval, "--since", "2021-01-01")
    # A Monday that is also before the first of the month asked for: both sides see whole bars.
    index, numbers = peer_rows(simulator.url, "MSFT", start="2020-12-28", interval=interval)
    stamps = [f"{stamp.date()}T00:00:00Z" for stamp in index]
    compare(vortex.read("MSFT", interval), stamps, numbers, f"{days_ago(days).date()}T00:00:00Z")


def test_actions_are_the_scripted_ones(simulator):
    frame = yf.Ticker("AAPL", session=session_to(simulator.url)).history(
        start="2020-08-01", end="2020-12-01", auto_adjust=False)
    splits = frame["Stock Splits"]
    assert {str(stamp.date()): ratio for stamp, ratio in splits[splits != 0].items()} == {"2020-08-31": 4.0}
    assert len(frame["Dividends"][frame["Dividends"] != 0]) == 2


def test_many_symbols_download_at_once(simulator):
    names = [f"S{number:04d}" for number in range(1, 9)]
    frame = yf.download(names, period="1y", interval="1d", session=session_to(simulator.url),
                        progress=False, auto_adjust=False, threads=True)
    assert set(frame["Close"].columns) == set(names)
    assert frame["Close"].count().min() > 200


def test_an_unknown_symbol_is_empty_and_said(simulator):
    ticker = yf.Ticker("NOPE", session=session_to(simulator.url))
    assert len(ticker.history(period="5d")) == 0


def test_a_restated_bar_reaches_both(simulator, tmp_path):
    vortex = Vortex(simulator.url, tmp_path)
    vortex.run("sync", "KO", "--since", "2024-01-01")
    day = vortex.read("KO", "1d")[-3]["timestamp"][:10]
    bar = {name: float(vortex.read("KO", "1d")[-3][name]) for name in FIELDS}
    simulator.post("restate", {"symbol": "KO", "date": day, "high": bar["high"] + 1, "close": bar["high"] + 0.5})
    index, numbers = peer_rows(simulator.url, "KO", start="2024-01-01", interval="1d")
    stamps = [f"{stamp.date()}T00:00:00Z" for stamp in index]
    closed_before = f"{days_ago(3).date()}T00:00:00Z"
    with pytest.raises(AssertionError):
        compare(vortex.read("KO", "1d"), stamps, numbers, closed_before)
    vortex.run("sync", "KO", "--since", "2024-01-01")
    compare(vortex.read("KO", "1d"), stamps, numbers, closed_before)


# In a process of its own: yfinance keeps one login for as long as it lives.
CONSENTING = """
import re, sys, tempfile
import yfinance as yf
from curl_cffi import requests
class Rewriting(requests.Session):
    def request(self, method, url, *args, **kwargs):
        return super().request(method, re.sub(r"https://[^/]+", sys.argv[1], url), *args, **kwargs)
yf.set_tz_cache_location(tempfile.mkdtemp())
print(len(yf.Ticker("KO", session=Rewriting()).history(period="5d", auto_adjust=False)))
"""


def test_the_consent_flow_lets_yfinance_in(tmp_path):
    running = Simulator(tmp_path, "yahoo", "--require-crumb", "--consent-wall")
    try:
        done = subprocess.run([sys.executable, "-c", CONSENTING, running.url], capture_output=True, text=True,
                              timeout=RUN_TIMEOUT_S)
        assert done.stdout.strip() == "5", done.stderr
        assert running.counts()["kinds"]["consent"] >= 3
    finally:
        running.stop()


def test_the_consent_flow_lets_vortex_in(tmp_path):
    running = Simulator(tmp_path, "yahoo", "--require-crumb", "--consent-wall")
    try:
        Vortex(running.url, tmp_path).run("sync", "KO", "MSFT", "--since", "2024-01-01")
        kinds = running.counts()["kinds"]
        assert kinds["consent"] >= 3 and kinds["crumb"] == 1, kinds
    finally:
        running.stop()
