"""Twenty processes on one account, killed -9 at random: no window is overdrawn, by the ledger's log and by
the count of the server they call."""
import http.server
import os
import random
import sqlite3
import subprocess
import threading
import time

WORKER = os.environ["LEDGER_WORKER"]
PROCESSES = 20
SECONDS = 12


class CountingServer(http.server.ThreadingHTTPServer):
    """Knows when each connection came and how many calls were in hand at once."""
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, answer_after):
        super().__init__(("127.0.0.1", 0), Answer)
        self.answer_after = answer_after
        self.arrivals = []
        self.in_hand = self.in_hand_max = 0
        self.guard = threading.Lock()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def get_request(self):
        found = super().get_request()
        self.arrivals.append(time.monotonic())
        return found

    def handle_error(self, request, client_address):
        """A caller that was killed."""


class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        server = self.server
        with server.guard:
            server.in_hand += 1
            server.in_hand_max = max(server.in_hand_max, server.in_hand)
        threading.Event().wait(server.answer_after)
        with server.guard:
            server.in_hand -= 1
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        pass


def run_processes(state_dir, server, seed, block, concurrent, windows):
    dice = random.Random(seed)

    def start():
        words = [WORKER, str(state_dir), str(server.server_port), str(SECONDS + 5), str(block),
                 str(concurrent), *windows]
        return subprocess.Popen(words, stderr=subprocess.PIPE)

    workers = [start() for _ in range(PROCESSES)]
    killed = 0
    complaints = b""
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        threading.Event().wait(dice.uniform(0.02, 0.4))
        victim = workers.pop(dice.randrange(len(workers)))
        victim.kill()
        complaints += victim.communicate()[1]
        killed += 1
        if dice.random() < 0.9:
            workers.append(start())
    for worker in workers:
        worker.kill()
        complaints += worker.communicate()[1]
    assert complaints == b"", complaints.decode()
    return killed


def read_log(state_dir):
    db = sqlite3.connect(f"{state_dir}/quota.db")
    rows = db.execute("SELECT elapsed_ns, calendar_us, permits - returned, holder FROM leases ORDER BY id")
    return rows.fetchall()


def most_in_a_window(stamped, length):
    """The largest sum within any window of that length, ends not both included."""
    stamped = sorted(stamped)
    most = total = first = 0
    for stamp, count in stamped:
        total += count
        while stamp - stamped[first][0] >= length:
            total -= stamped[first][1]
            first += 1
        most = max(most, total)
    return most


def test_no_window_is_overdrawn(tmp_path):
    server = CountingServer(answer_after=0.0)
    killed = run_processes(tmp_path, server, seed=1, block=2, concurrent=0,
                           windows=["20/1", "60/3", "200@UTC"])
    server.shutdown()
    log = read_log(tmp_path)
    permits = [(elapsed / 1e9, net) for elapsed, _, net, _ in log]
    arrivals = [(stamp, 1) for stamp in server.arrivals]
    days = {}
    for _, calendar, net, _ in log:
        date = calendar // 86_400_000_000
        days[date] = days.get(date, 0) + net
    shown = {"killed": killed, "holders": len({row[3] for row in log}), "leases": len(log),
             "permits": sum(days.values()), "arrivals": len(arrivals)}
    for count, length in ((20, 1), (60, 3)):
        shown[f"{count}/{length}s"] = [most_in_a_window(permits, length),
                                       most_in_a_window(arrivals, length * 0.75)]
    print(shown)

    assert killed >= 20 and shown["holders"] >= 10
    for count, length in ((20, 1), (60, 3)):
        assert most_in_a_window(permits, length) <= count
        assert most_in_a_window(arrivals, length * 0.75) <= count
    assert max(days.values()) <= 200
    assert len(arrivals) <= 200 * len(days)
    # And the allowance is there to be used: little is lost with the killed.
    assert sum(days.values()) >= 150
    assert len(arrivals) >= 130


def test_places_are_shared(tmp_path):
    server = CountingServer(answer_after=0.05)
    run_processes(tmp_path, server, seed=2, block=1, concurrent=3, windows=["1000/1"])
    server.shutdown()
    holders = {row[3] for row in read_log(tmp_path)}
    print({"calls": len(server.arrivals), "at once": server.in_hand_max, "holders": len(holders)})
    assert server.in_hand_max <= 3
    assert len(server.arrivals) >= 100  # of some 500 there is time for
    assert len(holders) >= PROCESSES
