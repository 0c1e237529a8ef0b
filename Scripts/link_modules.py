#!/usr/bin/env python3
"""Lets doc comments link to types of other modules: DocC looks for ``NetworkError`` in the comment's own module only.

    Scripts/link_modules.py GRAPH.symbols.json ...      rewrites the files in place

A link whose first component is a type of exactly one other module gets that module's absolute path, as in
``/DFQGraph/NetworkError``. The files come in the order in which modules are converted; a link to a later module becomes plain
code. Links that a module resolves itself, and links to what exists nowhere, stay as they are.
"""
import json
import pathlib
import re
import sys

graphs = {pathlib.Path(path): json.loads(pathlib.Path(path).read_text()) for path in sys.argv[1:]}
order = [graph["module"]["name"] for graph in graphs.values()]
owners = {}
local = {}
for graph in graphs.values():
    module = graph["module"]["name"]
    for symbol in graph["symbols"]:
        # An extension's members have the extended type as first component, which need not be this module's.
        local.setdefault(module, set()).update(symbol["pathComponents"][1:])
        if len(symbol["pathComponents"]) == 1:
            local[module].add(symbol["pathComponents"][0])
            owners.setdefault(symbol["pathComponents"][0], set()).add(module)

for path, graph in graphs.items():
    module = graph["module"]["name"]

    def absolute(match):
        first = match[1].split("/")[0]
        elsewhere = owners.get(first, set()) - {module}
        if first in local.get(module, ()) or len(elsewhere) != 1:
            return match[0]
        owner = elsewhere.pop()
        return f"``/{owner}/{match[1]}``" if order.index(owner) < order.index(module) else f"`{match[1]}`"

    for symbol in graph["symbols"]:
        for line in symbol.get("docComment", {}).get("lines", []):
            line["text"] = re.sub(r"``([A-Za-z_][^`]*)``", absolute, line["text"])
    path.write_text(json.dumps(graph))
