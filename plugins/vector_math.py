#!/usr/bin/env python3
"""The polynomials of vector_math.h: those with the least largest error, by Remez' exchange.

    python3 plugins/vector_math.py

prints the coefficients as the header has them, and the largest error of each before they are
rounded. Needs mpmath.
"""

import mpmath as mp

mp.mp.dps = 40


def extremes(error, lo, hi, count):
    """Where the error is largest in each of its stretches of one sign; `count` of them."""
    points = [lo + (hi - lo) * (1 - mp.cos(mp.pi * i / 2000)) / 2 for i in range(2001)]
    found = []
    for x in points:
        e = error(x)
        if found and (e > 0) == (found[-1][1] > 0):
            if abs(e) > abs(found[-1][1]):
                found[-1] = (x, e)
        else:
            found.append((x, e))
    while len(found) > count:
        found.pop(0 if abs(found[0][1]) < abs(found[-1][1]) else -1)
    return found


def fit(f, weight, lo, hi, degree):
    """The polynomial p with weight (f - p) as small as can be on [lo, hi]; its coefficients, from
    the constant on, and that error."""
    count = degree + 2
    nodes = [lo + (hi - lo) * (1 - mp.cos(mp.pi * i / (count - 1))) / 2 for i in range(count)]
    for _ in range(12):
        a, b = mp.matrix(count, count), mp.matrix(count, 1)
        for i, x in enumerate(nodes):
            for k in range(degree + 1):
                a[i, k] = x**k
            a[i, degree + 1] = (-1) ** i / weight(x)
            b[i] = f(x)
        solved = mp.lu_solve(a, b)
        c = [solved[k] for k in range(degree + 1)]
        error = lambda x: weight(x) * (f(x) - mp.polyval(c[::-1], x))
        found = extremes(error, lo, hi, count)
        if len(found) < count:
            break
        nodes = [x for x, _ in found]
    return c, max(abs(e) for _, e in found)


def series(g, x, at_zero):
    """g(x), and its limit where x is too near to zero to divide."""
    return g(x) if abs(x) > mp.mpf("1e-9") else at_zero


def show(name, what, fitted, double=False):
    """Lowest power first; the header has them the other way round."""
    c, error = fitted
    digits = 17 if double else 9
    print(f"{name}: {what}; largest error {mp.nstr(error, 2)}")
    end = "" if double else "f"
    print("  " + ", ".join(mp.nstr(x, digits, min_fixed=0, max_fixed=0) + end for x in c))


half_ln2 = mp.mpf("0.3467")
tiny = mp.mpf("1e-6")  # keeps a weight from being zero


def exp_rest(r):
    return series(lambda r: (mp.expm1(r) - r) / r**2, r, mp.mpf(1) / 2)


def atanh_rest(z):
    return series(lambda z: (2 * mp.atanh(mp.sqrt(z)) / mp.sqrt(z) - 2) / z, z, mp.mpf(2) / 3)


def tanh_rest(z):
    return series(lambda z: (mp.tanh(mp.sqrt(z)) / mp.sqrt(z) - 1) / z, z, -mp.mpf(1) / 3)


def log1p_rest(u):
    return series(lambda u: (mp.log1p(u) - u + u * u / 2) / u**3, u, mp.mpf(1) / 3)


def normal_rest(z):
    return series(lambda z: mp.erf(mp.sqrt(z / 2)) / 2 / mp.sqrt(z), z, 1 / mp.sqrt(2 * mp.pi))


def tail(t):
    a = 2 * (1 / t - 1)
    return mp.exp(a * a / 2) * mp.erfc(a / mp.sqrt(2)) / 2 / t


def at(a):
    return 1 / (1 + a / 2)


if __name__ == "__main__":
    show("float exp, expm1", "(exp(r) - 1 - r) / r^2",
         fit(exp_rest, lambda r: (r * r + tiny) * mp.exp(-r), -half_ln2, half_ln2, 5))
    show("float log1p", "(log(1 + u) - u + u^2/2) / u^3, u to 1",
         fit(log1p_rest, lambda u: u * u + tiny, mp.mpf(0), mp.mpf(1), 7))
    show("float tanh", "(tanh(x)/x - 1) / z, z = x^2, x to 0.625",
         fit(tanh_rest, lambda z: z + tiny, mp.mpf(0), mp.mpf("0.625") ** 2, 4))
    show("float normal", "(P(x) - 1/2) / x of z = x^2, x to 1",
         fit(normal_rest, lambda z: 4 * mp.sqrt(z) + tiny, mp.mpf(0), mp.mpf(1), 5))
    show("float normal, tail", "exp(a^2/2) P(-a) / t, t = 1 / (1 + a/2), a from 0.95 to 14.6",
         fit(tail, lambda t: 1 / tail(t), at(mp.mpf("14.6")), at(mp.mpf("0.95")), 8))
    show("double exp", "(exp(r) - 1 - r) / r^2",
         fit(exp_rest, lambda r: (r * r + tiny) * mp.exp(-r), -half_ln2, half_ln2, 9), True)
    show("double log", "(2 atanh(s)/s - 2) / z, z = s^2, s to 0.1716",
         fit(atanh_rest, lambda z: z + tiny / 1000, mp.mpf(0), mp.mpf("0.02945"), 6), True)
    show("double log1p", "the same, s to 1/3",
         fit(atanh_rest, lambda z: z + tiny / 1000, mp.mpf(0), mp.mpf(1) / 9, 9), True)
