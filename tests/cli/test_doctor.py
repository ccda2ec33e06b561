"""`vortex doctor`: every check a row, the cure named, the exit code of what must be mended first."""

import contextlib
import email.utils
import http.server
import os
import socket
import subprocess
import threading
import time

import pytest

from conftest import Sim

PARTS = ["proxy", "dns", "connection", "answer", "throttling", "clock"]
MACHINE = ["tzdata", "config", "state_dir", "state_dir.space", "state_dir.fsync", "quota_db", "store", "store.space",
           "store.fsync"]
NO_BARS = b'{"chart":{"result":null,"error":{"code":"Bad Request","description":"Data doesn\'t exist for startDate"}}}'


def checks(vortex, *arguments, code=0, env=None):
    answer = vortex.json("doctor", *arguments, code=code, env=env)
    assert answer["exit_code"] == code
    assert answer["status"] == ("ok" if code == 0 else "failed")
    return {row["name"]: row for row in answer["checks"]}


def base_url(url):
    return {"VORTEX__PROVIDERS__YAHOO__BASE_URL": url}


@contextlib.contextmanager
def answering(status=200, headers=(), body=NO_BARS):
    """A server with these words for everything; its Date is our own to give."""

    class Words(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response_only(status)
            for name, value in (*headers, ("Content-Length", str(len(body)))):
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Words)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_healthy_machine_and_the_simulator(vortex, sim):
    rows = checks(vortex)
    assert list(rows) == MACHINE + [f"yahoo.{part}" for part in PARTS]
    assert {row["status"] for row in rows.values()} <= {"ok", "warning"}
    for row in rows.values():
        assert row["finding"] and row["elapsed_ms"] >= 0
        assert (row["cure"] is None) == (row["status"] == "ok")
        assert row["provider"] == ("yahoo" if row["name"].startswith("yahoo.") else None)
    assert sim.counts()["providers"]["yahoo"]["kinds"] == {"chart": 1}
    left = [path.name for path in vortex.directory.iterdir() if path.suffix != ".json"]
    assert left == ["home"] and not list((vortex.directory / "home").iterdir())


def test_people_read_one_line_a_check(vortex, sim):
    lines = vortex("doctor", code=0).stdout.splitlines()
    assert [line.split()[1] for line in lines[:-1] if not line.startswith(" ")] == MACHINE + [
        f"yahoo.{part}" for part in PARTS]
    assert lines[-1].endswith("0 failed, 0 skipped")


def test_offline_asks_nobody(vortex):
    rows = checks(vortex, "--offline", env=base_url("http://127.0.0.1:1"))
    assert {rows[f"yahoo.{part}"]["status"] for part in PARTS} == {"skipped"}
    assert rows["store.fsync"]["status"] == "ok"


def test_a_closed_port_is_4_and_the_cure_stands_under_it(vortex):
    env = base_url("http://127.0.0.1:1")
    rows = checks(vortex, code=4, env=env)
    assert rows["yahoo.connection"]["code"] == "VX-1003"
    assert rows["yahoo.connection"]["retryable"] is True
    assert rows["yahoo.answer"]["status"] == "skipped"
    lines = vortex("doctor", code=4, env=env).stdout.splitlines()
    failed = next(i for i, line in enumerate(lines) if line.startswith("failed"))
    assert lines[failed + 1].startswith("         cure: ") and "providers.yahoo.base_url" in lines[failed + 1]


def test_a_host_without_address_is_4(vortex):
    # A label beyond 63 letters is refused before any name server is asked.
    rows = checks(vortex, code=4, env=base_url(f"http://{'x' * 70}.test"))
    assert rows["yahoo.dns"]["code"] == "VX-1001"
    assert "x" * 70 in rows["yahoo.dns"]["finding"]
    assert rows["yahoo.connection"]["status"] == "skipped"


