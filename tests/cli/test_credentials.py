"""Keys: missing, wrong, echoed by the provider; fallback to the next provider; no trace of them anywhere."""

import contextlib
import http.server
import threading

import pytest

from conftest import everything_written

KEY = "S3CR3TKEY0123456"
REFUSAL = ('{"Error Message": "the parameter apikey is invalid or missing. Please claim your free API key on '
           '(https://www.alphavantage.co/support/#api-key). It should take less than 20 seconds. '
           'We have detected your API key as %s"}' % KEY)
UNKNOWN = '{"Information": "Your key %s has been put on a list that nobody has heard of."}' % KEY
TWIN = "VORTEX__PROVIDERS__ALPHAVANTAGE__API_KEY"


class Words:
    """A provider that says the same to everybody, and remembers what it was asked."""

    def __init__(self, body, status=200):
        self.body = body.encode()
        self.status = status
        self.paths = []


@contextlib.contextmanager
def saying(words):
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            words.paths.append(self.path)
            self.send_response(words.status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(words.body)))
            self.end_headers()
            self.wfile.write(words.body)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def settings(url, key=KEY):
    chosen = {"VORTEX__PROVIDERS__ALPHAVANTAGE__BASE_URL": url, "VORTEX__PROVIDERS__ALPHAVANTAGE__LIMITS": "[]"}
    return {**chosen, TWIN: key} if key else chosen


def everything(vortex, *runs):
    """All that was printed, and every byte that was written."""
    seen = "".join(run.stdout + run.stderr for run in runs).encode(errors="replace")
    return seen + b"".join(data for _, data in everything_written(vortex))


SYNC = ("sync", "AAPL", "MSFT", "GOOG", "--since", "2024-01-02", "--until", "2024-01-10")


def test_a_missing_key_is_exit_3_with_its_setting_and_no_call(vortex):
    words = Words(REFUSAL)
    with saying(words) as url:
        done = vortex(*SYNC, "--provider", "alphavantage", env=settings(url, key=None), code=3)
    assert words.paths == []
    assert "providers.alphavantage.api_key" in done.stderr and TWIN in done.stderr
    assert done.stderr.count("try: ") == 1, "said once"


def test_a_reference_that_leads_nowhere_is_exit_3_and_a_literal_is_78(vortex):
    reference = ("--set", "providers.alphavantage.api_key=env:NOWHERE")
    assert "NOWHERE" in vortex(*SYNC, "--provider", "alphavantage", *reference, code=3).stderr
    literal = vortex(*SYNC, "--set", f"providers.alphavantage.api_key={KEY}", code=78)
    assert KEY not in literal.stderr


@pytest.mark.parametrize("verbose", [(), ("-v",), ("--json",)], ids=["people", "verbose", "json"])
def test_b9_j1_a_wrong_key_costs_one_call_is_said_once_and_stands_nowhere(vortex, verbose):
    words = Words(REFUSAL)
    with saying(words) as url:
        done = vortex(*SYNC, "--provider", "alphavantage", *verbose, env=settings(url), code=3)
        status = vortex("status", "--json", env=settings(url))
    assert len(words.paths) == 1 and f"apikey={KEY}" in words.paths[0]
    assert done.stderr.count("try: ") <= 1
    assert KEY.encode() not in everything(vortex, done, status)


def test_c1_j1_an_unknown_wording_that_names_the_key_keeps_it_nowhere(vortex):
    words = Words(UNKNOWN)
    with saying(words) as url:
        done = vortex(*SYNC, "--provider", "alphavantage", "--json", env=settings(url))
    assert done.returncode not in {0, 3}
    assert KEY.encode() not in everything(vortex, done)


def test_b9_a_refused_key_falls_back_and_says_why(vortex, sim):
    words = Words(REFUSAL)
    with saying(words) as url:
        answer = vortex.json(*SYNC, "--provider", "alphavantage,yahoo", env=settings(url))
    assert len(words.paths) == 1
    for item in answer["items"]:
        assert item["provider"] == "yahoo" and item["status"] == "ok" and item["rows_new"] > 0
        assert [skip["provider"] for skip in item["skipped"]] == ["alphavantage"]
        assert item["skipped"][0]["class"] == "authentication"
        assert KEY not in item["skipped"][0]["message"]
    rows = vortex("read", "AAPL", "--format", "csv", code=0).stdout.splitlines()
    assert len(rows) > 1 and all(",AAPL,yahoo" in row for row in rows[1:])


def test_a_jobs_providers_are_asked_in_order(vortex, sim):
    (vortex.directory / "vortex.toml").write_text(
        '[[jobs]]\nname = "a"\nsymbols = ["AAPL"]\nproviders = ["alphavantage", "yahoo"]\n'
        'since = "2024-01-02"\n')
    done = vortex("sync", "--until", "2024-01-10", code=0)
    assert "alphavantage skipped: VX-2110" in done.stderr
    plan = vortex("sync", "--until", "2024-01-10", "--dry-run", code=0)
    assert "(yahoo)" in plan.stderr and "alphavantage skipped: VX-2110" in plan.stderr


def test_b4_an_allowance_that_is_used_up_falls_back(vortex, sim):
    words = Words('{"Information": "We have detected your API key as %s and our standard API rate limit is 25 '
                  'requests per day. Please subscribe to any of the premium plans."}' % KEY)
    with saying(words) as url:
        env = {**settings(url), "VORTEX__CONCURRENCY": "1"}
        first = vortex.json(*SYNC, "--provider", "alphavantage,yahoo", env=env)
        asked = len(words.paths)
        second = vortex.json("sync", "IBM", "--since", "2024-01-02", "--until", "2024-01-10", "--provider",
                             "alphavantage,yahoo", env=env)
        refused = vortex.json("sync", "IBM", "--since", "2024-01-02", "--until", "2024-01-10", "--provider",
                              "alphavantage", env=env, code=5)
    assert asked == 1, "the pause holds for the account"
    assert {item["provider"] for item in first["items"]} == {"yahoo"}
    assert second["items"][0]["skipped"][0]["class"] == "quota_exhausted"
    assert len(words.paths) == asked
    assert refused["items"][0]["retry_at"]


def test_doctor_asks_for_the_key_of_a_provider_in_use(vortex):
    rows = {row["name"]: row for row in vortex.json("doctor", "--offline")["checks"]}
    assert not any(name.startswith("alphavantage") for name in rows), "nobody uses it"
    words = Words(REFUSAL)
    with saying(words) as url:
        env = settings(url, key=None)
        missing = {row["name"]: row for row in vortex.json(
            "doctor", "--provider", "alphavantage", env=env, code=3)["checks"]}
        assert words.paths == []
        done = vortex("doctor", "--provider", "alphavantage", env=settings(url))
    assert missing["alphavantage.credential"]["code"] == "VX-2110"
    assert TWIN in missing["alphavantage.credential"]["cure"]
    assert done.returncode == 3 and KEY not in done.stdout + done.stderr


def test_providers_names_what_to_configure(vortex):
    shown = {one["name"]: one for one in vortex.json("providers")["providers"]}
    assert shown["alphavantage"]["auth"] == "api_key" and shown["alphavantage"]["cost"]
    assert "providers.alphavantage.api_key" in vortex("providers", code=0).stdout
