"""Which codes the plot shows: whose, and which two dimensions of them."""

from __future__ import annotations

from qtpy.QtCore import QSignalBlocker, Signal
from qtpy.QtWidgets import QComboBox, QHBoxLayout, QWidget

from corescout.gui.model.candidate_view import WINNER, CandidateView

_AXIS_PX = 58  # room for z1 and the arrow
_PLANE_PX = 96


class PlaneChoice(QWidget):
    """The plane of a plot, below it.

    Where several candidates make the types there are two planes, that of the winner and that of
    all of them together; where codes have more than two dimensions, two of these are chosen.

    Attributes
    ----------
    planes : QComboBox
    axes : list of QComboBox
        Horizontal and vertical.
    """

    plane_changed = Signal(str)
    dims_changed = Signal(int, int)

    def __init__(self) -> None:
        super().__init__()
        self.planes = QComboBox()
        self.planes.setMinimumWidth(_PLANE_PX)
        self.planes.setToolTip(
            "Whose codes are shown: those of the winner, or those of all candidates that make the"
            " types together"
        )
        self.planes.setAccessibleName("Plane of the plot")
        self.planes.currentIndexChanged.connect(lambda _: self.plane_changed.emit(self.plane))
        self.axes = [QComboBox(), QComboBox()]
        for axis, name in zip(self.axes, ("horizontal", "vertical"), strict=True):
            axis.setMinimumWidth(_AXIS_PX)
            axis.setToolTip(f"Latent dimension of the {name} axis")
            axis.currentIndexChanged.connect(self._change_dims)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(3)
        for box in (self.planes, *self.axes):
            row.addWidget(box)
        self.offer(None, (0, 1))

    @property
    def plane(self) -> str:
        """The plane that is chosen, one of `CandidateView.planes`."""
        return str(self.planes.currentData() or WINNER)

    def offer(self, view: CandidateView | None, dims: tuple[int, int]) -> tuple[int, int]:
        """Offer the planes and dimensions of a view; what was chosen stays where it is there.

        Returns
        -------
        (int, int)
            Dimensions to show, from 0.
        """
        planes = (WINNER,) if view is None else view.planes
        count = 2 if view is None else max(2, view.z.shape[1])
        letter = "z" if view is None else view.axis_letter
        dims = dims if max(dims) < count else (0, 1)
        with QSignalBlocker(self.planes):
            wanted = WINNER if view is None else view.plane
            self.planes.clear()
            for plane in planes:
                words = "" if view is None else view.in_plane(plane).plane_in_words
                self.planes.addItem(words, plane)
            self.planes.setCurrentIndex(max(0, self.planes.findData(wanted)))
        self.planes.setVisible(len(planes) > 1)
        for axis, dim in zip(self.axes, dims, strict=True):
            with QSignalBlocker(axis):
                axis.clear()
                axis.addItems([f"{letter}{d + 1}" for d in range(count)])
                axis.setCurrentIndex(dim)
            axis.setVisible(count > 2)
        self.setVisible(len(planes) > 1 or count > 2)
        return dims

    def _change_dims(self) -> None:
        first, second = (axis.currentIndex() for axis in self.axes)
        self.dims_changed.emit(first, second)
