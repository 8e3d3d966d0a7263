"""What a person reads: one spelling of a unit; phrases that were hard to read stay out."""

import ast
import re
from collections.abc import Iterator
from functools import cache
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


@cache
def trees() -> dict[str, ast.Module]:
    """Every file of the source by its path."""
    files = sorted(SOURCE.rglob("*.py"))
    return {str(p.relative_to(SOURCE)): ast.parse(p.read_text("utf-8")) for p in files}


def said() -> Iterator[tuple[str, str]]:
    """Every text of the source that is no docstring, with its place."""
    for inside, tree in trees().items():
        if inside.startswith(TYPED_BY_A_PERSON):
            continue
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


def composed() -> Iterator[tuple[str, ast.JoinedStr]]:
    """Every f-string of the source that is a text for a person: one with a space in it."""
    for inside, tree in trees().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.JoinedStr):
                fixed = [v.value for v in node.values if isinstance(v, ast.Constant)]
                if any(" " in text for text in fixed):
                    yield f"{inside}:{node.lineno}", node


def ends_with_two(node: ast.JoinedStr) -> bool:
    """Whether a text of its own may end where a full stop follows: "stop it there.."."""
    for value, after in zip(node.values, node.values[1:], strict=False):
        if not (isinstance(value, ast.FormattedValue) and isinstance(after, ast.Constant)):
            continue
        last = after is node.values[-1]
        stop = re.match(r"\.(\s|$)" if last else r"\.\s", after.value)
        called = value.value.func if isinstance(value.value, ast.Call) else None
        number = value.format_spec is not None
        number = number or (isinstance(called, ast.Name) and called.id in ("counted", "minutes"))
        if stop and not number:
            return True
    return False


def test_a_sentence_of_texts_from_elsewhere_ends_once():
    found = [(place, node) for place, node in composed()]
    assert len(found) > 500
    assert ends_with_two(ast.parse('f"it failed: {error}."').body[0].value)
    assert not ends_with_two(ast.parse('f"it took {seconds:.0f} s."').body[0].value)
    twice = [f"{place}: {ast.unparse(node)[:90]}" for place, node in found if ends_with_two(node)]
    assert not twice, "end it by corescout.data.sentences.ended:\n" + "\n".join(twice)
