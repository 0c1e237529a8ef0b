"""Compares exported students in ONNX Runtime with the same students as integer networks, image by image.

    students.py TOOL LIBRARY WORK_DIRECTORY NAME=STUDENT@DATA ...      DATA: fashion-mnist, the file of a CIFAR-10 batch, or a
    folder of folders of images of 256 x 256 pixels, whose centers are taken, or noise:COUNT for images of 224 x 224 random pixels

For every format that holds the student: the images whose prediction, bits or passes differ, the largest difference of logits
relative to the largest logit of its image, and the file's size. FORMS=exact,qdq in the environment takes some formats only.
"""
import ctypes
import gzip
import importlib.util
import json
import os
import pathlib
import subprocess
import sys

import numpy
import onnxruntime
from PIL import Image

ROOT = pathlib.Path(__file__).resolve().parents[2]
FORMS = {
    "qdq": ["--format", "qdq"], "qcdq": ["--format", "qcdq"], "norms kept": ["--format", "qcdq", "--keep-batch-norm"],
    "exact": ["--exact"],
}
FASHION = "/usr/share/datasets/fashion-mnist/t10k-images-idx3-ubyte.gz"


def load_classify():
    path = ROOT / "Examples" / "PythonProgram" / "classify.py"
    spec = importlib.util.spec_from_file_location("classify", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def pixels(data):
    """Images N H W C of bytes."""
    if data == "fashion-mnist":
        with gzip.open(FASHION) as file:
            return numpy.frombuffer(file.read(), numpy.uint8, offset=16).reshape(-1, 28, 28, 1)
    if data.startswith("noise:"):
        return numpy.random.default_rng(0).integers(0, 256, (int(data[6:]), 224, 224, 3), numpy.uint8)
    if os.path.isdir(data):
        paths = sorted(pathlib.Path(data).glob("*/*.jpg"))
        return numpy.stack([numpy.asarray(Image.open(path).convert("RGB"))[16:240, 16:240] for path in paths])
    rows = numpy.fromfile(data, numpy.uint8).reshape(-1, 3073)[:, 1:]
    return numpy.ascontiguousarray(rows.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1))


def integer_network(classify, path, images):
    """Logits, passes and bits of an integer network."""
    network = classify.Network(path)
    count, outputs = len(images), network.output_count
    logits = numpy.zeros((count, network.class_count), numpy.float32)
    passes, bits = numpy.zeros(count, numpy.int32), numpy.zeros((count, outputs), numpy.uint8)
    pointer = lambda array, kind: array.ctypes.data_as(ctypes.POINTER(kind))
    results = classify.Results(
        pointer(logits, ctypes.c_float), None, pointer(passes, ctypes.c_int32), pointer(bits, ctypes.c_uint8))
    message = ctypes.create_string_buffer(300)
    raw = images.tobytes()
    status = network.library.dynadfq_predict(
        network.handle, raw, len(raw), count, ctypes.byref(results), message, len(message))
    if status != 0:
        raise ValueError(message.value.decode())
    network.close()
    return logits, passes, bits


def engine(path, images):
    """The outputs of ONNX Runtime by name; every operator as it is written, none joined with others."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    facts = session.get_modelmeta().custom_metadata_map
    mean, std = (numpy.float32(json.loads(facts[f"dynadfq.{key}"])) for key in ("mean", "std"))
    names = [output.name for output in session.get_outputs()]
    parts = []
    count = max(1, 2**18 // images[0].size)
    for start in range(0, len(images), count):
        inputs = (images[start:start + count].astype(numpy.float32) / numpy.float32(255) - mean) / std
        inputs = numpy.ascontiguousarray(inputs.transpose(0, 3, 1, 2))
        parts.append(session.run(None, {"image": inputs}))
    return {name: numpy.concatenate([part[place] for part in parts]) for place, name in enumerate(names)}


def main():
    tool, library, work = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])
    os.environ["DYNADFQ_LIBRARY"] = library
    classify = load_classify()
    print("| student | images | format | other predictions | other bits or passes | logits, relative | file, KiB |")
    print("| --- | ---: | --- | ---: | ---: | ---: | ---: |")
    failures = 0
    untrained = os.environ.get("UNTRAINED", "").split(",")
    for argument in sys.argv[4:]:
        name, rest = argument.split("=", 1)
        student, data = rest.split("@", 1)
        images = pixels(data)
        compiled = work / f"{name}.dfq"
        subprocess.run([tool, "compile", student, "-o", compiled], check=True, stdout=subprocess.DEVNULL)
        logits, passes, bits = integer_network(classify, compiled, images)
        for form in os.environ.get("FORMS", ",".join(FORMS)).split(","):
            path = work / f"{name}.{form}.onnx"
            arguments = FORMS[form]
            made = subprocess.run(
                [tool, "export", student, "-o", path, *arguments], capture_output=True, text=True)
            if made.returncode != 0:
                print(f"| {name} | | {form} | {made.stderr.strip().splitlines()[-1]} | | | |", flush=True)
                continue
            found = engine(path, images)
            others = int((found["logits"].argmax(1) != logits.argmax(1)).sum())
            scale = numpy.abs(logits).max(1)
            deviation = numpy.abs(found["logits"] - logits).max(1) / scale
            choices = 0
            if "bits" in found:
                choices = int((found["bits"] != bits).any(1).sum())
            if "passes" in found:
                choices = int((found["passes"] != passes).sum())
            size = path.stat().st_size / 1024
            print(
                f"| {name} | {len(images)} | {form} | {others} | {choices} | {deviation.max():.1e}"
                f" (median {numpy.median(deviation):.0e}, {int((deviation > 1e-3).sum())} above 1e-3) | {size:.0f} |",
                flush=True)
            if form == "exact" and not data.startswith("noise:"):
                # Sums of whole numbers: nothing is left to the engine, but for sums of 8-bit products above 2^24.
                failures += others > 0 or choices > 0 or (deviation > 1e-3).sum() > len(images) // 1000
            elif name not in untrained:
                # Images whose two largest logits are nearly equal may change sides. Students that are hardly trained amplify every
                # rounding; their exact form alone tells whether the export is right.
                failures += others > max(len(images) // 200, 2)
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
