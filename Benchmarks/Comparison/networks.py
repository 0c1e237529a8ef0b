"""The networks by hand in PyTorch, with random weights: shapes and layers as in Sources/DFQGraph/Zoo."""
import torch
import torch.nn as nn
import torch.nn.functional as F

SHAPES = {"resnet20": (3, 32, 32), "resnet18": (3, 224, 224), "efficientnet-lite0": (3, 224, 224)}
CLASSES = {"resnet20": 10, "resnet18": 1000, "efficientnet-lite0": 1000}


class BasicBlock(nn.Module):
    """A ResNet block; its shortcut is a padded identity (CIFAR) or a 1x1 convolution (ImageNet)."""

    def __init__(self, inputs, outputs, stride, projection):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.stride, self.pad, self.shortcut = stride, 0, None
        if stride != 1 or inputs != outputs:
            if projection:
                self.shortcut = nn.Sequential(
                    nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))
            else:
                self.pad = (outputs - inputs) // 2

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        if self.shortcut is not None:
            x = self.shortcut(x)
        elif self.pad:
            x = F.pad(x[:, :, ::self.stride, ::self.stride], (0, 0, 0, 0, self.pad, self.pad))
        return F.relu(y + x)


class ResNet20(nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 16, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(16)
        self.blocks = blocks(16, ((16, 1), (32, 2), (64, 2)), 3, projection=False)
        self.fc = nn.Linear(64, classes)

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        return self.fc(self.blocks(x).mean((2, 3)))


class ResNet18(nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.pool = nn.MaxPool2d(3, 2, 1)
        self.blocks = blocks(64, ((64, 1), (128, 2), (256, 2), (512, 2)), 2, projection=True)
        self.fc = nn.Linear(512, classes)

    def forward(self, x):
        x = self.pool(F.relu(self.bn1(self.conv1(x))))
        return self.fc(self.blocks(x).mean((2, 3)))


def blocks(inputs, stages, depth, projection):
    result = []
    for outputs, stride in stages:
        for place in range(depth):
            result.append(BasicBlock(inputs, outputs, stride if place == 0 else 1, projection))
            inputs = outputs
    return nn.Sequential(*result)


class ConvNorm(nn.Module):
    """A convolution with TensorFlow's "same" padding, batch norm and perhaps ReLU6."""

    def __init__(self, inputs, outputs, kernel, stride, extent, groups=1, relu=True):
        super().__init__()
        total = max((-(-extent // stride) - 1) * stride + kernel - extent, 0)
        self.relu = relu
        self.uneven = (total // 2, total - total // 2) if total % 2 else None
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, 0 if self.uneven else total // 2,
                              groups=groups, bias=False)
        self.bn = nn.BatchNorm2d(outputs, eps=1e-3, momentum=0.01)

    def forward(self, x):
        if self.uneven:
            x = F.pad(x, self.uneven + self.uneven)
        x = self.bn(self.conv(x))
        return F.relu6(x) if self.relu else x


class MobileBlock(nn.Module):
    """Expand, depthwise, project; the input is added where shapes agree."""

    def __init__(self, inputs, outputs, kernel, stride, expansion, extent):
        super().__init__()
        hidden = inputs * expansion
        layers = [ConvNorm(inputs, hidden, 1, 1, extent)] if expansion != 1 else []
        layers.append(ConvNorm(hidden, hidden, kernel, stride, extent, groups=hidden))
        layers.append(ConvNorm(hidden, outputs, 1, 1, extent, relu=False))
        self.layers = nn.Sequential(*layers)
        self.adds = stride == 1 and inputs == outputs

    def forward(self, x):
        y = self.layers(x)
        return x + y if self.adds else y


class EfficientNetLite0(nn.Module):
    STAGES = ((1, 3, 1, 1, 16), (2, 3, 2, 6, 24), (2, 5, 2, 6, 40), (3, 3, 2, 6, 80),
              (3, 5, 1, 6, 112), (4, 5, 2, 6, 192), (1, 3, 1, 6, 320))

    def __init__(self, classes):
        super().__init__()
        layers, inputs, extent = [ConvNorm(3, 32, 3, 2, 224)], 32, 112
        for units, kernel, stride, expansion, outputs in self.STAGES:
            for place in range(units):
                step = stride if place == 0 else 1
                layers.append(MobileBlock(inputs, outputs, kernel, step, expansion, extent))
                inputs, extent = outputs, -(-extent // step)
        layers.append(ConvNorm(inputs, 1280, 1, 1, extent))
        self.layers = nn.Sequential(*layers)
        self.fc = nn.Linear(1280, classes)

    def forward(self, x):
        return self.fc(self.layers(x).mean((2, 3)))


def build(name):
    """The network with running statistics such as training leaves behind."""
    torch.manual_seed(0)
    kinds = {"resnet20": ResNet20, "resnet18": ResNet18, "efficientnet-lite0": EfficientNetLite0}
    network = kinds[name](CLASSES[name])
    for norm in norms(network):
        norm.running_mean.normal_(0, 0.1)
        norm.running_var.uniform_(0.5, 1.5)
    return network


def norms(network):
    return [m for m in network.modules() if isinstance(m, nn.BatchNorm2d)]


def batch(name, count):
    """Random images and labels."""
    return torch.randn(count, *SHAPES[name]), torch.randint(0, CLASSES[name], (count,))