@pytest.mark.parametrize(
    "fault, part, code, exits",
    [
        ({"fault": "rate_limit", "retry_after": "120"}, "throttling", "VX-2101", 4),
        ({"fault": "rate_limit"}, "throttling", "VX-2101", 4),
        ({"fault": "status", "status": 999}, "throttling", "VX-2101", 4),
        ({"fault": "status", "status": 403}, "throttling", "VX-2103", 4),
        ({"fault": "bad_session"}, None, None, 0),
        ({"fault": "html"}, "answer", "VX-4008", 6),
        ({"fault": "redirect", "location": "http://portal.example/"}, "answer", "VX-1007", 4),
        ({"fault": "status", "status": 503}, "answer", "VX-2106", 4),
        ({"fault": "garbage"}, "answer", "VX-4001", 6),
        ({"fault": "cut"}, "connection", "VX-4002", 6),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else None,
)
def test_each_fault_is_told_apart(vortex, sim, fault, part, code, exits):
    sim.post("faults", [fault])
    rows = checks(vortex, code=exits)
    failed = {row["name"]: row["code"] for row in rows.values() if row["status"] == "failed"}
    assert failed == ({} if part is None else {f"yahoo.{part}": code})
    for name in failed:
        assert rows[name]["cure"]
    retry_at = rows["yahoo.throttling"]["retry_at"]
    assert (retry_at is not None) == ("retry_after" in fault)


def test_a_silent_provider_is_given_up_within_ten_seconds(vortex, sim):
    sim.post("faults", [{"fault": "hang"}])
    begun = time.monotonic()
    rows = checks(vortex, code=4)
    print(f"gave up after {time.monotonic() - begun:.1f} s")
    assert rows["yahoo.connection"]["code"] in {"VX-1004", "VX-1005"}
    assert rows["yahoo.connection"]["elapsed_ms"] <= 10_000


@pytest.mark.parametrize("off, status, exits", [(3600, "failed", 78), (-3600, "failed", 78), (90, "warning", 0)])
def test_the_clock_is_compared_with_the_answers_date(vortex, off, status, exits):
    date = email.utils.formatdate(time.time() + off, usegmt=True)
    with answering(headers=[("Date", date)]) as url:
        row = checks(vortex, code=exits, env=base_url(url))["yahoo.clock"]
    assert row["status"] == status
    assert ("behind" if off > 0 else "ahead of") in row["finding"]
    assert "clock" in row["cure"]


def test_plain_http_behind_https_is_named(vortex):
    with answering() as url:
        row = checks(vortex, code=4, env=base_url(url.replace("http:", "https:")))["yahoo.connection"]
    assert row["code"] == "VX-1002"
    assert "does not speak TLS" in row["finding"]


def test_nothing_secret_is_shown(vortex):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    env = {**base_url("http://provider.test"), "http_proxy": f"http://somebody:hunter2@127.0.0.1:{port}"}
    for form in ((), ("--json",)):
        done = vortex("doctor", *form, code=4, env=env)
        assert "hunter2" not in done.stdout + done.stderr
        assert f"http://127.0.0.1:{port}, from the environment" in done.stdout


def test_bad_settings_are_78_and_stop_what_stands_on_them(vortex):
    (vortex.directory / "vortex.toml").write_text("concurrency = 0\nxyzzy = 1\n")
    rows = checks(vortex, code=78)
    assert rows["tzdata"]["status"] in {"ok", "warning"}
    assert rows["config"]["status"] == "failed"
    assert "vortex.toml:" in rows["config"]["finding"] and "1 more" in rows["config"]["finding"]
    assert {row["status"] for name, row in rows.items() if name not in {"tzdata", "config"}} == {"skipped"}


def test_providers_are_narrowed_and_checked(vortex):
    rows = checks(vortex, "--offline", "--provider", "yahoo")
    assert "yahoo.dns" in rows
    assert "yahoo" in vortex.refusal("doctor", "--provider", "yaho")


@contextlib.contextmanager
def mounted(vortex, options):
    if os.geteuid() != 0:
        pytest.skip("only root can mount a file system")
    disk = vortex.directory / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", options, "vortex-test", disk]
    if subprocess.run(mount, check=False, capture_output=True).returncode != 0:
        pytest.skip("mounting is not allowed here")
    try:
        yield disk
    finally:
        subprocess.run(["umount", disk], check=False)


def test_a_read_only_store_is_7(vortex):
    with mounted(vortex, "ro"):
        rows = checks(vortex, "--offline", "--store", "disk/data", code=7)
    assert rows["store.fsync"]["code"] == "VX-7001"
    assert "writable" in rows["store.fsync"]["cure"]


def test_a_read_only_directory_is_7(vortex):
    if os.geteuid() == 0:
        pytest.skip("root writes anywhere")
    (vortex.directory / "locked").mkdir(mode=0o500)
    rows = checks(vortex, "--offline", "--store", "locked/data", code=7)
    assert rows["store.fsync"]["code"] == "VX-7001"


def test_a_full_disk_is_7(vortex):
    with mounted(vortex, "size=1m") as disk:
        with open(disk / "filler", "wb", buffering=0) as file, pytest.raises(OSError):
            while True:
                file.write(b"x" * 4096)
        rows = checks(vortex, "--offline", "--store", "disk/data", code=7)
    assert rows["store.space"]["code"] == "VX-7002"
    assert rows["store.fsync"]["code"] == "VX-7002"
    assert "free space" in rows["store.fsync"]["cure"]


def test_a_state_dir_that_is_a_file_is_refused(vortex):
    (vortex.directory / "state").write_text("x")
    answer = vortex.json("doctor", "--offline", "--set", "state_dir=state", code=2)
    rows = {row["name"]: row for row in answer["checks"]}
    assert rows["state_dir"]["status"] == "failed"
    assert rows["state_dir.fsync"]["status"] == "skipped"


def test_a_damaged_ledger_is_7(vortex):
    state = vortex.directory / "state"
    state.mkdir()
    (state / "quota.db").write_text("no database")
    rows = checks(vortex, "--offline", "--set", "state_dir=state", code=7)
    assert rows["quota_db"]["code"] == "VX-7006"


def test_one_call_and_no_login(vortex):
    sim = Sim(vortex, "--require-crumb")
    try:
        rows = checks(vortex, env=base_url(sim.url))
        assert rows["yahoo.answer"]["status"] == "ok" and "session" in rows["yahoo.answer"]["finding"]
        assert sim.counts()["providers"]["yahoo"]["kinds"] == {"chart": 1}
    finally:
        sim.stop()
