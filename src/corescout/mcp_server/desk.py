"""What the tools share: the folders, what was opened last, and the exploration under way."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, field, replace
from pathlib import Path

from corescout.data import InputError, Result, Scan
from corescout.interactive.exploration import Exploration
from corescout.mcp_server.places import AllowedPlaces
from corescout.mcp_server.words import NAME_LENGTH, bounded
from corescout.plan import Plan
from corescout.readers import read_scan
from corescout.readers.channels import free_name
from corescout.rewards import own_rewards
from corescout.runs import read_run

MOST_PX = 4096 * 4096
_KEPT = 4  # runs that stay in memory: one is asked about several times
_MOST_CHANNELS = 64


@dataclass
class Desk:
    """What the tools work on.

    Attributes
    ----------
    places : AllowedPlaces
    minutes : float
        Longest exploration.
    workers : int
        Threads of an exploration.
    stop_exploration : threading.Event or None
        Of the exploration under way.
    drawing : threading.Lock
        Held while a figure is drawn: two lanes must not draw at once.
    """

    places: AllowedPlaces
    minutes: float = 10.0
    workers: int = 1
    stop_exploration: threading.Event | None = None
    drawing: threading.Lock = field(default_factory=threading.Lock)
    _runs: OrderedDict[tuple[Path, int], Exploration] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def scan(self, name: str, channel: str | None, pixel_size_nm: float | None) -> Scan:
        """Read a scan; its names are bounded text.

        Raises
        ------
        InputError
            If it is not in a named folder, or cannot be read, or is too large.
        """
        pitch_m = None if pixel_size_nm is None else pixel_size_nm * 1e-9
        scan = with_bounded_names(
            read_scan(self.places.scan(name), pixel_size_m=pitch_m, channel=channel)
        )
        height, width = scan.shape_px
        if height * width > MOST_PX or len(scan.channels) > _MOST_CHANNELS:
            raise InputError(
                f"a scan of at most {MOST_PX:,} px and {_MOST_CHANNELS} channels",
                f"{width} x {height} px, {len(scan.channels)} channels", "take another",
            )  # fmt: skip
        return scan

    def run(self, name: str) -> Exploration:
        """Read a run; those that were read last are kept.

        Raises
        ------
        InputError
            If it is not in a named folder, is damaged, or asks for code of somebody's own.
        """
        place = self.places.run(name)
        key = (place, (place / "decision.json").stat().st_mtime_ns)
        with self._lock:
            if key in self._runs:
                self._runs.move_to_end(key)
                return self._runs[key]
        found = Exploration.of(_checked(read_run(place), name))
        with self._lock:
            self._runs[key] = found
            while len(self._runs) > _KEPT:
                self._runs.popitem(last=False)
        return found


def with_bounded_names(scan: Scan) -> Scan:
    """Return a scan whose channels, units and identity are short text without control characters.

    The text of a file is a stranger's: it is shown in answers and pictures.
    """
    called: dict[str, str] = {}
    for name in scan.channels:
        called[name] = free_name(bounded(name, NAME_LENGTH), set(called.values()))
    if any(name != short for name, short in called.items()):
        from corescout.interactive.calls import with_names

        scan = with_names(scan, called)
    return replace(
        scan,
        uid=bounded(scan.uid, NAME_LENGTH),
        source=bounded(Path(scan.source).name, NAME_LENGTH),
        units={name: bounded(unit, 20) for name, unit in scan.units.items()},
    )


def _checked(result: Result, name: str) -> Result:
    """Refuse a run that names code, or whose names are longer than is shown."""
    plan = Plan.model_validate(result.plan)
    own = own_rewards(plan.wanted_rewards)
    if own:
        raise InputError(
            "a run whose rewards are Corescout's", f"{bounded(own[0], 60)!r} in {bounded(name)}",
            "let the person look at it in the window",
        )  # fmt: skip
    names = (*result.scan.channels, *result.channels, result.scan.uid,
             *(look.name for look in result.types.looks.values()))  # fmt: skip
    if any(len(text) > NAME_LENGTH + 8 or not text.isprintable() for text in names):
        raise InputError(
            f"a run whose names have at most {NAME_LENGTH} printable characters", bounded(name),
            "rename its channels and types and explore again",
        )  # fmt: skip
    return replace(result, scan=replace(result.scan, source=Path(result.scan.source).name))
