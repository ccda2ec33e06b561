"""CSV and Parquet as pandas, Polars, DuckDB and pyarrow read them; the directory an export leaves."""

import hashlib
import json
import struct

import duckdb
import pandas
import polars
import pyarrow.csv
import pyarrow.dataset
import pyarrow.parquet
import pytest

NUMBERS = ["open", "high", "low", "close", "volume"]
MANIFEST = "_vortex-export.json"


def bits(values):
    return [struct.pack("<d", value) for value in values]


def expected(store, symbol="AAPL"):
    stored = store.read(symbol)
    return [stamp.to_pydatetime() for stamp in stored.timestamp], {name: bits(stored[name]) for name in NUMBERS}


READERS = {
    "csv": {
        "pandas": lambda path: pandas.read_csv(path, parse_dates=["timestamp"], float_precision="round_trip"),
        "polars": lambda path: polars.read_csv(path, try_parse_dates=True, schema_overrides={"volume": polars.Float64}),
        "duckdb": lambda path: duckdb.sql(f"SET TimeZone='UTC'; SELECT * FROM read_csv('{path}')").arrow().read_all(),
        "pyarrow": lambda path: pyarrow.csv.read_csv(path),
    },
    "parquet": {
        "pandas": pandas.read_parquet,
        "polars": polars.read_parquet,
        "duckdb": lambda path: duckdb.sql(f"SELECT * FROM read_parquet('{path}')").arrow().read_all(),
        "pyarrow": pyarrow.parquet.read_table,
    },
}


def columns_of(frame):
    """A frame of any library as {name: list}."""
    if isinstance(frame, pandas.DataFrame):
        return frame.to_dict("list")
    return frame.to_dict(as_series=False) if isinstance(frame, polars.DataFrame) else frame.to_pydict()


@pytest.mark.parametrize(("form", "reader"), [(form, name) for form, names in READERS.items() for name in names])
def test_every_value_comes_back_bit_by_bit(store, tmp_path, form, reader):
    store.export(form, tmp_path / "out")
    columns = columns_of(READERS[form][reader](str(tmp_path / f"out/AAPL.{form}")))
    stamps, numbers = expected(store)
    assert [pandas.Timestamp(stamp).tz_localize(None) for stamp in map(without_zone, columns["timestamp"])] == [
        pandas.Timestamp(stamp).tz_localize(None) for stamp in stamps
    ]
    for name in NUMBERS:
        assert bits(columns[name]) == numbers[name], name
    assert set(columns["symbol"]) == {"AAPL"} and set(columns["provider"]) == {"yahoo"}


def without_zone(stamp):
    return stamp.replace(tzinfo=None)


def test_the_csv_header_is_that_of_read(store, tmp_path):
    store.export("csv", tmp_path / "out", "AAPL")
    text = (tmp_path / "out/AAPL.csv").read_text()
    assert text.startswith("timestamp,open,high,low,close,volume,symbol,provider,")
    assert text.splitlines()[1].startswith("2020-06-01T00:00:00Z,")


def test_parquet_keeps_types_and_says_where_it_came_from(store, tmp_path):
    answer = store.export("parquet", tmp_path / "out")
    table = pyarrow.parquet.read_table(tmp_path / "out/AAPL.parquet")
    assert str(table.schema.field("timestamp").type) == "timestamp[us, tz=UTC]"
    assert {str(table.schema.field(name).type) for name in NUMBERS} == {"double"}
    assert str(table.schema.field("symbol").type) == "string"
    said = {key.decode(): value.decode() for key, value in table.schema.metadata.items()}
    assert said["vortex.dataset_id"] == answer["export"]["dataset_id"]
    assert (said["vortex.symbol"], said["vortex.adjust"], said["vortex.interval"]) == ("AAPL", "split", "1d")
    assert int(said["vortex.table_version"]) == answer["export"]["table_version"]
    whole = pyarrow.dataset.dataset(tmp_path / "out", format="parquet").to_table()  # the manifest is passed over
    assert whole.num_rows == answer["rows"]
    assert polars.scan_parquet(tmp_path / "out/*.parquet").collect().height == answer["rows"]
    assert len(pandas.read_parquet(tmp_path / "out")) == answer["rows"]


