"""The table: which work against which peers, and by how much ours is to be faster."""
import os
import sys
from dataclasses import dataclass

HERE = os.path.dirname(os.path.abspath(__file__))
TITLES = {"resnet20": "ResNet-20", "resnet18": "ResNet-18 224", "efficientnet-lite0": "EfficientNet-Lite0 224"}
WORKS = {"synthesis": "synthesis", "student": "student static W4A4", "student-dynamic": "student dynamic W4A{3,4,5}",
         "train": "train", "infer": "float inference"}
# For PyTorch at its best: glibc otherwise returns large blocks to the system and faults them in again every step.
PEER_ENVIRONMENT = {"MALLOC_MMAP_THRESHOLD_": "4294967296", "MALLOC_TRIM_THRESHOLD_": "8589934592",
                    "MALLOC_TOP_PAD_": "268435456",
                    # Compiles in the process itself, so that its time is not taken for that of others.
                    "TORCHINDUCTOR_COMPILE_THREADS": "1"}


@dataclass(frozen=True)
class Variant:
    """One way to do the work: a program and a name for it."""
    name: str
    command: tuple
    environment: tuple = ()


@dataclass(frozen=True)
class Row:
    """Ours against the best of some variants; `shown` are measured beside them."""
    name: str
    ours: Variant
    peers: tuple
    goal: float
    shown: tuple = ()


def script(name, file, *arguments):
    return Variant(name, (sys.executable, os.path.join(HERE, file), *arguments), tuple(PEER_ENVIRONMENT.items()))


def torch_variants(work, place, options):
    """Every way to run the work in PyTorch worth trying."""
    ops = ["native"] if work in ("train", "infer") else ["native", "hand"]
    steps = ["learned"]
    if work.startswith("student") and options.fixed_steps:
        steps.append("fixed")
    for mode in ["eager"] + ([] if options.skip_compile else ["compile"]):
        for layout in ("nchw", "channels-last"):
            for op in ops:
                for step in steps:
                    words = ["PyTorch", mode, layout] + ([f"{op} ops"] if len(ops) > 1 else [])
                    words += ["fixed steps"] if step == "fixed" else []
                    arguments = ["--layout", layout, "--ops", op, "--steps", step]
                    arguments += ["--compile"] if mode == "compile" else []
                    yield script(" ".join(words), "peer_torch.py", "--work", work, *place, *arguments)


def eager_channels_last(work, place, options):
    return [v for v in torch_variants(work, place, options) if "eager channels-last" in v.name]


def runtime(engine):
    return lambda work, place, options: [script(engine, "peer_runtime.py", *place, "--engine",
                                                engine.replace(" ", "").lower())]


TORCH, EAGER = torch_variants, eager_channels_last
ONNX, OPENVINO = runtime("ONNX Runtime"), runtime("OpenVINO")
TABLE = (
    ("synthesis", "resnet20", 32, TORCH, 2.5), ("synthesis", "resnet20", 256, TORCH, 2.7),
    ("student", "resnet20", 64, TORCH, 2.5), ("student", "resnet20", 256, TORCH, 2.5),
    ("student-dynamic", "resnet20", 64, TORCH, 3.5), ("student-dynamic", "resnet20", 256, TORCH, 3.5),
    ("train", "resnet20", 32, TORCH, 2.25), ("train", "resnet20", 256, TORCH, 2.5),
    ("train", "resnet18", 16, EAGER, 1.75), ("synthesis", "resnet18", 16, EAGER, 2.5),
    ("synthesis", "efficientnet-lite0", 16, TORCH, 1.3),
    ("infer", "resnet20", 16, ONNX, 1.8), ("infer", "resnet20", 256, ONNX, 2.2),
    ("infer", "resnet18", 1, ONNX, 1.6), ("infer", "resnet18", 16, ONNX, 1.8),
)
SCALING_GOAL = 1.85


def rows(options):
    """The rows at `options.threads`, then the same works at two threads against one."""
    scaling = []
    for work, network, batch, peers, goal in TABLE:
        title = f"{TITLES[network]} {WORKS[work]}, batch {batch}"

        def place(threads):
            return ["--network", network, "--batch", str(batch), "--threads", str(threads)]

        def ours(threads):
            return Variant(f"ours, {threads} threads", (options.tool, "time", "--json", "--work", work,
                                                        *place(threads), *options.tool_arguments))

        shown = OPENVINO(work, place(options.threads), options) if peers is ONNX else ()
        yield Row(title, ours(options.threads), tuple(peers(work, place(options.threads), options)), goal, tuple(shown))
        scaling.append(Row(f"two threads against one: {title}", ours(2), (ours(1),), SCALING_GOAL))
    yield from scaling
