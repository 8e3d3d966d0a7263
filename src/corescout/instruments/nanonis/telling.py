"""What a Nanonis controller tells of itself: by what it is known, its frame, channels and range."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from corescout.instruments.nanonis.client import Connection, RefusedError
from corescout.instruments.nanonis.images import Signals, acquired, frame_of
from corescout.instruments.nanonis.readback import Say
from corescout.instruments.protocol import Description


def read_identities(say: Say, peers: Sequence[tuple[str, int]]) -> tuple[str, ...]:
    """Return each port at its address, and the session that the controller says it runs there.

    Parameters
    ----------
    say : callable
        Sends a command and returns its answer.
    peers : sequence of (address, port)
        That are reached.
    """
    known = [f"nanonis {host}:{port}" for host, port in peers]
    with suppress(RefusedError):  # who does not tell is known by its ports
        said = say("Util.VersionGet")
        (folder,) = say("Util.SessionPathGet")
        if folder:  # without a session folder there is nothing to tell it by
            known.append(f"nanonis at {peers[0][0]}: {' '.join(map(str, said))}, {folder}")
    return tuple(known)


def read_description(line: Connection, signals: Signals) -> Description:
    """Return frame, channels of the buffer, software, range and speed; nothing is changed."""
    product, version, *_ = line.call("Util.VersionGet")
    x_range, y_range, _ = line.call("Piezo.RangeGet")
    speed, _ = line.call("FolMe.SpeedGet")
    (folder,) = line.call("Util.SessionPathGet")
    _, pixels, lines = line.call("Scan.BufferGet")
    said = (
        f"{product} {version}",
        f"scanner range {x_range * 1e6:.4g} x {y_range * 1e6:.4g} µm",
        f"speed of a move {speed * 1e6:.4g} µm/s",
        f"session folder {folder or 'none'}",
    )
    return Description(frame_of(line, (int(lines), int(pixels))), acquired(line, signals), said)
