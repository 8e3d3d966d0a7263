"""The Nanonis controller of the tests that shares no code with the product, for the benches."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

from benchmarks.outcome import CHECKOUT


def controller(**settings: Any) -> Any:
    """Return a `foreign.server.Controller`, to be used as a context manager."""
    tests = str(CHECKOUT / "tests")
    if tests not in sys.path:
        sys.path.append(tests)
    return import_module("foreign.server").Controller(**settings)
