"""Public sample scans, fetched once and kept: DTMicroscope of pycroscopy, MIT licence."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

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


@dataclass(frozen=True)
class Sample:
    """A scan to try. `file` is its path in the repository it comes from; None: it is generated."""

    title: str
    file: str | None


SAMPLES: dict[str, Sample] = {
    "surface": Sample("generated surface of three known types", None),
    "pzt_film": Sample("PZT film, 2 µm, chevrons", "data/AFM/PZT_final0001.h5"),
    "pto_film": Sample("PbTiO3 film, 1 µm", "data/AFM/PTO_Funakubo0005.h5"),
    "pzt_thick": Sample("PZT, non-square pixels, turned by 90 deg", "data/AFM/PZT_thick0009.h5"),
    "dart_scan": Sample("DART PFM, 5 µm, 180-degree walls", "notebooks/AFM/temp/scan_0001.ibw"),
}


def write_sample(name: str, out: Path | None = None, *, size_px: int = 128, seed: int = 0) -> Path:
    """Write a sample scan: fetched once and copied, or generated as NSID; return its path.

    Parameters
    ----------
    out : path, optional
        ``scan.h5`` where a surface is generated, else the name of the fetched file, both in the
        current folder. Its folder is made if it is not there.
    size_px, seed : int
        Of the generated surface.

    Raises
    ------
    InputError
        If there is no such sample, the file is there, or the network is missing.
    """
    from corescout.plan_changes import did_you_mean

    if name not in SAMPLES:
        hint = did_you_mean(name, SAMPLES) or "choose one of these"
        raise InputError(f"a sample: {', '.join(SAMPLES)}", repr(name), hint)
    file = SAMPLES[name].file
    target = out or Path("scan.h5" if file is None else Path(file).name)
    if target.exists():
        raise InputError("a file that does not exist yet", str(target), "choose another with --out")
    target.parent.mkdir(parents=True, exist_ok=True)
    if file is not None:
        shutil.copyfile(fetch(file), target)
        return target
    from corescout.exports import write_nsid
    from corescout.surfaces import generate_surface

    return write_nsid(generate_surface((size_px, size_px), seed=seed).scan, target)
