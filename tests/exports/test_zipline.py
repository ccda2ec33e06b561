"""zipline-reloaded ingests its exports with the csvdir bundle as it comes."""

import os
import warnings

import numpy
import pandas
import pytest

warnings.simplefilter("ignore")
from zipline.data.bundles import ingest, load, register, unregister  # noqa: E402
from zipline.data.bundles.csvdir import csvdir_equities  # noqa: E402
from zipline.data.data_portal import DataPortal  # noqa: E402
from zipline.utils.calendar_utils import get_calendar  # noqa: E402

NYSE = get_calendar("NYSE")
THOUSANDTH = 0.0005001  # zipline keeps prices in thousandths


@pytest.fixture
def bundle(tmp_path, monkeypatch):
    """Ingests a directory and gives the bundle; found there as the command line finds it."""
    monkeypatch.setenv("ZIPLINE_ROOT", str(tmp_path / "zipline"))

    def made(directory, start, end):
        monkeypatch.setenv("CSVDIR", str(directory))
        days = (pandas.Timestamp(start), pandas.Timestamp(end))
        register("exported", csvdir_equities(), calendar_name="NYSE", start_session=days[0], end_session=days[1])
        ingest("exported", os.environ, show_progress=False)
        return load("exported", os.environ)

    yield made
    unregister("exported")


def daily(bundle, store, directory, *symbols):
    answer = store.export("zipline", directory, *symbols)
    return answer, bundle(directory, "2020-06-01", "2021-02-26")


def test_every_session_and_price_arrives_as_traded(store, bundle, tmp_path):
    answer, made = daily(bundle, store, tmp_path / "out")
    assert answer["export"]["adjust"] == "none"
    named = {asset.symbol: asset for asset in made.asset_finder.retrieve_all(made.asset_finder.sids)}
    assert set(named) == {"%63%6F%6E", "%43ON", "AAPL", "BRK%2EB", "BRK%2FB", "BRK-B", "^GSPC"}
    sessions = NYSE.sessions_in_range("2020-06-01", "2021-02-26")
    reader = made.equity_daily_bar_reader
    for symbol, name in (("AAPL", "AAPL"), ("BRK.B", "BRK%2EB"), ("BRK/B", "BRK%2FB"), ("CON", "%43ON")):
        stored = store.read(symbol, adjust="none")
        assert [stamp.date() for stamp in stored.timestamp] == [day.date() for day in sessions]
        asset = named[name]
        assert (asset.start_date, asset.end_date) == (sessions[0], sessions[-1])
        arrays = reader.load_raw_arrays(
            ["open", "high", "low", "close", "volume"], sessions[0], sessions[-1], [asset.sid]
        )
        for column, array in zip(("open", "high", "low", "close"), arrays):
            assert numpy.abs(array[:, 0] - stored[column].to_numpy()).max() < THOUSANDTH
        assert (arrays[4][:, 0] == stored.volume.round().to_numpy()).all()


def test_zipline_adjusts_to_the_prices_of_vortex(store, bundle, tmp_path):
    _, made = daily(bundle, store, tmp_path / "out", "AAPL")
    splits = made.adjustment_reader.get_df_from_table("splits", convert_dates=True)
    assert [(row.ratio, row.effective_date.date().isoformat()) for row in splits.itertuples()] == [(0.25, "2020-08-31")]
    assert len(made.adjustment_reader.get_df_from_table("dividends")) == 3
    sessions = NYSE.sessions_in_range("2020-06-01", "2021-02-26")
    portal = DataPortal(
        made.asset_finder,
        NYSE,
        first_trading_day=sessions[0],
        equity_daily_reader=made.equity_daily_bar_reader,
        adjustment_reader=made.adjustment_reader,
    )
    asset = made.asset_finder.lookup_symbol("AAPL", as_of_date=None)
    window = portal.get_history_window(
        [asset], NYSE.session_close(sessions[-1]), len(sessions), "1d", "close", "daily"
    )[asset].to_numpy()
    ours = store.read("AAPL", adjust="all").close.to_numpy()
    assert numpy.abs(window / ours - 1).max() < 1e-5
    unsplit = store.read("AAPL", adjust="none").close.to_numpy()
    assert unsplit[0] / ours[0] > 3.9  # there was something to adjust


def test_prices_that_have_the_splits_carry_no_splits(store, bundle, tmp_path):
    store.export("zipline", tmp_path / "out", "AAPL", "--adjust", "split")
    made = bundle(tmp_path / "out", "2020-06-01", "2021-02-26")
    assert len(made.adjustment_reader.get_df_from_table("splits")) == 0
    dividends = made.adjustment_reader.get_df_from_table("dividend_payouts")
    traded = pandas.read_csv(tmp_path / "out/daily/AAPL.csv")
    assert sorted(dividends.amount) == sorted(traded.dividend[traded.dividend > 0])
    assert max(dividends.amount) < 0.5  # a share of today, not the fourfold before the split


def test_minutes_are_labelled_by_their_end(store, bundle, tmp_path):
    store.export("zipline", tmp_path / "out", "AAPL", "--interval", "1m")
    stored = store.read("AAPL", "1m", adjust="none")
    days = sorted({stamp.date() for stamp in stored.timestamp})
    made = bundle(tmp_path / "out", days[0], days[-1])
    asset = made.asset_finder.lookup_symbol("AAPL", as_of_date=None)
    assert len(stored) > 500
    for row in stored.itertuples():
        end = row.timestamp + pandas.Timedelta(minutes=1)
        assert end in NYSE.session_minutes(end.tz_convert("America/New_York").date().isoformat())
        assert abs(made.equity_minute_bar_reader.get_value(asset.sid, end, "close") - row.close) < THOUSANDTH
    assert (stored.timestamp.iloc[0] + pandas.Timedelta(minutes=1)) == NYSE.session_first_minute(days[0].isoformat())
