"""Sets DynaDFQ's speed against PyTorch, ONNX Runtime and OpenVINO on this machine; see README.md."""
import argparse
import dataclasses
import datetime
import os
import re

import tables
from contest import Contest
from rows import HERE, rows

ROOT = os.path.dirname(os.path.dirname(HERE))


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--rows", default="", help="only rows whose name this regular expression finds")
    parser.add_argument("--variants", default="", help="only peers whose name this regular expression finds, where a row "
                        "has such")
    parser.add_argument("--list", action="store_true", help="print the rows and stop")
    parser.add_argument("--pairs", type=int, default=3, help="alternations of ours and the best peer")
    parser.add_argument("--seconds", type=float, default=5, help="length of each run of a pair")
    parser.add_argument("--pick-seconds", type=float, default=2, help="length of a variant's run before the pairs")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--tool", default=os.path.join(ROOT, ".build", "release", "dynadfq"))
    parser.add_argument("--tool-arguments", type=str.split, default=[], help="more for dynadfq time, such as "
                        "'--isa avx2'; in quotes, after an equals sign")
    parser.add_argument("--trained", help="folder of Benchmarks/students, for rows of trained students")
    parser.add_argument("--data", help="real images for these rows, such as cifar10:FILE")
    parser.add_argument("--skip-compile", action="store_true", help="leave torch.compile out")
    parser.add_argument("--fixed-steps", action="store_true", help="also students with fixed activation steps, which "
                        "is less work than ours")
    parser.add_argument("--tries", type=int, default=3, help="repetitions of a contaminated run")
    parser.add_argument("--wait", type=float, default=60, help="seconds to wait for an idle machine before a run")
    parser.add_argument("--output", default=os.path.join(ROOT, "runs", f"compare-{datetime.date.today()}"),
                        help="path of the .md and .json files, without the suffix")
    return parser.parse_args()


def only(row, variants):
    """The row against the peers of the wanted names."""
    peers = tuple(peer for peer in row.peers if re.search(variants, peer.name))
    return dataclasses.replace(row, peers=peers) if peers else row


def main():
    options = arguments()
    chosen = [only(row, options.variants) for row in rows(options) if re.search(options.rows, row.name)]
    if options.list:
        for row in chosen:
            print(f"{row.name}: {row.goal} times the best of {', '.join(peer.name for peer in row.peers)}")
        return
    about, results, contest = tables.environment(options), [], Contest(options)
    for row in chosen:
        print(row.name, flush=True)
        result = contest.run(row)
        results.append(result)
        print("  " + tables.row(result), *("  " + note for note in tables.notes(result)), sep="\n", flush=True)
        tables.write(options, about, results)
    print(f"\n{options.output}.md and .json")


main()
