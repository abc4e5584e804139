"""peers.py LIBRARY: a workload done by PyTorch or by scikit-learn, on command.

bench starts one process of this for a workload and a library, hands it the workload's rows and
first weights, and asks it for so many steps at a time, so what it takes to start and to make ready
is not part of what is measured. Each library is used in the fastest way that its users have:

  torch    the rows lie in memory as float tensors; a batch is index_select from one permutation an
           epoch (an unshuffled one is a slice); eager mode, foreach optimizers, no data loader;
           answers in inference mode
  sklearn  MLPClassifier without checks of finiteness; whole epochs in one fit, which goes on from
           where it was, and less than an epoch by partial_fit; answers by predict_proba. Of two
           classes it has one output unit, where the workload may have two

Standard input: a line of JSON (see read_workload), the rows' bytes or float32 numbers, the labels
(int32), each layer's weights (units x fan_in, float32); then lines. All numbers are in the
machine's own order of bytes.

  check       first of all: a few steps in the order of the rows, and then the loss of the batch that
              follows; answered by the loss and the number of steps, which may be 0
  run N       N steps; answered by the samples gone through and the seconds it took

`peers.py --missing` prints the Debian packages that are not installed, and does no more.
"""

import importlib.util
import json
import sys
import time
import warnings

CHECK_STEPS = 3


def missing_packages():
    packages = {"torch": "python3-torch", "sklearn": "python3-sklearn"}
    missing = [package for module, package in packages.items() if not is_there(module)]
    if not has_fast_blas():
        missing.append("libopenblas0-pthread")
    return missing


def is_there(module):
    return importlib.util.find_spec(module) is not None


def has_fast_blas():
    """Whether products are those of a tuned library, and not of the reference BLAS, which has to be
    so for a fair comparison: both peers multiply by what NumPy does."""
    if not is_there("numpy") or not is_there("threadpoolctl"):
        return False
    import numpy  # noqa: F401 - loads the library that is looked for
    import threadpoolctl

    return any(library["user_api"] == "blas" for library in threadpoolctl.threadpool_info())


# --- the workload ---


class Workload:
    """The header's fields, and x (rows x inputs, float32), label (rows), weights of each layer."""

    def __init__(self, header, x, label, weights):
        self.__dict__.update(header)
        self.x, self.label, self.weights = x, label, weights

    def batch_rows(self, number):
        """Where the batch of that number begins and ends when the rows stay in order."""
        begin = number * self.batch % self.rows
        return begin, min(begin + self.batch, self.rows)


def read_array(stream, kind, shape):
    import numpy

    array = numpy.empty(shape, kind)
    view = memoryview(array).cast("B")
    done = 0
    while done < len(view):
        got = stream.readinto(view[done:])
        if not got:
            raise EOFError("the workload ends in the middle of its data")
        done += got
    return array


def read_workload(stream):
    header = json.loads(stream.readline())
    shape = (header["rows"], header["inputs"])
    x = read_array(stream, "u1" if header["images"] else "f4", shape).astype("f4")
    if header["images"]:
        x /= 255
    label = read_array(stream, "i4", header["rows"])
    fan_in = [header["inputs"]] + header["units"][:-1]
    weights = [read_array(stream, "f4", shape) for shape in zip(header["units"], fan_in)]
    return Workload(header, x, label, weights)


# --- PyTorch ---


class Torch:
    def __init__(self, workload):
        import torch

        torch.set_num_threads(1)
        self.torch, self.workload = torch, workload
        self.x = torch.from_numpy(workload.x)
        self.binary = workload.output == "sigmoid"
        label = torch.from_numpy(workload.label)
        self.label = label.float().unsqueeze(1) if self.binary else label.long()
        self.hidden = {"relu": torch.relu, "tanh": torch.tanh}[workload.hidden]
        self.layers = [
            (
                torch.from_numpy(weight).clone().requires_grad_(),
                torch.zeros(len(weight)).requires_grad_(),
            )
            for weight in workload.weights
        ]
        self.optimizer = self.new_optimizer()
        self.next, self.order = 0, None

    def new_optimizer(self):
        kind = {"adam": self.torch.optim.Adam, "sgd": self.torch.optim.SGD, None: None}
        made = kind[self.workload.optimizer]
        parameters = [tensor for layer in self.layers for tensor in layer]
        return made and made(parameters, lr=self.workload.lr, foreach=True)

    def logits(self, x):
        linear = self.torch.nn.functional.linear
        for weight, bias in self.layers[:-1]:
            x = self.hidden(linear(x, weight, bias))
        return linear(x, *self.layers[-1])

    def loss(self, x, label):
        functional = self.torch.nn.functional
        if self.binary:
            return functional.binary_cross_entropy_with_logits(self.logits(x), label)
        return functional.cross_entropy(self.logits(x), label)

    def learn(self, x, label):
        self.optimizer.zero_grad(set_to_none=True)
        self.loss(x, label).backward()
        self.optimizer.step()

    def answer(self, x):
        z = self.logits(x)
        return self.torch.sigmoid(z) if self.binary else self.torch.softmax(z, 1)

    def check(self):
        steps = 0 if self.optimizer is None else CHECK_STEPS
        for number in range(steps):
            begin, end = self.workload.batch_rows(number)
            self.learn(self.x[begin:end], self.label[begin:end])
        begin, end = self.workload.batch_rows(steps)
        with self.torch.no_grad():
            return float(self.loss(self.x[begin:end], self.label[begin:end])), steps

    def next_batch(self):
        workload, begin = self.workload, self.next
        end = min(begin + workload.batch, workload.rows)
        self.next = end % workload.rows
        if not workload.shuffle:
            return self.x[begin:end], self.label[begin:end]
        if begin == 0:
            self.order = self.torch.randperm(workload.rows)
        rows = self.order[begin:end]
        return self.x.index_select(0, rows), self.label.index_select(0, rows)

    def train(self, steps):
        samples = 0
        for _ in range(steps):
            x, label = self.next_batch()
            self.learn(x, label)
            samples += len(x)
        return samples

    def infer(self, steps):
        samples = 0
        with self.torch.inference_mode():
            for _ in range(steps):
                x, _label = self.next_batch()
                self.answer(x)
                samples += len(x)
        return samples

    def run(self, steps):
        begun = time.perf_counter()
        samples = self.infer(steps) if self.optimizer is None else self.train(steps)
        return samples, time.perf_counter() - begun


