"""Writes reference_model_steps.h: what test_model_optimizers.c compares the optimizers of a whole
model with. Run by hand where numpy and PyTorch (1.13 then) are installed:

    /usr/bin/python3 tests/plugins/reference_model_steps.py > tests/plugins/reference_model_steps.h

sam and prodigy: weights after 1, 2, 10 and 20 steps, derived again from the papers in numpy and
float64. lbfgs: the loss before each of PyTorch's own steps with one iteration each, in float64.

Six weights in two tensors, of 4 and 2, descend a bowl with a valley in it:
    f = sum of CURVATURE (w - CENTRE)^2 / 2 + (w0 w4)^2 / 10

prodigy starts at 0: it measures how far the weights have come, at first some 1e-6, which float32
tells well near 0 alone.
"""

import numpy as np
import torch

START = np.array([1.0, -2.0, 0.5, 3.0, 0.0, 1.5])
CENTRE = np.array([0.25, 1.0, -1.0, 2.0, 1.0, -0.5])
CURVATURE = np.array([1.0, 0.5, 2.0, 0.125, 4.0, 1.0])
TENSORS = [slice(0, 4), slice(4, 6)]
STEPS = [1, 2, 10, 20]


def bowl(w):
    return (CURVATURE * (w - CENTRE) ** 2).sum() / 2 + (w[0] * w[4]) ** 2 / 10


def gradient(w):
    g = CURVATURE * (w - CENTRE)
    g[0] += w[0] * w[4] ** 2 / 5
    g[4] += w[4] * w[0] ** 2 / 5
    return g


def sam(groups, rates):
    """Foret et al. 2020, algorithm 1, with the perturbation of Kwon et al. 2021 where adaptive."""
    default = dict(rho=0.05, adaptive=0, eta=0.01, momentum=0.9, nesterov=0, weight_decay=0)
    settings = [{**default, **s} for s in groups]
    w = START.copy()
    ball = np.zeros_like(w)
    while True:
        t_w = np.ones_like(w)
        rho = np.ones_like(w)
        for s, part in zip(settings, TENSORS):
            rho[part] = s["rho"]
            if s["adaptive"]:
                t_w[part] = np.abs(w[part]) + s["eta"]
        g = gradient(w)
        epsilon = rho * t_w**2 * g / np.linalg.norm(t_w * g)
        g = gradient(w + epsilon)
        for s, lr, part in zip(settings, rates, TENSORS):
            d = g[part] + s["weight_decay"] * w[part]
            ball[part] = s["momentum"] * ball[part] + d
            w[part] -= lr * (d + s["momentum"] * ball[part] if s["nesterov"] else ball[part])
        yield w


def prodigy(groups, rates):
    """Mishchenko, Defazio 2023, algorithm 4, with r and s as sums over the history of gradients."""
    default = dict(beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0, d0=1e-6, d_coef=1,
                   growth_rate=np.inf, safeguard_warmup=0, use_bias_correction=0)
    settings = [{**default, **s} for s in groups]
    first = settings[0]
    w = np.zeros_like(START)
    d = d_max = first["d0"]
    history = []  # of each step: r's new term, and by tensor d g, s's new term
    while True:
        g = gradient(w)
        t = len(history) + 1
        gamma = [lr * (np.sqrt(1 - s["beta2"] ** t) / (1 - s["beta1"] ** t)
                       if s["use_bias_correction"] else 1) for s, lr in zip(settings, rates)]
        r_term = sum(c * d**2 * (g[p] @ -w[p]) for c, p in zip(gamma, TENSORS))
        s_term = [(1 if s["safeguard_warmup"] else c) * d**2 * g[p]
                  for s, c, p in zip(settings, gamma, TENSORS)]
        history.append((r_term, [d * g[p] for p in TENSORS], s_term))

        def faded(decay, terms):
            return sum(decay ** (t - 1 - i) * term for i, term in enumerate(terms))

        r = faded(np.sqrt(first["beta2"]), [h[0] for h in history])
        size = 0
        for k, (s, c, p) in enumerate(zip(settings, gamma, TENSORS)):
            m = (1 - s["beta1"]) * faded(s["beta1"], [h[1][k] for h in history])
            v = (1 - s["beta2"]) * faded(s["beta2"], [h[1][k] ** 2 for h in history])
            size += np.abs(faded(np.sqrt(s["beta2"]), [h[2][k] for h in history])).sum()
            w[p] -= c * d * (m / (np.sqrt(v) + d * s["eps"]) + s["weight_decay"] * w[p])
        estimate = first["d_coef"] * r / size
        d_max = max(d_max, estimate)
        bound = first["growth_rate"] * (max(d, estimate) if d == first["d0"] else d)
        d = min(d_max, bound)
        yield w


