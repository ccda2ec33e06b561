"""Barchart's website through the command, against the simulator: login, allowance, download."""
import datetime
import http.cookiejar
import json
import signal
import urllib.parse
import urllib.request

import pytest

from conftest import Sim, everything_written

RANGE = ("--provider", "barchart", "--since", "2024-05-01", "--until", "2024-06-01")
NOW = "2024-07-15T20:00:00Z"
PASSWORD = "correct-horse-battery"
KEY = "VORTEX__PROVIDERS__BARCHART__"
CONTRACTS = ("GCZ24", "GCV24", "GCQ24", "GCM24", "GCG25", "ESM24", "ESU24", "ESZ24", "ESH25")


class SiteSim(Sim):
    def __init__(self, vortex, *arguments):
        super().__init__(vortex, *arguments, provider="barchart")

    def asked(self, kind):
        return self.counts()["providers"].get("barchart", {"kinds": {}})["kinds"].get(kind, 0)

    def violations(self):
        return self.counts()["providers"]["barchart"]["violations"]

    def cookies_txt(self, path):
        """What a browser that logged in would export, under the name of the real site."""
        jar = http.cookiejar.CookieJar()
        opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
        page = opener.open(self.url + "/login").read().decode()
        token = page.split('name="_token" value="')[1].split('"')[0]
        form = {"email": "me@example.org", "password": "a-browsers-own", "_token": token}
        opener.open(self.url + "/login", urllib.parse.urlencode(form).encode()).close()
        lines = ["# Netscape HTTP Cookie File"]
        lines += [f"#HttpOnly_.barchart.com\tTRUE\t/\tTRUE\t0\t{cookie.name}\t{cookie.value}" for cookie in jar]
        lines += [".example.org\tTRUE\t/\tTRUE\t0\tother\tnobodys-business"]
        path.write_text("\n".join(lines) + "\n")
        path.chmod(0o600)
        return [cookie.value for cookie in jar]


@pytest.fixture
def site(vortex, started):
    def start(*arguments, password=PASSWORD, now=NOW):
        sim = SiteSim(vortex, *(("--now", now) if now else ()), *arguments)
        started.append(sim)
        vortex.environment.update({KEY + "ACCESS": "website", KEY + "BASE_URL": sim.url, KEY + "LIMITS": "[]",
                                   KEY + "RETRY__ATTEMPTS": "1"})
        if password:
            vortex.environment.update({KEY + "AUTH__USER": "me@example.org", KEY + "AUTH__PASSWORD": password})
        return sim

    return start


def expect_nowhere(vortex, secrets, *outputs):
    for secret in secrets:
        for text in outputs:
            assert secret not in text
    for path, data in everything_written(vortex):
        assert path.name == "cookies.txt" or not any(secret.encode() in data for secret in secrets), path


def test_files_land_behind_one_login_and_are_what_ondemand_sells(vortex, site):
    sim = site()
    first = vortex.json("sync", "AAPL", "GCZ24", *RANGE)
    assert first["status"] == "ok" and first["rows"]["quarantined"] == 0
    assert (sim.asked("login_page"), sim.asked("login")) == (1, 1)
    assert (sim.asked("page"), sim.asked("check"), sim.asked("download")) == (2, 2, 2)
    again = vortex.json("sync", "AAPL", "GCZ24", *RANGE)
    assert again["rows"]["new"] == again["rows"]["restated"] == 0
    assert vortex.json("verify")["status"] == "ok"
    mine = vortex.rows("GCZ24")
    bought = {KEY + "ACCESS": "default", KEY + "API_KEY": "a-key-of-ours"}
    vortex("sync", "GCZ24", *RANGE, "--store", "./bought", env=bought, code=0)
    theirs = vortex.rows("GCZ24", "--store", "./bought")
    fields = ("timestamp", "open", "high", "low", "close", "volume")
    assert [[row[f] for f in fields] for row in mine] == [[row[f] for f in fields] for row in theirs]


def test_minutes_have_their_moment_in_utc(vortex, site):
    site()
    vortex("sync", "AAPL", "--interval", "1h", "--provider", "barchart", "--since", "2024-05-01", "--until",
           "2024-05-03", code=0)
    stamps = [row["timestamp"] for row in vortex.rows("AAPL", "--interval", "1h")]
    assert stamps[0] == "2024-05-01T13:30:00Z" and len(stamps) == 14


def test_what_was_downloaded_is_replayed_whichever_way_in_is_set(vortex, site):
    site()
    vortex("sync", "GCZ24", *RANGE, code=0)
    before = vortex.rows("GCZ24")
    vortex("replay", "--from", "raw", env={KEY + "ACCESS": "default"}, code=0)
    assert vortex.rows("GCZ24") == before


