"""`.tif`: grey images without a scale."""

from __future__ import annotations

from pathlib import Path

from corescout.data import InputError, Scan
from corescout.readers.numpy_array import scan_of


def read(path: Path) -> Scan:
    """Read one grey image (H, W) or a stack of channels (C, H, W).

    Raises
    ------
    InputError
        If it is a colour picture or no TIFF.
    """
    import tifffile

    try:
        with tifffile.TiffFile(path) as file:
            if file.pages[0].photometric in (2, 3):
                raise InputError(
                    "a grey image",
                    f"a colour picture in {path.name}",
                    "export the data, not a picture",
                )
            return scan_of(file.asarray(), path)
    except tifffile.TiffFileError as error:
        raise InputError("a complete TIFF", f"{path.name}: {error}", "copy it again") from error
