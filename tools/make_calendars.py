#!/usr/bin/env python3
"""Makes vortex/model/calendars.table, the table of sessions, from the package exchange_calendars.

For maintainers, in an environment of its own (five calendars of that version fail with pandas 3):

    python3 -m venv V
    V/bin/pip install exchange_calendars==4.13.2 pandas==2.2.3 python-dateutil==2.9.0.post0
    V/bin/python tools/make_calendars.py

Review the diff: a line is a change of a calendar. What is written is read back and compared with
every session of the package, to the minute; a difference ends the run without a file.
"""

import argparse
import datetime as dt
import sys
from collections import Counter, defaultdict
from pathlib import Path
from zoneinfo import ZoneInfo

TABLE = Path(__file__).parents[1] / "vortex/model/calendars.table"
STARTS = ("1995-01-01", "2000-01-01", None)  # the first that the package takes
EARLY_STARTS = {"XNYS": "1962-01-01"}  # providers have bars from then on
LEFT_OUT = {"24/5", "24/7", "us_futures"}  # ours stand in vortex/model/market_rules.cpp
OURS = {"CME", "CBOT", "COMEX", "NYMEX"}  # names that mean calendars of ours
# Venues that keep another's calendar.
ALIASES = {
    "BATS": "XNYS", "OTCM": "XNYS", "XSTU": "XFRA", "XMUN": "XFRA", "XSHE": "XSHG", "XKOS": "XKRX",
    "ROCO": "XTAI", "XATH": "ASEX", "XNSE": "XBOM", "IFUS": "IEPA",
}  # fmt: skip
SWITCH_COST = 3  # of new regular hours, in exceptions
EVERY_YEARS_MIN = 5
EASTER_DAYS_MAX = 60
COLUMNS_MAX = 120
DAYS_A_LINE_MAX = 20
UTC = dt.timezone.utc
DAY = dt.timedelta(days=1)

HEAD = """\
# Sessions of the exchanges' calendars. Made by tools/make_calendars.py: made again, not edited.
# Times are the zone's wall clock; "<" before one: on the day before the session's date.
#   source PACKAGE VERSION
#   alias NAME CALENDAR
#   calendar NAME ZONE FIRST LAST TITLE    both dates known; before and after them nothing is
#   hours FROM WEEKDAYS TIMES              from that day on; 1 is Monday; a pause stands between "+"
#   every MMDD… E-2…                       closed in each year; E: so many days from Easter Sunday
#   closed YEAR MMDD…
#   on TIMES YEAR MMDD… [/ YEAR MMDD…]     a session with other hours than that weekday's, or on a free day
#   check SESSIONS HASH                    of all its sessions' moments, for the test of the reader
"""