def test_j1_the_cookies_of_a_browser_pass_the_wall_and_are_shown_nowhere(vortex, site):
    sim = site(password=None)
    cookies = sim.cookies_txt(vortex.directory / "cookies.txt")
    sim.post("site", {"blocked": True})
    done = vortex("sync", "GCZ24", *RANGE, "-vv", "--json", "--set", "providers.barchart.auth.cookies=file:cookies.txt",
                  code=0)
    assert json.loads(done.stdout)["rows"]["new"] > 20
    assert sim.asked("login") == 1  # the browser's own
    shown = vortex("config", "show", "--set", "providers.barchart.auth.cookies=file:cookies.txt")
    expect_nowhere(vortex, cookies, done.stdout, done.stderr, shown.stdout)


def test_b9_cookies_that_have_ended_are_3_and_say_what_to_do(vortex, site):
    sim = site(password=None)
    sim.cookies_txt(vortex.directory / "cookies.txt")
    sim.post("site", {"end_sessions": True})
    done = vortex("sync", "GCZ24", *RANGE, "--set", "providers.barchart.auth.cookies=file:cookies.txt", code=3)
    assert "cookies" in done.stderr and sim.asked("download") == 0


def test_b9_cookies_that_have_ended_are_followed_by_the_login_where_one_is_set(vortex, site):
    sim = site()
    sim.cookies_txt(vortex.directory / "cookies.txt")
    sim.post("site", {"end_sessions": True})
    vortex("sync", "GCZ24", *RANGE, "--set", "providers.barchart.auth.cookies=file:cookies.txt", code=0)
    assert sim.asked("login") == 2 and sim.asked("download") == 1


def test_b9_eight_downloads_whose_session_ends_log_in_anew_once(vortex, site):
    sim = site()
    # The first contract goes alone; then the session ends under the eight that follow together.
    sim.post("faults", [{"provider": "barchart", "path": "/my/download", "calls": [3], "fault": "bad_session"}])
    answer = vortex.json("sync", *CONTRACTS, *RANGE, "--set", "providers.barchart.concurrency=8")
    assert answer["status"] == "ok" and len(answer["items"]) == 9
    assert sim.asked("login") == 2 and sim.asked("download") == 9


def test_b9_j1_a_wrong_password_is_3_said_once_and_never_shown(vortex, site):
    sim = site(password="BAD-1234567890")
    done = vortex("sync", *CONTRACTS, *RANGE, "-vv", "--json", "--set", "providers.barchart.concurrency=8",
                  "--set", "providers.barchart.retry.attempts=4", code=3)
    assert (sim.asked("login"), sim.asked("page"), sim.asked("download")) == (1, 0, 0)
    assert "auth.password" in done.stderr
    expect_nowhere(vortex, ["BAD-1234567890"], done.stdout, done.stderr)
    # Nothing is held against the account: the right one is taken at once.
    vortex("sync", "GCZ24", *RANGE, env={KEY + "AUTH__PASSWORD": PASSWORD}, code=0)


def test_b9_without_a_login_nobody_is_asked(vortex, site):
    sim = site(password=None)
    done = vortex("sync", "GCZ24", *RANGE, code=3)
    assert "auth.cookies" in done.stderr and sim.counts()["providers"] == {}


def test_b4_a_used_up_allowance_is_5_says_when_it_returns_and_costs_no_download(vortex, site):
    sim = site("--day-calls", "1")
    vortex("sync", "GCZ24", *RANGE, code=0)
    answer = json.loads(vortex("sync", "GCQ24", "GCM24", *RANGE, "--json", code=5).stdout)
    assert {item["status"] for item in answer["items"]} == {"deferred"}
    assert all(item["retry_at"] is not None for item in answer["items"])
    assert sim.asked("download") == 1 and sim.violations() == 0


def test_c1_the_wall_for_plain_clients_is_4_and_named_for_what_it_is(vortex, site):
    sim = site()
    sim.post("site", {"blocked": True})
    done = vortex("sync", "GCZ24", *RANGE, code=4)
    assert "carries no token" in done.stderr and "blocked as a bot" in done.stderr
    assert "OnDemand" in done.stderr and "vortex import" in done.stderr
    assert sim.asked("login") == 0


def test_c1_c2_c5_what_is_no_file_is_not_stored(vortex, site):
    sim = site()
    header = "Time,Open,High,Low,Last,Volume\n"
    faults = ({"fault": "html"}, {"fault": "empty"}, {"fault": "garbage"}, {"fault": "cut"},
              {"fault": "status", "status": 200, "body": "Error retrieving data"},
              {"fault": "status", "status": 200, "body": header + "2024-05-01,1,2,1,2,30\n"},
              {"fault": "status", "status": 200, "body": header.replace("Last", "Final")})
    for fault in faults:
        sim.post("faults", [{"provider": "barchart", "path": "/my/download", "calls": [2], **fault}])
        done = vortex("sync", "GCZ24", *RANGE, "--set", "providers.barchart.breaker.failures=100")
        assert done.returncode in (4, 6), (fault, done.stderr)
        assert PASSWORD not in done.stderr
    assert all(s["rows"] == 0 for s in vortex.json("status")["series"])


