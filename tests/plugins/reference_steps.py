"""Writes reference_steps.h: weights after 1, 2 and 20 steps of PyTorch's own optimizers, which
test_optimizer.c compares with the plug-ins. Run by hand where PyTorch (1.13 then) is installed:

    /usr/bin/python3 tests/plugins/reference_steps.py > tests/plugins/reference_steps.h

The gradient is that of a quadratic bowl, (w - CENTRE) * CURVATURE, in float32.
"""

import itertools

import torch

START = [1.0, -2.0, 0.5, 3.0]
CENTRE = [0.25, 1.0, -1.0, 2.0]
CURVATURE = [1.0, 0.5, 2.0, 0.125]
STEPS = [1, 2, 20]

# Where PyTorch calls a setting something else.
KEYWORDS = {
    "initial_accumulator": "initial_accumulator_value",
    "beta1": None,
    "beta2": None,
}

OPTIMIZERS = {
    "sgd": torch.optim.SGD,
    "adagrad": torch.optim.Adagrad,
    "rmsprop": torch.optim.RMSprop,
    "adam": torch.optim.Adam,
    "adamw": torch.optim.AdamW,
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


def keywords(settings):
    given = {KEYWORDS.get(k, k): v for k, v in settings.items() if KEYWORDS.get(k, k)}
    for flag in ("nesterov", "centered", "amsgrad"):
        if flag in given:
            given[flag] = True
    if "beta1" in settings:
        given["betas"] = (settings["beta1"], settings["beta2"])
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
    print("/* Weights after 1, 2 and 20 steps of PyTorch %s. Written by reference_steps.py. */"
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
