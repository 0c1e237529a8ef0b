#!/usr/bin/env python3
"""Public symbols without a doc comment, from symbol graphs; exits 1 where there is one.

    Scripts/undocumented.py GRAPH.symbols.json ...

Left out: what the compiler synthesizes, and members that a protocol already documents.
"""
import json
import pathlib
import sys

missing = []
count = 0
for path in sys.argv[1:]:
    graph = json.loads(pathlib.Path(path).read_text())
    inherited = {
        r["source"]
        for r in graph["relationships"]
        if r["kind"] in ("requirementOf", "defaultImplementationOf", "overrides") or "sourceOrigin" in r
    }
    for symbol in graph["symbols"]:
        identifier = symbol["identifier"]["precise"]
        if symbol["accessLevel"] not in ("public", "open") or "::SYNTHESIZED::" in identifier:
            continue
        count += 1
        requirement = any(r["source"] == identifier and r["kind"] == "requirementOf" for r in graph["relationships"])
        if "docComment" in symbol or "location" not in symbol or (identifier in inherited and not requirement):
            continue
        location = symbol["location"]
        place = f"{location['uri'].removeprefix('file://')}:{location['position']['line'] + 1}"
        missing.append(f"{place}: {'.'.join(symbol['pathComponents'])}")
for line in sorted(missing):
    print(line)
print(f"{count} public symbols, {len(missing)} without a doc comment")
sys.exit(1 if missing else 0)
