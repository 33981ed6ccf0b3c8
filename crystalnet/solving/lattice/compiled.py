"""The inner loops of indexing, compiled: lines of a lattice, a first judgement, least squares.

A lattice is six numbers here, those that 1 / d^2 is linear in:
1 / d^2 = m0 h^2 + m1 k^2 + m2 l^2 + m3 k l + m4 h l + m5 h k.

All in one module, since they call each other (`crystalnet.solving.compiling`).
"""

import math

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy import ndarray

from crystalnet.solving.compiling import compiled

# Reflections that are one line by symmetry are gone through once: kinds of Laue symmetry.
TRICLINIC, MONOCLINIC, ORTHORHOMBIC, TETRAGONAL, HEXAGONAL, CUBIC = range(6)
# Centrings as numbers.
CENTRINGS = {"P": 0, "C": 1, "I": 2, "F": 3, "R": 4}
# Parts of the range of places in which nearest lines are looked up.
BINS = 64


@compiled
def determinant(m: Float[ndarray, "6"]) -> float:
    """Of the reciprocal metric: its square root is one over the cell's volume. In A^-6."""
    d, e, f = 0.5 * m[3], 0.5 * m[4], 0.5 * m[5]
    found: float = m[0] * (m[1] * m[2] - d * d) - f * (f * m[2] - d * e) + e * (f * d - m[1] * e)
    return found


@compiled
def six_numbers(
    metric: Float[ndarray, "6 parameters"],
    parameters: Float[ndarray, " parameters"],
    m: Float[ndarray, "6"],
) -> None:
    """Writes the six numbers of a lattice, from those that are free in its kind."""
    for i in range(6):
        m[i] = 0.0
        for j in range(len(parameters)):
            m[i] += metric[i, j] * parameters[j]


@compiled
def present(centring: int, h: int, k: int, ell: int) -> bool:
    """Whether the reflection conditions of a centring leave a line.

    International Tables A, 2.1.3.6. R is obverse; of the two lines at one place, hkl and hk-l, one
    is enough.
    """
    if centring == 1:
        return (h + k) % 2 == 0
    if centring == 2:
        return (h + k + ell) % 2 == 0
    if centring == 3:
        return (h + k) % 2 == 0 and (k + ell) % 2 == 0
    if centring == 4:
        return (k - h + ell) % 3 == 0 or (k - h - ell) % 3 == 0
    return True


@compiled
def lines_of(
    m: Float[ndarray, "6"],
    q_max: float,
    laue: int,
    centring: int,
    hkl: Int[ndarray, "most 3"],
    q: Float[ndarray, " most"],
) -> int:
    """Writes the lines with 1 / d^2 up to q_max; their number, or -1 if there is no room for them.

    Args:
        m: the lattice.
        q_max: 1/A^2.
        laue, centring: numbers of both.
        hkl, q: what is written to.
    """
    det = determinant(m)
    if not det > 0 or m[2] <= 0:
        return -1
    h_most = int(math.sqrt(q_max * (m[1] * m[2] - 0.25 * m[3] * m[3]) / det) + 1e-9)
    k_most = int(math.sqrt(q_max * (m[0] * m[2] - 0.25 * m[4] * m[4]) / det) + 1e-9)
    count, inverse = 0, 1 / m[2]
    for h in range(h_most + 1):
        k_first = 0 if laue != TRICLINIC or h == 0 else -k_most
        k_last = h if laue >= TETRAGONAL else k_most
        for k in range(k_first, k_last + 1):
            half = 0.5 * (m[4] * h + m[3] * k) * inverse
            rest = (q_max - m[0] * h * h - m[1] * k * k - m[5] * h * k) * inverse + half * half
            if rest < 0:
                continue
            reach = math.sqrt(rest)
            l_first = math.ceil(-half - reach - 1e-9)
            l_last = math.floor(-half + reach + 1e-9)
            if laue >= ORTHORHOMBIC or (h == 0 and (k == 0 or laue == MONOCLINIC)):
                l_first = 0
            if h == 0 and k == 0:
                l_first = 1
            if laue == CUBIC:
                l_last = min(l_last, k)
            # Of C, I and F whole columns or every other line are absent (`present`).
            step = 1
            if (centring == 1 or centring == 3) and (h + k) & 1:
                continue
            if centring == 2 or centring == 3:
                step = 2
                l_first += (l_first + k + (h if centring == 2 else 0)) & 1
            for ell in range(l_first, l_last + 1, step):
                if centring == 4 and not present(centring, h, k, ell):
                    continue
                if count == len(q):
                    return -1
                hkl[count, 0], hkl[count, 1], hkl[count, 2] = h, k, ell
                q[count] = (
                    m[0] * h * h
                    + m[1] * k * k
                    + m[2] * ell * ell
                    + m[3] * k * ell
                    + m[4] * h * ell
                    + m[5] * h * k
                )
                count += 1
    return count


