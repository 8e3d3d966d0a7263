"""A plan as a cloud of points that the controller visits by itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from corescout.instruments.folder.instrument import expected
from corescout.instruments.folder.tying import Expected
from corescout.instruments.messages import Message
from corescout.instruments.nanonis.spectra import BASE_NAME
from corescout.instruments.protocol import InstrumentError

EXPERIMENT = "Bias Spectroscopy"
CLOUD = 3  # the pattern
_RED = 0xFF0000


def cloud_places(messages: Sequence[Message]) -> tuple[Expected, ...]:
    """Return the targets of a plan that spectra are taken at, in order."""
    return tuple(expected(messages))


def cloud_commands(messages: Sequence[Message]) -> list[tuple[Any, ...]]:
    """Return the commands of a whole plan, in order.

    Raises
    ------
    InstrumentError
        If spectra differ in their bias: a cloud has one setting for all.
    """
    said: list[tuple[Any, ...]] = [("Bias.Set", 0.0)]
    said += [
        ("FolMe.SpeedSet", m.values["speed_m_per_s"], 1) for m in messages if m.kind == "speed"
    ]
    marks = [m for m in messages if m.kind == "mark"]
    if marks:
        places = [(m.values["x_m"], m.values["y_m"]) for m in marks]
        texts = [m.target_uid or "" for m in marks]
        said.append(("Marks.PointsDraw", (places, texts, [_RED] * len(marks))))
    points = cloud_places(messages)
    if not points:
        return said
    biases = {
        (m.values["bias_start_v"], m.values["bias_end_v"]) for m in messages if m.kind == "spectrum"
    }
    if len(biases) != 1:
        raise InstrumentError("spectra of a cloud have one bias range: make plans for each")
    cloud = np.asarray([p.xy_m for p in points], np.float32)
    return [
        *said,
        ("BiasSpectr.Open",),
        ("BiasSpectr.LimitsSet", *biases.pop()),
        ("Pattern.CloudSet", 1, cloud),
        ("Pattern.CloudGet",),
        ("Pattern.PropsSet", EXPERIMENT, BASE_NAME, "", 0.0, 0),
        ("Pattern.ExpOpen",),
        ("Pattern.ExpStart", CLOUD),
        ("Pattern.ExpStatusGet",),
        ("Bias.Set", 0.0),
    ]
