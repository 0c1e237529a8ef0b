"""Times one work in PyTorch and prints one JSON line."""
import argparse

import torch

import works
from networks import SHAPES
from stopwatch import repeat, report

parser = argparse.ArgumentParser()
parser.add_argument("--work", required=True, choices=["synthesis", "student", "student-dynamic", "train", "infer"])
parser.add_argument("--network", default="resnet20", choices=list(SHAPES))
parser.add_argument("--batch", type=int, default=32)
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--seconds", type=float, default=5)
parser.add_argument("--layout", default="nchw", choices=["nchw", "channels-last"])
parser.add_argument("--ops", default="native", choices=["native", "hand"])
parser.add_argument("--steps", default="learned", choices=["learned", "fixed"], help="student: step sizes")
parser.add_argument("--compile", action="store_true", help="torch.compile; needs a C++ compiler")
a = parser.parse_args()

torch.set_num_threads(a.threads)
place = (a.network, a.batch, a.layout, a.ops, a.compile)
if a.work.startswith("student"):
    candidates = (4,) if a.work == "student" else (3, 4, 5)
    step = works.student(*place, candidates=candidates, learned=a.steps == "learned")
else:
    step = getattr(works, a.work)(*place)
report(repeat(step, a.seconds), a.batch, what=a.work, network=a.network, threads=a.threads, layout=a.layout, ops=a.ops,
       compile=a.compile, engine=f"PyTorch {torch.__version__}")