@compiled
def look_up(places: Float[ndarray, " places"], starts: Int[ndarray, " bins"]) -> float:
    """Writes the first place that is not below the start of each bin; bins in 1/A^2.

    Args:
        places: ascending, in 1/A^2.
        starts: what is written to, of `BINS`.
    """
    scale: float = BINS / places[-1]
    low = 0
    for b in range(BINS):
        while low < len(places) and places[low] * scale < b:
            low += 1
        starts[b] = low
    return scale


@compiled
def first_not_below(
    line: float,
    places: Float[ndarray, " places"],
    number: int,
    starts: Int[ndarray, " bins"],
    scale: float,
) -> int:
    """The first of a number of places that is not below a line, from what `look_up` gave."""
    low: int = min(starts[min(int(line * scale), BINS - 1)], number)
    while low > 0 and places[low - 1] >= line:
        low -= 1
    while low < number and places[low] < line:
        low += 1
    return low


@compiled
def nearest_lines(
    q: Float[ndarray, " most"],
    count: int,
    places: Float[ndarray, " places"],
    best: Int[ndarray, " places"],
    above: Int[ndarray, " places"],
) -> None:
    """Writes which of some lines, in any order, is nearest to each of some places.

    Args:
        q, count: 1 / d^2 of the lines in 1/A^2, and how many there are, at least one.
        places: ascending, in 1/A^2.
        best, above: what is written to, and room for as much.
    """
    n = len(places)
    best[:] = -1
    above[:] = -1
    starts = np.empty(BINS, dtype=np.int64)
    scale = look_up(places, starts)
    for j in range(count):
        low = first_not_below(q[j], places, n, starts, scale)
        if low < n and (best[low] < 0 or q[j] > q[best[low]]):
            best[low] = j
        if low > 0 and (above[low - 1] < 0 or q[j] < q[above[low - 1]]):
            above[low - 1] = j
    for i in range(1, n):
        if best[i] < 0:
            best[i] = best[i - 1]
    for i in range(n - 1, -1, -1):
        if above[i] < 0 and i < n - 1:
            above[i] = above[i + 1]
        below = best[i]
        if below < 0 or (above[i] >= 0 and q[above[i]] - places[i] < places[i] - q[below]):
            best[i] = above[i]


@compiled
def nearest_distances(
    q: Float[ndarray, " most"],
    count: int,
    places: Float[ndarray, " places"],
    number: int,
    starts: Int[ndarray, " bins"],
    scale: float,
    distance: Float[ndarray, " places"],
    above: Float[ndarray, " places"],
) -> None:
    """Writes how far the nearest of some lines, in any order, is from each of some places.

    Twice as fast as to ask `nearest_lines` which it is.

    Args:
        q, count: 1 / d^2 of the lines in 1/A^2, and how many there are.
        places, number: ascending, in 1/A^2, and how many of them are asked for.
        starts, scale: what `look_up` gives for all of them.
        distance, above: what is written to, in 1/A^2, and room for as much.
    """
    for i in range(number):
        distance[i], above[i] = -np.inf, np.inf
    for j in range(count):
        low = first_not_below(q[j], places, number, starts, scale)
        if low < number:
            distance[low] = max(distance[low], q[j])
        if low > 0:
            above[low - 1] = min(above[low - 1], q[j])
    for i in range(1, number):
        distance[i] = max(distance[i], distance[i - 1])
    least = np.inf
    for i in range(number - 1, -1, -1):
        least = min(least, above[i])
        distance[i] = min(places[i] - distance[i], least - places[i])


