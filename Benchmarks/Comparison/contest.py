"""One row's measurement: pick the best peer with short runs, then alternate ours and it in pairs of processes."""
import dataclasses
import statistics
from dataclasses import dataclass, field

import quiet
import slices


@dataclass
class Result:
    name: str
    goal: float
    peer: str = ""
    ratios: list = field(default_factory=list)
    ours: list = field(default_factory=list)
    peers: list = field(default_factory=list)
    shown: dict = field(default_factory=dict)
    tried: dict = field(default_factory=dict)
    notes: list = field(default_factory=list)
    contaminated: int = 0
    details: dict = field(default_factory=dict)

    @property
    def ratio(self):
        return statistics.median(self.ratios) if self.ratios else None

    @property
    def mark(self):
        if self.ratio is None:
            return "not measured"
        words = [] if self.ratio >= self.goal else ["short"]
        words += [f"unreliable: {self.contaminated} runs contaminated"] if self.contaminated else []
        return ", ".join(words)

    def as_json(self):
        return {**dataclasses.asdict(self), "ratio": self.ratio, "mark": self.mark}


class Contest:
    def __init__(self, options):
        self.options = options

    def measure(self, variant, seconds, result):
        """A run; its failure or contamination is noted in the result."""
        return self.noted(variant, result, quiet.run(
            [*variant.command, "--seconds", str(seconds)], dict(variant.environment), tries=self.options.tries,
            wait=self.options.wait))

    def pair(self, row, peer, result):
        """The speeds of ours and a peer, by turns or one after the other."""
        seconds = self.options.seconds
        if not row.slices:
            return self.measure(row.ours, seconds, result), self.measure(peer, seconds, result)
        outcomes = slices.run(row.ours, peer, seconds, tries=self.options.tries, wait=self.options.wait)
        return tuple(self.noted(*both) for both in zip((row.ours, peer), (result, result), outcomes))

    def noted(self, variant, result, outcome):
        if outcome.failure:
            result.notes.append(f"failed: {variant.name}: {outcome.failure}")
            return None
        print(f"    {variant.name}: {outcome.speed:.1f} images/s, others {outcome.others:.3f} cores"
              + (" CONTAMINATED" if outcome.contaminated else ""), flush=True)
        result.contaminated += outcome.contaminated
        result.details[variant.name] = outcome.result
        return outcome.speed

    def turns(self, row, result):
        """Two of ours in one process, which take turns of milliseconds: the ratio is the median over the turns."""
        for _ in range(self.options.pairs):
            if self.measure(row.ours, self.options.seconds, result) is None:
                break
            compared = result.details[row.ours.name]["comparisons"][0]
            result.ours.append(compared["imagesPerSecond"])
            result.peers.append(compared["otherImagesPerSecond"])
            result.ratios.append(compared["median"])
        return result

    def best(self, variants, result):
        """The fastest variant in short runs; contamination there is a note, for it can only mistake the choice."""
        for variant in variants:
            speed = self.measure(variant, self.options.pick_seconds, result)
            if speed is not None:
                result.tried[variant.name] = speed
        if result.contaminated:
            result.notes.append(f"{result.contaminated} short runs contaminated: another variant may be faster")
        result.contaminated = 0
        working = [v for v in variants if v.name in result.tried]
        return max(working, key=lambda v: result.tried[v.name], default=None)

    def run(self, row):
        result = Result(row.name, row.goal)
        peer = row.peers[0] if len(row.peers) == 1 else self.best(row.peers, result)
        if peer is None:
            return result
        result.peer = peer.name
        if row.turns:
            return self.turns(row, result)
        for _ in range(self.options.pairs):
            ours, theirs = self.pair(row, peer, result)
            if ours is None or theirs is None:
                break
            result.ours.append(ours)
            result.peers.append(theirs)
            result.ratios.append(ours / theirs)
            for other in row.shown:
                speed = self.measure(other, self.options.seconds, result)
                if speed is not None:
                    result.shown.setdefault(other.name, []).append(speed)
        return result
