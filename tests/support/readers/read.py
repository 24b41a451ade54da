"""Reads files with one reader: `read.py READER`, the jobs as JSON on standard input, their rows as JSON on standard output."""

import gzip
import io
import json
import sys

from values import rows_of


def unpacked(path):
    """For readers that do not unpack a format by themselves."""
    if path.endswith(".gz"):
        with gzip.open(path) as file:
            return io.BytesIO(file.read())
    if path.endswith(".zst"):
        import zstandard

        with open(path, "rb") as file:
            return io.BytesIO(zstandard.ZstdDecompressor().stream_reader(file).read())
    with open(path, "rb") as file:
        return io.BytesIO(file.read())


def pyarrow(path, kind, names):
    import pyarrow as pa
    from pyarrow import csv, json as ndjson, parquet

    if kind == "parquet":
        return parquet.read_table(path, partitioning=None).to_pylist()
    if kind == "csv":
        # An id may be called null or NaN.
        texts = {name: pa.string() for name in names}
        as_text = csv.ConvertOptions(column_types=texts, strings_can_be_null=True, null_values=[""])
        options = csv.ParseOptions(newlines_in_values=True)
        return csv.read_csv(path, parse_options=options, convert_options=as_text).to_pylist()
    if kind == "json":
        return json.load(unpacked(path))  # pyarrow reads no arrays
    # Without a schema texts that look like times become times of seconds or nanoseconds.
    types = {"integer": pa.int64(), "float": pa.float64(), "boolean": pa.bool_(), "decimals": pa.list_(pa.string())}
    known = pa.schema([(name, types.get(field["kind"], pa.string())) for name, field in names.items()])
    options = ndjson.ParseOptions(explicit_schema=known, newlines_in_values=False)
    return ndjson.read_json(pa.input_stream(path), parse_options=options).to_pylist()


def pandas(path, kind, names):
    import pandas as pd

    if kind == "parquet":
        frame = pd.read_parquet(path, dtype_backend="pyarrow", partitioning=None)
    elif kind == "csv":
        frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    else:
        frame = pd.read_json(path, lines=kind == "ndjson", dtype=False, convert_dates=False, dtype_backend="pyarrow")
    return frame.astype(object).to_dict("records")


def polars(path, kind, names):
    import polars as pl

    if kind == "parquet":
        return pl.read_parquet(path, hive_partitioning=False).to_dicts()
    if kind == "csv":
        return pl.read_csv(path, infer_schema=False).to_dicts()
    if kind == "json":
        return pl.read_json(unpacked(path), infer_schema_length=None).to_dicts()
    return pl.read_ndjson(unpacked(path), infer_schema_length=None).to_dicts()


def duckdb(path, kind, names):
    import duckdb as db

    types = {"text": "VARCHAR", "decimal": "VARCHAR", "time": "TIMESTAMPTZ", "integer": "BIGINT", "float": "DOUBLE", "boolean": "BOOLEAN", "decimals": "VARCHAR[]"}
    columns = json.dumps({field["name"]: types[field["kind"]] for field in names.values()}).replace('"', "'")
    source = {
        "parquet": f"read_parquet('{path}', hive_partitioning = false)",
        "csv": f"read_csv('{path}', all_varchar = true, header = true, hive_partitioning = false)",
        "json": f"read_json('{path}', format = 'array', columns = {columns})",
        "ndjson": f"read_json('{path}', format = 'newline_delimited', columns = {columns})",
    }[kind]
    connection = db.connect()
    connection.execute("set timezone = 'UTC'")
    cursor = connection.execute(f"select * from {source}")
    heads = [column[0] for column in cursor.description]
    return [dict(zip(heads, row)) for row in cursor.fetchall()]


def main():
    read = {"pyarrow": pyarrow, "pandas": pandas, "polars": polars, "duckdb": duckdb}[sys.argv[1]]
    answers = []
    for job in json.load(sys.stdin):
        names = {field["name"]: field for field in job["fields"]}
        rows = []
        for path in job["files"]:
            try:
                rows += rows_of(read(path, job["format"], names), job["fields"])
            except Exception as error:
                raise RuntimeError(f"{sys.argv[1]} on {path}: {error}") from error
        answers.append(rows)
    json.dump(answers, sys.stdout)


main()
