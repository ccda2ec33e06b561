"""The wheel's libparquet carries a simdjson and an OpenSSL of its own and exports their symbols. What is
ours must bind to the system's. Read from the loader's own account of what it bound to what."""

import os
import pathlib
import re
import subprocess

import pytest

BIN = pathlib.Path(os.environ["VORTEX_BIN_DIR"])
SYSTEM = ("libsimdjson", "libcurl", "libssl", "libcrypto")
WHEEL = ("libarrow", "libparquet")
OF_SYSTEM = re.compile(r"simdjson|^(SSL|TLS|EVP|X509|BIO|CRYPTO|OPENSSL|ERR|RAND|ASN1|PEM|SHA\d+|EC|curl)_")
PROGRAMS = ["link_order_test"] + (["vortex"] if (BIN / "vortex").exists() else [])


def bindings(program, folder, *arguments):
    """(from, to, symbol) for every symbol bound while the program was loaded and ran."""
    environment = dict(os.environ, LD_BIND_NOW="1", LD_DEBUG="bindings", LD_DEBUG_OUTPUT=str(folder / "ld"))
    subprocess.run([BIN / program, *arguments], env=environment, capture_output=True, check=False)
    text = "".join(p.read_text(errors="replace") for p in folder.glob("ld.*"))
    pattern = r"binding file (\S+) \[0\] to (\S+) \[0\]: normal symbol `([^']+)'"
    found = [(os.path.basename(a), os.path.basename(b), symbol) for a, b, symbol in re.findall(pattern, text)]
    assert len(found) > 1000, "the loader told nothing"
    return found


def wrong(found, program):
    """Bindings of a system library, or of our program's use of one, that went into the wheel."""
    return [(source, target, symbol) for source, target, symbol in found
            if target.startswith(WHEEL)
            and (source.startswith(SYSTEM) or source == program and OF_SYSTEM.search(symbol))]


@pytest.mark.parametrize("program", PROGRAMS)
def test_nothing_of_the_system_binds_into_the_wheel(program, tmp_path):
    assert wrong(bindings(program, tmp_path, "--version"), program) == []


def test_parquet_json_and_tls_work_in_one_process(tmp_path):
    done = subprocess.run([BIN / "link_order_test", "run"], env=dict(os.environ, LD_BIND_NOW="1"),
                          capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "ok\n"), done.stderr


@pytest.mark.parametrize("program", PROGRAMS)
def test_system_libraries_stand_before_the_wheel(program):
    needed = needed_by(program)
    last_of_system = max(i for i, name in enumerate(needed) if name.startswith(SYSTEM))
    first_of_wheel = min(i for i, name in enumerate(needed) if name.startswith(WHEEL))
    assert last_of_system < first_of_wheel, needed
    assert {s for s in SYSTEM if any(name.startswith(s + ".") for name in needed)} == set(SYSTEM)


def test_the_wrong_order_is_seen(tmp_path):
    assert needed_by("link_order_wrong")[0].startswith(WHEEL)
    found = wrong(bindings("link_order_wrong", tmp_path), "link_order_wrong")
    assert any(source.startswith(("libssl", "libcurl", "libcrypto")) for source, _, _ in found)
    assert any("simdjson" in symbol for source, _, symbol in found if source == "link_order_wrong")


def needed_by(program):
    text = subprocess.run(["readelf", "-d", BIN / program], capture_output=True, text=True, check=True).stdout
    return re.findall(r"\(NEEDED\).*\[([^\]]+)\]", text)
