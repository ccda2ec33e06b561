"""Every recorded, edited and constructed Yahoo chart payload, decoded by decode_file and compared value
by value with yahoo_expected. The recordings are not part of the project: VORTEX_SHARED names the folder
that holds fixtures/, by default ../shared beside the checkout; without it these tests are skipped."""
import json
import os
import pathlib
import subprocess
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from urllib.parse import parse_qs, urlparse

import pytest
import yahoo_expected as oracle

ROOT = pathlib.Path(__file__).resolve().parents[2]
SHARED = pathlib.Path(os.environ.get("VORTEX_SHARED", ROOT.parent / "shared"))
FIXTURES = SHARED / "fixtures" / "yahoo"
DECODE_FILE = os.environ.get("VORTEX_DECODE_FILE", str(ROOT / "build" / "bin" / "decode_file"))
ALWAYS = (oracle.midnight(datetime(1900, 1, 1)), oracle.midnight(datetime(2099, 1, 1)))
INTERVALS = {"60m": "1h", "3mo": "1mo"}
WHOLE_DAY = 86400


def one(header):
    return header[0] if isinstance(header, list) else header


def recorded_at(path, meta):
    """When the answer came: from the file's name where it says so, else just after the last quote."""
    parts = path.stem.split("-recorded-")
    if len(parts) == 2:
        stamp = "".join(parts[1].split("-")[:2])
        return int(datetime.strptime(stamp, "%Y%m%d%H%M").replace(tzinfo=timezone.utc).timestamp())
    return (meta.get("regularMarketTime") or 1_700_000_000) + 600


def meta_of(raw):
    try:
        return json.loads(raw)["chart"]["result"][0].get("meta") or {}
    except (ValueError, KeyError, TypeError, IndexError):
        return {}


def plain_payloads():
    for path in sorted(FIXTURES.glob("*.json")):
        raw = path.read_bytes()
        meta = meta_of(raw)
        status = 404 if "not_found" in path.name else 400 if "inline-400" in path.name else 200
        interval = meta.get("dataGranularity", "1d")
        yield path.name, raw, status, oracle.Asked(
            meta.get("symbol", "AAPL"), INTERVALS.get(interval, interval), *ALWAYS,
            recorded_at(path, meta))


def constructed_payloads():
    for path in sorted((FIXTURES / "errors_constructed").iterdir()):
        status = 422 if path.name.startswith("400_or_422") else int(path.name.split("_")[0])
        yield path.name, path.read_bytes(), status, oracle.Asked("AAPL", "1d", *ALWAYS, 1_700_000_000)


def body_of(response):
    for key in ("bodyText", "body"):
        if isinstance(response.get(key), str):
            return response[key].encode()
    return json.dumps(response.get("bodyJson", response.get("body"))).encode()


def enveloped_payloads():
    """With the request's own window and the answer's own Date."""
    for path in sorted((FIXTURES / "http_envelopes").glob("*.json")):
        envelope = json.loads(path.read_bytes())
        response = envelope["response"]
        url = urlparse(envelope["request"]["url"])
        query = parse_qs(url.query)
        received = int(parsedate_to_datetime(one(response["headers"]["date"])).timestamp())
        yield path.name, body_of(response), response["status"], oracle.Asked(
            url.path.rsplit("/", 1)[1], INTERVALS.get(query["interval"][0], query["interval"][0]),
            int(query["period1"][0]), int(query["period2"][0]), received)


def payloads():
    if not FIXTURES.is_dir():
        return []
    found = []
    for source in (plain_payloads, constructed_payloads, enveloped_payloads):
        for name, raw, status, asked in source():
            for keep in (False, True):
                variant = oracle.Asked(asked.symbol, asked.interval, asked.start, asked.end,
                                       int(asked.received.timestamp()), keep)
                found.append(pytest.param(raw, status, variant, id=name + ("-keep" if keep else "")))
    return found


def decoded(tmp_path, raw, status, asked):
    file = tmp_path / "payload"
    file.write_bytes(raw)
    command = [DECODE_FILE, file, asked.symbol, asked.interval, asked.start, asked.end,
               int(asked.received.timestamp()), status] + (["keep"] if asked.keep else [])
    out = subprocess.run([str(part) for part in command], capture_output=True, check=True, text=True)
    lines = [json.loads(line) for line in out.stdout.splitlines()]
    if "error" in lines[0]:
        return {"error": lines[0]["class"]}
    actions = [(a["action"], a["ex_date"], a["amount"], a["numerator"], a["denominator"])
               for a in lines if "action" in a]
    return {"rows": [r for r in lines if "t" in r], "actions": sorted(actions), "facts": lines[-1]}


@pytest.mark.skipif(not FIXTURES.is_dir(), reason=f"no recordings at {FIXTURES} (set VORTEX_SHARED)")
@pytest.mark.parametrize("raw,status,asked", payloads())
def test_decodes_to_the_expected_values(tmp_path, raw, status, asked):
    assert decoded(tmp_path, raw, status, asked) == oracle.expected(asked, status, raw)


@pytest.mark.skipif(not FIXTURES.is_dir(), reason=f"no recordings at {FIXTURES} (set VORTEX_SHARED)")
def test_every_kind_of_payload_is_there():
    outcomes = [oracle.expected(p.values[2], p.values[1], p.values[0]) for p in payloads()]
    assert len(outcomes) >= 150
    errors = {o["error"] for o in outcomes if "error" in o}
    assert errors >= {"not_found", "rate_limited", "server", "truncated", "bad_payload", "client"}
    assert sum(len(o.get("rows", [])) for o in outcomes) > 2000
