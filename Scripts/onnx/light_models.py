"""The light models of the onnx package (constant weights, public architectures) with inputs and ONNX Runtime's logits.

    light_models.py OUTPUT_DIRECTORY

A softmax at the end is left out of the reference, as the reader leaves it out.
"""
import pathlib
import sys

import numpy
import onnx
import onnxruntime
from safetensors.numpy import save_file


def main():
    directory = pathlib.Path(sys.argv[1])
    directory.mkdir(parents=True, exist_ok=True)
    source = pathlib.Path(onnx.__file__).parent / "backend" / "test" / "data" / "light"
    for path in sorted(source.glob("*.onnx")):
        model = onnx.load(path)
        constants = {tensor.name for tensor in model.graph.initializer}
        constants |= {node.output[0] for node in model.graph.node if node.op_type in ("Constant", "ConstantOfShape")}
        image = next(value for value in model.graph.input if value.name not in constants)
        last = model.graph.node[-1]
        if last.op_type == "Softmax":
            model.graph.output[0].name = last.input[0]
            model.graph.output[0].type.tensor_type.ClearField("shape")
            del model.graph.node[-1]
        shape = [dimension.dim_value for dimension in image.type.tensor_type.shape.dim]
        session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
        inputs = numpy.random.default_rng(2).standard_normal(shape).astype(numpy.float32)
        logits = session.run(None, {image.name: inputs})[0].reshape(shape[0], -1)
        target = directory / path.name
        onnx.save(model, target)
        save_file({"inputs": inputs, "logits": numpy.ascontiguousarray(logits)}, target.with_suffix(".safetensors"))
        print(target.name, shape, logits.shape, flush=True)


if __name__ == "__main__":
    main()
