"""Sentences of texts that bring a full stop of their own, or bring none."""

import pytest

from corescout.data import InputError
from corescout.data.sentences import clause, ended


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("READY: nothing moves", "READY: nothing moves."),
        ("The stop did NOT reach the controller: stop it there.", None),
        ("is the port free?", None),
        ("2 collapsed: 13 px, r; ...", None),
        ("no connection..", "no connection."),
        ("no connection. ", "no connection."),
        ("cut at the end…", None),
    ],
)
def test_a_text_has_one_mark_at_its_end(text, whole):
    assert ended(text) == (whole or text)
    assert ended(ended(text)) == ended(text)


def test_a_clause_goes_on():
    assert clause("expected a number; found none; give one.") + "; go on" == (
        "expected a number; found none; give one; go on"
    )
    assert clause("free?") == "free?"


def test_an_error_within_an_error_is_one_sentence():
    inner = InputError("a .pt file", "a folder", "choose a file")
    outer = InputError("weights", str(inner), "is it whole?")
    assert str(outer) == (
        "expected weights; found expected a .pt file; found a folder; choose a file; is it whole?"
    )
