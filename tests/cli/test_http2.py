"""HTTP/2 where it is offered: many calls share one connection. A TLS front of its own (h2) stands before the
simulator."""

import collections
import json
import socket
import ssl
import subprocess
import threading
import urllib.error
import urllib.request

import h2.config
import h2.connection
import h2.errors
import h2.events
import pytest

RECEIVE_BYTES = 65536
REFUSALS = {"refuse": h2.errors.ErrorCodes.REFUSED_STREAM, "calm": h2.errors.ErrorCodes.ENHANCE_YOUR_CALM,
            "goaway": None, "calm_goaway": None}


class Http2Front:
    """Speaks HTTP/2 over TLS, asks the simulator over HTTP/1.1. `faults` says what becomes of the n-th request
    (its last entry repeats): "" is answered, "refuse" gets RST_STREAM(REFUSED), "goaway" a GOAWAY that covers no
    stream, "calm" RST_STREAM(ENHANCE_YOUR_CALM), "calm_goaway" the same for the connection, "reset" RST_STREAM in
    mid-body, "stall" the headers and no byte more."""

    def __init__(self, base, certificate, key):
        self.base = base
        self.faults = [""]
        self.requests = 0
        self.connections = 0
        self.protocols = collections.Counter()
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate, key)
        self.context.set_alpn_protocols(["h2"])
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                plain, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(plain,), daemon=True).start()

    def serve(self, plain):
        try:
            with self.context.wrap_socket(plain, server_side=True) as link:
                self.connections += 1
                self.protocols[link.selected_alpn_protocol()] += 1
                self.talk(link, h2.connection.H2Connection(h2.config.H2Configuration(client_side=False)))
        except OSError:
            pass  # the client went away

    def talk(self, link, http):
        http.initiate_connection()
        waiting = {}  # stream: bytes that its window does not let through yet
        while True:
            link.sendall(http.data_to_send())
            data = link.recv(RECEIVE_BYTES)
            if not data:
                return
            for event in http.receive_data(data):
                if isinstance(event, h2.events.RequestReceived):
                    fault = self.faults[min(self.requests, len(self.faults) - 1)]
                    self.requests += 1
                    fields = {name.decode(): value.decode() for name, value in event.headers}
                    if fault in REFUSALS:
                        self.refuse(http, event.stream_id, fault)
                        if http.state_machine.state == h2.connection.ConnectionState.CLOSED:
                            return self.hang_up(link, http)
                        continue
                    waiting[event.stream_id] = self.answer(http, event.stream_id, fields[":path"])
                    if fault == "reset":
                        http.send_data(event.stream_id, waiting.pop(event.stream_id)[:100])
                        http.reset_stream(event.stream_id, h2.errors.ErrorCodes.INTERNAL_ERROR)
                    elif fault == "stall":
                        del waiting[event.stream_id]
            for stream in list(waiting):
                waiting[stream] = self.push(http, stream, waiting[stream])
                if not waiting[stream]:
                    del waiting[stream]

    def hang_up(self, link, http):
        """After a GOAWAY: closes, so that the client has read it before the connection is gone."""
        link.sendall(http.data_to_send())
        link.unwrap()

    def refuse(self, http, stream, fault):
        if fault == "goaway":
            http.close_connection(last_stream_id=0)
        elif fault == "calm_goaway":
            http.close_connection(h2.errors.ErrorCodes.ENHANCE_YOUR_CALM, last_stream_id=stream)
        else:
            http.reset_stream(stream, REFUSALS[fault])

    def answer(self, http, stream, path):
        try:
            with urllib.request.urlopen(self.base + path, timeout=20) as reply:
                status, kind, body = reply.status, reply.headers["Content-Type"], reply.read()
        except urllib.error.HTTPError as error:
            status, kind, body = error.code, error.headers["Content-Type"], error.read()
        http.send_headers(
            stream, [(":status", str(status)), ("content-type", kind), ("content-length", str(len(body)))])
        return body

    def push(self, http, stream, body):
        """Sends what the window takes; the rest."""
        while body:
            size = min(len(body), http.local_flow_control_window(stream), http.max_outbound_frame_size)
            if size <= 0:
                return body
            http.send_data(stream, body[:size], end_stream=size == len(body))
            body = body[size:]
        return body


