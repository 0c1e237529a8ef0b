"""The public networks as PyTorch modules, exported to ONNX with batch norm kept: ResNet-20 of CIFAR-10 and EfficientNet-Lite0.

    public_networks.py OUTPUT_DIRECTORY WEIGHTS.safetensors ...

The kind of network follows from the names in the file; layers have the names of the checkpoints.
"""
import pathlib
import sys
import warnings

import torch
from safetensors.torch import load_file
from torch import nn
from torch.nn import functional


class PadShortcut(nn.Module):
    """Every second pixel, with zero channels on both sides (He et al., 2016, option A)."""

    def __init__(self, more):
        super().__init__()
        self.more = more

    def forward(self, x):
        return functional.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, self.more // 2, self.more - self.more // 2))


class Block(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.shortcut = PadShortcut(outputs - inputs) if stride != 1 else nn.Identity()

    def forward(self, x):
        y = self.bn2(self.conv2(functional.relu(self.bn1(self.conv1(x)))))
        return functional.relu(y + self.shortcut(x))


class ResNet20(nn.Module):
    def __init__(self, classes=10):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 16, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(16)
        for stage, (inputs, outputs) in enumerate([(16, 16), (16, 32), (32, 64)], 1):
            blocks = [Block(inputs, outputs, 1 if stage == 1 else 2)] + [Block(outputs, outputs, 1) for _ in range(2)]
            setattr(self, f"layer{stage}", nn.Sequential(*blocks))
        self.linear = nn.Linear(64, classes)

    def forward(self, x):
        x = functional.relu(self.bn1(self.conv1(x)))
        x = self.layer3(self.layer2(self.layer1(x)))
        return self.linear(x.mean((2, 3)))


def same_padding(x, kernel, stride):
    """TensorFlow's: as many zeros as the last window needs, the odd one after."""
    pads = []
    for size in (x.shape[3], x.shape[2]):
        total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
        pads += [total // 2, total - total // 2]
    return functional.pad(x, pads) if any(pads) else x


class SameConv(nn.Conv2d):
    def forward(self, x):
        return super().forward(same_padding(x, self.kernel_size[0], self.stride[0]))


def norm(channels):
    return nn.BatchNorm2d(channels, eps=1e-3)


class Inverted(nn.Module):
    """An inverted residual block, without its expansion where the ratio is 1."""

    def __init__(self, inputs, outputs, kernel, stride, ratio=6):
        super().__init__()
        middle = inputs * ratio
        if ratio != 1:
            self._expand_conv, self._bn0 = nn.Conv2d(inputs, middle, 1, bias=False), norm(middle)
        self._depthwise_conv = SameConv(middle, middle, kernel, stride, groups=middle, bias=False)
        self._bn1 = norm(middle)
        self._project_conv, self._bn2 = nn.Conv2d(middle, outputs, 1, bias=False), norm(outputs)
        self.expands, self.has_skip = ratio != 1, stride == 1 and inputs == outputs

    def forward(self, x):
        y = functional.relu6(self._bn0(self._expand_conv(x))) if self.expands else x
        y = functional.relu6(self._bn1(self._depthwise_conv(y)))
        y = self._bn2(self._project_conv(y))
        return x + y if self.has_skip else y


class EfficientNetLite0(nn.Module):
    """Widths and strides of https://github.com/tensorflow/tpu (efficientnet/lite), names of the public PyTorch checkpoint."""

    def __init__(self, classes=1000):
        super().__init__()
        self._conv_stem, self._bn0 = SameConv(3, 32, 3, 2, bias=False), norm(32)
        blocks, inputs = [Inverted(32, 16, 3, 1, ratio=1)], 16
        for outputs, kernel, stride, count in [
            (24, 3, 2, 2), (40, 5, 2, 2), (80, 3, 2, 3), (112, 5, 1, 3), (192, 5, 2, 4), (320, 3, 1, 1),
        ]:
            blocks.append(Inverted(inputs, outputs, kernel, stride))
            blocks += [Inverted(outputs, outputs, kernel, 1) for _ in range(count - 1)]
            inputs = outputs
        self._blocks = nn.Sequential(*blocks)
        self._conv_head, self._bn1 = nn.Conv2d(320, 1280, 1, bias=False), norm(1280)
        self._fc = nn.Linear(1280, classes)

    def forward(self, x):
        x = self._blocks(functional.relu6(self._bn0(self._conv_stem(x))))
        return self._fc(functional.relu6(self._bn1(self._conv_head(x))).mean((2, 3)))


def main():
    directory = pathlib.Path(sys.argv[1])
    directory.mkdir(parents=True, exist_ok=True)
    for path in map(pathlib.Path, sys.argv[2:]):
        weights = load_file(path)
        is_small = any(name.startswith("layer1") for name in weights)
        model, side = (ResNet20(), 32) if is_small else (EfficientNetLite0(), 224)
        missing, unexpected = model.load_state_dict(weights, strict=False)
        missing = [name for name in missing if not name.endswith("num_batches_tracked")]
        if missing or unexpected:
            sys.exit(f"{path}: missing {missing[:3]}, unexpected {unexpected[:3]}")
        model.eval()
        output = directory / f"{path.stem}.onnx"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torch.onnx.export(
                model, torch.randn(1, 3, side, side), output, dynamo=False, opset_version=17,
                training=torch.onnx.TrainingMode.PRESERVE, do_constant_folding=False)
        print(output, flush=True)


if __name__ == "__main__":
    main()
