"""What a recorded Yahoo chart answer must come to, computed without any of our code: plain json and
zoneinfo, a row at a time, from the description of the format. Slow and obvious on purpose."""
import json
import math
from collections import Counter
from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

LAG = timedelta(minutes=15)
MINUTES = {"1m": 1, "5m": 5, "15m": 15, "30m": 30, "1h": 60}
WORDS = {"1h": {"1h", "60m"}}
TYPES = {"EQUITY": "equity", "ETF": "etf", "MUTUALFUND": "fund", "INDEX": "index",
         "CURRENCY": "currency", "CRYPTOCURRENCY": "crypto", "FUTURE": "future", "OPTION": "option"}
MAGNIFIERS = {"GBp": 100, "GBX": 100, "ZAc": 100, "ILA": 100, "KWF": 1000}
PRICES = ("open", "high", "low", "close")
FIELDS = PRICES + ("volume",)


class Refused(Exception):
    """The answer is an error of this class."""


class Empty(Exception):
    """The answer says that there is nothing in the window."""


def utc(second):
    return datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(seconds=second)


def midnight(day):
    return int(datetime(day.year, day.month, day.day, tzinfo=timezone.utc).timestamp())


def bar_day(interval, day):
    if interval == "1wk":
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if interval == "1mo" else day


def number(value):
    """A price or None; text is read as the number it spells, what is not finite is missing."""
    if value is None:
        return None
    value = float(value)
    return value if math.isfinite(value) else None


def refusal(status, text):
    """The class of an answer that is no chart, by status and wording; None where it may be one."""
    for words, kind in (("Data doesn't exist for startDate", "empty"), ("Invalid C", "authentication"),
                        ("Too Many Requests", "rate_limited"), ("data not available", "client")):
        if words in text and not text.startswith('{"chart":{"result":[{'):
            if kind == "empty":
                raise Empty
            return kind
    by_status = {401: "authentication", 403: "banned", 404: "not_found", 429: "rate_limited"}
    if status != 200:
        return by_status.get(status, "client" if 400 <= status < 500 else "server")
    if not text.strip() or text.lstrip()[0] != "{":
        return "bad_payload"
    return None


def read(status, raw):
    text = raw.decode("utf-8")
    kind = refusal(status, text)
    if kind:
        raise Refused(kind)
    try:
        chart = json.loads(text)["chart"]
    except ValueError:
        raise Refused("truncated") from None
    if chart.get("error"):
        raise Refused({"Not Found": "not_found", "Bad Request": "client"}[chart["error"]["code"]])
    if not chart["result"]:
        raise Refused("bad_payload")
    return chart["result"][0]


def slots_of(result):
    stamps = result.get("timestamp") or []
    quote = result["indicators"]["quote"][0]
    for field in FIELDS:
        if field not in quote and stamps:
            raise Refused("schema")
    for field in FIELDS:
        if len(quote.get(field, [])) != len(stamps):
            raise Refused("bad_payload")
    return [dict({f: number(quote[f][i]) for f in FIELDS}, stamp=s) for i, s in enumerate(stamps)]


class Asked:
    """One question about a payload, and the payload's own facts."""

    def __init__(self, symbol, interval, start, end, received_at, keep=False):
        self.symbol, self.interval, self.start, self.end = symbol, interval, start, end
        self.received = utc(received_at)
        self.keep = keep


def last_is_live(asked, slots, meta, zone):
    regular = (meta.get("currentTradingPeriod") or {}).get("regular") or {}
    last = slots[-1]
    if asked.interval in MINUTES:
        length = MINUTES[asked.interval] * 60
        anchor = regular.get("start", slots[-2]["stamp"] if len(slots) > 1 else last["stamp"])
        if (last["stamp"] - anchor) % length:
            return True
        market = meta.get("regularMarketTime")
        flat = len({last[f] for f in PRICES}) == 1 and not last["volume"]
        return bool(market and flat and last["stamp"] <= market < last["stamp"] + length)
    clock = utc(last["stamp"]).astimezone(zone).time()
    usual = {datetime.min.time()}
    if asked.interval == "1d":
        others = Counter(utc(s["stamp"]).astimezone(zone).time() for s in slots[:-1])
        usual |= {c for c, _ in others.most_common(2)}
        if "start" in regular:
            usual.add(utc(regular["start"]).astimezone(zone).time())
    return clock not in usual and last["stamp"] == meta.get("regularMarketTime", last["stamp"])


