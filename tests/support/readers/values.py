"""Values as the readers give them, as texts that can be compared with what was written."""

import json
from datetime import datetime, timedelta, timezone
from decimal import Decimal

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def plain(value):
    """A decimal without exponent and without zeros at its end."""
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def micros(value):
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    if value.tzinfo is None:
        raise ValueError(f"{value} has no zone")
    if getattr(value, "nanosecond", 0):
        raise ValueError(f"{value} has nanoseconds")
    return str((value - EPOCH) // timedelta(microseconds=1))


def absent(value):
    if hasattr(value, "__len__") and not isinstance(value, str):
        return False
    # NaN, NaT and NA are not equal to themselves, or to nothing.
    if isinstance(value, str):
        return value == ""
    return value is None or str(value) in ("nan", "NaT", "<NA>")


def text_of(value, kind):
    if kind == "time":
        return micros(value)
    if kind == "decimal":
        if isinstance(value, Decimal):
            return plain(value)
        if isinstance(value, str):
            return value
        raise ValueError(f"{value!r} is no exact figure")
    if kind == "decimals":
        # A list of texts, from CSV as JSON.
        figures = json.loads(value) if isinstance(value, str) else value
        if any(isinstance(one, float) for one in figures):
            raise ValueError(f"{value!r} has a float")
        return ",".join(text_of(one, "decimal") for one in figures)
    if kind == "integer":
        if isinstance(value, float):
            raise ValueError(f"{value!r} is no whole number")
        return str(int(value))
    if kind == "boolean":
        return str(value).lower()
    return str(value)


def rows_of(rows, fields):
    """@param rows dictionaries; of a decimal that has a column of text, the text is what does not fit the other one"""
    out = []
    for row in rows:
        texts = {}
        for field in fields:
            name, kind = field["name"], field["kind"]
            value = row.get(name)
            exact = row.get(f"{name}_exact") if kind in ("decimal", "decimals") else None
            if exact is not None and not absent(exact):
                if not absent(value):
                    raise ValueError(f"{name} and {name}_exact are both there: {value!r}, {exact!r}")
                value = exact
            if value is not None and not absent(value):
                texts[name] = text_of(value, kind)
        out.append(texts)
    return out
