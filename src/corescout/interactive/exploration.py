"""A result as a script uses it: it shows itself, and what a person may do to it is a method.

Nothing changes in place: every edit returns another one, so that undo is the one from before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from corescout import edits
from corescout.data import Candidate, InputError, Result, Target
from corescout.data.target import Action

if TYPE_CHECKING:
    import pandas
    import xarray
    from matplotlib.figure import Figure

    from corescout.instruments import VisitPlan
    from corescout.steering import MeasuredValues, Prediction, Suggestion


@dataclass(frozen=True, eq=False, repr=False)
class Exploration(Result):
    """A `Result` with views and edits. Types are said by number or by name.

    >>> result = corescout.explore(scan)              # doctest: +SKIP
    >>> result = result.rename(1, "needles").hide("walls")   # doctest: +SKIP
    """

    @classmethod
    def of(cls, result: Result) -> Self:
        """Return a result as one of these."""
        if isinstance(result, cls):
            return result
        return cls(**{f.name: getattr(result, f.name) for f in fields(Result)})

    # -- to look at -----------------------------------------------------------------------

    def summary(self) -> str:
        """Return the verdict, the types, counts and notes, as window and command line say them."""
        from corescout.interactive.views import summary

        return summary(self)

    def _repr_html_(self) -> str:
        from corescout.interactive.views import result_html

        return result_html(self)

    def plot(self) -> Figure:
        """Draw the scan with its core points beside the latent space."""
        from corescout.report.figures import f5_types

        return f5_types(self)

    def plot_latent(self) -> Figure:
        """Draw the latent space: codes in the colours of their types, ellipses of 2 sigma."""
        from corescout.interactive.views import latent_figure

        return latent_figure(self)

    def plot_rewards(self) -> Figure:
        """Draw the rewards of all candidates over the window.

        Raises
        ------
        InputError
            If there are none: the types were applied to another scan.
        """
        from corescout.report.figures import f4_rewards

        return _drawn(f4_rewards(self), "candidates", "explore the scan by itself")

    def plot_targets(self) -> Figure:
        """Draw the targets on the scan, with their numbers.

        Raises
        ------
        InputError
            If there is none.
        """
        from corescout.report.figures import targets_route

        return _drawn(targets_route(self), "targets", "choose some with choose_targets")

    # -- to compute with ------------------------------------------------------------------

    def to_dataframe(self) -> pandas.DataFrame:
        """Return every key point as a row; `attrs` says unit and meaning of each column."""
        import pandas

        from corescout.runs.key_points import key_point_table, meaning_of

        table = key_point_table(self)
        frame = pandas.DataFrame(dict(table)).set_index("key_point")
        for name in ("core", "edited"):
            frame[name] = frame[name].astype(bool)
        frame.attrs = {
            "units": {name: meaning_of(name)[0] for name in table},
            "meanings": {name: meaning_of(name)[1] for name in table},
        }
        return frame

    def to_xarray(self) -> xarray.Dataset:
        """Return channels and maps of type, codes and angle on coordinates in metres."""
        from corescout.interactive.labelled import to_xarray

        return to_xarray(self)

    def encode(self, patches: ArrayLike) -> NDArray[np.float64]:
        """Return the codes (N, L) of other patches.

        Parameters
        ----------
        patches : (N, w, w) or (N, C, w, w)
            In the units of the channels and at the pitch of the analysis; w is the winner's window.

        Raises
        ------
        InputError
            If their shape is another one, or a value is missing.
        """
        from corescout.interactive.encoding import encode

        return encode(self, patches)

    def apply(self, scan: Any, **options: Any) -> Exploration:
        """Find these types on another scan; see `corescout.apply`."""
        from corescout.interactive.calls import apply

        return apply(self, scan, **options)

    def save(self, folder: str | Path, *, overwrite: bool = False) -> Path:
        """Write the run folder with its report; see `corescout.save`."""
        from corescout.pipeline import save

        return save(self, folder, overwrite=overwrite)

    # -- types ----------------------------------------------------------------------------

    def type_number(self, kind: int | str) -> int:
        """Return the number of a type that is said by number or name.

        Raises
        ------
        InputError
            If there is no such type.
        """
        from corescout.edits.looks import number_of

        return number_of(self.types, kind)

    def rename(self, kind: int | str, name: str) -> Self:
        """Call a type by another name."""
        return self._as(edits.rename(self, self.type_number(kind), name))

    def recolor(self, kind: int | str, color: str | None) -> Self:
        """Give a type another colour, such as "#E69F00"; None gives it that of its number."""
        return self._as(edits.recolor(self, self.type_number(kind), color))

    def hide(self, kind: int | str) -> Self:
        """Hide a type: it has no targets then."""
        return self._as(edits.set_hidden(self, self.type_number(kind), True))

    def show(self, kind: int | str) -> Self:
        """Show a hidden type again."""
        return self._as(edits.set_hidden(self, self.type_number(kind), False))

    def merge(self, into: int | str, *others: int | str) -> Self:
        """Make several types one, which keeps number, name and colour of the first."""
        numbers = [self.type_number(k) for k in others]
        return self._as(edits.merge(self, self.type_number(into), numbers))

    def split(self, key_points: ArrayLike, name: str | None = None) -> Self:
        """Make a new type of some key points, by their numbers."""
        return self._as(edits.split(self, key_points, name))

    def correct(self, key_points: ArrayLike, kind: int | str) -> Self:
        """Say of which type some key points are; the mixture is fitted anew with these held."""
        return self._as(edits.correct(self, key_points, self.type_number(kind)))

    # -- decision and targets -------------------------------------------------------------

    def take(self, candidate: Candidate | str | int, *, workers: int | None = None) -> Exploration:
        """Return what another candidate shows, with types, evidence and targets of its own.

        It is trained again with its seeds, on the same key points.

        Parameters
        ----------
        candidate : Candidate, str or int
            The candidate, its label such as "9 px, r", or its number in `trials`.

        Raises
        ------
        InputError
            If there is no such candidate.
        """
        from corescout.interactive.other_candidate import take

        return Exploration.of(take(self, candidate, workers))

    def choose_targets(self, *, away_from_m: ArrayLike = (), **settings: Any) -> Self:
        """Choose the targets anew.

        Parameters
        ----------
        away_from_m : (P, 2), optional
            Places (x, y) in metres that were measured before.
        **settings
            Of `TargetPlan`: per_type, spacing_m, margin_m, avoid_m, diversity, choice.

        Raises
        ------
        InputError
            If there is no such setting, or a value cannot be used.
        """
        from dataclasses import replace

        from corescout.plan import Plan
        from corescout.targets import targets_of

        plan = Plan.model_validate(self.plan).changed("targets", settings)
        chosen = targets_of(self, plan.targets, away_from_m)
        return replace(self, targets=chosen, plan=plan.model_dump(mode="json"))

    def predict_property(
        self,
        measurements: str | Path | MeasuredValues,
        name: str = "coercive_bias_v",
        *,
        radius_m: float | None = None,
    ) -> Prediction:
        """Predict a property at every key point from what was measured at some.

        Parameters
        ----------
        measurements : path or MeasuredValues
            ``measurements.csv`` of a day, or a table of your own with the property as a column.
        name : str
            Of `corescout.loop_properties.PROPERTIES`, or the column.
        radius_m : float, optional
            From a key point to a place that is tied to it; 3 px if None.

        Returns
        -------
        Prediction
            `mean`, `std`, `failing` (N,) in the order of the key points; `words` says whether
            structure predicts the property at all.

        Raises
        ------
        InputError
            If the table cannot be used, or fewer than three values are known.
        """
        from corescout.steering import predict_property

        return predict_property(self, measurements, name, radius_m=radius_m)

    def suggest_targets(
        self,
        measurements: str | Path | MeasuredValues,
        name: str = "coercive_bias_v",
        *,
        goals: Mapping[str, float] | str = "map",
        count: int = 10,
        error: float | None = None,
        radius_m: float | None = None,
        written_radius_m: float | None = None,
        reference_every: int = 0,
    ) -> Suggestion:
        """Suggest where to measure next, from what was measured; it sends nothing.

        Parameters
        ----------
        goals : str or mapping of str to float
            "map", "types", "extremes" or "surprise", or weights of several.
        count : int
            Targets; fewer where no more lie apart from what was measured.
        error : float, optional
            That is asked for, in the unit of the property; a tenth of its range if None.
        radius_m : float, optional
            Least distance from measured places.
        written_radius_m : float, optional
            Of what a loop writes: 1.5 times that is the least distance.
        reference_every : int
            Every so many loops one goes to a fresh place of the reference area; 0: none does.

        Returns
        -------
        Suggestion
            `targets`, each with its `reason`, for `visits`; `lines` say how things stand.

        Raises
        ------
        InputError
            If the table cannot be used or a goal is unknown.
        """
        from corescout.steering import MeasuredValues, measured_values, suggest

        wanted = {goals: 1.0} if isinstance(goals, str) else dict(goals)
        values = measurements
        if not isinstance(values, MeasuredValues):
            values = measured_values(values, self, name)
        return suggest(
            self, values, wanted, count, error=error, radius_m=radius_m,
            written_radius_m=written_radius_m, reference_every=reference_every,
        )  # fmt: skip

    def visits(
        self,
        action: Action = "mark",
        settings: Mapping[str, float] | None = None,
        targets: Sequence[Target] | None = None,
        hours: float = 1.0,
        *,
        look_at_written: bool = False,
    ) -> VisitPlan:
        """Make a plan of visits, in the order of the shortest way, for a person to approve.

        It sends nothing. `corescout.instruments.write_visits` keeps it as a file.

        Parameters
        ----------
        action : {"mark", "spectrum", "zoom"}
        settings : mapping of str to float, optional
            Of the action, units in the names, such as ``bias_end_v`` or ``size_m``.
        targets : sequence of Target, optional
            Those of the result if None.
        hours : float
            After that nothing of it is sent.
        look_at_written : bool
            Scan a frame around each target before its spectrum and after it: what was written.

        Raises
        ------
        InputError
            If there is no target, or the scan has no scale.
        """
        from corescout.interactive.visits import visits

        chosen = self.targets if targets is None else targets
        return visits(self, chosen, action, settings, hours, look_at_written=look_at_written)

    def _as(self, result: Result) -> Self:
        return type(self).of(result)


def _drawn(figure: Figure | None, what: str, remedy: str) -> Figure:
    if figure is None:
        raise InputError(f"{what} to draw", "none", remedy)
    return figure
