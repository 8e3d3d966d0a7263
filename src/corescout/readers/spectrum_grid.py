"""Grids of spectra: NSID (BEPS) over X, Y and one spectral axis, and Nanonis `.3ds`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from corescout.data import InputError, ScanFrame, SpectrumGrid
from corescout.readers import nanonis_3ds
from corescout.readers.damage import damaged_as_input_error
from corescout.readers.hdf5 import bounded_file, dimension_labels, text_of


def read_spectrum_grid(path: str | Path, channel: str | None = None) -> SpectrumGrid:
    """Read a grid of spectra: the first NSID dataset (x, y, spectral), or a Nanonis `.3ds`.

    Parameters
    ----------
    path : str or Path
    channel : str, optional
        Of a `.3ds` with several; the first one if not said.

    Returns
    -------
    SpectrumGrid
        Row 0 is the +Y edge. An NSID frame is centred on the axes of the file; points of a `.3ds`
        that were not measured yet are missing.

    Raises
    ------
    InputError
        If there is none, or the file is damaged.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError("a grid of spectra", f"no file {path}", "check the path")
    if path.suffix.lower() == ".3ds":
        with damaged_as_input_error(path):
            return nanonis_3ds.read(path, channel)
    with damaged_as_input_error(path), bounded_file(path) as file:
        found: list[Any] = []
        file.visititems(
            lambda _, item: found.append(item) if getattr(item, "ndim", 0) == 3 else None
        )
        for item in found:
            labels = dimension_labels(item)
            if labels[:2] == ["X", "Y"]:
                return _grid(item, labels, path)
    raise InputError("an NSID dataset over X, Y and a spectral axis", path.name, "export it so")


def _grid(item: Any, labels: list[str], path: Path) -> SpectrumGrid:
    axes = [np.asarray(item.parent[label][()], dtype=np.float64) for label in labels]
    x, y, spectral = axes
    values = np.asarray(item[()], dtype=np.float64)
    pitch = (float(np.ptp(x)) / (len(x) - 1), float(np.ptp(y)) / (len(y) - 1))
    frame = ScanFrame(
        (len(y), len(x)), pitch, (float(x.mean()), float(y.mean())),
        assumed=("pixel centres lie on the axes of the file",),
    )  # fmt: skip
    axis = item.parent[labels[2]]
    return SpectrumGrid(
        frame=frame,
        axis=spectral,
        response=np.flipud(values.transpose(1, 0, 2)),
        axis_name=text_of(axis.attrs.get("quantity", labels[2])).lower(),
        axis_unit=text_of(axis.attrs.get("units", "")),
        unit=text_of(item.attrs.get("units", "")),
        source=str(path),
    )
