"""A dataset that `vortex` synced from its simulator, for all exports of a session."""

import datetime
import importlib.util
import io
from pathlib import Path

import pandas
import pytest

_spec = importlib.util.spec_from_file_location("cli_conftest", Path(__file__).parents[1] / "cli/conftest.py")
cli = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(cli)

SINCE, UNTIL = "2020-06-01", "2021-03-01"  # a 4:1 split and three dividends of AAPL
MINUTE_DAYS = 6  # before today: yahoo serves minutes of the last month alone

# Symbols whose names are no file names: a dot, a path, a device, two that differ in case alone.
CONFIG = """
[symbols."BRK.B"]
yahoo = "BRK-B"
[symbols."BRK/B"]
yahoo = "BRK-B"
[symbols."CON"]
yahoo = "KO"
[symbols."con"]
yahoo = "KO"
"""
SYMBOLS = ["AAPL", "BRK-B", "BRK.B", "BRK/B", "CON", "con", "^GSPC"]


class Store:
    def __init__(self, vortex):
        self.vortex = vortex

    def read(self, symbol, interval="1d", adjust="split", **flags):
        extra = [word for name, value in flags.items() for word in ("--" + name.replace("_", "-"), value)]
        text = self.vortex(
            "read", symbol, "--interval", interval, "--adjust", adjust, "--format", "csv", *extra, code=0
        ).stdout
        return pandas.read_csv(io.StringIO(text), parse_dates=["timestamp"], float_precision="round_trip")

    def export(self, form, directory, *arguments, code=0):
        return self.vortex.json("export", "--to", form, directory, *arguments, code=code)


@pytest.fixture(scope="session")
def store(tmp_path_factory):
    vortex = cli.Vortex(tmp_path_factory.mktemp("store"))
    sim = cli.Sim(vortex)
    vortex.environment.update(
        {
            "VORTEX__PROVIDERS__YAHOO__BASE_URL": sim.url,
            "VORTEX__PROVIDERS__YAHOO__LIMITS": "[]",
        }
    )
    (vortex.directory / "vortex.toml").write_text(CONFIG)
    vortex("sync", *SYMBOLS, "--since", SINCE, "--until", UNTIL, code=0)
    today = datetime.datetime.now(datetime.timezone.utc).date()
    since = today - datetime.timedelta(days=MINUTE_DAYS)
    vortex("sync", "AAPL", "--interval", "1m", "--since", since, "--until", today, code=0)
    sim.stop()
    return Store(vortex)
