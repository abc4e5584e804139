#!/usr/bin/python3
"""Writes the golden trajectories: losses and final weights of small networks trained by PyTorch.

Run by hand, with Debian's python3-torch (1.13) and python3-numpy, from this folder:

    /usr/bin/python3 generate.py

It writes data.csv (inputs x0..x3, soft targets p0..p2, real targets r0..r2), weights.safetensors (initial
weights) and trajectories.txt. The test suite reads those files and needs no Python.

Every trajectory: 4-6-5-3, 27 rows, batch 16 (so every second batch is a partial one of 11), no shuffling, 29 epochs =
58 steps, computed in float64 so that what differs is Plexus. The same in float32 is computed as well, and
must agree to a tenth of the test's tolerance: a trajectory that float32 itself cannot hold would judge nothing.
Each loss falls by a fifth or more: the learning rate is the first of a list for which that is so.
"""
import json
import struct

import numpy
import torch

ROWS, BATCH, EPOCHS = 27, 16, 29
SHAPE = (4, 6, 5, 3)
SOFT, REAL = slice(4, 7), slice(7, 10)

ACTIVATIONS = {
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "relu": torch.relu,
    "elu": torch.nn.functional.elu,
    "leaky_relu": torch.nn.functional.leaky_relu,
    "softplus": torch.nn.functional.softplus,
    "silu": torch.nn.functional.silu,
    "gelu": torch.nn.functional.gelu,
    "selu": torch.nn.functional.selu,
}
OUTPUTS = {"softmax": lambda z: torch.softmax(z, 1), "sigmoid": torch.sigmoid, "identity": lambda z: z}


def cross_entropy(output, z, t):
    if output == "softmax":  # soft targets; mean over rows
        return torch.nn.functional.cross_entropy(z, t)
    return torch.nn.functional.binary_cross_entropy_with_logits(z, t)  # mean over elements


def kl(output, z, t):
    if output == "softmax":
        return torch.nn.functional.kl_div(torch.log_softmax(z, 1), t, reduction="batchmean")
    on = torch.nn.functional.kl_div(torch.nn.functional.logsigmoid(z), t, reduction="mean")
    off = torch.nn.functional.kl_div(torch.nn.functional.logsigmoid(-z), 1 - t, reduction="mean")
    return on + off


def on_output(function):
    return lambda output, z, t: function(OUTPUTS[output](z), t)


LOSSES = {
    "cross_entropy": cross_entropy,
    "kl": kl,
    "mse": on_output(torch.nn.functional.mse_loss),
    "mae": on_output(torch.nn.functional.l1_loss),
    "huber": on_output(torch.nn.functional.huber_loss),
}

