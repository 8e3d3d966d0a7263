"""What the panel of evidence says where nothing more can be settled, and why."""

from dataclasses import replace

from corescout.data import EvidenceCheck, ShownPlaces
from corescout.gui.steps.types.further import evidence_in_words


def of_possible_zones(result, **changes):
    evidence = replace(
        result.evidence, has_types=False, grade="possible zones", correlation_lengths=30.0,
        **changes,
    )  # fmt: skip
    return evidence_in_words(replace(result, evidence=evidence))


def test_the_scan_that_denies_the_types_is_named(typed_result):
    check = EvidenceCheck("repeat", "/day/again.ibw", False, 0.0, 0.0, 1.0, 40.0)
    words = of_possible_zones(typed_result, checks=(check,))
    assert "Denied: again.ibw does not show these types at these places." in words
    assert "To settle it" not in words


def test_types_of_a_vote_that_are_met_everywhere_ask_for_no_further_scan(typed_result):
    kept = ShownPlaces(0.3, 0.05, 0.002, True, (26.0, 52.0))
    assert "To settle it" in of_possible_zones(typed_result, shown=kept)
    spread = replace(kept, agreement=0.0, keep_to_places=False)
    words = of_possible_zones(typed_result, shown=spread)
    assert "no further scan can make zones of them" in words
    assert "To settle it" not in words
