"""Times float32 inference in ONNX Runtime or OpenVINO and prints one JSON line. Batch norm is folded beforehand."""
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
    """Writes a ResNet of networks.py as ONNX."""

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

    def convolution(self, x, conv, norm):
        scale = (norm.weight / torch.sqrt(norm.running_var + norm.eps)).detach()
        weight = (conv.weight.detach() * scale.view(-1, 1, 1, 1)).numpy()
        bias = (norm.bias - norm.running_mean * scale).detach().numpy()
        return self.add("Conv", [x, self.constant(weight), self.constant(bias)], kernel_shape=list(conv.kernel_size),
                        strides=list(conv.stride), pads=[conv.padding[0]] * 4)

    def shortcut(self, x, block):
        if block.shortcut is not None:
            return self.convolution(x, block.shortcut[0], block.shortcut[1])
        if not block.pad:
            return x
        ends = [np.array(v) for v in ([0, 0], [1 << 30] * 2, [2, 3], [2, 2])]
        x = self.add("Slice", [x] + [self.constant(v) for v in ends])
        return self.add("Pad", [x, self.constant(np.array([0, block.pad, 0, 0] * 2))], mode="constant")

    def model(self, network, shape):
        x = self.add("Relu", [self.convolution("x", network.conv1, network.bn1)])
        if hasattr(network, "pool"):
            x = self.add("MaxPool", [x], kernel_shape=[3, 3], strides=[2, 2], pads=[1] * 4)
        for block in network.blocks:
            y = self.add("Relu", [self.convolution(x, block.conv1, block.bn1)])
            y = self.convolution(y, block.conv2, block.bn2)
            x = self.add("Relu", [self.add("Add", [y, self.shortcut(x, block)])])
        x = self.add("Flatten", [self.add("GlobalAveragePool", [x])])
        weight, bias = (self.constant(p.detach().numpy()) for p in (network.fc.weight, network.fc.bias))
        x = self.add("Gemm", [x, weight, bias], transB=1)
        graph = helper.make_graph(
            self.nodes, "net", [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
            [helper.make_tensor_value_info(x, TensorProto.FLOAT, None)], self.constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
        model.ir_version = 8
        return model


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
parser.add_argument("--network", default="resnet20", choices=["resnet20", "resnet18"])
parser.add_argument("--batch", type=int, default=16)
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--seconds", type=float, default=5)
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
    step, engine = (onnx_runtime if a.engine == "onnxruntime" else openvino)(path, images, a.threads)
error = float(np.abs(step() - expected).max() / np.abs(expected).max())
assert error < 1e-3, f"{engine} is off by {error}"
report(repeat(step, a.seconds), a.batch, what="infer", network=a.network, threads=a.threads, engine=engine,
       error=round(error, 7))