O = torch.optim
# name in trajectories.txt: (plug-in and its settings, the same in PyTorch, learning rates to try)
OPTIMIZERS = {
    "sgd": ("name: sgd", lambda p, lr: O.SGD(p, lr), (0.1, 0.2, 0.5, 2.0, 6.0, 12.0)),
    "nesterov": ("name: sgd, momentum: 0.9, nesterov: true",
                 lambda p, lr: O.SGD(p, lr, momentum=0.9, nesterov=True), (0.02, 0.1, 0.3, 1.0, 2.0)),
    "adagrad": ("name: adagrad", lambda p, lr: O.Adagrad(p, lr), (0.03, 0.1, 0.3, 0.6)),
    "rmsprop": ("name: rmsprop", lambda p, lr: O.RMSprop(p, lr), (0.003, 0.01, 0.03, 0.06)),
    "adam": ("name: adam", lambda p, lr: O.Adam(p, lr), (0.01, 0.03, 0.1)),
}
MORE_OPTIMIZERS = {
    "dampened": ("name: sgd, momentum: 0.8, dampening: 0.3, weight_decay: 0.01",
                 lambda p, lr: O.SGD(p, lr, momentum=0.8, dampening=0.3, weight_decay=0.01), (0.1, 0.3, 1.0)),
    "adagrad_decay": ("name: adagrad, lr_decay: 0.02, initial_accumulator: 0.1, weight_decay: 0.01",
                      lambda p, lr: O.Adagrad(p, lr, lr_decay=0.02, initial_accumulator_value=0.1,
                                              weight_decay=0.01), (0.1, 0.3, 1.0)),
    "rmsprop_centered": ("name: rmsprop, alpha: 0.9, centered: true, momentum: 0.5, weight_decay: 0.01",
                         lambda p, lr: O.RMSprop(p, lr, alpha=0.9, centered=True, momentum=0.5,
                                                 weight_decay=0.01), (0.003, 0.01, 0.03)),
    "amsgrad": ("name: adam, amsgrad: true, weight_decay: 0.01",
                lambda p, lr: O.Adam(p, lr, amsgrad=True, weight_decay=0.01), (0.01, 0.03, 0.1)),
    "adamw": ("name: adamw, weight_decay: 0.1",
              lambda p, lr: O.AdamW(p, lr, weight_decay=0.1), (0.01, 0.03, 0.1)),
}
# Once each on the cells of FEW. Rprop wants whole batches; two that alternate turn its signs now and then.
# In 1.13 NAdam without foreach multiplies a momentum twice into the product of step t + 1.
FEW_OPTIMIZERS = {
    "adadelta": ("name: adadelta", lambda p, lr: O.Adadelta(p, lr), (1.0, 3.0, 10.0, 30.0)),
    "adadelta_decay": ("name: adadelta, rho: 0.8, eps: 1.0e-3, weight_decay: 0.01",
                       lambda p, lr: O.Adadelta(p, lr, rho=0.8, eps=1e-3, weight_decay=0.01), (0.3, 1.0, 3.0)),
    "adamax": ("name: adamax", lambda p, lr: O.Adamax(p, lr), (0.01, 0.03, 0.1)),
    "adamax_decay": ("name: adamax, beta1: 0.8, beta2: 0.9, weight_decay: 0.01",
                     lambda p, lr: O.Adamax(p, lr, betas=(0.8, 0.9), weight_decay=0.01), (0.01, 0.03, 0.1)),
    "nadam": ("name: nadam", lambda p, lr: O.NAdam(p, lr, foreach=True), (0.01, 0.03, 0.1)),
    "nadam_decay": ("name: nadam, momentum_decay: 0.2, weight_decay: 0.01",
                    lambda p, lr: O.NAdam(p, lr, momentum_decay=0.2, weight_decay=0.01, foreach=True),
                    (0.01, 0.03, 0.1)),
    "radam": ("name: radam", lambda p, lr: O.RAdam(p, lr), (0.01, 0.03, 0.1, 0.3)),
    "radam_decay": ("name: radam, beta2: 0.98, weight_decay: 0.01",
                    lambda p, lr: O.RAdam(p, lr, betas=(0.9, 0.98), weight_decay=0.01), (0.01, 0.03, 0.1, 0.3)),
    "rprop": ("name: rprop", lambda p, lr: O.Rprop(p, lr), (0.001, 0.003, 0.01, 0.03)),
    "rprop_bounded": ("name: rprop, eta_minus: 0.6, eta_plus: 1.1, step_min: 1.0e-4, step_max: 0.05",
                      lambda p, lr: O.Rprop(p, lr, etas=(0.6, 1.1), step_sizes=(1e-4, 0.05)),
                      (0.001, 0.003, 0.01, 0.03)),
}
FEW = [("tanh", "cross_entropy", "softmax"), ("silu", "mse", "identity")]
PAIRS = [("cross_entropy", "softmax"), ("cross_entropy", "sigmoid"), ("kl", "softmax"), ("kl", "sigmoid"),
         ("mse", "softmax"), ("mse", "identity")]


def make_data(rng):
    """Targets that the inputs explain, peaked enough that the entropy leaves room for a loss to fall."""
    x = rng.normal(size=(ROWS, 4)).round(3)
    scores = 4.0 * numpy.tanh(x @ rng.normal(size=(4, 3)))
    p = numpy.exp(scores) / numpy.exp(scores).sum(1, keepdims=True)
    p = (p * 1000).round() / 1000
    p[:, 2] = (1 - p[:, 0] - p[:, 1]).round(3)
    r = (x @ rng.normal(size=(4, 3)) + numpy.sin(2 * x[:, :3])).round(3)
    return numpy.hstack([x, p, r])


def make_weights(rng):
    """(out, in) and (out), Gaussian, 1 / sqrt(fan_in); biases that are not zero."""
    tensors = {}
    for i, (fan_in, units) in enumerate(zip(SHAPE, SHAPE[1:])):
        tensors[f"layers.{i}.weight"] = rng.normal(size=(units, fan_in)) / fan_in ** 0.5
        tensors[f"layers.{i}.bias"] = 0.1 * rng.normal(size=units)
    return {name: value.astype(numpy.float32) for name, value in tensors.items()}


