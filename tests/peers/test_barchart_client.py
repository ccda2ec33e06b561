"""A client of Barchart's website that is written from the description of its flow, with the standard library alone,
downloads from the simulator until it is refused. Needs VORTEX_BIN, the path of the vortex program."""

import csv
import html.parser
import http.cookiejar
import io
import json
import os
import subprocess
import urllib.error
import urllib.parse
import urllib.request

import pytest
from simulator import VORTEX, Simulator

pytestmark = pytest.mark.skipif(not VORTEX, reason="VORTEX_BIN is not set")

TIMEOUT_S = 20
NOW = "2024-07-15T20:00:00Z"
FOOTER = "Downloaded from Barchart.com as of "


class PageTokens(html.parser.HTMLParser):
    """The first hidden input, and the meta csrf-token."""

    def __init__(self, text):
        super().__init__()
        self.hidden = None
        self.meta = None
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        names = dict(attrs)
        if tag == "input" and names.get("type") == "hidden" and self.hidden is None:
            self.hidden = names["value"]
        if tag == "meta" and names.get("name") == "csrf-token":
            self.meta = names["content"]


class BotWall(Exception):
    """The login page carries no token."""


class AllowanceUsedUp(Exception):
    """The website says EXCEED."""


class SiteClient:
    """One cookie jar, redirects followed, in the steps of a person who downloads a file."""

    def __init__(self, url):
        self.url = url
        self.jar = http.cookiejar.CookieJar()
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.jar))
        self.opener.addheaders = [("User-Agent", "Mozilla/5.0")]
        self.downloads_used = None

    def ask(self, path, form=None, headers=None):
        body = None if form is None else urllib.parse.urlencode(form).encode()
        request = urllib.request.Request(self.url + path, body, headers or {})
        try:
            with self.opener.open(request, timeout=TIMEOUT_S) as reply:
                return reply.status, reply.geturl(), reply.read().decode()
        except urllib.error.HTTPError as refusal:
            return refusal.code, refusal.geturl(), refusal.read().decode()

    def log_in(self, email, password):
        _, _, page = self.ask("/login")
        token = PageTokens(page).hidden
        if token is None:
            raise BotWall
        _, url, _ = self.ask("/login", {"email": email, "password": password, "_token": token})
        return not url.endswith("/login")  # the same address again: bad credentials

    def xsrf(self):
        """Fresh from the cookie each time: it changes with every answer."""
        (cookie,) = [cookie for cookie in self.jar if cookie.name == "XSRF-TOKEN"]
        return urllib.parse.unquote(cookie.value)

    def post(self, page, form):
        return self.ask("/my/download", form, {"Content-Type": "application/x-www-form-urlencoded",
                                               "Referer": self.url + page, "x-xsrf-token": self.xsrf()})

    def download(self, symbol, start, end, minutes=None):
        page = f"/futures/quotes/{symbol}/historical-download"
        status, _, text = self.ask(page)
        if status != 200:
            return None
        _, _, answer = self.post(page, {"onlyCheckPermissions": "true"})
        permission = json.loads(answer)
        if permission.get("error") is not None:
            assert "EXCEED" in permission["error"]
            raise AllowanceUsedUp
        assert permission["success"] is True
        self.downloads_used = permission["count"]
        length = {"type": "minutes", "interval": minutes} if minutes else {"type": "eod", "period": "daily"}
        shown = "tradeTime.format(Y-m-d H:i)" if minutes else "tradeTime.format(Y-m-d)"
        status, _, text = self.post(page, {
            "_token": PageTokens(text).meta, "fileName": symbol + "_Daily_Historical Data", "symbol": symbol,
            "fields": shown + ",openPrice,highPrice,lowPrice,lastPrice,volume", "startDate": start, "endDate": end,
            "orderBy": "tradeTime", "orderDir": "asc", "method": "historical", "limit": "20000", "customView": "true",
            "pageTitle": "Historical Data", **length})
        assert status == 200 and "Error retrieving data" not in text
        lines = text.strip().splitlines()
        assert FOOTER in lines[-1]
        return list(csv.DictReader(lines[:-1]))


