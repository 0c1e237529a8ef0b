"""Repeats a step and reports its time as one JSON line, the same fields as `dynadfq time`."""
import json
import os
import signal
import statistics
import time


def repeat(step, seconds, warmup=3, fewest=5):
    for _ in range(warmup):
        step()
    if os.environ.get("STOP_WHEN_READY"):
        os.kill(os.getpid(), signal.SIGSTOP)
    times, start = [], time.perf_counter()
    while len(times) < fewest or time.perf_counter() - start < seconds:
        begin = time.perf_counter()
        step()
        times.append(time.perf_counter() - begin)
    return sorted(times)


def report(times, batch, **what):
    median = statistics.median(times)
    milliseconds = {"ms_median": median, "ms_min": times[0], "ms_p10": times[len(times) // 10],
                    "ms_p90": times[len(times) * 9 // 10]}
    line = {**what, "batch": batch, "reps": len(times), "images_per_s": round(batch / median, 2)}
    line.update({key: round(1e3 * value, 4) for key, value in milliseconds.items()})
    print(json.dumps(line, sort_keys=True), flush=True)
