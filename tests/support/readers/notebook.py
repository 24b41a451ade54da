"""Runs a notebook in a kernel of its own: `notebook.py FILE`, the texts that its cells give as a JSON list on standard output."""

import json
import sys

import nbformat
from nbclient import NotebookClient

notebook = nbformat.read(sys.argv[1], as_version=4)
nbformat.validate(notebook)
NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
texts = []
for cell in notebook.cells:
    for output in cell.get("outputs", []):
        texts.append(output["text"] if "text" in output else output["data"]["text/plain"])
json.dump(texts, sys.stdout)
