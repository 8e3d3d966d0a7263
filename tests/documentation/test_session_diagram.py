"""The drawn states of the instrument session are those of the code."""

import re
from typing import get_args

from corescout.instruments.states import SessionState
from documentation.blocks import blocks_of

DRAWN = next(b for b in blocks_of("docs/instruments.md") if b.language == "mermaid")


def test_the_drawn_states_are_those_of_the_session():
    ends = re.findall(r"^ +(\S+) --> (\S+):", DRAWN.code, re.MULTILINE)
    assert {state for pair in ends for state in pair} - {"[*]"} == set(get_args(SessionState))


def test_a_hold_is_reached_from_everywhere_and_left_by_a_person_alone():
    ways = re.findall(r"^ +(\S+) --> (\S+): (.+)$", DRAWN.code, re.MULTILINE)
    assert {a for a, b, _ in ways if b == "HOLD"} == {"[*]", *get_args(SessionState)} - {"HOLD"}
    assert [(b, why) for a, b, why in ways if a == "HOLD"] == [("OBSERVE", "a person releases")]
