"""How far an exploration is: a bar in one place of a notebook, and one in a terminal."""

import os
import sys

import pytest

from corescout.data import Progress
from corescout.interactive import progress


def test_a_bar_of_text_stays_in_one_place_and_goes(monkeypatch):
    seen = []
    monkeypatch.setattr(progress, "_displayed", lambda: progress.DisplayedText(seen.append))
    with progress.notebook_bar() as show:
        show(Progress("training", 0.25, 65.0))
        show(Progress("seeds", 0.5, None))
    said = [text for text in seen if text]
    assert any(text.startswith("training") and text.endswith("1:05 left") for text in said)
    assert any(text.startswith("seeds") and "50%" in text for text in said)
    assert seen[-1] == ""
    assert not any("\r" in text or "\n" in text for text in seen)


def test_nothing_is_shown_in_a_script():
    with progress.shown(None) as show:
        assert show is None
    with progress.shown(False) as show:
        assert show is None


def test_lines_are_written_where_there_is_no_terminal(capsys):
    with progress.shown(True) as show:
        for fraction in (0.1, 0.2):
            show(Progress("training", fraction, 30.0))
    assert capsys.readouterr().err == "training ... 0:30 left\n"


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo terminal")
def test_a_terminal_has_a_bar(monkeypatch):
    import pty

    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "w") as terminal:
        monkeypatch.setattr(sys, "stderr", terminal)
        monkeypatch.setenv("TERM", "xterm")
        with progress.shown(True) as show:
            show(Progress("training", 0.5, 30.0))
        print("the end", file=terminal, flush=True)
        said = ""
        while "the end" not in said:  # a read returns what is there by then
            said += os.read(ours, 100_000).decode(errors="replace")
    os.close(ours)
    assert "training" in said
    assert "50%" in said
