"""Make the pictures of steps 5 and 6: `python docs/screenshot_instrument.py RUN OUT [THEME W H]`.

RUN is the folder of a run on the sample surface: `corescout demo --out RUN`.
"""

import sys
from pathlib import Path

from napari.settings import get_settings

from corescout.gui.session import open_session


def main() -> None:
    """Go through targets, dry run, run, STOP, a scan and a watch on the twin."""
    run, out = sys.argv[1], Path(sys.argv[2])
    theme = sys.argv[3] if len(sys.argv) > 3 else "dark"
    size = (int(sys.argv[4]), int(sys.argv[5])) if len(sys.argv) > 5 else (1280, 720)
    out.mkdir(parents=True, exist_ok=True)
    get_settings().appearance.theme = theme
    with open_session(run, size=size) as session:
        explorer = session.explorer
        step, targets = explorer.instrument_step, explorer.targets_step
        step.days = out / "days"

        def shoot(name: str) -> None:
            session.pump(0.7)
            session.screenshot(out / f"{name}-{theme}-{size[0]}.png")

        session.pump(60, until=lambda: explorer.result is not None and not explorer.busy)
        for other in explorer.steps.values():
            other.set_expanded(other is targets)
        explorer.column.ensureWidgetVisible(targets.export_button)
        shoot("targets")
        targets.set_expanded(False)
        step.set_expanded(True)
        step.connect_instrument()
        session.pump(60, until=lambda: step.link is not None)
        step.dry_run()
        session.pump(60, until=step.approve_button.isEnabled)
        shoot("dry-run")
        step.approve()
        session.pump(60, until=step.run_button.isEnabled)
        step.link.instrument.speed = 10
        step.run()
        session.pump(120, until=lambda: step.progress.done >= len(targets.targets) // 2)
        shoot("run")
        step.stop()
        session.pump(60, until=lambda: step.state == "HOLD")
        targets.pick(0)
        shoot("hold")
        step.release()
        session.pump(60, until=lambda: step.state == "OBSERVE")
        step.link.instrument.speed = 20
        step.take_scan()
        session.pump(3.0)
        shoot("scan")
        session.pump(60, until=lambda: not step.link.snapshot.scanning)
        step.link.instrument.speed = 60
        step.live_fold.toggle.setChecked(True)
        step.watch_scans(step.live_section.source.itemText(0))
        session.pump(120, until=lambda: step.live_section.records.count() > 1)
        explorer.column.ensureWidgetVisible(step.live_section)
        shoot("live")


if __name__ == "__main__":
    main()
