"""HTML pages from templates: self-contained, on one base page, every value escaped.

Templates stand beside this file; ``base.html`` holds the head and the style that all share.
"""

from __future__ import annotations

import base64
from pathlib import Path
from typing import TYPE_CHECKING, Any

from corescout.colors import type_color

if TYPE_CHECKING:
    from jinja2 import Environment


def render(template: str, **values: Any) -> str:
    """Return a page.

    Parameters
    ----------
    template : str
        Name of a file here.
    **values
        What the template names. Text is escaped; a name that is missing is an error.
    """
    return _environment().get_template(template).render(**values)


def picture(png: bytes) -> str:
    """Return a PNG as the source of an image, so that the page needs no other file."""
    return f"data:image/png;base64,{base64.b64encode(png).decode('ascii')}"


def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["type_color"] = type_color
    return environment
