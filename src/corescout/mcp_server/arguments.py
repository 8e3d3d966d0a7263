"""What each tool takes: every value has bounds, and a name that is not known is refused."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from corescout.loop_properties import PROPERTIES
from corescout.mcp_server.words import NAME_LENGTH

_Name = Annotated[str, Field(min_length=1, max_length=400)]
_Channel = Annotated[
    str | None,
    Field(
        max_length=NAME_LENGTH,
        description="A channel by its name in read_scan; left out, the first PFM amplitude, or the"
        " first channel of the file.",
    ),
]
_PixelSize = Annotated[
    float | None,
    Field(
        gt=0, le=1e5, allow_inf_nan=False,
        description="Pixel pitch in nanometres, only for a scan whose scale read_scan says to be"
        " none. Ask the person; never guess it.",
    ),
]  # fmt: skip
_Picture = Annotated[bool, Field(description="Whether a picture comes with the answer.")]
_Run = Annotated[
    _Name, Field(description="A run by its name in list_files, or in the answer of explore_scan.")
]
_Scan = Annotated[_Name, Field(description="A scan by its name in list_files.")]


class Arguments(BaseModel):
    """Base of all: no unknown name, no value of another kind."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class ListFiles(Arguments):
    """Of `list_files`."""

    folder: Annotated[
        _Name | None,
        Field(description="A named folder, or one in it such as 'scans/monday'; left out, all."),
    ] = None
    start: Annotated[
        int,
        Field(
            ge=0, le=100_000, description="For the next page: next_start of the answer before it."
        ),
    ] = 0


class ReadScan(Arguments):
    """Of `read_scan`."""

    scan: _Scan
    channel: _Channel = None
    pixel_size_nm: _PixelSize = None
    picture: _Picture = True


class ExploreScan(Arguments):
    """Of `explore_scan`."""

    scan: _Scan
    channel: _Channel = None
    pixel_size_nm: _PixelSize = None
    preset: Annotated[
        Literal["live", "standard"],
        Field(description="live: about a minute. standard: more seeds, several minutes."),
    ] = "live"
    seed: Annotated[
        int, Field(ge=0, le=2**31, description="The same scan, preset and seed: the same result.")
    ] = 0
    picture: _Picture = True


class NoArguments(Arguments):
    """Of a tool that takes none."""


class ExplainVerdict(Arguments):
    """Of `explain_verdict`."""

    run: _Run
    picture: _Picture = True


class ExplainType(Arguments):
    """Of `explain_type`."""

    run: _Run
    type: Annotated[
        int, Field(ge=1, le=1000, description="Number of the type, as explain_verdict lists it.")
    ]
    picture: _Picture = True


class CompareScans(Arguments):
    """Of `compare_scans`."""

    run: _Run
    other: Annotated[
        _Name,
        Field(
            description="A scan by its name in list_files, on which the types of the run are found"
            " without training, or another run."
        ),
    ]
    pixel_size_nm: _PixelSize = None


class PredictProperty(Arguments):
    """Of `predict_property`."""

    run: _Run
    measurements: Annotated[
        _Name,
        Field(
            description="A measurements table by its name in list_files: loops of a day, or a"
            " person's own table with the property as a column. Made on the scan of the run."
        ),
    ]
    property: Annotated[
        str,
        Field(
            min_length=1,
            max_length=NAME_LENGTH,
            description=f"What to predict. Of loops: {', '.join(PROPERTIES)} (each also with"
            " _on_field at its end); of an own table: the name of a column with numbers.",
        ),
    ] = "coercive_bias_v"
    picture: _Picture = True


class ProposeTargets(Arguments):
    """Of `propose_targets`."""

    run: _Run
    count: Annotated[
        int, Field(ge=1, le=50, description="Targets in all; types take turns.")
    ] = 10  # fmt: skip
    choice: Annotated[
        Literal["core", "boundary", "novel"],
        Field(description="core: clearest examples. boundary: least certain. novel: least known."),
    ] = "core"
    spacing_nm: Annotated[
        float | None,
        Field(
            gt=0,
            le=1e6,
            allow_inf_nan=False,
            description="Least distance between two, in nm; left out, that of the plan of the run.",
        ),
    ] = None
    margin_nm: Annotated[
        float,
        Field(
            ge=0,
            le=1e6,
            allow_inf_nan=False,
            description="Distance from the edge of the scan, in nm.",
        ),
    ] = 0.0
    action: Annotated[
        Literal["mark", "spectrum", "zoom"],
        Field(
            description="What the person is asked to allow there. mark: go there and note it."
            " spectrum: sweep the bias. zoom: scan a small frame."
        ),
    ] = "mark"
    bias_v: Annotated[
        float | None,
        Field(
            gt=0,
            le=10,
            allow_inf_nan=False,
            description="For spectrum, in V: the sweep goes from"
            " minus to plus this; left out, what the instrument is set to.",
        ),
    ] = None
    frame_size_nm: Annotated[
        float | None,
        Field(
            gt=0,
            le=1e5,
            allow_inf_nan=False,
            description="For zoom, and needed there: side of the frames, in nm.",
        ),
    ] = None
    hours: Annotated[
        float,
        Field(
            gt=0,
            le=24,
            allow_inf_nan=False,
            description="For how many hours a person may still approve it.",
        ),
    ] = 1.0
    picture: _Picture = True


class ReadDay(Arguments):
    """Of `read_day`."""

    day: Annotated[_Name, Field(description="A day by its name in list_files.")]
    last: Annotated[
        int, Field(ge=1, le=200, description="How many of the last scans and entries.")
    ] = 20


def schema_of(arguments: type[Arguments]) -> dict[str, Any]:
    """Return the JSON schema that a client sees, without the titles that pydantic adds."""
    schema = arguments.model_json_schema()
    for field in schema.get("properties", {}).values():
        field.pop("title", None)
    return {k: v for k, v in schema.items() if k not in ("title", "description")}
