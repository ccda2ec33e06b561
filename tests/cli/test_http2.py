"""HTTP/2 where it is offered: many calls share one connection. A TLS front of its own (h2) stands before the
simulator."""

import collections
import socket
import ssl
import subprocess
import threading
import urllib.error
import urllib.request

import h2.config
import h2.connection
import h2.events
import pytest

RECEIVE_BYTES = 65536


class Http2Front:
    """Speaks HTTP/2 over TLS, asks the simulator over HTTP/1.1."""

    def __init__(self, base, certificate, key):
        self.base = base
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
                    fields = {name.decode(): value.decode() for name, value in event.headers}
                    waiting[event.stream_id] = self.answer(http, event.stream_id, fields[":path"])
            for stream in list(waiting):
                waiting[stream] = self.push(http, stream, waiting[stream])
                if not waiting[stream]:
                    del waiting[stream]

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


def test_an_unknown_authority_is_refused(vortex, front):
    answer = vortex.json("sync", "S0001", "--set", f"providers.yahoo.base_url=https://localhost:{front.port}", code=4)
    assert answer["items"][0]["code"] == "VX-1002"
