"""The tool that predicts a property, and says first whether structure predicts it at all."""

from __future__ import annotations

from typing import Any

import numpy as np

from corescout.data import InputError, Result
from corescout.mcp_server.answers import ToolAnswer, verdict_values
from corescout.mcp_server.arguments import PredictProperty
from corescout.mcp_server.desk import Desk
from corescout.mcp_server.lanes import Call
from corescout.mcp_server.pictures import png_of, property_figure
from corescout.mcp_server.words import NAME_LENGTH, bounded
from corescout.steering import Prediction, measured_values

MOST_MEASURED = 600  # the process takes the cube of it, once for each block that is left out
_MOST_INPUTS, _MOST_PLACES = 8, 5
_ANSWERS = {True: "yes", False: "no better than the mean", None: "not known yet"}
_READING = (
    "report 'words' as they stand; an interval is where 90 % of loops there would lie; 'not known"
    " yet' promises nothing; a prediction holds for this scan and the tip as it was"
)


def predict_a_property(desk: Desk, asked: PredictProperty, call: Call) -> ToolAnswer:
    """Say whether structure predicts a property, and what it predicts where it does."""
    run = desk.run(asked.run)
    measured = measured_values(desk.places.table(asked.measurements), run, asked.property)
    if len(measured) > MOST_MEASURED:
        raise InputError(
            f"at most {MOST_MEASURED} measurements", f"{len(measured)}",
            "let the person predict it with corescout targets --measurements",
        )  # fmt: skip
    found = run.predict_property(measured, asked.property)
    if call.stop.is_set():
        raise InputError("a call that is waited for", "one that was given up", "ask again")
    said = found.validation
    known = np.asarray(measured.value)[np.asarray(measured.known)]
    values = {
        "run": asked.run,
        "measurements": asked.measurements,
        "property": bounded(asked.property, NAME_LENGTH),
        "unit": bounded(found.unit, 20),
        "words": found.words,
        "structure_predicts_it": _ANSWERS[said.predicts],
        "evidence": {
            "r2": said.r2,
            "r2_standard_error": said.r2_error,
            "blocks_left_out": said.n_folds,
            "measured_inside_their_90_percent_interval": said.coverage,
        },
        "measured": {
            "values": len(known),
            "failed": len(measured) - len(known),
            "mean": float(known.mean()),
            "standard_deviation": float(known.std()),
            "notes": [bounded(note) for note in measured.notes],
        },
        "verdict": verdict_values(run),
        **(_nothing() if said.predicts is False else _prediction(run, found)),
        "reading": _READING,
        "next": "propose_targets chooses by type, not by this; a person chooses by it with"
        " corescout targets --measurements --goal",
    }
    shown = asked.picture and said.predicts is not False
    return ToolAnswer(values, png_of(desk, lambda: property_figure(run, found)) if shown else None)


def _nothing() -> dict[str, str]:
    return {"prediction": "none: take the mean of what was measured, with its standard deviation"}


def _prediction(result: Result, found: Prediction) -> dict[str, Any]:
    low, high = found.interval
    order = np.argsort(found.mean, kind="stable")
    relevance = list(found.relevance.items())[:_MOST_INPUTS]
    return {
        "prediction": {
            "key_points": len(found.mean),
            "mean": float(found.mean.mean()),
            "lowest_and_highest_mean": [float(found.mean.min()), float(found.mean.max())],
            "median_half_of_90_percent_interval": float(np.median(high - low) / 2),
            "chance_that_a_measurement_fails": float(found.failing.mean()),
            "types": [_of_type(result, found, number) for number in result.types.numbers],
            "largest_expected": [_place(result, found, int(r)) for r in order[::-1][:_MOST_PLACES]],
            "smallest_expected": [_place(result, found, int(r)) for r in order[:_MOST_PLACES]],
        },
        "rests_on_share_of_all": {bounded(name, NAME_LENGTH): share for name, share in relevance},
    }


def _of_type(result: Result, found: Prediction, number: int) -> dict[str, Any]:
    mine = np.asarray(result.types.of_point) == number
    rows = np.asarray(found.measured.row)[np.asarray(found.measured.known)]
    return {
        "type": number,
        "type_name": result.types.name(number),
        "measured": int(np.count_nonzero(mine[rows])),
        "mean": float(found.mean[mine].mean()) if mine.any() else None,
        "lowest_and_highest_mean": (
            [float(found.mean[mine].min()), float(found.mean[mine].max())] if mine.any() else None
        ),
    }


def _place(result: Result, found: Prediction, row: int) -> dict[str, Any]:
    low, high = found.interval
    y, x = (float(v) for v in np.asarray(result.patches.center_yx_px)[row])
    x_m, y_m = (float(v) for v in found.field.xy_m[row])
    return {
        "type": int(result.types.of_point[row]),
        "mean": float(found.mean[row]),
        "interval_90_percent": [float(low[row]), float(high[row])],
        "y_px": y,
        "x_px": x,
        "x_um": x_m * 1e6,
        "y_um": y_m * 1e6,
    }
