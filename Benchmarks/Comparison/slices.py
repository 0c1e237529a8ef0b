"""Two programs that run by turns: each is stopped while the other one works.

A machine that is sometimes fast and sometimes slow is so for both. A call that a stop interrupts takes far too long, which a median
over the calls of a program does not see; calls must be short against a slice."""
import os
import signal
import subprocess
import tempfile
import time

import quiet

SLICE = 0.5
# Ours prepares its network alone.
LEAD = 2.0


class Program:
    def __init__(self, command, environment):
        self.output = tempfile.TemporaryFile("w+")
        self.errors = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(command, env={**os.environ, **environment}, stdout=self.output, stderr=self.errors)
        self.status = None

    @property
    def runs(self):
        if self.status is None:
            pid, status = os.waitpid(self.process.pid, os.WNOHANG)
            self.status = status if pid else None
        return self.status is None

    def wait_until_ready(self, limit):
        """Until it has stopped itself, ended or taken too long."""
        start = time.time()
        while time.time() - start < limit:
            pid, status = os.waitpid(self.process.pid, os.WNOHANG | os.WUNTRACED)
            if pid and os.WIFSTOPPED(status):
                return
            if pid:
                self.status = status
                return
            time.sleep(0.01)

    def signal(self, number):
        if self.runs:
            os.kill(self.process.pid, number)

    def outcome(self, others):
        texts = []
        for file in (self.output, self.errors):
            file.seek(0)
            texts.append(file.read())
        self.process.returncode = os.waitstatus_to_exitcode(self.status)
        return quiet.outcome(self.process.returncode, *texts, others)


def once(ours, theirs, seconds, limit=900):
    own, before, start = quiet.own_time(), quiet.busy(), time.time()
    programs = [Program([*theirs.command, "--seconds", str(seconds)], {**dict(theirs.environment), "STOP_WHEN_READY": "1"})]
    try:
        programs[0].wait_until_ready(limit)
        programs.append(Program([*ours.command, "--seconds", str(seconds)], dict(ours.environment)))
        time.sleep(LEAD)
        active = programs[1]
        while all(program.runs for program in programs) and time.time() - start < limit:
            active.signal(signal.SIGSTOP)
            active = programs[1] if active is programs[0] else programs[0]
            active.signal(signal.SIGCONT)
            time.sleep(SLICE)
        for program in programs:
            program.signal(signal.SIGCONT)
        while any(program.runs for program in programs) and time.time() - start < limit:
            time.sleep(0.01)
    finally:
        for program in programs:
            program.signal(signal.SIGKILL)
            while program.runs:
                time.sleep(0.01)
    others = quiet.others(own, before, time.time() - start)
    return programs[1].outcome(others), programs[0].outcome(others)


def run(ours, theirs, seconds, tries=3, wait=60):
    """The least contaminated of a few tries; the first clean one ends them."""
    best = None
    for _ in range(tries):
        quiet.wait_for_idle(wait)
        pair = once(ours, theirs, seconds)
        if best is None or pair[0].others < best[0].others:
            best = pair
        if any(outcome.failure for outcome in pair) or not pair[0].contaminated:
            break
    return best
