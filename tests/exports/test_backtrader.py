"""backtrader reads its exports with GenericCSVData as it comes."""

import datetime

import backtrader as bt

PRICES = ["open", "high", "low", "close", "volume", "openinterest"]


def bars_of(feed, resample=None):
    """What a strategy sees: (datetime, open, …) of every bar."""
    seen = []

    class Look(bt.Strategy):
        def next(self):
            data = self.datas[-1]
            seen.append((data.datetime.datetime(0), *(getattr(data, name)[0] for name in PRICES)))

    cerebro = bt.Cerebro(stdstats=False)
    cerebro.addstrategy(Look)
    if resample:
        cerebro.resampledata(feed, timeframe=bt.TimeFrame.Minutes, compression=resample)
    else:
        cerebro.adddata(feed)
    cerebro.run()
    return seen


def test_daily_bars_load_with_no_parameters(store, tmp_path):
    store.export("backtrader", tmp_path / "out")
    for symbol, name in (("AAPL", "AAPL"), ("BRK.B", "BRK.B"), ("^GSPC", "^GSPC"), ("CON", "%43ON")):
        seen = bars_of(bt.feeds.GenericCSVData(dataname=str(tmp_path / f"out/{name}.csv")))
        stored = store.read(symbol)
        assert len(seen) == len(stored) > 180
        for bar, row in zip(seen, stored.itertuples()):
            assert bar[0].date() == row.timestamp.date()
            assert bar[0].time() > datetime.time(23, 59)  # its session's end: never known before
            assert bar[1:] == (row.open, row.high, row.low, row.close, row.volume, 0)


def minute_feed(path):
    return bt.feeds.GenericCSVData(dataname=str(path), timeframe=bt.TimeFrame.Minutes)


def test_minutes_carry_the_exchanges_wall_time_of_their_end(store, tmp_path):
    store.export("backtrader", tmp_path / "out", "AAPL", "--interval", "1m")
    seen = bars_of(minute_feed(tmp_path / "out/AAPL.csv"))
    stored = store.read("AAPL", "1m")
    assert len(seen) == len(stored) > 500
    for bar, row in zip(seen, stored.itertuples()):
        end = (row.timestamp + datetime.timedelta(minutes=1)).tz_convert("America/New_York").tz_localize(None)
        assert abs(bar[0] - end.to_pydatetime()) < datetime.timedelta(milliseconds=1)
        assert bar[1:5] == (row.open, row.high, row.low, row.close)
    opens = {bar[0].date(): bar[0] for bar in reversed(seen)}
    assert {round_to_minute(moment).time() for moment in opens.values()} == {datetime.time(9, 31)}


def round_to_minute(moment):
    return (moment + datetime.timedelta(seconds=1)).replace(second=0, microsecond=0)


def test_backtraders_own_resampling_puts_the_minutes_where_they_belong(store, tmp_path):
    store.export("backtrader", tmp_path / "out", "AAPL", "--interval", "1m")
    seen = bars_of(minute_feed(tmp_path / "out/AAPL.csv"), resample=5)
    stored = store.read("AAPL", "1m").set_index("timestamp")
    five = stored.resample("5min").agg({"open": "first", "high": "max", "low": "min", "close": "last"}).dropna()
    assert [bar[1:5] for bar in seen] == [tuple(row) for row in five.itertuples(index=False)]
