"""Reads a dataset out of a bucket by pyarrow's own clients: `buckets.py s3|gcs HOST:PORT PATH [KEY SECRET]`, its rows as JSON."""

import json
import sys

import pyarrow.dataset
import pyarrow.fs

kind, host, path, *keys = sys.argv[1:]
if kind == "s3":
    bucket = pyarrow.fs.S3FileSystem(
        endpoint_override=host, scheme="http", region="us-east-1", access_key=keys[0], secret_key=keys[1]
    )
else:
    bucket = pyarrow.fs.GcsFileSystem(endpoint_override=host, scheme="http", anonymous=True)
rows = pyarrow.dataset.dataset(path, filesystem=bucket, partitioning="hive", format="parquet").to_table()
columns = ["price", "price_exact", "source", "date"]
json.dump(rows.select(columns).to_pylist(), sys.stdout, default=str)