class Calendar:
    """One calendar of the package: (open, close, pause start, pause end) in minutes, by date."""

    def __init__(self, name, made):
        self.name = name
        self.title = name
        self.zone = str(made.tz)
        self.days = {}
        self.moments = {}
        zone = ZoneInfo(self.zone)
        for row in made.schedule.itertuples():
            date = row.Index.date()
            moments = [int(t.timestamp()) // 60 if t == t else None for t in row[1:5]]
            opens, rests, resumes, closes = moments
            self.moments[date] = (opens, closes, rests, resumes)
            self.days[date] = tuple(None if m is None else wall_minutes(m, date, zone) for m in self.moments[date])
        self.first, self.last = min(self.days), max(self.days)


def wall_minutes(moment, date, zone):
    local = dt.datetime.fromtimestamp(moment * 60, UTC).astimezone(zone).replace(tzinfo=None)
    return int((local - dt.datetime.combine(date, dt.time())).total_seconds()) // 60


def utc_minutes(minutes, date, zone):
    local = dt.datetime.combine(date, dt.time()) + dt.timedelta(minutes=minutes)
    return int(local.replace(tzinfo=zone).timestamp()) // 60


def clock(minutes):
    before = "<" if minutes < 0 else ""
    return f"{before}{minutes % 1440 // 60:02}:{minutes % 60:02}" if minutes < 1440 else "24:00"


def times(hours):
    opens, closes, rests, resumes = hours
    pause = "" if rests is None else f"{clock(rests)}+{clock(resumes)}-"
    return f"{clock(opens)}-{pause}{clock(closes)}"


def dates_between(first, last):
    while first <= last:
        yield first
        first += DAY


def regular_hours(observed):
    """The cheapest way to tell (date, hours) pairs of one weekday as stretches and exceptions."""
    values = sorted({hours for _, hours in observed}, key=str)
    cost = {value: 0 for value in values}
    back = []
    for _, hours in observed:
        best = min(values, key=lambda value: cost[value])
        came = {v: v if cost[v] <= cost[best] + SWITCH_COST else best for v in values}
        cost = {v: cost[came[v]] + (SWITCH_COST if came[v] != v else 0) + (v != hours) for v in values}
        back.append(came)
    value = min(values, key=lambda v: cost[v])
    told = []
    for came in reversed(back):
        told.append(value)
        value = came[value]
    return list(reversed(told))


def weeks_of(calendar):
    """{from: {weekday: hours}}: changes of the regular hours."""
    changes = defaultdict(dict)
    for weekday in range(1, 8):
        dates = [d for d in dates_between(calendar.first, calendar.last) if d.isoweekday() == weekday]
        told = regular_hours([(d, calendar.days.get(d)) for d in dates])
        before = None
        for index, date in enumerate(dates):
            if told[index] == before:
                continue
            start = calendar.first if index == 0 else date
            known = [day for day in changes if 0 <= (start - day).days < 7]
            changes[max(known) if known else start][weekday] = told[index]
            before = told[index]
    return dict(sorted(changes.items()))


def hours_lines(weeks):
    for start, changed in weeks.items():
        by_hours = defaultdict(str)
        for weekday in sorted(changed):
            by_hours[changed[weekday]] += str(weekday)
        for hours, weekdays in by_hours.items():
            yield f"hours {start} {weekdays} {'closed' if hours is None else times(hours)}"


def by_year(dates):
    years = defaultdict(list)
    for date in sorted(dates):
        years[date.year].append(f"{date:%m%d}")
    return [
        f"{year} {' '.join(days[i : i + DAYS_A_LINE_MAX])}"
        for year, days in years.items()
        for i in range(0, len(days), DAYS_A_LINE_MAX)
    ]


def regular_on(weeks, date):
    hours = None
    for start, changed in weeks.items():
        if start > date:
            break
        hours = changed.get(date.isoweekday(), hours)
    return hours


def wrapped(head, years):
    """Lines of as many years as fit."""
    line = head + years[0]
    for year in years[1:]:
        if len(line) + len(year) + 3 > COLUMNS_MAX:
            yield line
            line = head + year
        else:
            line += " / " + year
    yield line


def easter_sunday(year):
    """The Western one, by the anonymous Gregorian algorithm."""
    golden, century, rest = year % 19, year // 100, year % 100
    epact = (19 * golden + century - century // 4 - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    to_sunday = (32 + 2 * (century % 4) + 2 * (rest // 4) - epact - rest % 4) % 7
    on = epact + to_sunday - 7 * ((golden + 11 * epact + 22 * to_sunday) // 451) + 114
    return dt.date(year, on // 31, on % 31 + 1)


def names_of(date):
    """How a day may be called in each year."""
    from_easter = (date - easter_sunday(date.year)).days
    return [f"{date:%m%d}"] + ([f"E{from_easter:+}"] if abs(from_easter) <= EASTER_DAYS_MAX else [])


def lines_of(calendar):
    weeks = weeks_of(calendar)
    regular = {d: regular_on(weeks, d) for d in dates_between(calendar.first, calendar.last)}
    closed = {d for d, hours in regular.items() if hours is not None and d not in calendar.days}
    open_days = Counter(name for d, hours in regular.items() if hours is not None for name in names_of(d))
    closings = Counter(name for d in closed for name in names_of(d))
    every = sorted(name for name, n in closings.items() if n == open_days[name] and n >= EVERY_YEARS_MIN)
    other = defaultdict(list)
    for date, hours in calendar.days.items():
        if hours != regular[date]:
            other[hours].append(date)
    yield f"calendar {calendar.name} {calendar.zone} {calendar.first} {calendar.last} {calendar.title}"
    yield from hours_lines(weeks)
    if every:
        yield f"every {' '.join(every)}"
    for year in by_year(d for d in closed if not set(names_of(d)) & set(every)):
        yield f"closed {year}"
    for hours in sorted(other, key=str):
        yield from wrapped(f"on {times(hours)} ", by_year(other[hours]))
    yield f"check {len(calendar.days)} {moments_hash(calendar.moments):08x}"


def moments_hash(moments):
    value = 0
    for date in sorted(moments):
        for moment in moments[date]:
            value = (value * 31 + (moment or 0)) % 2**32
    return value


def read_minutes(text):
    hours, minutes = text.removeprefix("<").split(":")
    return int(hours) * 60 + int(minutes) - (1440 if text.startswith("<") else 0)


def read_times(text):
    if text == "closed":
        return None
    parts = [read_minutes(t) for t in text.replace("+", "-").split("-")]
    return (parts[0], parts[1], None, None) if len(parts) == 2 else (parts[0], parts[3], parts[1], parts[2])


def read_dates(words):
    return [dt.date(int(words[0]), int(word[:2]), int(word[2:])) for word in words[1:]]


def read_back(lines):
    """The moments of one calendar's lines."""
    weeks, every, closed, other = defaultdict(dict), set(), set(), {}
    for line in lines:
        word, *rest = line.split()
        if word == "calendar":
            zone, first, last = ZoneInfo(rest[1]), *map(dt.date.fromisoformat, rest[2:4])
        elif word == "hours":
            for weekday in rest[1]:
                weeks[dt.date.fromisoformat(rest[0])][int(weekday)] = read_times(rest[2])
        elif word == "every":
            every.update(rest)
        elif word == "closed":
            closed.update(read_dates(rest))
        elif word == "on":
            for year in " ".join(rest[1:]).split(" / "):
                other.update(dict.fromkeys(read_dates(year.split()), read_times(rest[0])))
    found = {}
    for date in dates_between(first, last):
        hours = other.get(date)
        if hours is None and date not in closed and not every & set(names_of(date)):
            hours = regular_on(weeks, date)
        if hours is not None:
            found[date] = tuple(None if m is None else utc_minutes(m, date, zone) for m in hours)
    return found


def make(name, factory):
    early = (EARLY_STARTS[name],) if name in EARLY_STARTS else ()
    for start in early + STARTS:
        try:
            return Calendar(name, factory(start=start) if start else factory())
        except (ValueError, NotImplementedError) as error:  # it knows no such early date
            reason = error
    sys.exit(f"{name}: {reason}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=TABLE)
    parser.add_argument("--only", help="one calendar, for a trial")
    arguments = parser.parse_args()

    import exchange_calendars
    from exchange_calendars import calendar_utils

    factories = calendar_utils._default_calendar_factories
    names = sorted(set(factories) - LEFT_OUT)
    aliases = {k: v for k, v in calendar_utils._default_calendar_aliases.items() if k not in OURS}
    aliases |= {k: v for k, v in ALIASES.items() if k not in names}
    lines = [f"source exchange_calendars {exchange_calendars.__version__}"]
    lines += [f"alias {name} {aliases[name]}" for name in sorted(aliases)]
    for name in [arguments.only] if arguments.only else names:
        calendar = make(name, factories[name])
        own = list(lines_of(calendar))
        read = read_back(own)
        if read != calendar.moments:
            wrong = sorted(d for d in {*read, *calendar.moments} if read.get(d) != calendar.moments.get(d))
            sys.exit(f"{name}: {len(wrong)} sessions would be told wrongly, the first is {wrong[0]}")
        lines += own
        print(f"{name}: {len(calendar.days)} sessions, {len(own)} lines", file=sys.stderr, flush=True)
    arguments.output.write_text(HEAD + "\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
