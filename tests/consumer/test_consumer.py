"""The installed package as a stranger meets it: only the prefix and find_package(vortex)."""

import json
import os
import pathlib
import re
import shutil
import signal
import subprocess

import pytest

BUILD = pathlib.Path(os.environ["VORTEX_BUILD_DIR"])
SOURCE = pathlib.Path(os.environ["VORTEX_SOURCE_DIR"])
SIM_READY_SECONDS_MAX = 60


def run(*command, **options):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, **options)
    assert done.returncode == 0, f"{command}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
    return done.stdout


@pytest.fixture(scope="session")
def prefix(tmp_path_factory):
    folder = tmp_path_factory.mktemp("prefix")
    run("cmake", "--install", BUILD, "--prefix", folder)
    return folder


@pytest.fixture(scope="session")
def examples(prefix, tmp_path_factory):
    """The examples, copied away from the repository so that nothing is found by neighbourhood."""
    source = tmp_path_factory.mktemp("examples")
    shutil.copytree(SOURCE / "examples", source, dirs_exist_ok=True)
    every_header = re.findall(r"vortex/[\w/]+\.hpp", (SOURCE / "cmake/VortexInstall.cmake").read_text())
    text = "".join(f'#include "{header}"\n' for header in every_header)
    (source / "every_header.cpp").write_text(text + "int main() { return 0; }\n")
    with (source / "CMakeLists.txt").open("a") as lists:
        lists.write("add_executable(every_header every_header.cpp)\n"
                    "target_link_libraries(every_header PRIVATE vortex::vortex)\n")
    build = source / "build"
    run("cmake", "-G", "Ninja", "-S", source, "-B", build, f"-DCMAKE_PREFIX_PATH={prefix}",
        "-DCMAKE_CXX_COMPILER_LAUNCHER=" + (shutil.which("ccache") or ""))
    run("ninja", "-C", build, "-j2")
    return build


@pytest.fixture
def simulator(tmp_path):
    """The address of a running Yahoo simulator."""
    ready = tmp_path / "ready.json"
    process = subprocess.Popen([BUILD / "bin/vortex", "sim", "--listen", "127.0.0.1:0", "--ready-file", ready],
                               stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        wait_for_file(ready, process)
        yield json.loads(ready.read_text())["yahoo"]
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)


def wait_for_file(path, process):
    for _ in range(SIM_READY_SECONDS_MAX * 20):
        if path.exists():
            return
        try:
            process.wait(0.05)
        except subprocess.TimeoutExpired:
            continue
        raise AssertionError(f"vortex sim ended early: {process.stderr.read()}")
    raise AssertionError("vortex sim did not become ready")


def test_only_the_public_headers_are_installed(prefix):
    listed = set(re.findall(r"vortex/[\w/]+\.hpp", (SOURCE / "cmake/VortexInstall.cmake").read_text()))
    found = {str(p.relative_to(prefix / "include")) for p in (prefix / "include").rglob("*.hpp")}
    assert found == listed


def test_public_headers_compile_from_the_prefix_alone(examples):
    run(examples / "every_header")


def test_examples_sync_and_read_a_dataset(examples, simulator, tmp_path):
    (tmp_path / "vortex.toml").write_text(
        f'state_dir = "{tmp_path}/state"\n[store]\nuri = "{tmp_path}/data"\n'
        f'[providers.yahoo]\nbase_url = "{simulator}"\n')
    report = json.loads(run(examples / "sync_symbols", "AAPL", cwd=tmp_path))
    assert report["status"] == "ok"
    assert report["rows"]["new"] > 100
    lines = run(examples / "read_bars", tmp_path / "data", "AAPL").splitlines()
    assert len(lines) == 6
    assert lines[-1] == f"{report['rows']['new']} bars in version {report['table_version']}"


def test_a_missing_dataset_is_one_line_and_no_crash(examples, tmp_path):
    done = subprocess.run([examples / "read_bars", tmp_path / "nothing", "AAPL"], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1 and "VX-" in done.stderr
