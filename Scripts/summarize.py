#!/usr/bin/env python3
"""Mean and standard deviation over seeds of `dynadfq evaluate --json` files, as a Markdown table.

    Scripts/summarize.py DIRECTORY      reads NAME-SEED.json, prints the table
"""
import json
import pathlib
import re
import statistics
import sys

directory = pathlib.Path(sys.argv[1])
runs = {}
for path in sorted(directory.glob("*.json")):
    match = re.fullmatch(r"(.+)-(\d+)", path.stem)
    if match:
        runs.setdefault(match[1], []).append(json.loads(path.read_text()))
if not runs:
    sys.exit(f"{directory}: no NAME-SEED.json files")


def cell(values, scale=1.0, digits=2):
    values = [v * scale for v in values]
    spread = statistics.stdev(values) if len(values) > 1 else 0.0
    return f"{statistics.mean(values):.{digits}f} ± {spread:.{digits}f}"


print("| student | bits chosen by | accuracy % | agreement % | BitOPs M | family's BitOPs M | mean bits | difference % |")
print("| --- | --- | --- | --- | --- | --- | --- | --- |")
order = ["w8a8", "w4a4", "w3a3", "dynamic4", "dynamic3"]
for name in sorted(runs, key=lambda n: (order.index(n) if n in order else 99, n)):
    reports = runs[name]
    rows = [[r["student"]] + r["controls"] for r in reports]
    for policies in zip(*rows):
        difference = [p["difference"] for p in policies if p.get("difference") is not None]
        print(
            f"| {name} | {policies[0]['name']} | {cell([p['accuracy'] for p in policies], 100)} "
            f"| {cell([p['agreement'] for p in policies], 100)} "
            f"| {cell([p['meanBitOPs'] for p in policies], 1e-6, 1)} "
            f"| {cell([p['familyBitOPs'] for p in policies], 1e-6, 1)} "
            f"| {cell([p['meanActivationBits'] for p in policies])} "
            f"| {cell(difference, 100) if difference else ''} |"
        )
teacher = {r.get("teacherAccuracy") for reports in runs.values() for r in reports}
print(f"\nTeacher: {', '.join(f'{100 * t:.2f} %' for t in teacher if t is not None)}; "
      f"{max(len(r) for r in runs.values())} seeds; last step; "
      f"{next(iter(runs.values()))[0]['imageCount']} images of {next(iter(runs.values()))[0]['dataset']}.")


def found(*keys):
    """The values of a field of the reports' `run`, each once; "unknown" where a report does not have it."""
    values = set()
    for reports in runs.values():
        for value in reports:
            for key in ("run", *keys):
                value = value.get(key) if isinstance(value, dict) else None
            values.add("unknown" if value is None else str(value))
    return ", ".join(sorted(values))


print(f"Evaluated by version {found('version')}, commit {found('commit')}, on {found('context', 'instructionSet')} with "
      f"{found('context', 'convolution')} and {found('context', 'arithmetic')} arithmetic.")
if "," in found("commit"):
    print("summarize.py: the results are of several commits", file=sys.stderr)
for name, reports in runs.items():
    if any(r["controls"] for r in reports):
        print(f"{name}: selector {reports[0]['selectorBitOPs'] / 1e6:.2f} M BitOPs; spread of mean bits over images "
              f"{cell([r['bitsSpreadOverImages'] for r in reports])}; rank correlation with the teacher's entropy "
              f"{cell([r.get('entropyCorrelation') or 0 for r in reports])}.")
