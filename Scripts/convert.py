#!/usr/bin/env python3
"""A PyTorch checkpoint as a safetensors file that `dynadfq` and `Network(contentsOf:)` read.

    Scripts/convert.py resnet20.th resnet20.safetensors --arch resnet20-cifar --mean 0.485,0.456,0.406 --std 0.229,0.224,0.225

The checkpoint is a state_dict, or a dict that holds one under "state_dict"; a whole pickled model is not loaded, since that
would run its code. "module." before names is dropped, and so is num_batches_tracked. Names must be those of the public
checkpoints (`dynadfq inspect` says which parameter is missing). Needs torch.
"""
import argparse
import json
import os
import re
import struct
import sys

FAMILY = re.compile(r"resnet(18|34|50)|resnet(\d{1,4})-cifar(-projection)?|mobilenetv2|efficientnet-lite0")
ARGUMENTS = {"input": r"[1-9]\d{0,3}(x[1-9]\d{0,3}){2}", "classes": r"[2-9]|[1-9]\d{1,5}"}


class ConversionError(Exception):
    """What is wrong, in one line."""


def architecture(name, shape, classes):
    """The name with its arguments, `resnet20-cifar:input=28x28x1,classes=10`."""
    family, _, rest = name.partition(":")
    match = FAMILY.fullmatch(family)
    if not match or (match[2] and (int(match[2]) < 8 or int(match[2]) % 6 != 2)):
        raise ConversionError(f"--arch {family}: expected resnet18, resnet34, resnet50, resnetN-cifar or "
                              "resnetN-cifar-projection (N = 8, 14, 20, ...), mobilenetv2 or efficientnet-lite0")
    arguments = dict(part.partition("=")[::2] for part in rest.split(",") if part)
    arguments |= {key: value for key, value in (("input", shape), ("classes", classes)) if value is not None}
    for key, value in arguments.items():
        if not re.fullmatch(ARGUMENTS.get(key, "(?!)"), value):
            raise ConversionError(f"{key}={value}: expected input=HxWxC, such as 32x32x3, or classes=N, N at least 2")
    return family + ":" * bool(arguments) + ",".join(f"{key}={value}" for key, value in arguments.items())


def normalization(mean, deviation):
    """The metadata of (x / 255 - mean) / std, none where both are left to the architecture."""
    if mean is None and deviation is None:
        return {}
    if mean is None or deviation is None:
        raise ConversionError("--mean needs --std and --std needs --mean")
    try:
        means, deviations = ([float(word) for word in text.split(",")] for text in (mean, deviation))
    except ValueError as error:
        raise ConversionError(f"--mean {mean} --std {deviation}: {error}") from None
    if len(means) != len(deviations):
        raise ConversionError(f"--mean has {len(means)} numbers and --std {len(deviations)}")
    if not all(abs(m) < 1e6 for m in means) or not all(0 < d < 1e6 for d in deviations):
        raise ConversionError("--mean must be finite and --std finite and greater than 0")
    return {"mean": ",".join(map(repr, means)), "std": ",".join(map(repr, deviations))}


def tensors(path):
    """The checkpoint's tensors by name, float32."""
    import torch

    try:
        loaded = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch.load has no type of its own for a damaged file.
        reason = getattr(error, "strerror", None) or f"not a checkpoint that holds only tensors ({type(error).__name__})"
        raise ConversionError(f"{path}: {reason}") from None
    loaded = loaded.get("state_dict", loaded) if isinstance(loaded, dict) else loaded
    if not isinstance(loaded, dict) or not loaded:
        raise ConversionError(f"{path}: expected a state_dict, found {type(loaded).__name__}")
    result = {}
    for key, value in loaded.items():
        name = str(key).removeprefix("module.")
        if name.endswith("num_batches_tracked"):
            continue
        if not isinstance(value, torch.Tensor) or not value.is_floating_point() or value.layout != torch.strided:
            found = getattr(value, "dtype", type(value).__name__)
            raise ConversionError(f"{path}: {key}: expected a dense floating-point tensor, found {found}")
        if name in result:
            raise ConversionError(f"{path}: {name} is there with and without \"module.\"")
        result[name] = value.detach().to(torch.float32).contiguous()
        if not torch.isfinite(result[name]).all():
            raise ConversionError(f"{path}: {key}: not finite in float32")
    return result


def write(path, values, metadata):
    """The file, whole or not at all."""
    header, offset = {"__metadata__": metadata}, 0
    for name, value in values.items():
        end = offset + 4 * value.numel()
        header[name] = {"dtype": "F32", "shape": list(value.shape), "data_offsets": [offset, end]}
        offset = end
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    beside = f"{path}.{os.getpid()}.partial"
    try:
        with open(beside, "wb") as file:
            file.write(struct.pack("<Q", len(text)) + text)
            for value in values.values():
                file.write(value.numpy().astype("<f4", copy=False).tobytes())
        os.replace(beside, path)
    except OSError as error:
        raise ConversionError(f"{path}: {error.strerror or error}") from None
    finally:
        if os.path.exists(beside):
            os.remove(beside)


def main():
    parser = argparse.ArgumentParser(description="Convert a PyTorch state_dict to safetensors.")
    parser.add_argument("checkpoint", help="the .pt or .pth file")
    parser.add_argument("output", help="the .safetensors file")
    parser.add_argument("--arch", required=True, help="resnet20-cifar, resnet18, mobilenetv2, efficientnet-lite0, ...")
    parser.add_argument("--mean", help="per channel, of pixels from 0 to 1; the architecture's usual values by default")
    parser.add_argument("--std", help="per channel, of pixels from 0 to 1")
    parser.add_argument("--classes", help="the number of classes, where it is not the architecture's usual")
    parser.add_argument("--input", help="the images' shape HxWxC, where it is not the architecture's usual")
    options = parser.parse_args()
    try:
        metadata = {"arch": architecture(options.arch, options.input, options.classes), "format": "pt"}
        metadata |= normalization(options.mean, options.std)
        values = tensors(options.checkpoint)
        write(options.output, values, metadata)
    except (ConversionError, ImportError) as error:
        sys.exit(f"convert.py: {error}")
    print(f"{options.output}: {len(values)} tensors, {sum(v.numel() for v in values.values())} values, {metadata['arch']}")


if __name__ == "__main__":
    main()