@compiled
def solved(left: Float[ndarray, "n n"], right: Float[ndarray, " n"]) -> bool:
    """Solves left x = right (symmetric, positive) in place of both; False where it is singular."""
    n = len(right)
    usual = np.empty(n)
    for i in range(n):
        usual[i] = left[i, i]
    for i in range(n):
        pivot = left[i, i]
        if not pivot > 1e-10 * usual[i]:
            return False
        for j in range(i + 1, n):
            factor = left[j, i] / pivot
            for k in range(i + 1, n):
                left[j, k] -= factor * left[i, k]
            right[j] -= factor * right[i]
    for i in range(n - 1, -1, -1):
        for k in range(i + 1, n):
            right[i] -= left[i, k] * right[k]
        right[i] /= left[i, i]
    return True


@compiled
def first_judgement(
    trials: Float[ndarray, "trials parameters"],
    zeros: Float[ndarray, " trials"],
    metric: Float[ndarray, "6 parameters"],
    laue: int,
    centring: int,
    lines: Float[ndarray, " lines"],
    slopes: Float[ndarray, " lines"],
    window: float,
    most: int,
    glance: tuple[int, int],
    volumes: tuple[float, float],
) -> Float[ndarray, " trials"]:
    """How improbable it is that lines anywhere are as near to the first ones of a lattice.

    Minus the logarithm of the probability, summed over the lines, from the nearest line of the
    lattice and the mean density of its lines; -1 for what is no lattice or has too many lines.

    Args:
        trials, zeros: parameters of each in 1/A^2, and its zero shift in degrees.
        metric: what makes the six numbers of the parameters.
        lines, slopes: 1 / d^2 of each line in 1/A^2, and the degrees that 1/A^2 more are.
        window: how far off a line counts, in degrees.
        most: lines that a lattice may have up to the last.
        glance: of so many of the first lines so many must be near, before all are looked at.
        volumes: least and largest of the conventional cell, in A^3.
    """
    hkl = np.empty((most, 3), dtype=np.int64)
    q = np.empty(most)
    m = np.empty(6)
    merit = np.full(len(trials), -1.0)
    places, distance, room = np.empty(len(lines)), np.empty(len(lines)), np.empty(len(lines))
    wide = window / slopes
    q_max = lines[-1] + wide[-1]
    # Places change with the zero shift alone, which trial lattices have none of.
    starts, scale, shift = np.empty(BINS, dtype=np.int64), 1.0, np.inf
    looked, needed = min(glance[0], len(lines)), glance[1]
    low, high = 1 / volumes[1] ** 2, 1 / volumes[0] ** 2
    for t in range(len(trials)):
        six_numbers(metric, trials[t], m)
        if m[0] <= 0 or m[1] <= 0 or m[2] <= 0 or 4 * m[0] * m[1] <= m[5] * m[5]:
            continue
        det = determinant(m)
        if not low <= det <= high:
            continue
        if zeros[t] != shift:
            shift = zeros[t]
            for i in range(len(lines)):
                places[i] = lines[i] - shift / slopes[i]
            scale = look_up(places, starts)
        if looked < len(lines):
            count = lines_of(m, lines[looked - 1] + wide[looked - 1], laue, centring, hkl, q)
            if count < 1:
                continue
            nearest_distances(q, count, places, looked, starts, scale, distance, room)
            near = 0
            for i in range(looked):
                if distance[i] <= wide[i]:
                    near += 1
            if near < needed:
                continue
        count = lines_of(m, q_max, laue, centring, hkl, q)
        if count < 2:
            continue
        nearest_distances(q, count, places, len(lines), starts, scale, distance, room)
        total = 0.0
        for i in range(len(lines)):
            if distance[i] <= wide[i]:
                density = 1.5 * count * math.sqrt(lines[i] / q_max) / q_max
                chance = 1 - math.exp(-2 * density * (distance[i] + wide[i] / 4))
                total -= math.log(chance)
        merit[t] = total
    return merit


