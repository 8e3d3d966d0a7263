"""Where in somebody else's code an error came up."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any


def raised_at(error: BaseException, function: Callable[..., Any]) -> str:
    """Return " (reward.py, line 12)": the last line of the function's own file; "" if unknown.

    Parameters
    ----------
    error : exception
        Caught where `function` was called.
    function : callable
        That of the user: what it calls may raise deep in another library.
    """
    frames = traceback.extract_tb(error.__traceback__)[1:]
    code = getattr(function, "__code__", None)
    own = [frame for frame in frames if code is not None and frame.filename == code.co_filename]
    last = (own or frames)[-1] if frames else None
    return f" ({Path(last.filename).name}, line {last.lineno})" if last else ""
