"""Writes reference_tensor_steps.h: weights after 1, 2 and 24 steps of optimizers that step tensor
by tensor, which test_tensor_optimizers.c compares with the plug-ins. Written from the papers, in
float64, by other means than the plug-ins': roots and bases from numpy's eigenvectors, Newton-Schulz
as its polynomial of the singular values. Run by hand where numpy is installed:

    cd tests/plugins && /usr/bin/python3 reference_tensor_steps.py > reference_tensor_steps.h

The gradient is that of a quadratic bowl with a disturbance that changes from step to step.
"""

import numpy as np

# layer, rows, cols, is it a bias; there are three layers
TENSORS = [
    (0, 4, 3, False),
    (0, 1, 4, True),
    (1, 3, 7, False),
    (1, 1, 3, True),
    (2, 2, 3, False),
]
LAYERS = 3
STOPS = [1, 2, 24]
WEIGHTS = sum(rows * cols for _, rows, cols, _ in TENSORS)

INDEX = np.arange(WEIGHTS, dtype=np.float64)
START = np.sin(1 + 3.7 * INDEX)
CENTRE = np.cos(2.1 * INDEX)
CURVATURE = 0.6 + 0.4 * np.sin(INDEX * INDEX)


def gradient(w, t):
    return CURVATURE * (w - CENTRE) + 0.5 * np.cos(1.3 * t * (1 + INDEX % 7) + INDEX)


def norm(x):
    return np.sqrt(np.sum(x * x))


class Tensor:
    """What the state of one optimizer on one tensor has in common."""

    def __init__(self, settings, place, lr):
        self.layer, self.rows, self.cols, self.bias = place
        self.lr = lr
        self.t = 0
        for name, value in {**self.DEFAULTS, **settings}.items():
            setattr(self, name, value)
        self.m = np.zeros((self.rows, self.cols))
        self.v = np.zeros((self.rows, self.cols))

    def adam(self, g, eps):
        self.m = self.beta1 * self.m + (1 - self.beta1) * g
        self.v = self.beta2 * self.v + (1 - self.beta2) * g * g
        m_hat = self.m / (1 - self.beta1 ** self.t)
        v_hat = self.v / (1 - self.beta2 ** self.t)
        return m_hat / (np.sqrt(v_hat) + eps)


class Lars(Tensor):
    DEFAULTS = dict(momentum=0.9, trust=0.02, eps=1e-8, weight_decay=0, adapt_biases=0)

    def step(self, w, g):
        local = 1
        if (not self.bias or self.adapt_biases) and norm(w) > 0:
            local = self.trust * norm(w) / (norm(g) + self.weight_decay * norm(w) + self.eps)
        self.v = self.momentum * self.v + self.lr * local * (g + self.weight_decay * w)
        return w - self.v


class Lamb(Tensor):
    DEFAULTS = dict(beta1=0.9, beta2=0.999, eps=1e-6, weight_decay=0.01, adapt_biases=0)

    def step(self, w, g):
        u = self.adam(g, self.eps) + self.weight_decay * w
        ratio = 1
        if (not self.bias or self.adapt_biases) and norm(w) > 0 and norm(u) > 0:
            ratio = norm(w) / norm(u)
        return w - self.lr * ratio * u


class Adafactor(Tensor):
    DEFAULTS = dict(beta1=0, beta2_decay=-0.8, clip=1, eps1=1e-30, eps2=1e-3, weight_decay=0,
                    relative_step=0)

    def step(self, w, g):
        beta = 1 - self.t ** self.beta2_decay
        self.v = beta * self.v + (1 - beta) * (g * g + self.eps1)
        v = self.v
        if not self.bias:  # sums as in the paper: both are linear in v
            v = np.outer(v.sum(axis=1), v.sum(axis=0)) / v.sum()
        u = g / np.sqrt(v)
        u = u / max(1, np.sqrt(np.mean(u * u)) / self.clip)
        rho = min(self.lr, 1 / np.sqrt(self.t)) if self.relative_step else self.lr
        u = max(self.eps2, np.sqrt(np.mean(w * w))) * rho * u
        self.m = self.beta1 * self.m + (1 - self.beta1) * u
        return w * (1 - self.lr * self.weight_decay) - self.m


