"""What a Barchart payload must come to, computed without any of our code: csv, json, decimal and zoneinfo,
a row at a time, from the description of the format. Slow and obvious on purpose."""
import csv
import io
import json
import re
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from zoneinfo import ZoneInfo

LAG = timedelta(minutes=20)
MINUTES = {"1m": 1, "5m": 5, "15m": 15, "30m": 30, "1h": 60, "4h": 240}
CONTRACT = re.compile(r"^[A-Z0-9]{1,3}[FGHJKMNQUVXYZ][0-9]{2}$")
FOOTER = re.compile(r"Downloaded from Barchart\.com as of (\d\d-\d\d-\d{4} \d\d:\d\d[ap]m) (C[SD]T)")
CLOSES = ("Last", "Latest", "Close", "close")


def zone_of(symbol):
    central = symbol.startswith("^") or "*" in symbol or CONTRACT.match(symbol)
    return ZoneInfo("America/Chicago" if central else "America/New_York")


def number(text):
    if text is None or str(text).strip() in ("", "N/A"):
        return None
    return float(Decimal(str(text).replace(",", "")))


def plain_stamp(text):
    for form in ("%m/%d/%Y %H:%M", "%m/%d/%Y", "%Y-%m-%d %H:%M", "%Y-%m-%d"):
        try:
            return datetime.strptime(text, form), "%H" in form
        except ValueError:
            continue
    raise ValueError(text)


def field(row, names):
    return next(row[name] for name in names if name in row)


def saved_rows(text, interval, zone):
    """Rows oldest first, and the moment of the footer (None: there is none)."""
    lines = text.splitlines()
    saved_at = None
    if found := FOOTER.search(lines[-1]):
        hours = 6 if found[2] == "CST" else 5
        local = datetime.strptime(found[1].upper(), "%m-%d-%Y %I:%M%p")
        saved_at = local.replace(tzinfo=timezone.utc) + timedelta(hours=hours)
        lines.pop()
    rows = []
    for row in csv.DictReader(io.StringIO("\n".join(lines))):
        stamp, timed = plain_stamp(row["Time"])
        assert timed == (interval in MINUTES)
        moment = stamp.replace(tzinfo=zone).astimezone(timezone.utc) if timed else stamp.replace(tzinfo=timezone.utc)
        rows.append((moment, {"open": number(row["Open"]), "high": number(row["High"]), "low": number(row["Low"]),
                              "close": number(field(row, CLOSES)), "volume": number(row["Volume"])}))
    return sorted(rows, key=lambda row: row[0]), saved_at


def ondemand_rows(records, interval):
    rows = []
    for record in records:
        if interval in MINUTES:
            moment = datetime.fromisoformat(record["timestamp"]).astimezone(timezone.utc)
        else:
            moment = datetime.combine(date.fromisoformat(record["tradingDay"]), time(), timezone.utc)
        rows.append((moment, {name: number(record[name]) for name in ("open", "high", "low", "close", "volume")}))
    return rows


def is_final(symbol, interval, moment, as_of, zone):
    settled = as_of - LAG
    if interval in MINUTES:
        return moment + timedelta(minutes=MINUTES[interval]) <= settled
    local = settled.astimezone(zone)
    stock = not (symbol.startswith("^") or "*" in symbol or CONTRACT.match(symbol) or symbol.endswith(".CM"))
    ended = stock and local.time() >= time(16)
    today = local.date() + timedelta(days=1) if ended else local.date()
    return moment.date() < today


def expected(symbol, interval, received, text, saved, keep=False):
    """{"rows": […], "rows_unfinal": n}"""
    zone = zone_of(symbol)
    as_of = received
    if saved:
        rows, saved_at = saved_rows(text, interval, zone)
        as_of = min(received, saved_at or received)
    elif text.lstrip().startswith("{"):
        rows = ondemand_rows(json.loads(text, parse_float=Decimal)["results"], interval)
    else:
        rows = ondemand_rows(list(csv.DictReader(io.StringIO(text))), interval)
    out, unfinal = [], 0
    for moment, values in rows:
        final = is_final(symbol, interval, moment, as_of, zone)
        if final or keep:
            out.append(dict(values, t=int(moment.timestamp()), final=final))
        else:
            unfinal += 1
    return {"rows": out, "rows_unfinal": unfinal}
