"""A search of the window is kept on the disk while it runs: what a crash leaves goes on."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from corescout.data import InputError, Keypoints, Scan

if TYPE_CHECKING:
    from corescout.plan import Plan
    from corescout.runs import Record
    from corescout.runs.further_kept import KeptFurther

_log = logging.getLogger(__name__)


class KeptSearch:
    """Trials of one search in the record of a run folder; a full disk ends this and not the search.

    Parameters
    ----------
    record : Record or None
        None keeps nothing.
    """

    def __init__(self, record: Record | None) -> None:
        self._record = record

    @classmethod
    def begin(
        cls,
        place: Callable[[], Path | None],
        scan: Scan,
        plan: Plan,
        keypoints: Keypoints | None,
        further: Sequence[KeptFurther] = (),
    ) -> KeptSearch:
        """Go on with the record that a place has of this scan, or begin one.

        Parameters
        ----------
        place : callable
            Returns the folder; it may write and wait. None: nothing is kept.
        """
        from corescout.runs import Record, is_unfinished

        try:
            folder = place()
            if folder is None:
                return cls(None)
            if is_unfinished(folder):
                record = Record(folder)
                if record.about["content_sha256"] == scan.content_sha256:
                    record.note("resumed")
                    return cls(record)
                record.close()
            return cls(Record.begin(folder, scan, plan, keypoints, further))
        except (OSError, InputError) as error:
            _log.warning("the search is not kept: %s", error)
            return cls(None)

    @property
    def further(self) -> tuple[KeptFurther, ...]:
        """Further scans that the search was begun with."""
        return () if self._record is None else self._record.further

    def get(self, key: str) -> bytes | None:
        """Return the file of a trial that was finished before."""
        return None if self._record is None else self._record.get(key)

    def put(self, key: str, content: bytes, label: str) -> None:
        """Keep the file of a finished trial, while there is room."""
        if self._record is None:
            return
        try:
            self._record.put(key, content, label)
        except InputError as error:
            _log.warning("the search is not kept any more: %s", error)
            self.end(keep=True)

    def died(self, key: str, label: str, why: str) -> int:
        """Note that a worker died under a trial; return how often that has been."""
        return 0 if self._record is None else self._record.died(key, label, why)

    def deaths(self, key: str) -> int:
        """How many workers have died under a trial."""
        return 0 if self._record is None else self._record.deaths(key)

    def end(self, *, keep: bool) -> None:
        """Let go of the record; it is removed where the search came to its end."""
        record, self._record = self._record, None
        if record is not None:
            record.close()
            if not keep:
                shutil.rmtree(record.folder, ignore_errors=True)