@compiled
def refined(
    starts: Float[ndarray, "starts parameters"],
    metric: Float[ndarray, "6 parameters"],
    laue: int,
    centring: int,
    lines: Float[ndarray, " lines"],
    two_theta: Float[ndarray, " lines"],
    wavelength: float,
    sigma: float,
    zero_sigma: float,
    start_error: float,
    used: Int[ndarray, " steps"],
    windows: Float[ndarray, " steps"],
    most_predicted: int,
) -> tuple[
    Float[ndarray, "starts parameters"], Float[ndarray, " starts"], Bool[ndarray, " starts"]
]:
    """Parameters and zero shifts (degrees) by least squares, and which of them are any good.

    Errors of a start grow with the angle: the first lines, which it explains, improve it, then more
    are used.

    Args:
        start_error: share of the mean coefficient of squares that parameters may be wrong by.
        used, windows: lines of each step, and within how many degrees of one a measured line is.
        most_predicted: lines of the lattice for each measured one.
    """
    parameters, zeros = starts.copy(), np.zeros(len(starts))
    good = np.zeros(len(starts), dtype=np.bool_)
    size = starts.shape[1]
    room = most_predicted * max(len(lines), 8)
    hkl = np.empty((room, 3), dtype=np.int64)
    q = np.empty(room)
    m = np.empty(6)
    row = np.empty(size + 1)
    places = np.empty(len(lines))
    nearest = np.empty(len(lines), dtype=np.int64)
    spare = np.empty(len(lines), dtype=np.int64)
    to_degrees = 180 / math.pi
    for t in range(len(starts)):
        failed = False
        for step in range(len(used)):
            number = min(used[step], len(lines))
            six_numbers(metric, parameters[t], m)
            count = lines_of(m, lines[number - 1] * 1.05, laue, centring, hkl, q)
            if count < 2 or count > most_predicted * max(number, 8):
                failed = True
                break
            left = np.zeros((size + 1, size + 1))
            right = np.zeros(size + 1)
            # The expected zero shift is one more equation.
            weight = sigma / zero_sigma
            left[size, size] = weight * weight
            right[size] = -zeros[t] * weight * weight
            for i in range(number):
                sine = math.sin((two_theta[i] - zeros[t]) / (2 * to_degrees))
                places[i] = (2 * sine / wavelength) ** 2
            nearest_lines(q, count, places[:number], nearest[:number], spare[:number])
            near = 0
            for i in range(number):
                place, best = places[i], nearest[i]
                slope = (
                    to_degrees
                    * wavelength**2
                    / (2 * max(math.sin((two_theta[i] - zeros[t]) / to_degrees), 1e-3))
                )
                error = (place - q[best]) * slope
                if abs(error) > windows[step]:
                    continue
                near += 1
                h, k, ell = hkl[best, 0], hkl[best, 1], hkl[best, 2]
                for j in range(size):
                    row[j] = slope * (
                        metric[0, j] * h * h
                        + metric[1, j] * k * k
                        + metric[2, j] * ell * ell
                        + metric[3, j] * k * ell
                        + metric[4, j] * h * ell
                        + metric[5, j] * h * k
                    )
                row[size] = 1.0
                for a in range(size + 1):
                    right[a] += row[a] * error
                    for b in range(size + 1):
                        left[a, b] += row[a] * row[b]
            if near < size or near < 0.6 * number:
                failed = True
                break
            # What lines say nothing of stays about as it is.
            known = sigma / (start_error * (m[0] + m[1] + m[2]) / 3)
            for j in range(size):
                left[j, j] += known * known
            if not solved(left, right):
                failed = True
                break
            for j in range(size):
                parameters[t, j] += right[j]
            zeros[t] += right[size]
        good[t] = not failed
    return parameters, zeros, good


@compiled
def lowest_lines(
    lattices: Float[ndarray, "lattices parameters"],
    metric: Float[ndarray, "6 parameters"],
    laue: int,
    centring: int,
    number: int,
) -> Float[ndarray, "lattices number"]:
    """1 / d^2 of the first lines of each lattice in 1/A^2, ascending: the same for the same one."""
    found = np.zeros((len(lattices), number))
    room = 64 * number
    hkl = np.empty((room, 3), dtype=np.int64)
    q = np.empty(room)
    m = np.empty(6)
    for t in range(len(lattices)):
        six_numbers(metric, lattices[t], m)
        det = determinant(m)
        if not det > 0:
            continue
        # As many as that on average; more are looked for until there are enough.
        reach = (number * math.sqrt(det)) ** (2 / 3)
        count = lines_of(m, reach, laue, centring, hkl, q)
        while 0 <= count < number:
            reach *= 1.5
            count = lines_of(m, reach, laue, centring, hkl, q)
        if count >= number:
            found[t] = np.sort(q[:count])[:number]
    return found
