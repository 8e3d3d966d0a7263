"""Public sample scans, fetched once and kept: DTMicroscope of pycroscopy, MIT licence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from corescout.data import InputError

_COMMIT = "17245ba6df4299aa3f13e2a8f33d9ba48a8000b4"
BASE_URL = f"https://raw.githubusercontent.com/pycroscopy/DTMicroscope/{_COMMIT}/"
# path in that repository -> SHA-256
FILES = {
    "data/AFM/PZT_final0001.h5": (
        "3a85c4852f046bb514e75ce0f890775260a01c5f518231d6b1c30e9c28dd5ba0"
    ),
    "data/AFM/PTO_Funakubo0005.h5": (
        "3f934413158c728f8d8d2f10f2bf132878e1428972a439692c1b83f8f5b87922"
    ),
    "data/AFM/PZT_thick0009.h5": (
        "bc24a928df79c004bc7b17066d6f89ae7acb286e28a2f5784d04708a193fcf90"
    ),
    "notebooks/AFM/temp/scan_0001.ibw": (
        "ab3dfc7c3ad6e9bbbcad326b397131ae4a524fab6dba0cb2b1c1fa09d4cb09a8"
    ),
}


def fetch(file: str, cache: Path | None = None) -> Path:
    """Return the local copy of a sample, downloading it once.

    Raises
    ------
    InputError
        Without a network, or where what came is not the file that is expected.
    """
    import pooch

    folder = pooch.os_cache("corescout") if cache is None else cache
    try:
        path = pooch.retrieve(
            BASE_URL + file, f"sha256:{FILES[file]}", fname=Path(file).name, path=folder
        )
    except (OSError, ValueError) as error:
        raise InputError(
            "a network to fetch the sample scan, once",
            f"{type(error).__name__}: {error}"[:200],
            f"connect, or save {BASE_URL}{file} as {folder / Path(file).name}",
        ) from error
    return Path(path)


def _layers(file: str) -> list[Any]:
    from corescout.gui.canvas.layer_data import scan_layers
    from corescout.readers import read_scan

    return scan_layers(read_scan(fetch(file)))


def pzt_film() -> list[Any]:
    """PZT film, 2 um, chevrons and closed walls."""
    return _layers("data/AFM/PZT_final0001.h5")


def pto_film() -> list[Any]:
    """PbTiO3 film, 1 um, a and c domains."""
    return _layers("data/AFM/PTO_Funakubo0005.h5")


def pzt_thick() -> list[Any]:
    """PZT, 256 x 128 pixels on 1 um, turned by 90 degrees."""
    return _layers("data/AFM/PZT_thick0009.h5")


def dart_scan() -> list[Any]:
    """DART PFM, 5 um, 180-degree walls."""
    return _layers("notebooks/AFM/temp/scan_0001.ibw")
