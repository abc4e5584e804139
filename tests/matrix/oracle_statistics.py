#!/usr/bin/python3
"""Compares core/matrix/statistics with scipy on random input, by hand:

    apt-get install python3-numpy python3-scipy        # Debian's; any later ones do as well
    meson setup build && ninja -C build tests/matrix/statistics_cli
    /usr/bin/python3 tests/matrix/oracle_statistics.py build/tests/matrix/statistics_cli [SEED]

prints the largest deviation of each function, relative unless it says otherwise, beside what is
allowed, and ends with 1 if one is larger. Where scipy has no function, or knows no ties, the oracle
is the definition itself, spelt out slowly.
"""
import itertools
import math
import subprocess
import sys

import numpy as np
from scipy import stats


class Ours:
    """Collects questions, and asks them all at once."""

    def __init__(self, program):
        self.program, self.lines = program, []

    def ask(self, name, *numbers):
        flat = np.concatenate([np.ravel(np.asarray(n, float)) for n in numbers])
        self.lines.append(name + " " + " ".join(repr(float(v)) for v in flat))

    def answers(self):
        done = subprocess.run([self.program], input="\n".join(self.lines) + "\n", text=True,
                              capture_output=True, check=True)
        self.lines = []
        return [np.array([float(v) for v in line.split()]) for line in done.stdout.splitlines()]


def deviation(ours, theirs, absolute):
    ours, theirs = np.ravel(ours), np.ravel(theirs)
    assert ours.shape == theirs.shape, (ours, theirs)
    same = (ours == theirs) | (np.isnan(ours) & np.isnan(theirs))
    if same.all():
        return 0.0
    a, b = ours[~same], theirs[~same]
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        return np.inf
    return float(np.max(np.abs(a - b) / (1 if absolute else np.maximum(np.abs(b), 1e-300))))


def with_ties(rng, n):
    """Differences as of accuracies: small integers, some 0, some infinite."""
    d = rng.integers(-6, 9, n).astype(float)
    d[rng.random(n) < 0.05] = -np.inf
    d[rng.random(n) < 0.05] = np.inf
    return d


def signed_ranks(d):
    d = d[d != 0]
    return stats.rankdata(np.abs(d)) * np.sign(d)


def wilcoxon_by_patterns(d):
    """All 2^n sign patterns, one by one."""
    r = signed_ranks(d)
    plus, minus = r[r > 0].sum(), -r[r < 0].sum()
    if len(r) == 0:
        return [plus, minus, 0, 1]
    signs = np.array(list(itertools.product([0, 1], repeat=len(r))))
    sums = signs @ np.abs(r)
    p = min(1, 2 * min(np.mean(sums <= plus), np.mean(sums >= plus)))
    return [plus, minus, r.sum() / np.sqrt((r * r).sum()), p]


def wilcoxon_by_scipy(d, method):
    r = signed_ranks(d)
    p = stats.wilcoxon(d, zero_method="wilcox", correction=False, mode=method).pvalue
    return [r[r > 0].sum(), -r[r < 0].sum(), r.sum() / np.sqrt((r * r).sum()), p]


def holm(p):
    p = np.asarray(p)
    order = np.argsort(p, kind="stable")
    steps = (len(p) - np.arange(len(p))) * p[order]
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(1, np.maximum.accumulate(steps))
    return adjusted


def friedman(x):
    """scipy divides chi2 by 1 - sum (t^3 - t) / (N k (k^2 - 1)) for ties t, Demsar does not."""
    n, k = x.shape
    ties = sum((t ** 3 - t) for row in x for t in np.unique(row, return_counts=True)[1])
    chi2 = stats.friedmanchisquare(*x.T)[0] * (1 - ties / (n * k * (k * k - 1)))
    if np.isclose(chi2, n * (k - 1)):
        return [chi2, stats.chi2.sf(chi2, k - 1), np.inf, float(math.factorial(k)) ** (1 - n)]
    f = (n - 1) * chi2 / (n * (k - 1) - chi2)
    return [chi2, stats.chi2.sf(chi2, k - 1), f, stats.f.sf(f, k - 1, (k - 1) * (n - 1))]


def bootstrap(rng, strata, trimmed, alpha, replicates):
    drawn = np.concatenate([s[rng.integers(0, len(s), (replicates, len(s)))] for s in strata], 1)
    drawn.sort(1)
    g = drawn.shape[1] // 4 if trimmed else 0
    means = drawn[:, g:drawn.shape[1] - g].mean(1)
    return np.quantile(means, [alpha / 2, 1 - alpha / 2])


