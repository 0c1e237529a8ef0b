"""The works as PyTorch loops: each function returns a step to repeat."""
import torch
import torch.nn as nn
import torch.nn.functional as F

from networks import batch, build, norms
from quantization import mean_bits, quantize


def laid_out(layout, network, images):
    if layout == "nchw":
        return network, images
    return network.to(memory_format=torch.channels_last), images.contiguous(memory_format=torch.channels_last)


def moments(x, ops):
    if ops == "native":
        variance, mean = torch.var_mean(x, dim=(0, 2, 3), unbiased=False)
        return mean, variance
    mean = x.mean((0, 2, 3))
    return mean, (x * x).mean((0, 2, 3)) - mean * mean


def synthesis(name, count, layout, ops, compiled):
    """BN statistics loss and cross entropy with soft labels, the gradient of the images only, Adam on the images."""
    images, classes = batch(name, count)
    network, images = laid_out(layout, build(name).eval().requires_grad_(False), images)
    images.requires_grad_(True)
    logits = network(images[:1]).shape[1]
    labels = F.one_hot(classes, logits) * 0.9 + 0.1 / logits
    optimizer = torch.optim.Adam([images], lr=0.1)
    distances = []

    def observe(norm, inputs, output):
        mean, variance = moments(inputs[0], ops)
        distances.append(F.mse_loss(mean, norm.running_mean) + F.mse_loss(variance, norm.running_var))

    layers = norms(network)
    for norm in layers:
        norm.register_forward_hook(observe)

    def loss(x):
        distances.clear()
        return F.cross_entropy(network(x), labels) + sum(distances) / len(layers)

    loss = torch.compile(loss) if compiled else loss

    def step():
        optimizer.zero_grad(set_to_none=True)
        loss(images).backward()
        optimizer.step()

    return step


def student(name, count, layout, ops, compiled, candidates=(4,), learned=True):
    """Teacher without gradient, fake-quantized student with the running statistics, cross entropy and distillation."""
    images, labels = batch(name, count)
    teacher, images = laid_out(layout, build(name).eval().requires_grad_(False), images)
    network, _ = laid_out(layout, quantize(build(name), candidates, ops, learned).eval(), images)
    optimizer = torch.optim.SGD(network.parameters(), lr=1e-6, momentum=0.9, nesterov=True, weight_decay=1e-4)
    temperature = 20.0

    def loss(x, target):
        y = network(x)
        divergence = F.kl_div(F.log_softmax(y / temperature, 1), F.softmax(target / temperature, 1),
                              reduction="batchmean")
        total = F.cross_entropy(y, labels) + 8000 * divergence
        return total + F.relu(mean_bits(network) - 4) if len(candidates) > 1 else total

    run_teacher = torch.compile(teacher) if compiled else teacher
    loss = torch.compile(loss) if compiled else loss

    def step():
        with torch.no_grad():
            target = run_teacher(images)
        optimizer.zero_grad(set_to_none=True)
        loss(images, target).backward()
        optimizer.step()

    return step


def train(name, count, layout, ops, compiled):
    """Batch statistics, cross entropy, SGD with momentum."""
    images, labels = batch(name, count)
    network, images = laid_out(layout, build(name).train(), images)
    optimizer = torch.optim.SGD(network.parameters(), lr=1e-3, momentum=0.9, nesterov=True, weight_decay=1e-4)
    run = torch.compile(network) if compiled else network

    def step():
        optimizer.zero_grad(set_to_none=True)
        F.cross_entropy(run(images), labels).backward()
        optimizer.step()

    return step


def infer(name, count, layout, ops, compiled):
    images, _ = batch(name, count)
    network, images = laid_out(layout, build(name).eval(), images)
    run = torch.compile(network) if compiled else network

    def step():
        with torch.inference_mode():
            run(images)

    return step
