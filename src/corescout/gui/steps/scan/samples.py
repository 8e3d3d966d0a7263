"""The sample scans as layers, as napari's menu names them."""

from __future__ import annotations

from typing import Any

from corescout.samples import fetch


def _layers(file: str) -> list[Any]:
    from corescout.gui.canvas.layer_data import scan_layers
    from corescout.readers import read_scan

    return scan_layers(read_scan(fetch(file)))


def sample_surface() -> list[Any]:
    """Return a generated ferroelectric surface with stripes, needles and 180-degree walls."""
    from corescout.gui.canvas.layer_data import scan_layers
    from corescout.surfaces import generate_surface

    return scan_layers(generate_surface(seed=0).scan)


def pzt_film() -> list[Any]:
    """PZT film, 2 µm, chevrons and closed walls."""
    return _layers("data/AFM/PZT_final0001.h5")


def pto_film() -> list[Any]:
    """PbTiO3 film, 1 µm, a and c domains."""
    return _layers("data/AFM/PTO_Funakubo0005.h5")


def pzt_thick() -> list[Any]:
    """PZT, 256 x 128 pixels on 1 µm, turned by 90 degrees."""
    return _layers("data/AFM/PZT_thick0009.h5")


def dart_scan() -> list[Any]:
    """DART PFM, 5 µm, 180-degree walls."""
    return _layers("notebooks/AFM/temp/scan_0001.ibw")
