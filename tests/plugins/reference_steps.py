"""Writes reference_steps.h: weights after 1, 2 and 20 steps of PyTorch's own optimizers, which
test_optimizer.c compares with the plug-ins. Run by hand where PyTorch (1.13 then) is installed:

    /usr/bin/python3 tests/plugins/reference_steps.py > tests/plugins/reference_steps.h

The gradient is that of a quadratic bowl, (w - CENTRE) * CURVATURE, in float32. PyTorch has no Lion:
its steps are those of the paper's formula in float32.
"""

import functools
import itertools

import numpy
import torch

START = [1.0, -2.0, 0.5, 3.0]
CENTRE = [0.25, 1.0, -1.0, 2.0]
CURVATURE = [1.0, 0.5, 2.0, 0.125]
STEPS = [1, 2, 20]

# Where PyTorch calls a setting something else.
KEYWORDS = {
    "initial_accumulator": "initial_accumulator_value",
}
PAIRS = {
    "betas": ("beta1", "beta2"),
    "etas": ("eta_minus", "eta_plus"),
    "step_sizes": ("step_min", "step_max"),
}


class Lion:
    """Chen et al. 2023, algorithm 2."""

    def __init__(self, parameters, lr, betas=(0.9, 0.99), weight_decay=0):
        self.tensor = parameters[0]
        self.momentum = numpy.zeros(self.tensor.numel(), numpy.float32)
        numbers = (lr, weight_decay, *betas, 1 - betas[0], 1 - betas[1])
        self.numbers = [numpy.float32(x) for x in numbers]

    def step(self):
        lr, decay, beta1, beta2, rest1, rest2 = self.numbers
        w, g, m = self.tensor.detach().numpy(), self.tensor.grad.numpy(), self.momentum
        w -= lr * (numpy.sign(beta1 * m + rest1 * g) + decay * w)
        m[:] = beta2 * m + rest2 * g


OPTIMIZERS = {
    "sgd": torch.optim.SGD,
    "adagrad": torch.optim.Adagrad,
    "rmsprop": torch.optim.RMSprop,
    "adam": torch.optim.Adam,
    "adamw": torch.optim.AdamW,
    "adadelta": torch.optim.Adadelta,
    "adamax": torch.optim.Adamax,
    "lion": Lion,
    # In 1.13 the loop without foreach multiplies a momentum twice into the product of step t + 1.
    "nadam": functools.partial(torch.optim.NAdam, foreach=True),
    "radam": torch.optim.RAdam,
    "rprop": torch.optim.Rprop,
}


def combinations(**choices):
    """Every combination of the given settings, each absent or set."""
    names = list(choices)
    for used in itertools.product([False, True], repeat=len(names)):
        yield {n: choices[n] for n, u in zip(names, used) if u}


def cases():
    for s in combinations(momentum=0.9, dampening=0.25, nesterov=1, weight_decay=0.05):
        if s.get("nesterov") and ("momentum" not in s or "dampening" in s):
            continue
        yield "sgd", 0.05, s
    for s in combinations(lr_decay=0.1, initial_accumulator=0.5, weight_decay=0.05):
        yield "adagrad", 0.2, s
    yield "adagrad", 0.2, {"eps": 0.01}
    for s in combinations(momentum=0.8, centered=1, weight_decay=0.05):
        yield "rmsprop", 0.01, s
    yield "rmsprop", 0.01, {"alpha": 0.9, "eps": 0.001}
    for name in ("adam", "adamw"):
        for s in combinations(amsgrad=1, weight_decay=0.05):
            yield name, 0.1, s
        yield name, 0.1, {"beta1": 0.8, "beta2": 0.99, "eps": 0.001}
        yield name, 0.1, {"beta1": 0.8, "beta2": 0.5, "eps": 0.001, "amsgrad": 1}
    for name, lr in ("adadelta", 1), ("adamax", 0.1), ("lion", 0.05), ("nadam", 0.1), ("radam", 0.1):
        yield name, lr, {}
        yield name, lr, {"weight_decay": 0.05}
    yield "adadelta", 1, {"rho": 0.8, "eps": 0.01, "weight_decay": 0.05}
    yield "adadelta", 0.3, {"rho": 0.5, "eps": 0.1}
    for name in ("adamax", "nadam", "radam"):
        yield name, 0.1, {"beta1": 0.8, "beta2": 0.99, "eps": 0.001, "weight_decay": 0.05}
        yield name, 0.1, {"beta1": 0.8, "beta2": 0.5, "eps": 0.001}
    yield "lion", 0.05, {"beta1": 0.8, "beta2": 0.5, "weight_decay": 0.05}
    yield "nadam", 0.1, {"momentum_decay": 0.3, "weight_decay": 0.05}
    yield "rprop", 0.01, {}
    yield "rprop", 0.2, {"eta_minus": 0.25, "eta_plus": 1.5}
    yield "rprop", 0.2, {"step_min": 0.15, "step_max": 0.4}
    yield "rprop", 0.05, {"step_min": 0.1, "step_max": 0.3, "eta_minus": 0.7, "eta_plus": 1.1}


def keywords(settings):
    paired = {n for pair in PAIRS.values() for n in pair}
    given = {KEYWORDS.get(k, k): v for k, v in settings.items() if k not in paired}
    for flag in ("nesterov", "centered", "amsgrad"):
        if flag in given:
            given[flag] = True
    for keyword, (first, second) in PAIRS.items():
        if first in settings:
            given[keyword] = (settings[first], settings[second])
    return given


def run(name, lr, settings):
    w = torch.tensor(START, dtype=torch.float32, requires_grad=True)
    centre, curvature = torch.tensor(CENTRE), torch.tensor(CURVATURE)
    optimizer = OPTIMIZERS[name]([w], lr=lr, **keywords(settings))
    for step in range(1, max(STEPS) + 1):
        w.grad = ((w - centre) * curvature).detach()
        optimizer.step()
        if step in STEPS:
            yield w.detach().tolist()


def main():
    print("/* Weights after 1, 2 and 20 steps of PyTorch %s (lion: of its formula).\n"
          " * Written by reference_steps.py. */"
          % torch.__version__)
    print("/* clang-format off */")
    print("static const reference references[] = {")
    for name, lr, settings in cases():
        text = " ".join("%s=%g" % item for item in settings.items())
        rows = ",\n      ".join("{" + ", ".join("%.9g" % v for v in row) + "}"
                         for row in run(name, lr, settings))
        print('    {"%s", "%s", %g,\n     {%s}},' % (name, text, lr, rows))
    print("};")
    print("/* clang-format on */")


main()