def cases(rng):
    """(what, allowed, absolute, [(name of ours, numbers, theirs)])"""
    z = np.concatenate([rng.normal(0, 3, 2000), rng.uniform(-37, 8, 500)])
    # Down to 1e-299, where rounding z by half a digit alone moves the cdf by z^2 2^-53 = 1.5e-13.
    yield "normal cdf", 5e-13, False, [("normal_cdf", [v], stats.norm.cdf(v)) for v in z]
    p = np.concatenate([rng.random(2000), 10.0 ** rng.uniform(-300, 0, 500)])
    yield "normal quantile", 1e-12, False, [("normal_quantile", [v], stats.norm.ppf(v)) for v in p]

    df = np.concatenate([rng.integers(1, 40, 3000), rng.integers(40, 5000, 500)]).astype(float)
    x = df * rng.gamma(1.5, 1, len(df))
    yield "chi2 upper tail", 2e-11, False, [
        ("chi2_upper", [v, d], stats.chi2.sf(v, d)) for v, d in zip(x, df)
        if stats.chi2.sf(v, d) > 1e-280]
    d1 = rng.integers(1, 60, 4000).astype(float)
    d2 = np.concatenate([rng.integers(1, 300, 3000), rng.integers(300, 20000, 1000)]).astype(float)
    x = rng.gamma(1, 2, 4000)
    yield "F upper tail", 5e-10, False, [
        ("f_upper", [v, a, b], stats.f.sf(v, a, b)) for v, a, b in zip(x, d1, d2)
        if stats.f.sf(v, a, b) > 1e-280]
    yield "studentized range / sqrt 2", 1e-12, False, [
        ("nemenyi_q", [k, a], stats.studentized_range.ppf(1 - a, k, np.inf) / np.sqrt(2))
        for k in list(range(2, 21)) + [40] for a in (0.01, 0.05, 0.10)]

    untied = [rng.normal(0.4, 1, n) for n in rng.integers(1, 51, 600)]
    yield "wilcoxon, exact, no ties", 1e-13, False, [
        ("wilcoxon", d, wilcoxon_by_scipy(d, "exact")) for d in untied]
    tied = [with_ties(rng, n) for n in rng.integers(1, 15, 300)]
    yield "wilcoxon, exact, ties, zeros, failures", 1e-13, False, [
        ("wilcoxon", d, wilcoxon_by_patterns(d)) for d in tied]
    large = [rng.integers(-20, 26, n).astype(float) for n in rng.integers(60, 500, 300)]
    yield "wilcoxon, normal, ties and zeros", 1e-11, False, [
        ("wilcoxon", d, wilcoxon_by_scipy(d, "approx")) for d in large if (d != 0).sum() > 50]
    yield "holm", 1e-15, False, [
        ("holm", p, holm(p)) for p in (np.round(rng.random(n) ** 3, 2)
                                       for n in rng.integers(1, 30, 300))]

    # inf - inf is how scipy 1.10 finds NaN, so it gets a large number instead.
    yield "ranks", 0, True, [
        ("ranks", x, stats.rankdata(-np.clip(x, -1e9, 1e9)))
        for x in (with_ties(rng, n) for n in rng.integers(1, 30, 500))]
    tables = [rng.integers(0, 9, (n, k)) + rng.normal(0, 3, k).round()
              for n, k in zip(rng.integers(2, 40, 500), rng.integers(3, 15, 500))]
    yield "friedman: chi2, p, F, p", 1e-11, False, [
        ("friedman", np.concatenate([[x.shape[1]], x.ravel()]), friedman(x)) for x in tables
        if not all(len(np.unique(row)) == 1 for row in x)]

    samples = [rng.normal(5, 2, n) for n in rng.integers(1, 300, 500)]
    yield "mean", 1e-14, False, [("mean", x, x.mean()) for x in samples]
    yield "deviation", 1e-12, False, [("deviation", x, x.std(ddof=1)) for x in samples
                                      if len(x) > 1]
    yield "interquartile mean", 1e-14, False, [("iqm", x, stats.trim_mean(x, 0.25))
                                               for x in samples]
    yield "interquartile mean, ties and failures", 1e-14, False, [
        ("iqm", x, np.sort(x)[len(x) // 4:len(x) - len(x) // 4].mean())
        for x in (np.where(rng.random(n) < 0.2, -np.inf, rng.integers(0, 9, n))
                  for n in rng.integers(1, 60, 500))]
    q = rng.random(500)
    yield "quantile", 1e-13, False, [
        ("quantile", np.concatenate([[v], x]), np.quantile(x, v)) for v, x in zip(q, samples)]
    yield "cohen's d", 1e-11, False, [
        ("cohen_d", x, x.mean() / x.std(ddof=1)) for x in samples if len(x) > 1]
    pairs = [(with_ties(rng, n), with_ties(rng, m))
             for n, m in rng.integers(1, 40, (300, 2))]
    yield "superiority", 1e-15, False, [
        ("superiority", np.concatenate([[len(a)], a, b]),
         np.mean((a[:, None] > b) + 0.5 * (a[:, None] == b))) for a, b in pairs]

    asked = []
    for i in range(20):
        strata = [rng.normal(m, 1, n) for m, n in zip(rng.normal(0, 2, 6), rng.integers(5, 15, 6))]
        sizes = [len(s) for s in strata]
        for rule, trimmed in (("mean_interval", False), ("iqm_interval", True)):
            asked.append((rule, np.concatenate([[0.05, 40000, i, len(sizes)], sizes] + strata),
                          bootstrap(rng, strata, trimmed, 0.05, 40000)))
    yield "bootstrap intervals, other draws", 0.02, True, asked


def main():
    ours = Ours(sys.argv[1])
    rng = np.random.default_rng(int(sys.argv[2]) if len(sys.argv) > 2 else 1)
    failed = False
    for what, allowed, absolute, asked in cases(rng):
        for name, numbers, _ in asked:
            ours.ask(name, numbers)
        answers = ours.answers()
        assert len(answers) == len(asked)
        most = max(deviation(a, theirs, absolute) for a, (_, _, theirs) in zip(answers, asked))
        failed |= not most <= allowed
        print(f"{what:40} {len(asked):5} cases   {'absolute' if absolute else 'relative'} "
              f"{most:9.2e}   allowed {allowed:.0e}{'' if most <= allowed else '   TOO LARGE'}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
