"""Corescout: types of microstructure in a scan, their core points, and where to measure next.

>>> import corescout
>>> scan = corescout.read_scan("scan_0001.ibw")        # doctest: +SKIP
>>> result = corescout.explore(scan)                   # doctest: +SKIP
"""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import version as _version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from corescout.data import (
        Fit,
        InputError,
        Keypoints,
        Measurement,
        Result,
        Reward,
        Scan,
        ScanFrame,
        StoppedError,
        Target,
    )
    from corescout.interactive.calls import apply, explore, load
    from corescout.interactive.exploration import Exploration
    from corescout.interactive.inputs import as_scan
    from corescout.pipeline import save
    from corescout.plan import Plan
    from corescout.readers import read_measurement, read_scan

_HOME = {
    "Exploration": "corescout.interactive.exploration",
    "Fit": "corescout.data",
    "InputError": "corescout.data",
    "Keypoints": "corescout.data",
    "Measurement": "corescout.data",
    "Plan": "corescout.plan",
    "Result": "corescout.data",
    "Reward": "corescout.data",
    "Scan": "corescout.data",
    "ScanFrame": "corescout.data",
    "Target": "corescout.data",
    "StoppedError": "corescout.data",
    "apply": "corescout.interactive.calls",
    "as_scan": "corescout.interactive.inputs",
    "explore": "corescout.interactive.calls",
    "load": "corescout.interactive.calls",
    "read_measurement": "corescout.readers",
    "read_scan": "corescout.readers",
    "save": "corescout.pipeline",
}
__all__ = [
    "Exploration",
    "Fit",
    "InputError",
    "Keypoints",
    "Measurement",
    "Plan",
    "Result",
    "Reward",
    "Scan",
    "ScanFrame",
    "StoppedError",
    "Target",
    "__version__",
    "apply",
    "as_scan",
    "explore",
    "load",
    "read_measurement",
    "read_scan",
    "save",
]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return _version("napari-corescout")
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module 'corescout' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
