"""What any parser raises on a damaged file becomes an error that a user can act on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from corescout.data import InputError


@contextmanager
def damaged_as_input_error(path: Path) -> Iterator[None]:
    """Turn any error but our own into an `InputError` that names the file."""
    try:
        yield
    except InputError:
        raise
    except Exception as error:
        raise InputError(
            f"a complete {path.suffix} file",
            f"{path.name} is damaged or cut short ({type(error).__name__}: {error})"[:300],
            "copy it again from the instrument, or wait until it is written completely",
        ) from error
