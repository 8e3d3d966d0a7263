"""`bench registration`: how often a registration is wrong, and how often it is refused.

Two hundred generated pairs: a surface, and a frame of it that was scanned later, after a drift of
up to a twentieth of the surface: the middle again, a zoom, a turned frame; each has its own noise.
One is wrong when it is off by more than two pixels of the surface. Beside them pairs that must be
refused: pure stripes, and two surfaces that are not the same.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.outcome import Bar, BenchReport
from corescout.data import Scan, ScanFrame
from corescout.registration import Registration, register

PAIRS, QUICK_PAIRS = 200, 20
MUST_REFUSE, QUICK_MUST_REFUSE = 20, 4
WRONG_PX = 2.0
MOST_WRONG = 0.01  # of those that are not refused
LARGEST_DRIFT = 0.05  # of the surface's side
SIDE_PX, FRAME_PX, PITCH_M = 256, 128, 8e-9
NOISE = 0.1  # of a pixel, in standard deviations of the channel
PATTERNS = (
    ("stripes", "needles", "walls"),
    ("stripes",),
    ("needles",),
    ("walls",),
    ("needles", "walls"),
)
KINDS = ("again", "zoom", "turned")


@dataclass(frozen=True)
class _Pair:
    kind: str
    patterns: tuple[str, ...]
    found: Registration
    off_px: float


def run(scan: Path | None = None, *, quick: bool = False) -> BenchReport:
    """Register two hundred pairs; twenty with `quick`."""
    pairs = [_pair(number) for number in range(QUICK_PAIRS if quick else PAIRS)]
    kept = [p for p in pairs if p.found.refused is None]
    wrong = [p for p in kept if p.off_px > WRONG_PX]
    count = QUICK_MUST_REFUSE if quick else MUST_REFUSE
    stripes = [_stripes(number).refused is not None for number in range(count)]
    foreign = [_foreign(number).refused is not None for number in range(count)]
    values = {
        "pairs": len(pairs),
        "power": round(len(kept) / len(pairs), 3),
        "wrong": len(wrong),
        "wrong_share": round(len(wrong) / max(1, len(kept)), 4),
        "median_off_px": round(float(np.median([p.off_px for p in kept])), 3),
        "p95_off_px": round(float(np.percentile([p.off_px for p in kept], 95)), 3),
        "stripes_refused": float(np.mean(stripes)),
        "other_surfaces_refused": float(np.mean(foreign)),
    }
    notes = [_power(pairs, kind) for kind in KINDS]
    notes += [f"wrong: {p.kind}, {p.patterns}, {p.off_px:.1f} px" for p in wrong]
    bars = (
        Bar("wrong_share", "<=", MOST_WRONG),
        Bar("stripes_refused", ">=", 1.0),
        Bar("other_surfaces_refused", ">=", 0.95),
    )
    return BenchReport("registration", values, bars, tuple(notes))


def _power(pairs: list[_Pair], kind: str) -> str:
    mine = [p.found.refused is None for p in pairs if p.kind == kind]
    return f"{kind}: {np.mean(mine):.0%} of {len(mine)} are registered, the others refused"


def _pair(number: int) -> _Pair:
    """A surface and a later frame of it, at a drift that is known."""
    from corescout.instruments.twin_sample import TwinSample
    from corescout.surfaces import generate_surface

    rng = np.random.default_rng(number)
    kind, patterns = KINDS[number % len(KINDS)], PATTERNS[number % len(PATTERNS)]
    surface = generate_surface((SIDE_PX, SIDE_PX), seed=1000 + number, patterns=patterns)
    sample = TwinSample(surface, noise=NOISE)
    whole, size = sample.frame, sample.frame.size_m[0]
    way = rng.standard_normal(2)
    drift = rng.uniform(0, LARGEST_DRIFT) * size * way / np.linalg.norm(way)
    share = rng.uniform(0.25, 0.45) if kind == "zoom" else 0.6
    angle = float(rng.uniform(-0.5, 0.5)) if kind == "turned" else 0.0
    room = 0.3 * (1 - share) * size
    center = rng.uniform(-room, room, 2)
    pitch = share * size / FRAME_PX
    frame = ScanFrame((FRAME_PX, FRAME_PX), (pitch, pitch), _pair_of(center), angle)
    # what lies at p - drift on the sample at rest now lies at p
    beneath = replace(frame, center_m=_pair_of(center - drift))
    first = replace(surface.scan, channels=sample.seen(whole, [0.0] * SIDE_PX, rng))
    later = sample.seen(beneath, [0.0] * FRAME_PX, rng)
    second = replace(surface.scan, uid="later", channels=later, frame=frame)
    found = register(first, second)
    off = np.linalg.norm(np.subtract(found.drift_m, drift)) / whole.pitch_m[0]
    return _Pair(kind, patterns, found, float(off))


def _stripes(number: int) -> Registration:
    """Straight stripes without an end, moved along themselves and across."""
    rng = np.random.default_rng(number)
    y, x = np.indices((160, 160), dtype=float)
    angle, period = rng.uniform(0, np.pi), rng.uniform(8, 30)

    def seen(dy: float, dx: float) -> Scan:
        phase = 2 * np.pi * ((x - dx) * np.cos(angle) + (y - dy) * np.sin(angle)) / period
        image = np.sin(phase) + 0.05 * rng.standard_normal(x.shape)
        frame = ScanFrame((160, 160), (PITCH_M, PITCH_M))
        return Scan(f"{dy}", {"Amplitude": image}, roles={"Amplitude": "amplitude"}, frame=frame)

    return register(seen(0.0, 0.0), seen(*rng.uniform(-6, 6, 2)))


def _foreign(number: int) -> Registration:
    """Two surfaces of the same kind that are not the same."""
    from corescout.surfaces import generate_surface

    patterns = PATTERNS[number % len(PATTERNS)]
    shape = (160, 160)
    first = generate_surface(shape, seed=3000 + number, patterns=patterns).scan
    second = generate_surface(shape, seed=4000 + number, patterns=patterns).scan
    return register(first, second)


def _pair_of(values: NDArray[np.float64]) -> tuple[float, float]:
    return float(values[0]), float(values[1])