class Muon(Tensor):
    DEFAULTS = dict(momentum=0.95, nesterov=1, ns_steps=5, scale=0, weight_decay=0, adamw_first=0,
                    adamw_rate=0.05, beta1=0.9, beta2=0.999, eps=1e-8)

    def step(self, w, g):
        if self.bias or self.layer + 1 == LAYERS or (self.adamw_first and self.layer == 0):
            lr = self.lr * self.adamw_rate
            return w * (1 - lr * self.weight_decay) - lr * self.adam(g, self.eps)
        self.m = self.momentum * self.m + g
        u, s, v = np.linalg.svd(g + self.momentum * self.m if self.nesterov else self.m,
                                full_matrices=False)
        s = s / (np.sqrt(np.sum(s * s)) + 1e-7)
        for _ in range(self.ns_steps):
            s = 3.4445 * s - 4.7750 * s ** 3 + 2.0315 * s ** 5
        scale = (0.2 * np.sqrt(max(self.rows, self.cols)) if self.scale
                 else np.sqrt(max(1, self.rows / self.cols)))
        return w * (1 - self.lr * self.weight_decay) - self.lr * scale * (u * s) @ v


class Shampoo(Tensor):
    DEFAULTS = dict(beta2=1, momentum=0.9, eps=1e-6, weight_decay=0, update_every=20, max_dim=512)

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.products = [np.zeros((n, n)) for n in (self.rows, self.cols)]
        self.roots = [np.eye(n) for n in (self.rows, self.cols)]

    def step(self, w, g):
        kept = [1 < n <= self.max_dim for n in (self.rows, self.cols)]
        news = 1 - self.beta2 if self.beta2 < 1 else 1
        self.v = self.beta2 * self.v + news * g * g
        for i, product in enumerate((g @ g.T, g.T @ g)):
            self.products[i] = self.beta2 * self.products[i] + news * product
        if any(kept):
            if self.t <= self.update_every or self.t % self.update_every == 0:
                self.renew(kept)
            d = self.roots[0] @ g @ self.roots[1]
            if norm(d) > 1.01 * np.sqrt(min(self.rows, self.cols) / news):
                self.renew(kept)
                d = self.roots[0] @ g @ self.roots[1]
        else:
            d = g / np.sqrt(self.v)
        if self.beta2 < 1:
            d = d * np.sqrt(1 - self.beta2 ** self.t)
        self.m = self.momentum * self.m + d
        return w * (1 - self.lr * self.weight_decay) - self.lr * self.m

    def renew(self, kept):
        for i in range(2):
            if kept[i]:
                value, vector = np.linalg.eigh(self.products[i])
                value = value + self.eps * norm(self.products[i])
                self.roots[i] = (vector * value ** (-0.5 / sum(kept))) @ vector.T


class Soap(Tensor):
    DEFAULTS = dict(beta1=0.95, beta2=0.95, shampoo_beta=0.95, eps=1e-8, weight_decay=0.01,
                    update_every=10, max_dim=1024, precondition_biases=0)

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.products = [np.zeros((n, n)) for n in (self.rows, self.cols)]
        self.bases = [np.eye(n) for n in (self.rows, self.cols)]
        self.kept = [1 < n <= self.max_dim and (not self.bias or bool(self.precondition_biases))
                     for n in (self.rows, self.cols)]

    def renew(self, i):
        if self.t == 1:
            value, vector = np.linalg.eigh(self.products[i])
            self.bases[i] = vector[:, np.argsort(-value)]
        elif self.t % self.update_every == 0:
            stretch = np.diag(self.bases[i].T @ self.products[i] @ self.bases[i])
            order = np.argsort(-stretch)
            self.v = np.take(self.v, order, axis=i)
            self.bases[i] = np.linalg.qr(self.products[i] @ self.bases[i][:, order])[0]

    def step(self, w, g):
        left, right = self.bases
        if self.t > 1 or not any(self.kept):
            t = self.t - any(self.kept)
            self.m = self.beta1 * self.m + (1 - self.beta1) * g
            self.v = self.beta2 * self.v + (1 - self.beta2) * (left.T @ g @ right) ** 2
            n = (left.T @ self.m @ right / (1 - self.beta1 ** t)
                 / (np.sqrt(self.v / (1 - self.beta2 ** t)) + self.eps))
            w = w * (1 - self.lr * self.weight_decay) - self.lr * left @ n @ right.T
        for i, product in enumerate((g @ g.T, g.T @ g)):
            self.products[i] = (self.shampoo_beta * self.products[i]
                                + (1 - self.shampoo_beta) * product)
            if self.kept[i]:
                self.renew(i)
        return w


