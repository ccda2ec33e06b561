"""compact, vacuum and verify: what they do, what they say, how they end."""

import pytest

MONTHS = ["2023-11-01", "2023-12-01", "2024-01-01", "2024-02-01", "2024-03-01"]


@pytest.fixture
def dataset(vortex, sim):
    """Four months of two symbols, a month a sync; as a dataset of single months."""
    for since, until in zip(MONTHS, MONTHS[1:]):
        vortex.json("sync", "AAPL", "MSFT", "--since", since, "--until", until, "--no-overlap",
                    "--set", "store.uri=./data")
    return vortex


def bars_files(vortex):
    files = (vortex.directory / "data/bars").rglob("*.parquet")
    return sorted(path for path in files if "_delta_log" not in path.parts)


def read(vortex, *arguments):
    return vortex("read", "AAPL", *arguments, code=0).stdout


def test_compact_merges_once_and_every_version_reads_the_same(dataset):
    before = read(dataset)
    versions = range(1, dataset.json("status")["table_version"] + 1)
    old = {version: read(dataset, "--as-of", version) for version in versions}
    answer = dataset.json("compact")
    assert answer["status"] == "ok" and answer["commits"] >= 1
    bars = next(table for table in answer["tables"] if table["table"] == "bars")
    assert bars["files_read"] > bars["files_written"] and bars["rows_dropped"] == 0
    assert read(dataset) == before
    assert {version: read(dataset, "--as-of", version) for version in versions} == old
    again = dataset.json("compact")
    assert again["commits"] == 0 and again["tables"] == []
    assert again["table_version"] == answer["table_version"]
    assert "nothing to compact" in dataset("compact", code=0).stderr
    assert dataset.json("status")["rebuilt"] is None


def test_sync_merges_by_itself_once_a_closed_year_has_four_files(vortex, sim):
    files = []
    for month in range(1, 7):
        vortex.json("sync", "AAPL", "MSFT", "--since", f"2023-{month:02}-01", "--until", f"2023-{month + 1:02}-01",
                    "--no-overlap")
        files.append(vortex.json("status")["files"])
    assert files == [1, 2, 3, 1, 2, 3]
    status = vortex.json("status")
    assert status["rebuilt"] is None and len(read(vortex).splitlines()) == 1 + status["series"][0]["rows"]
    assert vortex.json("verify")["findings"] == []


def test_vacuum_lists_then_removes_and_old_versions_say_so(dataset):
    dataset.json("compact")
    before = read(dataset)
    assert dataset.json("vacuum")["files"] == []
    would = dataset.json("vacuum", "--keep", "0s", "--dry-run")
    assert would["dry_run"] and would["files"] and would["files"][0]["reason"] == "expired"
    assert dataset("vacuum", "--keep", "0s", "--dry-run", code=0).stdout.count("expired") == len(would["files"])
    files = bars_files(dataset)
    did = dataset.json("vacuum", "--keep", "0s")
    assert did["files"] == would["files"] and did["version_min"] == would["version_min"]
    assert len(bars_files(dataset)) < len(files)
    assert read(dataset) == before
    assert "cleaned away" in dataset.refusal("read", "AAPL", "--as-of", 1)
    assert dataset.json("verify")["findings"] == []


def test_vacuum_refuses_what_is_no_length_of_time(dataset):
    assert "30d" in dataset("vacuum", "--keep", "soon", code=2).stderr
    dataset("vacuum", "--keep", "-1d", code=2)


def test_verify_says_all_is_well_or_what_is_not(dataset):
    answer = dataset.json("verify")
    assert answer["findings"] == [] and answer["rows"] > 100 and answer["captures"] >= 8
    assert "all is well" in dataset("verify", code=0).stderr
    path = bars_files(dataset)[0]
    sound = path.read_bytes()
    path.write_bytes(sound[:50] + bytes([sound[50] ^ 1]) + sound[51:])
    finding = dataset.json("verify", code=6)["findings"][0]
    assert set(finding) == {"table", "version", "file", "kind", "message"}
    assert finding["kind"] == "checksum" and finding["file"].endswith(path.name)
    assert finding["table"] == "bars" and finding["version"] >= 1
    assert path.name in dataset("verify", code=6).stdout
    path.unlink()
    kinds = [found["kind"] for found in dataset.json("verify", "--quick", code=7)["findings"]]
    assert kinds == ["missing"]


def test_without_a_dataset_they_refuse(vortex):
    for command in ("compact", "vacuum", "verify"):
        assert "VX-7004" in vortex(command, code=2).stderr
        assert not (vortex.directory / "data").exists()