def test_an_unknown_contract_costs_no_question_and_no_download(vortex, site):
    sim = site()
    vortex("sync", "QQZ24", *RANGE, code=2)
    assert (sim.asked("page"), sim.asked("check"), sim.asked("download")) == (1, 0, 0)


def test_j1_a_sync_leaves_no_secret_in_store_or_state(vortex, site):
    import polars

    sim = site()
    done = vortex("sync", "GCZ24", "AAPL", *RANGE, "-vv", "--json", code=0)
    # Nothing of the login's and the downloads' pages, whose forms hold tokens.
    words = [PASSWORD, "laravel_session", "XSRF-TOKEN", "csrf-token", "_token"]
    expect_nowhere(vortex, words, done.stdout, done.stderr)
    assert polars.read_delta(str(vortex.directory / "data/captures")).height == sim.asked("download") == 2


def test_futures_probe_the_allowance_and_the_newest_contracts_get_what_is_left(vortex, site):
    sim = site("--day-calls", "3", now=None)
    since = (datetime.date.today() - datetime.timedelta(days=300)).isoformat()
    # One file of the day is fetched elsewhere: this machine's own count does not know of it.
    vortex("sync", "GCZ24", "--provider", "barchart", "--since", "2024-11-01", "--until", "2024-12-01", "--store",
           "./elsewhere", "--set", "state_dir=./elsewhere-state", code=0)
    limits = ("--set", 'providers.barchart.limits=["3/day@America/Chicago"]', "--set", "sync.reserve=0")
    answer = json.loads(vortex("sync", "--futures", "GC", "--cycle", "GJMQVZ", "--since", since, *limits, "--json",
                               code=5).stdout)
    (day,) = answer["allowances"]
    assert (day["limit"], day["left"], day["calls_now"]) == (3, 2, 2)
    went = [item["status"] for item in answer["items"]]
    assert len(went) > 3 and went[2:] == ["deferred"] * (len(went) - 2) and "deferred" not in went[:2], answer
    assert sim.asked("download") == 3 and sim.violations() == 0


def test_doctor_says_what_the_login_lacks_and_asks_for_no_file(vortex, site):
    sim = site(password=None, now=None)
    local = {KEY + "ALLOW_PRIVATE_HOSTS": "true"}
    done = vortex("doctor", "--provider", "barchart", env=local, code=3)
    assert "auth.cookies" in done.stdout and sim.counts()["providers"] == {}
    vortex("doctor", "--provider", "barchart", code=0,
           env={**local, KEY + "AUTH__USER": "me@example.org", KEY + "AUTH__PASSWORD": PASSWORD})
    assert (sim.asked("page"), sim.asked("check"), sim.asked("download")) == (1, 0, 0)


def test_a_way_in_that_a_provider_does_not_have_is_refused(vortex):
    assert "providers.yahoo.access" in vortex.refusal("sync", "AAPL", "--set", "providers.yahoo.access=website",
                                                      code=78)
    assert vortex("config", "check", "--set", "providers.yahoo.access=website").returncode == 78


DAY = ("--set", 'providers.barchart.limits=["3/day@America/Chicago"]', "--set", "sync.reserve=0")
LAST_YEAR = ("--provider", "barchart", "--since", "2024-11-01", "--until", "2024-12-01")


def test_a_probe_that_finds_no_page_asks_with_the_next_symbol(vortex, site):
    sim = site("--day-calls", "3", now=None)
    vortex("sync", "GCZ24", *LAST_YEAR, "--store", "./elsewhere", "--set", "state_dir=./elsewhere-state", code=0)
    done = vortex("sync", "QQZ24", "AAPL", "MSFT", "KO", *LAST_YEAR, *DAY, "--json")
    (day,) = json.loads(done.stdout)["allowances"]
    assert (day["limit"], day["left"]) == (3, 2), done.stdout
    # Of the two calls that are planned the first is for what is not there.
    assert sim.asked("download") == 2 and sim.violations() == 0


def test_a_signal_ends_a_probe_that_hangs(vortex, site):
    sim = site(now=None)
    sim.post("faults", [{"provider": "barchart", "path": "/login", "fault": "hang"}])
    process = vortex.start("sync", "AAPL", "MSFT", *LAST_YEAR, *DAY)
    sim.wait_until_asked("barchart", process)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=15)  # a call may take 30 s
    assert process.returncode == 130
