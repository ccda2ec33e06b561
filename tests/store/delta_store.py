"""A dataset driven through store_script, for the tests that let other tools read it."""
import datetime as dt
import json
import os
import subprocess

SCRIPT = os.environ["STORE_SCRIPT"]


class Store:
    def __init__(self, path):
        self.path = str(path)
        self.process = subprocess.Popen([SCRIPT, self.path], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        self.day = dt.datetime(2024, 2, 1)

    def ask(self, **command):
        self.process.stdin.write(json.dumps(command) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def commit(self, *series, now=None):
        self.day += dt.timedelta(days=1)
        stamp = now or self.day.strftime("%Y-%m-%dT%H:%M:%SZ")
        answer = self.ask(do="commit", now=stamp, series=list(series))
        assert "error" not in answer, answer
        return answer

    def asked(self, symbol, provider="yahoo", interval="1d", adjust="split", **more):
        return self.ask(do="read", symbol=symbol, provider=provider, interval=interval,
                        adjust=adjust, **more)

    def read(self, symbol, **more):
        answer = self.asked(symbol, **more)
        assert "error" not in answer, answer
        return [tuple(row) for row in answer["rows"]]

    def close(self):
        if self.process.poll() is None:
            self.process.stdin.close()
            assert self.process.wait(timeout=20) == 0


def day(n):
    return (dt.date(2024, 1, 1) + dt.timedelta(days=n)).isoformat()


def bar(n, close=100.0):
    return [day(n), close - 1, close + 1, close - 2, close, 1000.0 + n]


def series(symbol, rows, provider="yahoo", **more):
    return dict(provider=provider, symbol=symbol, interval="1d", rows=rows, **more)
