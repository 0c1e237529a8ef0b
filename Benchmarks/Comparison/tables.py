"""What a comparison leaves: a markdown table and a JSON file with the machine and the versions."""
import datetime
import json
import os
import platform
import re
import statistics
import subprocess

from rows import HERE


def said(*command):
    try:
        return subprocess.run(command, capture_output=True, text=True, cwd=HERE, timeout=60).stdout.strip()
    except (OSError, subprocess.TimeoutExpired):
        return ""


def processor():
    try:
        with open("/proc/cpuinfo") as file:
            text = file.read()
    except OSError:
        return platform.processor()
    fields = [re.search(rf"^{key}\s*: (.*)$", text, re.M) for key in ("model name", "model")]
    name, model = (f.group(1) if f else "unknown" for f in fields)
    return f"{name}, model {model}"


def environment(options):
    dirty = " with local changes" if said("git", "status", "--porcelain", "--untracked-files=no") else ""
    return {"processor": processor(), "processors": os.cpu_count(), "system": platform.platform(),
            "date": datetime.date.today().isoformat(),
            "commit": said("git", "rev-parse", "--short", "HEAD") + dirty,
            "swift": (said("swift", "--version").splitlines() or ["unknown"])[0], "python": platform.python_version(),
            "threads": options.threads, "pairs": options.pairs, "seconds": options.seconds}


def measured(results):
    """What the runs say of themselves: engines, our instruction set and BLAS."""
    found = {"engines": set(), "isa": set(), "blas": set()}
    for result in results:
        for line in result.details.values():
            found["isa"].add(line.get("isa"))
            found["blas"].add(line.get("blas"))
            found["engines"].add(line.get("engine"))
    return {key: sorted(filter(None, values)) for key, values in found.items()}


def speed(values):
    return f"{statistics.median(values):.1f}" if values else ""


def row(result):
    ratio = f"{result.ratio:.2f}" if result.ratio else ""
    spread = f"{min(result.ratios):.2f}..{max(result.ratios):.2f}" if result.ratios else ""
    cells = [result.name, speed(result.ours), speed(result.peers), result.peer, ratio, spread, f"{result.goal}",
             result.mark]
    return "| " + " | ".join(cells) + " |"


def notes(result):
    for name, values in result.shown.items():
        ratio = statistics.median(result.ours) / statistics.median(values)
        yield f"- {result.name}: {name} {speed(values)} images/s (ratio {ratio:.2f})"
    if len(result.tried) > 1:
        tried = sorted(result.tried.items(), key=lambda item: -item[1])
        yield f"- {result.name}, short runs: " + ", ".join(f"{name} {value:.1f}" for name, value in tried)
    for note in result.notes:
        yield f"- {result.name}: {note}"


def markdown(about, results):
    lines = [f"# Comparison, {about['date']}", "",
             f"{about['processors']} processors ({about['processor']}), {about['system']}, commit {about['commit']}, "
             f"{about['threads']} threads, {about['pairs']} pairs of {about['seconds']} s.",
             f"{about['swift']}; Python {about['python']}; {', '.join(about['engines'])}; "
             f"{', '.join(about['isa'])}; BLAS {', '.join(about['blas'])}.", "",
             "Ratio: median over pairs of our images/s over the peer's; spread: its least and greatest.", "",
             "| work | ours, images/s | peer, images/s | peer | ratio | spread | goal | mark |",
             "| --- | ---: | ---: | --- | ---: | ---: | ---: | --- |"]
    lines += [row(result) for result in results]
    remarks = [note for result in results for note in notes(result)]
    return "\n".join(lines + ([""] + remarks if remarks else [])) + "\n"


def write(options, about, results):
    """Rewrites both files, so that an interrupted comparison leaves what it has."""
    about = {**about, **measured(results)}
    os.makedirs(os.path.dirname(os.path.abspath(options.output)), exist_ok=True)
    with open(options.output + ".md", "w") as file:
        file.write(markdown(about, results))
    with open(options.output + ".json", "w") as file:
        json.dump({"environment": about, "rows": [r.as_json() for r in results]}, file, indent=1)
