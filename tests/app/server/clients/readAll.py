"""Makes calls by a client that openapi-python-client generated, and prints what it made of each answer.

Usage: readAll.py ADDRESS CALLS, where CALLS is a file with a list of them as JSON; the client is in the folder it runs in.
"""

import importlib
import json
import pkgutil
import sys

from qicore_client import Client, api
from qicore_client.types import Response

address, calls = sys.argv[1:]
modules = {
    module.name.rsplit(".", 1)[-1].replace("_", ""): module.name
    for module in pkgutil.walk_packages(api.__path__, "qicore_client.api.")
    if not module.ispkg
}


def plain(parsed):
    if isinstance(parsed, list):
        return [plain(item) for item in parsed]
    return parsed.to_dict() if hasattr(parsed, "to_dict") else parsed


with Client(base_url=address, raise_on_unexpected_status=True) as client, open(calls) as file:
    for call in json.load(file):
        module = importlib.import_module(modules[call["id"].lower()])
        given = {**call["params"].get("path", {}), **call["params"].get("query", {})}
        if "body" in call:
            models = importlib.import_module("qicore_client.models")
            given["body"] = models.CallToolBody.from_dict(call["body"])
        answer: Response = module.sync_detailed(client=client, **given)
        print(
            json.dumps(
                {
                    "id": call["id"],
                    "status": int(answer.status_code),
                    "raw": answer.content.decode(),
                    "parsed": plain(answer.parsed),
                    "type": type(answer.parsed).__name__,
                }
            )
        )