@pytest.fixture
def simulators(tmp_path):
    running = []

    def start(*flags):
        folder = tmp_path / f"sim{len(running)}"
        folder.mkdir()
        running.append(Simulator(folder, "barchart", "--now", NOW, *flags))
        return running[-1]

    yield start
    for simulator in running:
        simulator.stop()


def vortex_rows(simulator, folder, symbol, interval, since, until):
    """The same from vortex, by the same way in."""
    cookies = ["--set", "providers.barchart.access=website", "--set", f"providers.barchart.base_url={simulator.url}",
               "--set", "providers.barchart.limits=[]", "--set", "providers.barchart.auth.user=b@example.org",
               "--store", str(folder / "data"), "--set", f"state_dir={folder / 'state'}"]
    environment = {**os.environ, "VORTEX__PROVIDERS__BARCHART__AUTH__PASSWORD": "another-good-one"}
    for arguments in (["sync", symbol, "--since", since, "--until", until],
                      ["read", symbol, "--format", "csv"]):
        done = subprocess.run([VORTEX, *arguments, "--provider", "barchart", "--interval", interval, *cookies],
                              capture_output=True, text=True, timeout=60, cwd=folder, env=environment)
        assert done.returncode == 0, done.stderr
    return list(csv.DictReader(io.StringIO(done.stdout)))


def test_b4_a_client_from_the_description_logs_in_downloads_and_is_refused_at_the_allowance(simulators, tmp_path):
    simulator = simulators("--day-calls", "2")
    client = SiteClient(simulator.url)
    assert client.log_in("a@example.org", "a-good-password")
    days = client.download("GCZ24", "2024-05-01", "2024-05-31")
    assert client.downloads_used == 0 and days[0]["Time"] == "2024-05-01" and days[-1]["Time"] == "2024-05-31"
    ours = vortex_rows(simulator, tmp_path, "GCZ24", "1d", "2024-05-01", "2024-06-01")
    assert [row["timestamp"][:10] for row in ours] == [row["Time"] for row in days]
    for mine, theirs in zip(ours, days):
        assert [float(mine[n]) for n in ("open", "high", "low", "close", "volume")] == \
               [float(theirs[n]) for n in ("Open", "High", "Low", "Last", "Volume")]
    hours = client.download("GCZ24", "2024-05-02", "2024-05-03", minutes=60)
    assert client.downloads_used == 1 and len(hours[0]["Time"]) == len("2024-05-02 08:00")
    with pytest.raises(AllowanceUsedUp):
        client.download("GCQ24", "2024-05-01", "2024-05-31")
    counts = simulator.counts()
    assert counts["kinds"]["download"] == 3  # two of this account, one of the other
    assert counts["violations"] == 0


def test_b9_a_wrong_password_leads_back_to_the_login(simulators):
    client = SiteClient(simulators().url)
    assert not client.log_in("a@example.org", "BAD-password")


def test_a_contract_that_is_not_there_has_no_page(simulators):
    client = SiteClient(simulators().url)
    assert client.log_in("a@example.org", "a-good-password")
    assert client.download("QQZ24", "2024-05-01", "2024-05-31") is None


def test_each_token_is_good_for_one_post(simulators):
    client = SiteClient(simulators().url)
    assert client.log_in("a@example.org", "a-good-password")
    page = "/futures/quotes/GCZ24/historical-download"
    client.ask(page)
    stale = client.xsrf()
    assert client.post(page, {"onlyCheckPermissions": "true"})[0] == 200
    status, _, _ = client.ask("/my/download", {"onlyCheckPermissions": "true"}, {"x-xsrf-token": stale})
    assert status == 419


def test_plain_clients_are_walled_off_and_an_ended_session_leads_to_the_login(simulators):
    simulator = simulators()
    client = SiteClient(simulator.url)
    assert client.log_in("a@example.org", "a-good-password")
    simulator.post("site", {"blocked": True})
    assert client.download("GCZ24", "2024-05-01", "2024-05-03")  # who was in stays in
    with pytest.raises(BotWall):
        SiteClient(simulator.url).log_in("a@example.org", "a-good-password")
    page = "/futures/quotes/GCZ24/historical-download"
    client.ask(page)
    simulator.post("site", {"end_sessions": True})
    status, url, text = client.post(page, {"onlyCheckPermissions": "true"})
    assert status == 200 and url.endswith("/login") and PageTokens(text).hidden is None
