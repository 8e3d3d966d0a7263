"""The folder of a day: the journal, a run folder for each scan, small pictures, measurements."""

from __future__ import annotations

import csv
import re
import threading
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from corescout.data import Measurement, Scan, Target
from corescout.instruments import Journal, read_journal
from corescout.live.thumbnails import write_thumbnail
from corescout.runs import write_run

if TYPE_CHECKING:
    from corescout.live.next_scan import Understood
    from corescout.live.policy import Policy
    from corescout.live.states import ScanRecord, Snapshot

JOURNAL, PAGE, MEASUREMENTS = "journal.jsonl", "day.html", "measurements.csv"
SCANS, PICTURES = "scans", "pictures"


class Day:
    """Writes what a runner does into one folder; a folder that is there is continued.

    Parameters
    ----------
    folder : str or Path
    runs : bool
        Whether each analysed scan gets a run folder.
    synced : bool
        Of the journal; at an instrument it is.
    """

    def __init__(self, folder: str | Path, *, runs: bool = True, synced: bool = True) -> None:
        self.folder = Path(folder)
        self._runs = runs
        self._lock = threading.Lock()
        for name in (SCANS, PICTURES):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        self.journal = Journal(self.folder / JOURNAL, synced=synced)

    def write(self, what: str, **values: Any) -> None:
        """Append an entry to the journal."""
        self.journal.write(what, **values)

    def write_policy(self, policy: Policy) -> None:
        """Note who signed what."""
        values = asdict(policy)
        values["actions"] = sorted(policy.actions)
        values["expires_at"] = policy.expires_at.isoformat()
        self.write("policy signed", **values)

    def keep(
        self, record: ScanRecord, scan: Scan | None, understood: Understood | None
    ) -> ScanRecord:
        """Keep what there is of a scan: its picture, and its run folder if it was analysed."""
        if scan is None:
            return record
        name = f"{record.number:04d}-{_safe(record.uid)}"
        result = understood.result if understood is not None else None
        write_thumbnail(scan, result, self.folder / PICTURES / f"{name}.png")
        if result is None or not self._runs:
            return replace(record, folder=name)
        path = self.folder / SCANS / f"{name}.corescout"
        write_run(result, path, overwrite=True, log=f"{result.why}\n")
        return replace(record, folder=name)

    def add_measurement(self, target: Target, measurement: Measurement) -> None:
        """Append a measurement to the table, beside the target that it answers."""
        path = self.folder / MEASUREMENTS
        with self._lock, path.open("a", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            if file.tell() == 0:
                writer.writerow(
                    ["target", "scan", "type", "x_m", "y_m", "channel", "axis", "values"]
                )
            place = measurement.xy_m or target.xy_m or ("", "")
            for channel, values in measurement.channels.items():
                axis = " ".join(f"{v:.6g}" for v in measurement.axis)
                numbers = " ".join(f"{v:.6g}" for v in values)
                writer.writerow(
                    [target.uid, target.scan_uid, target.type, *place, channel, axis, numbers]
                )

    def known_files(self) -> set[str]:
        """SHA-256 of the files that the journal has an outcome of."""
        entries = read_journal(self.folder / JOURNAL)
        found = {e.get("file_sha256", "") for e in entries if e["what"] == "scan outcome"}
        return {f for f in found if f}

    def write_page(self, snapshot: Snapshot) -> Path:
        """Write the page of the day from the journal; return its path."""
        from corescout.live.day_page import write_day_page

        return write_day_page(self.folder, snapshot)

    def close(self) -> None:
        """Close the journal."""
        self.journal.close()


def _safe(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "_", name)[:60]
