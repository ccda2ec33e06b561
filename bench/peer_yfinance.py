"""What people run today: yfinance.download of the same symbols from the same server. Prints JSON.

    python bench/peer_yfinance.py BASE_URL SYMBOLS
"""

import json
import sys
import tempfile
import time
import urllib.parse

import yfinance
from curl_cffi import requests

import static_provider


class LocalSession(requests.Session):
    """Sends what is meant for the real hosts to the local server."""

    base = ""

    def request(self, method, url, *arguments, **options):
        parts = urllib.parse.urlsplit(url)
        query = f"?{parts.query}" if parts.query else ""
        return super().request(method, f"{self.base}{parts.path}{query}", *arguments, **options)


def main():
    LocalSession.base, count = sys.argv[1], int(sys.argv[2])
    yfinance.set_tz_cache_location(tempfile.mkdtemp())
    begun = time.perf_counter()
    frame = yfinance.download(static_provider.symbols(count), period="max", interval="1d", threads=True,
                              session=LocalSession(), progress=False, auto_adjust=False)
    seconds = time.perf_counter() - begun
    print(json.dumps({"seconds": seconds, "rows": int(frame["Close"].count().sum())}))


if __name__ == "__main__":
    main()
