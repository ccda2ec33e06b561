"""A provider that only serves files: Yahoo chart payloads on disk and an nginx on loopback before them.

The payloads are daily bars of made-up coins (they trade every day, in UTC), prices as widened 32-bit
floats, which is how the real service sends them.
"""

import contextlib
import json
import os
import pathlib
import socket
import subprocess

import numpy

FIRST_BAR = 1_132_531_200  # 2005-11-21
DAY = 86_400
START_SECONDS_MAX = 10


def symbols(count):
    return [f"S{i:04d}" for i in range(1, count + 1)]


def chart(symbol, rows, seed):
    """One v8 chart answer."""
    random = numpy.random.default_rng(seed)
    close = 50 * numpy.exp(numpy.cumsum(random.normal(0, 0.015, rows)))
    open_ = close * (1 + random.normal(0, 0.004, rows))
    spread = numpy.abs(random.normal(0, 0.006, rows))
    high = numpy.maximum(open_, close) * (1 + spread)
    low = numpy.minimum(open_, close) * (1 - spread)
    as_sent = lambda values: values.astype(numpy.float32).astype(float).tolist()
    stamps = (FIRST_BAR + DAY * numpy.arange(rows)).tolist()
    period = {"timezone": "UTC", "start": stamps[-1], "end": stamps[-1] + DAY - 60, "gmtoffset": 0}
    meta = {"currency": "USD", "symbol": symbol, "exchangeName": "CCC", "fullExchangeName": "CCC",
            "instrumentType": "CRYPTOCURRENCY", "firstTradeDate": FIRST_BAR, "regularMarketTime": stamps[-1],
            "hasPrePostMarketData": False, "gmtoffset": 0, "timezone": "UTC", "exchangeTimezoneName": "UTC",
            "regularMarketPrice": as_sent(close)[-1], "priceHint": 2, "dataGranularity": "1d", "range": "",
            "currentTradingPeriod": {"pre": period, "regular": period, "post": period},
            "validRanges": ["1d", "5d", "1mo", "1y", "5y", "10y", "max"]}
    quote = {"open": as_sent(open_), "high": as_sent(high), "low": as_sent(low), "close": as_sent(close),
             "volume": random.integers(10**6, 10**8, rows).tolist()}
    result = {"meta": meta, "timestamp": stamps,
              "indicators": {"quote": [quote], "adjclose": [{"adjclose": quote["close"]}]}}
    return json.dumps({"chart": {"result": [result], "error": None}}, separators=(",", ":"))


def write_payloads(folder, count, rows):
    """The files nginx serves; kept for the next run where count and rows are the same."""
    folder = pathlib.Path(folder)
    mark, wanted = folder / "made.json", json.dumps([1, count, rows])
    if mark.exists() and mark.read_text() == wanted:
        return
    charts = folder / "v8/finance/chart"
    charts.mkdir(parents=True, exist_ok=True)
    for seed, symbol in enumerate(symbols(count)):
        (charts / symbol).write_text(chart(symbol, rows, seed))
    (folder / "v1/test").mkdir(parents=True, exist_ok=True)
    (folder / "v1/test/getcrumb").write_text("crumb")
    mark.write_text(wanted)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def configuration(folder, port):
    temporary = "\n".join(f"  {kind}_temp_path {folder}/nginx-{kind};"
                          for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    user = "user root;\n" if os.geteuid() == 0 else ""
    return f"""{user}worker_processes 1;
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/nginx-error.log;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  default_type application/json;
  keepalive_requests 1000000;
  open_file_cache max=4096;
{temporary}
  server {{ listen 127.0.0.1:{port}; root {folder}; }}
}}
"""


@contextlib.contextmanager
def serving(folder):
    """The base URL of an nginx over the folder, for as long as the context lasts."""
    folder, port = pathlib.Path(folder).resolve(), free_port()
    config = folder / "nginx.conf"
    config.write_text(configuration(folder, port))
    process = subprocess.Popen(["nginx", "-c", config, "-p", folder, "-e", folder / "nginx-error.log"],
                               env=dict(os.environ, PATH=os.environ.get("PATH", "") + ":/usr/sbin"))
    try:
        wait_for_port(port, process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(START_SECONDS_MAX)


def wait_for_port(port, process):
    for _ in range(START_SECONDS_MAX * 20):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        with contextlib.suppress(subprocess.TimeoutExpired):
            raise RuntimeError(f"nginx ended with {process.wait(0.05)}")
    raise RuntimeError("nginx does not listen")
