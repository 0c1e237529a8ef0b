"""Times inference in ONNX Runtime or OpenVINO and prints one JSON line. Batch norm is folded beforehand.

Precision int8 is ONNX Runtime's own static quantization: QDQ, unsigned 8-bit activations, signed 8-bit weights per channel."""
import argparse
import os
import tempfile

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper

from networks import SHAPES, build
from stopwatch import repeat, report


class Exporter:
    """Writes a network of networks.py as ONNX."""

    def __init__(self):
        self.nodes, self.constants, self.count = [], [], 0

    def name(self, prefix):
        self.count += 1
        return f"{prefix}{self.count}"

    def constant(self, values):
        name = self.name("c")
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def add(self, kind, inputs, **attributes):
        output = self.name("t")
        self.nodes.append(helper.make_node(kind, inputs, [output], name=f"{kind}_{output}", **attributes))
        return output

    def convolution(self, x, conv, norm, uneven=None):
        scale = (norm.weight / torch.sqrt(norm.running_var + norm.eps)).detach()
        weight = (conv.weight.detach() * scale.view(-1, 1, 1, 1)).numpy()
        bias = (norm.bias - norm.running_mean * scale).detach().numpy()
        before, after = uneven or (conv.padding[0], conv.padding[0])
        return self.add("Conv", [x, self.constant(weight), self.constant(bias)], kernel_shape=list(conv.kernel_size),
                        strides=list(conv.stride), group=conv.groups, pads=[before, before, after, after])

    def shortcut(self, x, block):
        if block.shortcut is not None:
            return self.convolution(x, block.shortcut[0], block.shortcut[1])
        if not block.pad:
            return x
        ends = [np.array(v) for v in ([0, 0], [1 << 30] * 2, [2, 3], [2, 2])]
        x = self.add("Slice", [x] + [self.constant(v) for v in ends])
        return self.add("Pad", [x, self.constant(np.array([0, block.pad, 0, 0] * 2))], mode="constant")

    def mobile(self, x, layer):
        """A ConvNorm, or a MobileBlock of several."""
        if hasattr(layer, "conv"):
            y = self.convolution(x, layer.conv, layer.bn, layer.uneven)
            bounds = [self.constant(np.float32(v)) for v in (0, 6)] if layer.relu else []
            return self.add("Clip", [y, *bounds]) if layer.relu else y
        y = x
        for part in layer.layers:
            y = self.mobile(y, part)
        return self.add("Add", [x, y]) if layer.adds else y

    def residual(self, network):
        x = self.add("Relu", [self.convolution("x", network.conv1, network.bn1)])
        if hasattr(network, "pool"):
            x = self.add("MaxPool", [x], kernel_shape=[3, 3], strides=[2, 2], pads=[1] * 4)
        for block in network.blocks:
            y = self.add("Relu", [self.convolution(x, block.conv1, block.bn1)])
            y = self.convolution(y, block.conv2, block.bn2)
            x = self.add("Relu", [self.add("Add", [y, self.shortcut(x, block)])])
        return x

    def model(self, network, shape):
        if hasattr(network, "blocks"):
            x = self.residual(network)
        else:
            x = "x"
            for layer in network.layers:
                x = self.mobile(x, layer)
        x = self.add("Flatten", [self.add("GlobalAveragePool", [x])])
        weight, bias = (self.constant(p.detach().numpy()) for p in (network.fc.weight, network.fc.bias))
        x = self.add("Gemm", [x, weight, bias], transB=1)
        graph = helper.make_graph(
            self.nodes, "net", [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
            [helper.make_tensor_value_info(x, TensorProto.FLOAT, None)], self.constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
        model.ir_version = 8
        return model


def quantize(path, images):
    """Quantizes a model beside itself; the images set the ranges."""
    import logging
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
    logging.disable(logging.WARNING)

    class Reader(CalibrationDataReader):
        def __init__(self):
            self.batches = iter([{"x": images}])

        def get_next(self):
            return next(self.batches, None)

    target = path.replace("network", "integers")
    quantize_static(path, target, Reader(), quant_format=QuantFormat.QDQ, per_channel=True,
                    weight_type=QuantType.QInt8, activation_type=QuantType.QUInt8)
    return target


def onnx_runtime(path, images, threads):
    import onnxruntime
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    return lambda: session.run(None, {"x": images})[0], f"ONNX Runtime {onnxruntime.__version__}"


def openvino(path, images, threads):
    import openvino
    settings = {"INFERENCE_NUM_THREADS": threads, "PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "f32"}
    core = openvino.Core()
    request = core.compile_model(core.read_model(path), "CPU", settings).create_infer_request()
    request.set_input_tensor(openvino.Tensor(images, shared_memory=True))

    def step():
        request.infer()
        return request.get_output_tensor().data

    return step, f"OpenVINO {openvino.__version__}"


parser = argparse.ArgumentParser()
parser.add_argument("--engine", default="onnxruntime", choices=["onnxruntime", "openvino"])
parser.add_argument("--network", default="resnet20", choices=["resnet20", "resnet18", "efficientnet-lite0"])
parser.add_argument("--batch", type=int, default=16)
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--seconds", type=float, default=5)
parser.add_argument("--precision", default="float32", choices=["float32", "int8"])
a = parser.parse_args()

torch.set_num_threads(a.threads)
network = build(a.network).eval()
shape = (a.batch, *SHAPES[a.network])
images = np.random.default_rng(0).standard_normal(shape, dtype=np.float32)
with torch.no_grad():
    expected = network(torch.from_numpy(images)).numpy()
with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "network.onnx")
    onnx.save(Exporter().model(network, shape), path)
    path = quantize(path, images) if a.precision == "int8" else path
    step, engine = (onnx_runtime if a.engine == "onnxruntime" else openvino)(path, images, a.threads)
error = float(np.abs(step() - expected).max() / np.abs(expected).max())
assert error < (1e-3 if a.precision == "float32" else 0.5), f"{engine} is off by {error}"
report(repeat(step, a.seconds), a.batch, what=f"infer {a.precision}", network=a.network, threads=a.threads, engine=engine,
       error=round(error, 7))
