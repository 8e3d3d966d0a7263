"""What is known of a scan, in words and units: place, doubts, assumptions, channels, metadata."""

from __future__ import annotations

import numpy as np

from corescout.data import Scan
from corescout.derived import derived_channels
from corescout.lines.ways import ways_in_words
from corescout.quality import assess

Rows = list[tuple[str, str]]
VENDOR = "Vendor's metadata"


def describe(scan: Scan, channel: str) -> dict[str, Rows]:
    """Return what is known of a scan, as (what, value) under titles."""
    doubts = [(f.kind, f.message) for f in assess(scan, channel)]
    return {
        "Place": [*_place(scan), *_ways(scan, channel)],
        "Doubts": doubts or [("none", f"{channel} looks fit for a decision")],
        "How it was read": [("note", text) for text in _notes(scan)]
        or [("note", "nothing assumed")],
        "Channels": [
            (name, ", ".join(filter(None, (scan.units[name], scan.roles.get(name, "")))))
            for name in scan.channels
        ],
        "Derived channels": [
            (name, f"from {', '.join(needs)}") for name, needs in derived_channels(scan).items()
        ],
        VENDOR: [(str(k), str(v)) for k, v in scan.metadata.items()],
    }


def _place(scan: Scan) -> Rows:
    height, width = scan.shape_px
    rows = [("file", scan.source), ("pixels", f"{width} x {height}")]
    if scan.rows_done is not None:
        rows.append(("lines scanned", f"{scan.rows_done} of {height}"))
    if scan.acquired_at is not None:
        rows.append(("acquired", f"{scan.acquired_at:%Y-%m-%d %H:%M:%S}"))
    frame = scan.frame
    if frame is None:
        return [*rows, ("scale", "none in the file; give a pixel size")]
    size, centre = np.array(frame.size_m) * 1e6, np.array(frame.center_m) * 1e6
    pitch = np.array(frame.pitch_m) * 1e9
    return [
        *rows,
        ("size", f"{size[0]:.4g} x {size[1]:.4g} \u00b5m"),
        ("pixel pitch", f"{pitch[0]:.4g} x {pitch[1]:.4g} nm"),
        ("centre X, Y", f"{centre[0]:.4f}, {centre[1]:.4f} \u00b5m"),
        ("angle", f"{np.rad2deg(frame.angle_rad):.2f}\u00b0 clockwise"),
    ]


def _ways(scan: Scan, channel: str) -> Rows:
    needs = derived_channels(scan).get(channel, (channel,))
    said = ways_in_words(scan, needs[0])
    return [("fast axis", said)] if said else []


def _notes(scan: Scan) -> list[str]:
    assumed = scan.frame.assumed if scan.frame is not None else ()
    return [*scan.warnings, *assumed]
