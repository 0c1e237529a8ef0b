"""Fake quantization in PyTorch as research code has it: weights per channel, activations per tensor with a learned
step, and a choice of bits for each image. ops is "native" (torch.fake_quantize_*) or "hand" (multiply, clamp, round
with straight-through gradients)."""
import torch
import torch.nn as nn
import torch.nn.functional as F


def rounded(x):
    return x + (torch.round(x) - x).detach()


def scaled_gradient(x, factor):
    return (x - x * factor).detach() + x * factor


def quantized_weight(w, bits, ops):
    """Symmetric, one step a channel from its largest magnitude."""
    top = 2 ** (bits - 1) - 1
    step = w.detach().abs().amax((1, 2, 3)).clamp_min(1e-8) / top
    if ops == "native":
        zero = torch.zeros_like(step, dtype=torch.int32)
        return torch.fake_quantize_per_channel_affine(w, step, zero, 0, -top, top)
    step = step.view(-1, 1, 1, 1)
    return rounded(w / step) * step  # nothing lies beyond the top, so nothing need be clamped


class Activation(nn.Module):
    """Unsigned per-tensor fake quantization; the step is learned (LSQ) or fixed."""

    def __init__(self, bits, ops, learned):
        super().__init__()
        self.top, self.ops, self.learned = 2 ** bits - 1, ops, learned
        step = torch.tensor([4.0 / self.top])
        self.step = nn.Parameter(step) if learned else step.item()
        if learned:
            self.register_buffer("zero", torch.zeros(1))

    def forward(self, x):
        if not self.learned:
            if self.ops == "native":
                return torch.fake_quantize_per_tensor_affine(x, self.step, 0, 0, self.top)
            return rounded(torch.clamp(x * (1 / self.step), 0, self.top)) * self.step
        factor = (x.numel() / x.shape[0] * self.top) ** -0.5
        if self.ops == "native":
            return torch._fake_quantize_learnable_per_tensor_affine(
                x, self.step, self.zero, 0, self.top, factor)
        step = scaled_gradient(self.step, factor)
        return rounded(torch.clamp(x / step, 0, self.top)) * step


class Choice(nn.Module):
    """Candidates of bits and a selector per image: value of the chosen one, gradient of the softmax mixture."""

    def __init__(self, channels, candidates, ops, learned):
        super().__init__()
        self.candidates = nn.ModuleList(Activation(bits, ops, learned) for bits in candidates)
        self.selector = nn.Linear(channels, len(candidates))
        self.register_buffer("bits", torch.tensor([float(b) for b in candidates]))
        self.mean_bits = None

    def forward(self, x):
        soft = F.softmax(self.selector(x.mean((2, 3))), dim=1)
        hard = F.one_hot(soft.argmax(1), soft.shape[1]).to(soft.dtype)
        share = hard + soft - soft.detach()
        self.mean_bits = (share * self.bits).sum(1).mean()
        terms = [candidate(x) * share[:, i].view(-1, 1, 1, 1)
                 for i, candidate in enumerate(self.candidates)]
        return sum(terms[1:], terms[0])


class QuantizedConvolution(nn.Module):
    def __init__(self, convolution, candidates, ops, learned):
        super().__init__()
        self.convolution, self.ops = convolution, ops
        if len(candidates) == 1:
            self.inputs = Activation(candidates[0], ops, learned)
        else:
            self.inputs = Choice(convolution.in_channels, candidates, ops, learned)

    def forward(self, x):
        c = self.convolution
        weight = quantized_weight(c.weight, 4, self.ops)
        return F.conv2d(self.inputs(x), weight, None, c.stride, c.padding, c.dilation, c.groups)


def quantize(network, candidates, ops, learned=True):
    """Replaces every convolution but the first, whose weights stay in floating point as its input does."""
    first = next(m for m in network.modules() if isinstance(m, nn.Conv2d))
    for parent in list(network.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, nn.Conv2d) and child is not first and not isinstance(parent, QuantizedConvolution):
                setattr(parent, name, QuantizedConvolution(child, candidates, ops, learned))
    return network


def mean_bits(network):
    chosen = [m.mean_bits for m in network.modules() if isinstance(m, Choice)]
    return sum(chosen) / len(chosen)
