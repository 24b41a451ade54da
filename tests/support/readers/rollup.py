"""Candles summed by pandas: `rollup.py FILE TIMECOLUMN LENGTH…`, by length the bars of the file's CSV as JSON, every figure exact."""

import json
import sys
from decimal import Decimal

import pandas

from values import plain

path, column, *lengths = sys.argv[1:]
frame = pandas.read_csv(path, dtype=str)
frame["bar"] = pandas.to_datetime(frame[column], utc=True)
figures = ["open", "high", "low", "close", "volume"]
for name in figures:
    frame[name] = frame[name].map(Decimal)
frame = frame.sort_values("bar", kind="stable")
out = {}
for length in lengths:
    bars = frame.groupby(frame["bar"].dt.floor(length)).agg(
        {"open": "first", "high": "max", "low": "min", "close": "last", "volume": lambda some: sum(some, Decimal(0))}
    )
    out[length] = [[at.isoformat(), *(plain(row[name]) for name in figures)] for at, row in bars.iterrows()]
json.dump(out, sys.stdout)