def key_of(asked, stamp, zone, anchor):
    if asked.interval in MINUTES:
        length = MINUTES[asked.interval] * 60
        return stamp - (stamp - anchor) % length
    local = utc(stamp).astimezone(zone)
    return midnight(bar_day(asked.interval, local.date()))


def is_final(asked, key, meta, zone):
    settled = asked.received - LAG
    if asked.interval in MINUTES:
        return utc(key) + timedelta(minutes=MINUTES[asked.interval]) <= settled
    today = settled.astimezone(zone).date()
    day = utc(key).date()
    if asked.interval != "1d":
        return day < bar_day(asked.interval, today)
    if day < today:
        return True
    regular = (meta.get("currentTradingPeriod") or {}).get("regular")
    if day > today or not regular:
        return False
    session = utc(regular["start"]).astimezone(zone).date()
    return day < session or (day == session and utc(regular["end"]) <= settled)


def joined(asked, before, live):
    if before is None or all(before[f] is None for f in PRICES):
        return live
    if asked.interval == "1d" and any(live[f] is not None for f in PRICES):
        return live
    both = lambda f, pick: pick([x[f] for x in (before, live) if x[f] is not None] or [None])
    return {"open": both("open", lambda v: v[0]), "close": both("close", lambda v: v[-1]),
            "high": both("high", max), "low": both("low", min),
            "volume": both("volume", lambda v: None if v == [None] else sum(v))}


def bars_of(asked, slots, meta, zone):
    """[(key, values, final)] in the order sent, and the counts."""
    counts = dict(slots_empty=0, rows_unfinal=0, rows_outside=0)
    candidates = []
    if slots:
        regular = (meta.get("currentTradingPeriod") or {}).get("regular") or {}
        anchor = regular.get("start", slots[-2]["stamp"] if len(slots) > 1 else slots[-1]["stamp"])
        live = last_is_live(asked, slots, meta, zone)
        usual = slots[:-1] if live else slots
        exact = asked.interval in MINUTES
        candidates = [(s["stamp"] if exact else key_of(asked, s["stamp"], zone, anchor), s, None)
                      for s in usual]
        if live:
            key = key_of(asked, slots[-1]["stamp"], zone, anchor)
            twin = candidates.pop()[1] if candidates and candidates[-1][0] == key else None
            candidates.append((key, joined(asked, twin, slots[-1]), False))
    rows = []
    for key, values, final in candidates:
        if not asked.start <= key < asked.end:
            counts["rows_outside"] += 1
        elif all(values[f] is None for f in PRICES):
            counts["slots_empty"] += 1
        else:
            final = is_final(asked, key, meta, zone) if final is None else final
            if final or asked.keep:
                rows.append(dict({f: values[f] for f in FIELDS}, t=key, final=final))
            else:
                counts["rows_unfinal"] += 1
    return rows, counts


def actions_of(result, zone):
    found = []
    events = result.get("events") or {}
    for name, kind in (("dividends", "dividend"), ("splits", "split"), ("capitalGains", "capital_gain")):
        for event in (events.get(name) or {}).values():
            day = utc(event["date"]).astimezone(zone).date().isoformat()
            found.append((kind, day, float(event.get("amount", 0)), float(event.get("numerator", 1)),
                          float(event.get("denominator", 1))))
    return sorted(found)


def expected(asked, status, raw):
    """{"error": class} or {"rows", "actions", "facts"}."""
    try:
        result = read(status, raw)
        meta = result["meta"]
        if meta.get("symbol", "").lower() != asked.symbol.lower():
            raise Refused("mismatch")
        slots = slots_of(result)
        if meta.get("dataGranularity") not in WORDS.get(asked.interval, {asked.interval}):
            raise Refused("mismatch")
    except Refused as refused:
        return {"error": str(refused)}
    except Empty:
        return {"rows": [], "actions": [], "facts": dict(slots_empty=0, rows_unfinal=0, rows_outside=0)}
    zone = ZoneInfo(meta["exchangeTimezoneName"])
    rows, facts = bars_of(asked, slots, meta, zone)
    facts.update(zone=meta["exchangeTimezoneName"], currency=meta.get("currency") or "",
                 magnifier=float(MAGNIFIERS.get(meta.get("currency"), 1)),
                 type=TYPES.get(meta["instrumentType"], meta["instrumentType"].lower()))
    if rows:
        facts.update(adjusted="split", basis=asked.received.astimezone(zone).date().isoformat())
    return {"rows": rows, "actions": actions_of(result, zone), "facts": facts}