def test_g13_symbols_that_are_no_file_names_get_safe_ones_that_read_back(store, tmp_path):
    from urllib.parse import unquote

    answer = store.export("csv", tmp_path / "out")
    names = {file["symbol"]: file["path"] for file in answer["export"]["files"]}
    assert names["BRK/B"] == "BRK%2FB.csv" and names["^GSPC"] == "^GSPC.csv"
    assert names["CON"] == "%43ON.csv" and names["con"] == "%63%6F%6E.csv"
    assert len({name.lower() for name in names.values()}) == len(names)
    assert all(unquote(path.removesuffix(".csv")) == symbol for symbol, path in names.items())


def test_the_manifest_is_true_and_a_second_export_is_the_same_bytes(store, tmp_path):
    first = store.export("csv", tmp_path / "a")
    manifest = json.loads((tmp_path / "a" / MANIFEST).read_text())
    assert manifest == first["export"] and manifest["state"] == "complete"
    for file in manifest["files"]:
        data = (tmp_path / "a" / file["path"]).read_bytes()
        assert (len(data), hashlib.sha256(data).hexdigest()) == (file["bytes"], file["sha256"])
        assert data.count(b"\n") - 1 == file["rows"]
    store.export("csv", tmp_path / "b")
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()
    again = store.export("csv", tmp_path / "a")
    assert (again["files_written"], again["files_unchanged"]) == (0, first["files_written"])


def refused(store, *arguments, code=2):
    return store.vortex.refusal("export", "--to", "csv", *arguments, code=code)


def test_g10_what_is_not_ours_is_neither_replaced_nor_removed(store, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "notes.txt").write_text("mine")
    assert "notes.txt" in refused(store, out, "AAPL") and not (out / "AAPL.csv").exists()
    store.export("csv", out, "AAPL", "BRK-B", "--force")
    assert (out / "notes.txt").read_text() == "mine"
    (out / "con.csv").write_text("mine too")
    assert "con.csv" in refused(store, out, "AAPL", "BRK-B")
    other = tmp_path / "other"
    other.mkdir()
    (other / "AAPL.csv").write_text("precious")
    assert "never replaced" in refused(store, other, "AAPL", "--force")
    assert (other / "AAPL.csv").read_text() == "precious"


def test_an_edited_file_and_a_smaller_export_need_force(store, tmp_path):
    out = tmp_path / "out"
    store.export("csv", out, "AAPL", "BRK-B")
    assert "BRK-B" in refused(store, out, "AAPL")
    with (out / "AAPL.csv").open("a") as file:
        file.write("# my remark\n")
    assert "changed" in refused(store, out, "AAPL", "BRK-B")
    store.export("csv", out, "AAPL", "--force")
    assert sorted(path.name for path in out.iterdir()) == ["AAPL.csv", MANIFEST]
    assert "# my remark" not in (out / "AAPL.csv").read_text()


def test_one_directory_holds_one_format_and_interval(store, tmp_path):
    store.export("backtrader", tmp_path / "out", "AAPL")
    assert "backtrader" in refused(store, tmp_path / "out", "AAPL")
    line = store.vortex.refusal("export", "--to", "backtrader", tmp_path / "out", "AAPL", "--interval", "1m")
    assert "1d" in line


def test_bad_requests_end_before_anything_is_written(store, tmp_path):
    out = tmp_path / "out"
    assert "--to" in store.vortex.refusal("export", out)
    assert "backtrader" in store.vortex.refusal("export", "--to", "backtrade", out)
    assert "'AAPL'?" in store.vortex("export", "--to", "csv", out, "AAPLE", code=2).stderr
    assert "1wk" in store.vortex.refusal("export", "--to", "zipline", out, "AAPL", "--interval", "1wk")
    assert not out.exists()
    (tmp_path / "file").write_text("mine")
    store.vortex("export", "--to", "csv", tmp_path / "file", code=7)
    assert (tmp_path / "file").read_text() == "mine"


def test_an_empty_series_is_left_out_and_named(store, tmp_path):
    answer = store.export("csv", tmp_path / "out", "AAPL", "--since", "1990-01-01", "--until", "1991-01-01")
    assert answer["export"]["files"] == [] and answer["status"] == "ok"
    assert answer["export"]["left_out"][0]["symbol"] == "AAPL"
    assert not (tmp_path / "out/AAPL.csv").exists()


def test_an_older_version_is_exported_as_it_was(store, tmp_path):
    answer = store.export("csv", tmp_path / "out", "AAPL", "--as-of", "1")
    assert answer["export"]["table_version"] == 1 and answer["export"]["as_of"] == "1"
    stored = store.read("AAPL", as_of="1")
    exported = pandas.read_csv(tmp_path / "out/AAPL.csv", float_precision="round_trip")
    assert bits(exported.close) == bits(stored.close)