CASES = [
    ("sam", sam, [{}], 0.05, 1),
    ("sam", sam, [{"rho": 0.5}], 0.05, 1),
    ("sam", sam, [{"momentum": 0}], 0.05, 1),
    ("sam", sam, [{"momentum": 0.8, "nesterov": 1}], 0.05, 1),
    ("sam", sam, [{"weight_decay": 0.05}], 0.05, 1),
    ("sam", sam, [{"adaptive": 1, "rho": 0.5}], 0.05, 1),
    ("sam", sam, [{"adaptive": 1, "eta": 0}], 0.05, 1),
    ("sam", sam, [{"rho": 0.5}, {"adaptive": 1, "rho": 2, "momentum": 0}], 0.05, 0.5),
    ("prodigy", prodigy, [{}], 1, 1),
    ("prodigy", prodigy, [{"beta1": 0.8, "beta2": 0.99, "eps": 0.001}], 1, 1),
    ("prodigy", prodigy, [{"d0": 1e-3, "d_coef": 0.5}], 1, 1),
    ("prodigy", prodigy, [{"growth_rate": 1.5}], 1, 1),
    ("prodigy", prodigy, [{"weight_decay": 0.5, "d0": 1e-2}], 1, 1),
    ("prodigy", prodigy, [{"use_bias_correction": 1}], 1, 1),
    ("prodigy", prodigy, [{"safeguard_warmup": 1}], 0.5, 1),
    ("prodigy", prodigy, [{"d0": 1e-3}, {"beta1": 0.5, "weight_decay": 0.1}], 1, 0.25),
]


def text(settings):
    return " ".join("%s=%g" % item for item in settings.items())


def print_steps():
    print("static const reference references[] = {")
    for name, method, groups, lr, ratio in CASES:
        both = groups * 2 if len(groups) == 1 else groups
        rows = []
        for step, w in zip(range(1, max(STEPS) + 1), method(both, [lr, lr * ratio])):
            if step in STEPS:
                rows.append("{" + ", ".join("%.9g" % v for v in w) + "}")
        print('    {"%s", "%s", "%s", %g, %g,\n     {%s}},'
              % (name, text(both[0]), text(both[1]), lr, ratio, ",\n      ".join(rows)))
    print("};")


def print_losses():
    w = torch.tensor(START, requires_grad=True)
    optimizer = torch.optim.LBFGS([w], max_iter=1, history_size=10, line_search_fn="strong_wolfe")
    centre, curvature = torch.tensor(CENTRE), torch.tensor(CURVATURE)

    def closure():
        optimizer.zero_grad()
        loss = (curvature * (w - centre) ** 2).sum() / 2 + (w[0] * w[4]) ** 2 / 10
        loss.backward()
        return loss

    losses = [optimizer.step(closure).item() for _ in range(16)]
    print("static const double pytorch_losses[] = {")
    for at in range(0, len(losses), 4):
        print("    " + " ".join("%.17g," % loss for loss in losses[at : at + 4]))
    print("};")


def main():
    print("/* Steps of sam and prodigy by numpy, losses of PyTorch %s's LBFGS. Written by\n"
          " * reference_model_steps.py. */" % torch.__version__)
    print("/* clang-format off */")
    print_steps()
    print_losses()
    print("/* clang-format on */")


main()
