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
    # Whether ours runs both and says how they compare.
    turns: bool = False
    # Whether ours and the peer run by turns, each stopped while the other works: for calls that are short.
    slices: bool = False


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
W8, W4 = ("--weight-bits", "8", "--activation-bits", "8"), ("--weight-bits", "4", "--activation-bits", "4")
DYNAMIC = ("--weight-bits", "4", "--activation-bits", "3,4,5")
LAYER_INPUT = (*DYNAMIC, "--selector", "layerInput:positions=2")
# What 8 bits take without Winograd's algorithm in 16-bit words.
DIRECT = ("W8A8 by direct kernels", "W8A8:direct")
# Of BitOPs 3 * 3 + share * 5 * 5 = 4 * 4.
CASCADE = ("--cascade", "W3A3,W5A5", "--share", "0.28")
# Integer networks with the image and the classifier's input in 8 bits: ours, network, batch, peer (an engine at 8 bits or ours
# at other bits, as `bench --against` takes them), goal.
INTEGERS = (
    ("W8A8", W8, "resnet20", 1, "ONNX Runtime", 1.6), ("W8A8", W8, "resnet20", 16, "ONNX Runtime", 2.0),
    ("W8A8", W8, "resnet20", 256, "ONNX Runtime", 2.4), ("W8A8", W8, "resnet20", 1, "OpenVINO", 1.25),
    ("W8A8", W8, "resnet20", 16, "OpenVINO", 1.25), ("W8A8", W8, "resnet20", 256, "OpenVINO", 1.25),
    ("W4A4", W4, "resnet20", 1, ("W8A8", "W8A8"), 1.05), ("W4A4", W4, "resnet20", 256, ("W8A8", "W8A8"), 1.15),
    ("W8A8", W8, "resnet18", 1, "ONNX Runtime", 1.25), ("W8A8", W8, "resnet18", 16, "ONNX Runtime", 1.2),
    ("W8A8", W8, "resnet18", 1, "OpenVINO", 0.97), ("W8A8", W8, "resnet18", 16, "OpenVINO", 0.97),
    ("W4A4", W4, "resnet18", 1, "OpenVINO", 1.3), ("W4A4", W4, "resnet18", 16, "OpenVINO", 1.3),
    ("W4A4", W4, "resnet18", 1, ("W8A8", "W8A8"), 1.35), ("W4A4", W4, "resnet18", 16, ("W8A8", "W8A8"), 1.35),
    ("W8A8", W8, "efficientnet-lite0", 1, "ONNX Runtime", 1.3), ("W8A8", W8, "efficientnet-lite0", 16, "ONNX Runtime", 1.3),
    ("W8A8", W8, "efficientnet-lite0", 1, "OpenVINO", 1.0), ("W8A8", W8, "efficientnet-lite0", 16, "OpenVINO", 1.0),
    ("W4A{3,4,5} by layer", DYNAMIC, "resnet20", 1, ("W4A4", "W4A4"), 0.93),
    ("W4A{3,4,5} by layer", DYNAMIC, "resnet20", 256, ("W4A4", "W4A4"), 0.93),
    ("W4A{3,4,5} by codes two layers before", LAYER_INPUT, "resnet20", 1, ("W4A4", "W4A4"), 0.93),
    ("W4A{3,4,5} by codes two layers before", LAYER_INPUT, "resnet20", 256, ("W4A4", "W4A4"), 0.93),
    ("cascade of W4A4's BitOPs", CASCADE, "resnet18", 64, ("W8A8", "W8A8"), 1.1),
    ("W4A4", W4, "resnet20", 1, DIRECT, 1.05), ("W4A4", W4, "resnet20", 256, DIRECT, 1.15),
    ("W4A4", W4, "resnet18", 1, DIRECT, 1.35), ("W4A4", W4, "resnet18", 16, DIRECT, 1.35),
    ("cascade of W4A4's BitOPs", CASCADE, "resnet18", 64, DIRECT, 1.1),
)


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
    yield from integer_rows(options)
    yield from trained_rows(options)
    yield from scaling


def trained_rows(options):
    """Students that were trained, on the images whose bits they choose."""
    if not options.trained:
        return
    for batch in (1, 256):
        for words, file in (("by layer, 2x2 positions", "by-layer-2.dfq"), ("by layer, 4x4 positions", "by-layer.dfq"),
                            ("by codes two layers before, 2x2 positions", "by-input-2.dfq"),
                            ("by codes two layers before, 4x4 positions", "by-input.dfq")):
            command = (options.tool, "bench", os.path.join(options.trained, file), "--against",
                       os.path.join(options.trained, "static.dfq"), "--json", "--batch", str(batch), "--threads",
                       str(options.threads), *(["--data", options.data] if options.data else []), *options.tool_arguments)
            yield Row(
                f"{TITLES['resnet20']} integers, trained, W4A{{3,4,5}} {words}, batch {batch}, against W4A4",
                Variant(f"ours, {words}", command), (Variant("ours, W4A4", ()),), 0.93, turns=True)


def integer_rows(options):
    for words, bits, network, batch, peer, goal in INTEGERS:
        place = ["--network", network, "--batch", str(batch), "--threads", str(options.threads)]

        is_ours = not isinstance(peer, str)
        if is_ours:
            against = Variant(f"ours, {peer[0]}", ())
        else:
            against = script(f"{peer} int8", "peer_runtime.py", *place, "--precision", "int8", "--engine",
                             peer.replace(" ", "").lower())
        command = (options.tool, "bench", "--json", "--fully-quantized", *place, *bits,
                   *(("--against", peer[1]) if is_ours else ()), *options.tool_arguments)
        yield Row(f"{TITLES[network]} integers {words}, batch {batch}, against {against.name}",
                  Variant(f"ours, {words}", command), (against,), goal, turns=is_ours, slices=not is_ours)
