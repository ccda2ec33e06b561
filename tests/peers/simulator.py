"""A running `vortex sim`, as one provider's clients see it. Needs VORTEX_BIN, the path of the vortex program."""

import json
import os
import subprocess
import time
import urllib.request

VORTEX = os.environ.get("VORTEX_BIN", "")
TIMEOUT_S = 20


class Simulator:
    def __init__(self, folder, provider, *flags):
        ready = folder / "ready.json"
        command = [VORTEX, "sim", "--listen", "127.0.0.1:0", "--ready-file", str(ready), "--seed", "7", *flags]
        self.provider = provider
        self.process = subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + TIMEOUT_S
        while not ready.exists():  # the one sign another process gives
            assert self.process.poll() is None, "the simulator ended at its start"
            assert time.monotonic() < deadline, "the simulator does not listen"
            time.sleep(0.02)
        self.urls = json.loads(ready.read_text())  # by provider
        self.url = self.urls[provider]

    def counts(self):
        with urllib.request.urlopen(self.url + "/__sim/counts", timeout=TIMEOUT_S) as answer:
            return json.load(answer)["providers"][self.provider]

    def post(self, name, value):
        request = urllib.request.Request(f"{self.url}/__sim/{name}", json.dumps(value).encode(), method="POST")
        urllib.request.urlopen(request, timeout=TIMEOUT_S).close()

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=TIMEOUT_S)
