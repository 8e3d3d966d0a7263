"""What a person reads: one spelling of a unit; phrases that were hard to read stay out."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src" / "corescout"
TYPED_BY_A_PERSON = ("quantities.py", "readers")  # they read "um" as well as "µm"

# what was written once -> what is written now
PHRASES = {
    r"[\s\d}]um\b": "µm",
    r"\bstands? (here|there|in it)\b": "is, appears",
    r"\b(what|nothing) (\w+ ){0,3}(is|may be|be) said\b": "name the thing",
    r"\bcannot be (told|said)\b": "cannot be determined",
    r"\b(plan|session) bears\b": "tolerates",
    r"\b(a|the) \w+ that can be (read|written|used)\b": "readable, writable, valid",
    r"\banew\b": "again",
    r"; else\b": "by default",
    r"\bbegun again\b": "started again",
    r"\bof the preset\b": "preset default",
}


def said() -> Iterator[tuple[str, str]]:
    """Every text of the source that is no docstring, with its place."""
    for path in sorted(SOURCE.rglob("*.py")):
        inside = str(path.relative_to(SOURCE))
        if inside.startswith(TYPED_BY_A_PERSON):
            continue
        tree = ast.parse(path.read_text("utf-8"))
        owners = (ast.Module, ast.ClassDef, ast.FunctionDef)
        docstrings = {id(n.body[0].value) for n in ast.walk(tree)
                      if isinstance(n, owners) and isinstance(n.body[0], ast.Expr)}  # fmt: skip
        for node in ast.walk(tree):
            text = isinstance(node, ast.Constant) and isinstance(node.value, str)
            if text and id(node) not in docstrings:
                yield f"{inside}:{node.lineno}", node.value
    for path in sorted(SOURCE.rglob("*.html")):
        yield path.name, path.read_text("utf-8")


@pytest.fixture(scope="module")
def texts():
    return list(said())


@pytest.mark.parametrize("phrase", PHRASES)
def test_a_phrase_that_was_hard_to_read_stays_out(texts, phrase):
    pattern = re.compile(phrase)
    found = [f"{place}: {text[:80]!r}" for place, text in texts if pattern.search(text)]
    assert len(texts) > 2000
    assert not found, f"write {PHRASES[phrase]!r} instead:\n" + "\n".join(found)
