"""Exports networks of torchvision with random weights to ONNX, each with inputs and the logits of ONNX Runtime.

    networks.py OUTPUT_DIRECTORY [NAME ...]
"""
import pathlib
import sys
import warnings

import numpy
import onnxruntime
import torch
import torchvision
from safetensors.numpy import save_file

# The networks, with the side of their images.
NETWORKS = {
    "resnet18": 224, "resnet50": 224, "mobilenet_v2": 224, "mobilenet_v3_small": 224, "mobilenet_v3_large": 224,
    "efficientnet_b0": 224, "regnet_y_400mf": 224, "densenet121": 224, "squeezenet1_1": 224, "googlenet": 224,
    "convnext_tiny": 224, "vgg11_bn": 224, "shufflenet_v2_x0_5": 224, "shufflenet_v2_x1_0": 224, "mnasnet0_5": 224,
    "efficientnet_v2_s": 224, "resnext50_32x4d": 224,
}


def randomize(model: torch.nn.Module) -> None:
    """Statistics and scales that no exporter can leave out, and values that stay in range through many layers."""
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.weight, 0.5, 1.5)
            torch.nn.init.uniform_(module.bias, -0.2, 0.2)
            torch.nn.init.uniform_(module.running_mean, -0.2, 0.2)
            torch.nn.init.uniform_(module.running_var, 0.5, 1.5)


def export(model: torch.nn.Module, image: torch.Tensor, path: pathlib.Path, kind: str) -> None:
    """Exports with the old exporter, batch norm kept or folded, at an opset without layer norm, or with the new one."""
    if kind == "dynamo":
        torch.onnx.export(model, (image,), path, dynamo=True, external_data=False, verbose=False)
        return
    kept = kind == "kept"
    torch.onnx.export(
        model, (image,), path, dynamo=False, opset_version=13 if kind == "opset13" else 17, input_names=["image"],
        output_names=["logits"], dynamic_axes={"image": {0: "N"}, "logits": {0: "N"}}, do_constant_folding=not kept,
        training=torch.onnx.TrainingMode.PRESERVE if kept else torch.onnx.TrainingMode.EVAL)


def main() -> None:
    directory = pathlib.Path(sys.argv[1])
    directory.mkdir(parents=True, exist_ok=True)
    names = sys.argv[2:] or list(NETWORKS)
    for name in names:
        torch.manual_seed(1)
        extra = {"aux_logits": False} if name == "googlenet" else {}
        model = torchvision.models.get_model(name, weights=None, **extra)
        randomize(model)
        model.eval()
        image = torch.randn(1, 3, NETWORKS[name], NETWORKS[name])
        # Layer norm is written in single operators where there is no operator for it.
        has_layer_norm = any(isinstance(module, torch.nn.LayerNorm) for module in model.modules())
        for kind in ["kept", "folded", "dynamo"] + ["opset13"] * has_layer_norm:
            path = directory / f"{name}.{kind}.onnx"
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    export(model, image, path, kind)
                session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
                count = 2 if kind != "dynamo" else 1
                inputs = numpy.random.default_rng(2).standard_normal((count, *image.shape[1:])).astype(numpy.float32)
                logits = session.run(None, {session.get_inputs()[0].name: inputs})[0]
                save_file({"inputs": inputs, "logits": logits}, path.with_suffix(".safetensors"))
                print(f"{path.name} {path.stat().st_size} bytes", flush=True)
            except Exception as error:  # An exporter that fails is reported, and the others go on.
                print(f"{path.name} not exported: {type(error).__name__}: {str(error).splitlines()[0][:120]}", flush=True)


if __name__ == "__main__":
    main()