def write_safetensors(path, tensors):
    header, offset = {}, 0
    for name, value in tensors.items():
        header[name] = {"dtype": "F32", "shape": list(value.shape), "data_offsets": [offset, offset + value.nbytes]}
        offset += value.nbytes
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for value in tensors.values():
            file.write(value.tobytes())


def train(activation, loss, output, make_optimizer, lr, data, weights, dtype):
    """58 losses, each before its step, and the final parameters in the order of the file."""
    parameters = [torch.tensor(value, dtype=dtype, requires_grad=True) for value in weights.values()]
    optimizer = make_optimizer(parameters, lr)
    rows = torch.tensor(data, dtype=dtype)
    losses = []
    for _ in range(EPOCHS):
        for batch in rows.split(BATCH):
            a = batch[:, :4]
            for layer in range(3):
                w, b = parameters[2 * layer], parameters[2 * layer + 1]
                z = torch.nn.functional.linear(a, w, b)
                a = ACTIVATIONS[activation](z) if layer < 2 else z
            value = LOSSES[loss](output, z, batch[:, REAL if output == "identity" else SOFT])
            losses.append(value.item())
            optimizer.zero_grad()
            value.backward()
            optimizer.step()
    return numpy.array(losses), numpy.concatenate([p.detach().double().numpy().ravel() for p in parameters])


def choose(activation, loss, output, optimizer, data, weights):
    """The first learning rate at which the loss falls by a fifth and float32 holds the trajectory."""
    settings, make, rates = optimizer
    for lr in rates:
        exact, final = train(activation, loss, output, make, lr, data, weights, torch.float64)
        single, single_final = train(activation, loss, output, make, lr, data, weights, torch.float32)
        # two batches alternate: compare the same one, first and last
        fell = exact[-2] <= 0.8 * exact[0] and exact[-1] <= 0.8 * exact[1]
        held = numpy.max(numpy.abs(single / exact - 1)) < 2e-5 and numpy.max(numpy.abs(single_final - final)) < 2e-5
        if fell and held:
            return f"{{{settings}, lr: {lr:g}}}", exact, final
    raise SystemExit(f"no learning rate for {activation} {loss} {output} {settings}")


def main():
    torch.set_num_threads(1)
    rng = numpy.random.default_rng(20)
    data, weights = make_data(rng), make_weights(rng)
    columns = [f"x{i}" for i in range(4)] + [f"p{i}" for i in range(3)] + [f"r{i}" for i in range(3)]
    numpy.savetxt("data.csv", data, fmt="%.3f", delimiter=",", header=",".join(columns), comments="")
    data = numpy.loadtxt("data.csv", delimiter=",", skiprows=1).astype(numpy.float32).astype(numpy.float64)
    write_safetensors("weights.safetensors", weights)

    first = ("sigmoid", "tanh", "relu", "elu", "leaky_relu")
    cells = [(a, l, o, s) for a in first for l, o in PAIRS for s in OPTIMIZERS.values()]
    cells += [("tanh", "cross_entropy", "softmax", s) for s in MORE_OPTIMIZERS.values()]
    cells += [(a, "cross_entropy", "softmax", OPTIMIZERS["adam"]) for a in ("softplus", "silu", "gelu", "selu")]
    cells += [("tanh", "mae", "identity", OPTIMIZERS["sgd"]), ("tanh", "huber", "identity", OPTIMIZERS["adam"])]
    cells += [(*cell, s) for s in FEW_OPTIMIZERS.values() for cell in FEW]
    with open("trajectories.txt", "w") as file:
        file.write("# By generate.py with PyTorch %s in float64. Four lines each: activation, loss, output,\n"
                   "# optimizer; 58 losses, each before its step; the final parameters in file order.\n"
                   % torch.__version__)
        for activation, loss, output, optimizer in cells:
            settings, losses, final = choose(activation, loss, output, optimizer, data, weights)
            file.write(f"{activation} {loss} {output} {settings}\n")
            file.write(" ".join(f"{v:.8g}" for v in losses) + "\n")
            file.write(" ".join(f"{v:.7g}" for v in final) + "\n")
    print(len(cells), "trajectories")


if __name__ == "__main__":
    main()
