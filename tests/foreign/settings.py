"""How this controller behaves where the protocol leaves it open, and what it is at the start."""

from __future__ import annotations

from dataclasses import dataclass, field

from .signals import AMPLITUDE, PHASE, SLOTS, Z, default_names


@dataclass
class Frame:
    """A scan frame: centre and size in metres, angle in degrees, clockwise positive."""

    x_m: float = 0.0
    y_m: float = 0.0
    width_m: float = 2e-6
    height_m: float = 2e-6
    angle_deg: float = 0.0


@dataclass
class Settings:
    """Everything a test may choose about a controller before it starts."""

    # The wire
    latency_s: tuple[float, float] = (
        0.0,
        0.0,
    )  # real seconds, drawn for each request; half before it acts
    second_request: str = (
        "drop"  # or "queue": what becomes of one sent before the last was answered
    )
    one_client: bool = True  # a second client of a port is closed at once
    encoding: str = "cp1252"
    errors_after_results: bool = True  # an error body carries empty results before the error
    unknown: frozenset[str] = frozenset()  # commands that this controller does not know
    session_path: str = ""  # a path of its own
    version: tuple[str, str, int, int] = ("Mimea Generic 5", "R14718", 14718, 14718)

    # Tip
    range_m: tuple[float, float, float] = (100e-6, 100e-6, 5e-6)
    start_xy_m: tuple[float, float] = (0.0, 0.0)
    speed_m_s: float = 1e-6
    noise_m: float = 0.05e-9
    seed: int = 0

    # Scan
    frame: Frame = field(default_factory=Frame)
    channels: tuple[int, ...] = (Z, AMPLITUDE, PHASE)
    pixels: int = 32
    lines: int = 32
    scan_speed_m_s: float = 2e-6
    continuous: bool = False
    bouncy: bool = False
    autosave: bool = True
    rows: str = "scanned"  # rows of an up-scan as they were scanned, or "top" first
    grab_before_scan: str = "nan"  # or "error"
    wait_when_idle: str = "timeout"  # or "return": WaitEndOfScan while nothing runs
    image_noise: float = 1.0  # of a pixel, in those of `signals.NOISE`
    by_slot: bool = False  # scan channels are slots 0..23, not indexes of the 128 signals
    names: list[str] = field(default_factory=default_names)
    slots: tuple[int, ...] = SLOTS
    constant: frozenset[int] = frozenset()  # signals that read the same everywhere
    holes: frozenset[int] = frozenset()  # signals with a NaN pixel in each image
    repeated_line: frozenset[int] = frozenset()  # signals whose last line repeats the one before

    # Bias, spectra, feedback
    bias_v: float = 0.0
    ac_v: float = 0.5
    ac_on: bool = True
    limits_v: tuple[float, float] = (-3.0, 3.0)
    points: int = 16
    backward: bool = True
    settling_s: float = 0.002
    integration_s: float = 0.005
    reset_bias: bool = True
    z_hold: bool = True
    stop_takes_s: float = 0.05  # from BiasSpectr.Stop to the end of the spectrum
    restores_start_bias: bool = (
        False  # the end of a spectrum overrides a Bias.Set made while it ran
    )
    feedback: bool = True
    setpoint: float = 1.0