# --- scikit-learn ---


class Sklearn:
    def __init__(self, workload):
        import numpy
        import sklearn
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.neural_network import MLPClassifier

        sklearn.set_config(assume_finite=True)
        warnings.simplefilter("ignore", ConvergenceWarning)  # a fit ends when its epochs are done
        self.numpy, self.workload = numpy, workload
        self.classes = numpy.arange(max(workload.units[-1], 2))
        self.model = MLPClassifier(
            hidden_layer_sizes=workload.units[:-1],
            activation=workload.hidden,
            solver=workload.optimizer or "adam",
            alpha=0,
            batch_size=min(workload.batch, workload.rows),
            learning_rate_init=workload.lr or 1,
            momentum=0,
            shuffle=workload.shuffle,
            tol=0,
            n_iter_no_change=numpy.inf,
            random_state=1,
        )
        self.next = 0
        self.take_first_weights()

    def learn(self, begin, end):
        self.model.partial_fit(
            self.workload.x[begin:end], self.workload.label[begin:end], classes=self.classes
        )

    def take_first_weights(self):
        """A network is made in its first fit: it is then given the workload's weights, and an
        optimizer that knows nothing of that fit."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a batch larger than the rows of this fit
            self.learn(0, self.workload.batch)
        weights = self.workload.weights
        if self.has_one_unit_for_two():
            weights = weights[:-1] + [weights[-1][1:] - weights[-1][:1]]  # softmax of two: sigmoid
        for coefficients, weight in zip(self.model.coefs_, weights):
            coefficients[...] = weight.T
        for intercepts in self.model.intercepts_:
            intercepts[...] = 0
        del self.model._optimizer

    def has_one_unit_for_two(self):
        """In that case the answers are the same at first, but not what Adam makes of them."""
        return self.workload.units[-1] == 2

    def check(self):
        trains = self.workload.optimizer is not None and not self.has_one_unit_for_two()
        steps = CHECK_STEPS if trains else 0
        for number in range(steps):
            self.learn(*self.workload.batch_rows(number))
        begin, end = self.workload.batch_rows(steps)
        given = self.model.predict_proba(self.workload.x[begin:end])
        own = given[self.numpy.arange(end - begin), self.workload.label[begin:end]]
        return float(-self.numpy.log(own.astype("f8")).mean()), steps

    def train(self, steps):
        """Less than an epoch: the rows that follow. More: whole epochs, at least one."""
        workload = self.workload
        asked = steps * workload.batch
        if asked < workload.rows:
            begin = self.next if self.next + asked <= workload.rows else 0
            self.next = begin + asked
            self.learn(begin, self.next)
            return asked
        epochs = asked // workload.rows
        self.model.set_params(max_iter=epochs, warm_start=True)
        self.model.fit(workload.x, workload.label)
        self.model.warm_start = False  # which asks for all classes in the rows of a partial_fit
        return epochs * workload.rows

    def infer(self, steps):
        samples = 0
        for _ in range(steps):
            begin, end = self.next, min(self.next + self.workload.batch, self.workload.rows)
            self.next = end % self.workload.rows
            self.model.predict_proba(self.workload.x[begin:end])
            samples += end - begin
        return samples

    def run(self, steps):
        begun = time.perf_counter()
        samples = self.infer(steps) if self.workload.optimizer is None else self.train(steps)
        return samples, time.perf_counter() - begun


def serve(peer, commands):
    for line in commands:
        words = line.split()
        if words[0] == b"check":
            print(*peer.check(), flush=True)
        else:
            print(*peer.run(int(words[1])), flush=True)


def main(arguments):
    if arguments == ["--missing"]:
        print(*missing_packages())
    else:
        kind = {"torch": Torch, "sklearn": Sklearn}[arguments[0]]
        serve(kind(read_workload(sys.stdin.buffer)), sys.stdin.buffer)


if __name__ == "__main__":
    main(sys.argv[1:])