@pytest.fixture
def front(sim, tmp_path):
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                    "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", certificate],
                   check=True, capture_output=True)
    made = Http2Front(sim.url, certificate, key)
    made.certificate = certificate
    yield made
    made.listener.close()


def test_many_calls_share_one_http2_connection(vortex, front):
    symbols = [f"S{number:04}" for number in range(12)]
    report = vortex.json(
        "sync", *symbols, "--since", "2010-01-01",
        "--set", f"providers.yahoo.base_url=https://localhost:{front.port}",
        "--set", f"providers.yahoo.ca_file={front.certificate}", "--set", "providers.yahoo.limits=[]")
    assert report["status"] == "ok", report["items"]
    assert report["calls"] == {"planned": 12, "sent": 12, "retried": 0, "failed": 0}
    assert front.protocols == {"h2": front.connections}
    assert front.connections <= 2, "calls that could share a connection opened their own"


LIBCURL_TRIES_MAX = 6  # of a stream that the server says it has not read


def vortex_item(vortex, front):
    """The one item of a sync that fails, whatever the exit code."""
    done = vortex(*sync_words(front), "--json")
    assert done.returncode in {4, 6}, done.stderr
    return json.loads(done.stdout)["items"][0]


def sync_words(front):
    return ("sync", "S0001", "--since", "2024-01-01",
            "--set", f"providers.yahoo.base_url=https://localhost:{front.port}",
            "--set", f"providers.yahoo.ca_file={front.certificate}")


def ask(vortex, front, *more, code=0):
    return vortex.json(*sync_words(front), *more, code=code)


def test_b18_a_stream_refused_unread_is_sent_once_more(vortex, front):
    front.faults = ["refuse", ""]
    report = ask(vortex, front)
    assert report["status"] == "ok", report["items"]
    assert report["calls"] == {"planned": 1, "sent": 1, "retried": 0, "failed": 0}
    assert front.requests == 2
    assert front.connections == 2, "refused streams go elsewhere"


def test_b18_streams_that_are_always_refused_end_as_a_network_error(vortex, front, record_property):
    front.faults = ["refuse"]
    item = ask(vortex, front, code=4)["items"][0]
    assert item["code"] == "VX-1003"
    assert front.requests <= LIBCURL_TRIES_MAX
    record_property("fault_B18", front.requests)


def test_b18_after_a_goaway_the_call_is_asked_again_over_another_connection(vortex, front):
    front.faults = ["goaway", ""]
    report = ask(vortex, front, "--set", "providers.yahoo.retry.attempts=3", "--set", "providers.yahoo.retry.budget=1")
    assert report["status"] == "ok", report["items"]
    assert front.requests == 2
    assert front.connections == 2


# Whether an answer had begun is a matter of how the frames were cut into segments.
@pytest.mark.parametrize("fault, codes", [
    ("calm", {"VX-1003"}), ("calm_goaway", {"VX-1003"}), ("goaway", {"VX-1003"}), ("reset", {"VX-1003", "VX-4002"})])
def test_b18_a_stream_that_ends_early_is_no_answer_and_is_not_repeated(vortex, front, fault, codes):
    front.faults = [fault]
    item = vortex_item(vortex, front)
    assert item["code"] in codes
    assert item["rows_new"] == 0
    assert front.requests == 1


def test_b18_a_stream_that_stalls_ends_at_the_call_timeout(vortex, front):
    front.faults = ["stall"]
    item = ask(vortex, front, "--set", "providers.yahoo.breaker.call_timeout=1s", code=4)["items"][0]
    assert item["code"] in {"VX-1004", "VX-1005"}
    assert front.requests == 1


def test_an_unknown_authority_is_refused(vortex, front):
    answer = vortex.json("sync", "S0001", "--set", f"providers.yahoo.base_url=https://localhost:{front.port}", code=4)
    assert answer["items"][0]["code"] == "VX-1002"
