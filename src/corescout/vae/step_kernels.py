"""Kernels of a compiled training step: the gradient of `gradient`, fused, and Adam, with numba.

The only file that knows numba, and one file, because numba's cache on the disk looks at the file
of a kernel and not at those of the kernels that it calls. Nothing in it holds the interpreter's
lock. Products of matrices are written out too: as fast as a BLAS here, and a BLAS has threads that
not every thread may set. The only liberty: a product and a sum may be rounded once ("contract").
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import numpy as np
from numba import float32, int32, njit
from numpy.typing import NDArray

from corescout.vae.kernel_cache import readable
from corescout.vae.step_arrays import Array, Layers, ModelConstants, Optimised, Schedule, StepArrays

_Arguments = ParamSpec("_Arguments")
_Returned = TypeVar("_Returned")


def _compiled(function: Callable[_Arguments, _Returned]) -> Callable[_Arguments, _Returned]:
    compiled: Callable[_Arguments, _Returned] = njit(
        nogil=True, cache=True, error_model="numpy", fastmath={"contract"}
    )(function)
    return readable(compiled)


@_compiled
def train_steps(
    patches: Array,
    rows: NDArray[np.int64],
    noise: Array,
    schedule: Schedule,
    vectors: Optimised,
    p: Layers,
    d: Layers,
    model: ModelConstants,
    work: StepArrays,
) -> float:
    """Take S steps with patches (N, n), rows (S, B), noise (S, B, G + 1).

    Return the loss of the last batch with the full KL weight, in nats per patch.
    """
    loss = 0.0
    for s in range(len(rows)):
        last = s == len(rows) - 1
        _take(patches, rows[s], model.mask, work)
        kl = _encode(noise[s], p, model, work, last)
        _decode(p, work)
        fit = _compare(model, work, last)
        weight = model.beta * schedule.kl_weight[s] / float32(len(work.x))
        _decoder_back(p, d, work)
        _latents_back(noise[s], weight, model, work)
        _encoder_back(p, d, model, work)
        _adam(vectors, schedule.rate[s], schedule.epsilon[s])
        if last:
            loss = float(fit + model.beta * kl) / len(work.x)
    return loss


def _panel_product(width: int) -> Callable[[Array, Array, int, int, Array, Array], None]:
    """Return the kernel that writes so many columns of a product."""
    two, three = 2 * width, 3 * width

    @_compiled
    def columns(a: Array, b: Array, first: int, count: int, c: Array, panel: Array) -> None:
        """Write columns `first` to `first + count` of c (I, J) = a (I, K) b (K, J).

        The columns of b lie side by side in `panel`, behind the sums of four rows of c: the
        compiler knows all distances and computes with vectors.
        """
        n_rows, depth = a.shape
        total, packed = panel[: 4 * width], panel[4 * width :]
        for k in range(depth):
            for j in range(count):
                packed[k * width + j] = b[k, first + j]
            for j in range(count, width):
                packed[k * width + j] = 0
        for i in range(0, n_rows, 4):
            p, q = a[i], a[min(i + 1, n_rows - 1)]
            r, s = a[min(i + 2, n_rows - 1)], a[min(i + 3, n_rows - 1)]
            total[:], whole = 0, depth - depth % 4
            for k in range(0, whole, 4):
                p0, p1, p2, p3 = p[k], p[k + 1], p[k + 2], p[k + 3]
                q0, q1, q2, q3 = q[k], q[k + 1], q[k + 2], q[k + 3]
                r0, r1, r2, r3 = r[k], r[k + 1], r[k + 2], r[k + 3]
                s0, s1, s2, s3 = s[k], s[k + 1], s[k + 2], s[k + 3]
                at = k * width
                for j in range(width):
                    b0, b1 = packed[at + j], packed[at + width + j]
                    b2, b3 = packed[at + two + j], packed[at + three + j]
                    total[j] = total[j] + p0 * b0 + p1 * b1 + p2 * b2 + p3 * b3
                    total[width + j] = total[width + j] + q0 * b0 + q1 * b1 + q2 * b2 + q3 * b3
                    total[two + j] = total[two + j] + r0 * b0 + r1 * b1 + r2 * b2 + r3 * b3
                    total[three + j] = total[three + j] + s0 * b0 + s1 * b1 + s2 * b2 + s3 * b3
            for k in range(whole, depth):
                for j in range(width):
                    value = packed[k * width + j]
                    total[j] += p[k] * value
                    total[width + j] += q[k] * value
                    total[two + j] += r[k] * value
                    total[three + j] += s[k] * value
            for row in range(min(4, n_rows - i)):
                for j in range(count):
                    c[i + row, first + j] = total[row * width + j]

    return columns


_wide, _narrow = _panel_product(64), _panel_product(16)


@_compiled
def _multiply(a: Array, b: Array, c: Array, panel: Array) -> None:
    """C = a b, each of them contiguous or the transpose of what is."""
    for first in range(0, c.shape[1], 64):
        count = min(64, c.shape[1] - first)
        if count > 16:
            _wide(a, b, first, count, c, panel)
        else:
            _narrow(a, b, first, count, c, panel)


@_compiled
def tanh(x: float) -> float:
    """Rational minimax approximation, within 5 units of the last place of float32."""
    x = min(max(x, float32(-7.90531110763549805)), float32(7.90531110763549805))
    s = x * x
    a = float32(-2.76076847742355e-16) * s + float32(2.00018790482477e-13)
    a = a * s + float32(-8.60467152213735e-11)
    a = a * s + float32(5.12229709037114e-08)
    a = a * s + float32(1.48572235717979e-05)
    a = a * s + float32(6.37261928875436e-04)
    a = a * s + float32(4.89352455891786e-03)
    b = float32(1.19825839466702e-06) * s + float32(1.18534705686654e-04)
    b = b * s + float32(2.26843463243900e-03)
    b = b * s + float32(4.89352518554385e-03)
    ratio: float = x * a / b
    return ratio


@_compiled
def _sigmoid(x: float) -> float:
    share: float = float32(0.5) + float32(0.5) * tanh(float32(0.5) * x)
    return share


@_compiled
def _softplus(x: float) -> float:
    value: float = x if x > float32(20) else float32(math.log1p(math.exp(x)))
    return value


@_compiled
def _take(patches: Array, rows: NDArray[np.int64], mask: Array, work: StepArrays) -> None:
    for i in range(len(rows)):
        for j in range(patches.shape[1]):
            value = patches[rows[i], j]
            work.x[i, j] = value
            work.seen[i, j] = value * mask[j]


@_compiled
def _tanh_of_sum(a: Array, bias: Array) -> None:
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            a[i, j] = tanh(a[i, j] + bias[j])


@_compiled
def _encode(noise: Array, p: Layers, model: ModelConstants, work: StepArrays, last: bool) -> float:
    """Draw from the posterior; return the sum of the KL divergences where they are reported."""
    _multiply(work.seen, p.encoder_1, work.h1, work.panel)
    _tanh_of_sum(work.h1, p.encoder_1_bias)
    _multiply(work.h1, p.encoder_2, work.h2, work.panel)
    _tanh_of_sum(work.h2, p.encoder_2_bias)
    _multiply(work.h2, p.heads, work.heads, work.panel)
    if model.rotates:
        _multiply(work.seen, p.dipole, work.direction, work.panel)
    n_gaussian, kl = work.std.shape[1], 0.0
    for i in range(len(work.x)):
        for j in range(work.heads.shape[1]):
            work.heads[i, j] += p.heads_bias[j]
        for j in range(n_gaussian):
            mean, std = work.heads[i, j], _softplus(work.heads[i, n_gaussian + j])
            work.std[i, j] = std
            value = mean + std * noise[i, j]
            if not model.shifts:
                work.z[i, j] = value
            elif j < 2:
                work.shift[i, j] = value * model.shift_std
            else:
                work.z[i, j - 2] = value
            if last:
                kl += 0.5 * (mean * mean + std * std - 1) - math.log(std)
        if model.rotates:
            kl += _turn(i, noise[i, n_gaussian], model, work, last)
    return kl


@_compiled
def _turn(i: int, noise: float, model: ModelConstants, work: StepArrays, last: bool) -> float:
    """Draw the angle of a patch; return its KL divergence where it is reported."""
    at = 2 * work.std.shape[1]
    work.direction[i, 0] += work.heads[i, at]
    work.direction[i, 1] += work.heads[i, at + 1]
    narrow = float32(1) / (float32(1) + float32(math.exp(-work.heads[i, at + 2])))
    angle = float32(math.atan2(work.direction[i, 1], work.direction[i, 0]))
    angle += model.largest_angle_std * narrow * noise
    work.narrow[i] = narrow
    work.cos[i] = math.cos(angle)
    work.sin[i] = math.sin(angle)
    return -math.log(narrow) if last else 0.0


@_compiled
def _decode(p: Layers, work: StepArrays) -> None:
    _multiply(work.z, p.decoder_1, work.g1, work.panel)
    _tanh_of_sum(work.g1, p.decoder_1_bias)
    _multiply(work.g1, p.decoder_2, work.g2, work.panel)
    _tanh_of_sum(work.g2, p.decoder_2_bias)
    _multiply(work.g2, p.image, work.image, work.panel)
    work.image[:] += p.image_bias


@_compiled
def _compare(model: ModelConstants, work: StepArrays, last: bool) -> float:
    """Derivatives by image, shift and angle; the summed negative log-likelihood where reported."""
    fit, moves, points = 0.0, model.rotates or model.shifts, model.window**2
    share = float32(1) / float32(len(work.x))
    for i in range(len(work.x)):
        work.d_shift[i, 0] = work.d_shift[i, 1] = work.d_angle[i] = 0
        if moves:
            work.d_image[i] = 0
            _places(i, model, work)
        for c in range(model.channels):
            first = c * points
            seen = work.x[i, first : first + points]
            mask = model.mask[first : first + points]
            if moves:
                _read(work.image[i, c * model.side**2 :], model.side, work)
            else:
                work.logits[:] = work.image[i, first : first + points]
            if last:
                for q in range(points):
                    value = work.logits[q]
                    fit += mask[q] * (_softplus(value) - seen[q] * value)
            for q in range(points):
                work.logits[q] = (_sigmoid(work.logits[q]) - seen[q]) * share * mask[q]
            if moves:
                _read_back(i, c, model, work)
            else:
                work.d_image[i, first : first + points] = work.logits
    return fit


@_compiled
def _places(i: int, model: ModelConstants, work: StepArrays) -> None:
    """Where the pixels of patch i are on the canvas, as `transforms` has it; clamped to it.

    A place at or beyond the edge does not move with shift and angle.
    """
    top, reach = float32(model.side - 1), float32(0.5) * float32(model.window - 1)
    middle, cos, sin = float32(0.5) * top, work.cos[i], work.sin[i]
    down, across = work.shift[i, 0], work.shift[i, 1]
    for q in range(len(work.corner)):
        a, b = model.base[0, q], model.base[1, q]
        y = middle + reach * (a * cos - b * sin + down)
        x = middle - reach * (a * sin + b * cos + across)
        work.along[2, q] = -reach if float32(0) < x < top else float32(0)
        work.along[3, q] = reach if float32(0) < y < top else float32(0)
        y, x = min(max(y, float32(0)), top), min(max(x, float32(0)), top)
        row, column = min(int32(y), model.side - 2), min(int32(x), model.side - 2)
        work.along[0, q] = x - float32(column)
        work.along[1, q] = y - float32(row)
        work.corner[q] = row * model.side + column


@_compiled
def _read(image: Array, side: int, work: StepArrays) -> None:
    """Bilinear values at the places, of the channel that `image` begins with."""
    for q in range(len(work.corner)):
        k, right, below = work.corner[q], work.along[0, q], work.along[1, q]
        upper = image[k] + right * (image[k + 1] - image[k])
        lower = image[k + side] + right * (image[k + side + 1] - image[k + side])
        work.logits[q] = upper + below * (lower - upper)


@_compiled
def _read_back(i: int, channel: int, model: ModelConstants, work: StepArrays) -> None:
    """The derivatives of `_read` and `_places`, from d_logits in `work.logits`."""
    side, first = model.side, channel * model.side**2
    image, d_image = work.image[i, first:], work.d_image[i, first:]
    d_down = d_across = d_cos = d_sin = float32(0)
    for q in range(len(work.corner)):
        k, right, below, d = work.corner[q], work.along[0, q], work.along[1, q], work.logits[q]
        d_lower = d * below
        d_upper = d - d_lower
        d_image[k] += d_upper - d_upper * right
        d_image[k + 1] += d_upper * right
        d_image[k + side] += d_lower - d_lower * right
        d_image[k + side + 1] += d_lower * right
        upper, lower = image[k + 1] - image[k], image[k + side + 1] - image[k + side]
        d_x = work.along[2, q] * d * (upper + below * (lower - upper))
        left, beyond = image[k + side] - image[k], image[k + side + 1] - image[k + 1]
        d_y = work.along[3, q] * d * (left + right * (beyond - left))
        d_down += d_y
        d_across += d_x
        d_cos += d_y * model.base[0, q] + d_x * model.base[1, q]
        d_sin += d_x * model.base[0, q] - d_y * model.base[1, q]
    work.d_shift[i, 0] += d_down
    work.d_shift[i, 1] += d_across
    work.d_angle[i] += d_sin * work.cos[i] - d_cos * work.sin[i]


@_compiled
def _sum_rows(a: Array, total: Array) -> None:
    total[:] = 0
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            total[j] += a[i, j]


@_compiled
def _tanh_back(d: Array, activation: Array, d_bias: Array) -> None:
    d_bias[:] = 0
    for i in range(d.shape[0]):
        for j in range(d.shape[1]):
            value = d[i, j] * (float32(1) - activation[i, j] * activation[i, j])
            d[i, j] = value
            d_bias[j] += value


@_compiled
def _decoder_back(p: Layers, d: Layers, work: StepArrays) -> None:
    _sum_rows(work.d_image, d.image_bias)
    _multiply(work.g2.T, work.d_image, d.image, work.panel)
    _multiply(work.d_image, p.image.T, work.d_one, work.panel)
    _tanh_back(work.d_one, work.g2, d.decoder_2_bias)
    _multiply(work.g1.T, work.d_one, d.decoder_2, work.panel)
    _multiply(work.d_one, p.decoder_2.T, work.d_two, work.panel)
    _tanh_back(work.d_two, work.g1, d.decoder_1_bias)
    _multiply(work.z.T, work.d_two, d.decoder_1, work.panel)
    _multiply(work.d_two, p.decoder_1.T, work.d_z, work.panel)


@_compiled
def _latents_back(noise: Array, weight: float, model: ModelConstants, work: StepArrays) -> None:
    n_gaussian = work.std.shape[1]
    for i in range(len(work.x)):
        for j in range(n_gaussian):
            if not model.shifts:
                d_factor = work.d_z[i, j]
            elif j < 2:
                d_factor = work.d_shift[i, j] * model.shift_std
            else:
                d_factor = work.d_z[i, j - 2]
            std = work.std[i, j]
            d_std = d_factor * noise[i, j] + weight * (std - float32(1) / std)
            work.d_heads[i, j] = d_factor + weight * work.heads[i, j]
            # the sigmoid of the raw value, by its softplus
            work.d_heads[i, n_gaussian + j] = -d_std * float32(math.expm1(-std))
        if model.rotates:
            down, right = work.direction[i, 0], work.direction[i, 1]
            d_angle, narrow, at = work.d_angle[i], work.narrow[i], 2 * n_gaussian
            around = d_angle / (down * down + right * right)
            work.d_direction[i, 0] = work.d_heads[i, at] = -right * around
            work.d_direction[i, 1] = work.d_heads[i, at + 1] = down * around
            d_narrow = d_angle * noise[i, n_gaussian] * model.largest_angle_std - weight / narrow
            work.d_heads[i, at + 2] = d_narrow * narrow * (float32(1) - narrow)


@_compiled
def _encoder_back(p: Layers, d: Layers, model: ModelConstants, work: StepArrays) -> None:
    if model.rotates:
        _multiply(work.seen.T, work.d_direction, d.dipole, work.panel)
    _multiply(work.h2.T, work.d_heads, d.heads, work.panel)
    _sum_rows(work.d_heads, d.heads_bias)
    _multiply(work.d_heads, p.heads.T, work.d_one, work.panel)
    _tanh_back(work.d_one, work.h2, d.encoder_2_bias)
    _multiply(work.h1.T, work.d_one, d.encoder_2, work.panel)
    _multiply(work.d_one, p.encoder_2.T, work.d_two, work.panel)
    _tanh_back(work.d_two, work.h1, d.encoder_1_bias)
    _multiply(work.seen.T, work.d_two, d.encoder_1, work.panel)


@_compiled
def _adam(v: Optimised, rate: float, epsilon: float) -> None:
    """`corescout.adam` in one pass."""
    for i in range(len(v.theta)):
        gradient = v.gradient[i]
        mean = v.mean[i] + float32(0.1) * (gradient - v.mean[i])
        square = v.square[i] * float32(0.999) + float32(0.001) * gradient * gradient
        v.mean[i], v.square[i] = mean, square
        v.theta[i] -= rate * mean / (math.sqrt(square) + epsilon)
