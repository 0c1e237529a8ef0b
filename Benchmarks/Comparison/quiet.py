"""Runs a program on an idle machine and says how much other processes took meanwhile."""
import json
import os
import resource
import subprocess
import time
from dataclasses import dataclass

# In cores: what counts as idle before a run, and what other processes may use during one.
IDLE, ALLOWED = 0.06, 0.04


@dataclass
class Outcome:
    """What a run printed last, as JSON; or why it failed."""
    result: dict = None
    failure: str = ""
    others: float = 0.0
    contaminated: bool = False

    @property
    def speed(self):
        return self.result["images_per_s"]


def plain(said):
    """What a run printed, under the peers' names: the tool's JSON is in camelCase, with the context in an object."""
    names = {"imagesPerSecond": "images_per_s", "instructionSet": "isa"}
    context = said.get("run", {}).get("context", {})
    # `bench` has a row for each size of batch; a comparison asks for one.
    row = said.get("rows", [{}])[0]
    every = said | row | context
    return {names.get(key, key): value for key, value in every.items() if key not in ("run", "rows")}


def busy():
    """Seconds all processors have worked since boot; None where the system does not tell."""
    if not os.path.exists("/proc/stat"):
        return None
    with open("/proc/stat") as file:
        user, nice, system, _, _, irq, soft, steal = map(int, file.readline().split()[1:9])
    return (user + nice + system + irq + soft + steal) / os.sysconf("SC_CLK_TCK")


def wait_for_idle(limit):
    start = time.time()
    while busy() is not None and time.time() - start < limit:
        before = busy()
        time.sleep(0.7)
        if (busy() - before) / 0.7 < IDLE:
            return


def own_time():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def once(command, environment, timeout):
    own, all_before, start = own_time(), busy(), time.time()
    try:
        process = subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True,
                                 timeout=timeout)
    except (OSError, subprocess.TimeoutExpired) as error:
        return Outcome(failure=type(error).__name__)
    return outcome(process.returncode, process.stdout, process.stderr, others(own, all_before, time.time() - start))


def others(own_before, all_before, elapsed):
    """The cores that other processes took since."""
    if all_before is None:
        return 0.0
    return max(0.0, busy() - all_before - (own_time() - own_before)) / elapsed


def outcome(code, output, errors, others):
    """What a program that has ended left."""
    lines = output.strip().splitlines()
    if code != 0 or not lines:
        said = errors.strip().splitlines() or [""]
        return Outcome(failure=f"exit code {code}: {said[-1][:200]}")
    try:
        return Outcome(plain(json.loads(lines[-1])), "", others, others > ALLOWED)
    except ValueError:
        return Outcome(failure=f"no JSON: {lines[-1][:200]}")


def run(command, environment, tries=3, wait=60, timeout=900):
    """The least contaminated of a few tries; the first clean one ends them."""
    best = None
    for _ in range(tries):
        wait_for_idle(wait)
        outcome = once(command, environment, timeout)
        if outcome.failure:
            return outcome
        if best is None or outcome.others < best.others:
            best = outcome
        if not outcome.contaminated:
            break
    return best
