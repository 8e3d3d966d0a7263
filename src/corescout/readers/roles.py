"""What a channel is, by the words of every vendor: one table, and what a mode of imaging adds.

A role is a quantity with qualifiers, such as "amplitude", "phase 2 lateral" or
"amplitude harmonic 2 demodulator 3". A word in front says that the channel is no piezoresponse of
the first pass: "tapping amplitude", "lift phase", "lock-in amplitude".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal, NamedTuple

Mode = Literal["", "contact", "tapping", "other lock-in"]

# Words of a name that say a quantity. A name with two different quantities has no role.
QUANTITIES: dict[str, str] = {
    "height": "topography", "topography": "topography", "topo": "topography", "z": "topography",
    "zsensor": "topography", "zsnsr": "topography",
    "amplitude": "amplitude", "amplit": "amplitude", "ampl": "amplitude", "amp": "amplitude",
    "mag": "amplitude", "magnitude": "amplitude",
    "phase": "phase", "phi": "phase", "theta": "phase",
    "frequency": "frequency", "freq": "frequency",
    "deflection": "deflection", "defl": "deflection",
    "current": "current",
    "quad": "response",
}  # fmt: skip
# What these letters mean after a word for a lock-in amplifier.
LOCK_IN_LETTERS = {"r": "amplitude", "x": "in-phase", "y": "quadrature"}
LOCK_IN = {"li", "lia", "lockin", "demod", "efm", "lix", "liy", "lir", "liphi"}
PIEZO = {"pfm", "vpfm", "lpfm", "pr", "tr", "hs", "piezo", "piezoresponse", "dart"}
LATERAL = {"lat", "lateral", "lpfm", "tr", "torsional"}
# Words that change nothing: the vertical response is what is meant without a word.
NEUTRAL = {"vert", "vertical", "sensor", "snsr", "axis", "measured", "channel", "ch", "main",
           "scan", "lock", "in", "omega", "response"}  # fmt: skip
TAPPING = {"tapping", "ncm", "nc", "ac"}
SECOND_PASS = {"nap": "lift", "lift": "lift", "interleave": "lift"}
# A direction at the end of a name: "AmplitudeRetrace", "Z (Forward)", "Current [bwd]".
DIRECTION = re.compile(
    r"(?:(?<=[A-Za-z\d])|[\s_]*[(\[]|[\s_]+|^)"
    r"(Retrace|Trace|Backward|Forward|(?<![a-z])(?:retrace|trace|backward|forward|fwd|bwd|Fwd|Bwd))"
    r"[)\]]?$"
)
_UNIT = r"(?:[afpnu\u00b5\u03bcmkMG]?(?:V|m|A|Hz|N|Pa)|m?(?:deg|rad)|a\.u\.|\u00b0)"
_RESPONSES = ("amplitude", "phase", "in-phase", "quadrature", "response")


class Words(NamedTuple):
    """What the words of a name say.

    Attributes
    ----------
    quantity : str
        "" where the name says none, or more than one.
    number : str
        Of the two drives of DART and such; "" without.
    demodulator, harmonic : str
        Their numbers; "" where the name has none.
    is_lateral, is_lock_in, is_piezo, is_tapping : bool
    second_pass : str
        "lift", "pass 2", or "" for the first pass.
    """

    quantity: str = ""
    number: str = ""
    demodulator: str = ""
    harmonic: str = ""
    is_lateral: bool = False
    is_lock_in: bool = False
    is_piezo: bool = False
    is_tapping: bool = False
    second_pass: str = ""


def role_of(name: str, mode: Mode = "") -> str:
    """Return what a channel is, "" where its name does not say so.

    Parameters
    ----------
    name : str
        The vendor's label, with or without "Trace" or "Retrace" at its end.
    mode : str
        What the file says of its mode: in "tapping" an amplitude is the cantilever's own; a lock-in
        that modulates or measures something else than a piezoresponse is "other lock-in".
    """
    words = words_of(name)
    if not words.quantity:
        return ""
    qualifiers = [
        words.number,
        "lateral" if words.is_lateral else "",
        f"harmonic {words.harmonic}" if words.harmonic not in ("", "1") else "",
        f"demodulator {words.demodulator}" if words.demodulator not in ("", "1") else "",
    ]
    role = " ".join([words.quantity, *filter(None, qualifiers)])
    kind = words.second_pass
    if not kind and words.quantity in _RESPONSES:
        kind = _other_kind(words, mode)
    return f"{kind} {role}".strip()


def _other_kind(words: Words, mode: Mode) -> str:
    """The word for a response that is no piezoresponse, "" for one that may be."""
    if words.is_piezo:
        return ""
    if mode == "tapping" or words.is_tapping:
        return "tapping"
    return "lock-in" if words.is_lock_in and mode == "other lock-in" else ""


def words_of(name: str) -> Words:
    """Take a name apart: "LI_Demod_2_R", "Lateral PFM Amplitude", "LatPhase2Retrace"."""
    name = DIRECTION.sub("", name.strip())
    name = re.sub(rf"[ _([]+{_UNIT}[)\]]?$", "", name)
    name = re.sub(r"(?i)\bout[ -]of[ -]plane\b|\bOP\b", "vertical", name)
    name = re.sub(r"(?i)\bin[ -]plane\b|\bIP\b", "lateral", name)
    name = re.sub(r"(?i)\b(\d)(?:st|nd|rd|th)[ _]harmonic\b", r"harmonic \1", name)
    found = Words()
    passed = re.match(r"\[P(\d)\]_?(.*)", name)
    if passed:
        name = passed[2]
        found = found._replace(second_pass="" if passed[1] == "1" else f"pass {passed[1]}")
    before = ""
    for token in _tokens(name):
        known = _with(found, token, before)
        if known is None:
            return Words()
        found, before = known, token
    return found


def _with(found: Words, token: str, before: str) -> Words | None:
    """Add a token to what is found so far, None where it says that this is something else."""
    if token.isdigit():
        is_lock_in = before in ("demod", "lia", "lockin", "demodulator", "li", "lix", "liy")
        if is_lock_in or (before == "in" and found.is_lock_in):
            return found._replace(demodulator=token)
        if before in ("harmonic", "h"):
            return found._replace(harmonic=token)
        return None if found.number or len(token) > 1 else found._replace(number=token)
    if token in SECOND_PASS:
        return found._replace(second_pass=SECOND_PASS[token])
    if token == "omega" and found.demodulator:  # "LIX_2_omega" is the second harmonic
        return found._replace(harmonic=found.demodulator, demodulator="")
    if before == "lock" and token == "in":
        return found._replace(is_lock_in=True)
    known = False
    if token in LOCK_IN:
        found, known = found._replace(is_lock_in=True), True
        found = found._replace(quantity={"lix": "in-phase", "liy": "quadrature", "lir": "amplitude",
                                         "liphi": "phase"}.get(token, found.quantity))  # fmt: skip
    if token in PIEZO:
        found, known = found._replace(is_piezo=True), True
    if token in TAPPING:
        found, known = found._replace(is_tapping=True), True
    if token in LATERAL:
        found, known = found._replace(is_lateral=True), True
    quantity = QUANTITIES.get(token, "")
    if not quantity and (found.is_lock_in or found.is_piezo):
        quantity = LOCK_IN_LETTERS.get(token, "")
    if quantity:
        is_other = found.quantity not in ("", quantity)
        return None if is_other else found._replace(quantity=quantity)
    return found if known or token in NEUTRAL or token in ("harmonic", "demodulator") else None


def _tokens(name: str) -> list[str]:
    """Words and numbers in lower case: "PFMAmplitude2" gives "pfm", "amplitude", "2"."""
    return [t.lower() for t in re.findall(r"\d+|[A-Z]+(?![a-z])|[A-Z]?[a-zα-ωµ]+", name)]


def roles_of(names: Mapping[str, str] | list[str], mode: Mode = "") -> dict[str, str]:
    """Roles of the channels that have one; from a mapping, by the label under each name."""
    labels = names if isinstance(names, Mapping) else {name: name for name in names}
    return {n: role for n, label in labels.items() if (role := role_of(label, mode))}
