"""What keeps an operator safe above all steps: strip, Esc, policy, the question at the end."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import datetime

from qtpy.QtWidgets import QWidget

from corescout.gui.jobs.instrument_link import InstrumentLink
from corescout.gui.model.visit import VisitProgress
from corescout.gui.model.workspace import Workspace
from corescout.gui.steps.instrument.esc_key import EscKey
from corescout.gui.steps.instrument.live_controller import LiveController
from corescout.gui.steps.instrument.panel import InstrumentPanel
from corescout.gui.steps.instrument.policy_sheet import PolicySheet
from corescout.gui.steps.instrument.strip_words import closing_words, strip_words
from corescout.instruments import Event
from corescout.instruments.events import Drifted, Held
from corescout.instruments.visits import look_speed

_ACTING = ("ARMED", "RUNNING", "HOLD")
_NOT_COMPARED = "not compared with this scan yet"


class Safety:
    """Shows the strip and hears Esc while an instrument is connected.

    Parameters
    ----------
    workspace : Workspace
        Its closing is asked about while the instrument acts.
    panel : InstrumentPanel
    live : LiveController
    window : QWidget
        The sheet of a policy is shown over it.
    stop : callable
        STOP.
    """

    def __init__(
        self,
        workspace: Workspace,
        panel: InstrumentPanel,
        live: LiveController,
        window: QWidget,
        stop: object,
    ) -> None:
        self._workspace, self._panel, self._live = workspace, panel, live
        self._window, self._stop = window, stop
        self._link: InstrumentLink | None = None
        self.sample = _NOT_COMPARED
        self.sheet: PolicySheet | None = None
        self._esc = EscKey(window, self._esc_pressed)
        section, question = panel.live_section, panel.stop_bar.question
        section.sign_wanted.connect(self.show_sheet)
        section.revoke_wanted.connect(lambda: live.sign(None))
        question.revoked.connect(lambda: live.sign(None))
        question.kept.connect(lambda: live.suspend(suspended=False))
        section.page_wanted.connect(live.open_page)
        workspace.closing_questions.append(self._at_the_end)

    def follow(self, link: InstrumentLink | None) -> None:
        """Watch over an instrument, or over none."""
        self._link, self.sample = link, _NOT_COMPARED
        self._panel.stop_bar.question.forget()
        if link is None:
            self._esc.unbind()
        else:
            self._esc.bind()

    def take(self, events: Iterable[Event]) -> None:
        """Note what a run saw of the sample."""
        for event in events:
            match event:
                case Drifted(drift_m=drift_m):
                    off_nm = math.hypot(*drift_m) * 1e9
                    self.sample = f"seen at {datetime.now():%H:%M}, {off_nm:.0f} nm from the scan"
                case Held(reason=reason) if "look alike" in reason:
                    self.sample = f"DOES NOT MATCH the scan: {reason}"
                case Held(reason=reason) if "drift" in reason:
                    self.sample = f"not where the scan has it, or not to be told: {reason}"

    def show(self, progress: VisitProgress) -> None:
        """Show the strip as things stand."""
        link = self._link
        if link is None:
            return
        policy = self._live.policy
        if not policy and self._panel.stop_bar.question.asking:
            self._panel.stop_bar.question.forget()
        words = strip_words(
            link.snapshot, progress, link.limits,
            name=link.instrument.capabilities.name, sample=self._sample(link), policy=policy,
            watching=self._live.measures, refused=self._live.refused,
            barred=self._panel.preview_box.has_errors,
        )  # fmt: skip
        self._panel.stop_bar.show_words(words)

    def show_sheet(self, most_targets: int) -> None:
        """Ask for a policy; nothing is in force before it is signed."""
        form, link = self._panel.form_of_action, self._link
        action, settings = form.values()
        bias_v = abs(settings.get("bias_end_v", 0.0))
        most = link.limits.most_targets if link is not None and link.limits is not None else None
        sheet = PolicySheet(
            self._window.window(), action, bias_v, most_targets, most,
            compares=link is not None and look_speed(link.instrument, link.limits) is not None,
        )  # fmt: skip
        sheet.accepted.connect(lambda: self._live.sign(sheet.policy))
        self.sheet = sheet
        sheet.open()

    def _sample(self, link: InstrumentLink) -> str:
        result = self._workspace.result
        if self.sample == _NOT_COMPARED and result is not None and link.took(result.scan):
            return "this scan was taken with it in this session"
        return self.sample

    def _esc_pressed(self) -> bool:
        """STOP while the instrument acts; ask where only a policy waits; else leave the key."""
        link = self._link
        if link is None:
            return False
        now = link.snapshot
        acting = now.running or now.scanning or now.busy or now.state in _ACTING
        if acting:
            self._stop()  # type: ignore[operator]
            return now.state != "HOLD"  # there a second stop is sent, and a dialog closes as well
        if self._live.policy:
            self._live.suspend(suspended=True)
            self._panel.stop_bar.question.ask()
            return True
        return False

    def _at_the_end(self) -> str:
        """What closing the window would do to the instrument; "" if nothing."""
        link = self._link
        if link is None:
            return ""
        headline = self._panel.stop_bar.headline.text()
        return closing_words(link.snapshot, headline, policy=bool(self._live.policy))