# name, rate, settings, tolerance: rounding grows where a matrix of few gradients is inverted
CASES = [
    ("lars", Lars, 0.1, {}, 1e-5),
    ("lars", Lars, 0.1, {"weight_decay": 0.05, "adapt_biases": 1}, 1e-5),
    ("lars", Lars, 1, {"momentum": 0, "trust": 0.05, "eps": 0.5}, 1e-5),
    ("lamb", Lamb, 0.02, {}, 1e-5),
    ("lamb", Lamb, 0.02, {"weight_decay": 0.2, "adapt_biases": 1}, 1e-5),
    ("lamb", Lamb, 0.02, {"beta1": 0.5, "beta2": 0.9, "eps": 0.01, "weight_decay": 0}, 1e-5),
    ("adafactor", Adafactor, 0.05, {}, 1e-5),
    ("adafactor", Adafactor, 0.5, {"relative_step": 1, "clip": 0.7}, 1e-5),
    ("adafactor", Adafactor, 0.05, {"beta1": 0.8, "weight_decay": 0.1, "eps2": 1}, 1e-5),
    ("adafactor", Adafactor, 0.05, {"beta2_decay": -0.5, "eps1": 0.1}, 1e-5),
    ("muon", Muon, 0.02, {}, 1e-5),
    ("muon", Muon, 0.02, {"nesterov": 0, "ns_steps": 3, "weight_decay": 0.5}, 1e-5),
    ("muon", Muon, 0.02, {"scale": 1, "adamw_first": 1, "adamw_rate": 1}, 1e-5),
    ("muon", Muon, 0.02, {"momentum": 0.5, "beta1": 0.8, "beta2": 0.9, "eps": 0.01}, 1e-5),
    ("shampoo", Shampoo, 0.02, {}, 1e-3),
    ("shampoo", Shampoo, 0.02, {"eps": 0.01, "update_every": 4}, 1e-5),
    ("shampoo", Shampoo, 0.02, {"beta2": 0.9, "momentum": 0, "eps": 0.01, "weight_decay": 0.5,
                                "update_every": 1}, 1e-5),
    ("shampoo", Shampoo, 0.02, {"max_dim": 3, "eps": 0.001}, 1e-5),
    ("shampoo", Shampoo, 0.02, {"max_dim": 0}, 1e-5),
    ("shampoo", Shampoo, 0.02, {"max_dim": 0, "beta2": 0.8, "momentum": 0}, 1e-5),
    ("soap", Soap, 0.01, {"max_dim": 5}, 1e-4),
    ("soap", Soap, 0.01, {"max_dim": 5, "update_every": 1, "weight_decay": 0}, 1e-4),
    ("soap", Soap, 0.01, {"max_dim": 3, "update_every": 3, "beta1": 0.8, "beta2": 0.9,
                          "shampoo_beta": 0.7, "eps": 0.01, "weight_decay": 0.5}, 1e-5),
    ("soap", Soap, 0.01, {"max_dim": 0}, 1e-5),
]


def run(optimizer, lr, settings):
    tensors = [optimizer(settings, place, lr) for place in TENSORS]
    w = START.copy()
    for t in range(1, max(STOPS) + 1):
        g = gradient(w, t)
        at = 0
        for tensor in tensors:
            part = slice(at, at + tensor.rows * tensor.cols)
            shape = (tensor.rows, tensor.cols)
            tensor.t = t
            w[part] = tensor.step(w[part].reshape(shape), g[part].reshape(shape)).ravel()
            at = part.stop
        if t in STOPS:
            yield w.copy()


def main():
    print("/* Written by reference_tensor_steps.py. */")
    print("/* clang-format off */")
    print("static const reference references[] = {")
    for name, optimizer, lr, settings, tolerance in CASES:
        text = " ".join("%s=%g" % item for item in settings.items())
        rows = ",\n      ".join("{" + ", ".join("%.9g" % v for v in row) + "}"
                                for row in run(optimizer, lr, settings))
        print('    {"%s", "%s", %g, %g,\n     {%s}},' % (name, text, lr, tolerance, rows))
    print("};")
    print("/* clang-format on */")


main()
