"""Ways to choose types on a surface: the default rule, and what it has to beat.

Each is a function of the trainings on a surface and the number of the first seed; it returns the
label of every key point. None of them sees the truth but `best`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from benchmarks.truth.partition_scores import partition_scores
from benchmarks.truth.surface_facts import N_SEEDS, SurfaceFacts, TrainedCandidate
from corescout.plan import DecisionPlan, MixturePlan, Plan
from corescout.search import Places, decide, types_of_codes
from corescout.search.agreement import medoid
from corescout.search.consensus import Agreed, agreed
from corescout.search.decision import shortlist
from corescout.search.direction import turns
from corescout.search.provisional import kept_outcome
from corescout.search.study import SEED_STRIDE
from corescout.search.unanimity import Unanimity

Labels = NDArray[np.int64]
FIXED = (13, "r")


@dataclass(frozen=True, eq=False)
class Labelled:
    """The trainings on a surface, and the types that the plan's components give for each.

    Attributes
    ----------
    facts : SurfaceFacts
    plan : DecisionPlan
    """

    facts: SurfaceFacts
    plan: DecisionPlan
    _types: dict[tuple[int, int], Labels] = field(default_factory=dict)

    def types(self, place: int, seed: int) -> Labels:
        """Types (N,) of a candidate with a seed, as an exploration would show them."""
        if (place, seed) not in self._types:
            one = self.of(place, seed)
            z = np.asarray(one.z, dtype=np.float64)
            mixture, types = types_of_codes(
                {k: one.mixture(k) for k in one.parameters},
                one.rewards,
                z,
                Places.of(self.facts.yx_px, one.candidate.window_px),
                self.plan,
                join=one.candidate.kind != "scattering",
            )
            self._types[place, seed] = types[mixture.assign(z).argmax(axis=1)]
        return self._types[place, seed]

    def of_reward(self, place: int, seed: int, name: str) -> Labels:
        """Label with the components that one reward, or else the gain, likes best."""
        one = self.of(place, seed)
        k = one.rewards[name].parts.get("n_components", one.rewards["gain"].parts["n_components"])
        return one.labels(max(1, round(k)))

    def decided(self, seed: int) -> tuple[int, int, int]:
        """Return the place of the winner, its seed, and how many are tied, the winner too.

        As in an exploration: one seed for all, all seeds for the finalists, and of the winner the
        seed that agrees best with the others.
        """
        places, trained = [*self.tried(seed), *self.untrained], self.facts.trained
        n_seeds = len(trained[self.vaes[0]])
        order = [(seed + s) % n_seeds for s in range(N_SEEDS)]
        trials = [self.of(i, seed).trial(j) for j, i in enumerate(places)]
        repeats = {
            j: [self.of(places[j], s).trial(j) for s in order[1:]]
            for j in shortlist(trials, self.plan)
        }
        decision = decide(trials, repeats, self.plan)
        if decision is None:
            raise ValueError(f"{self.facts.name}: every candidate collapsed")
        winner = places[decision.winner]
        able = [s for s in order[: len(trained[winner])] if self.of(winner, s).collapsed is None]
        shown = able[medoid([self.of_reward(winner, s, "gain") for s in able])]
        return winner, shown, 1 + len(decision.tied)

    def finalists(self, seed: int) -> list[int]:
        """Places of the autoencoders that an exploration repeats, after trainings with a seed."""
        places = self.tried(seed)
        trials = [self.of(i, seed).trial(j) for j, i in enumerate(places)]
        return [places[j] for j in shortlist(trials, self.plan)]

    def alive(self, seed: int) -> list[int]:
        """Places of the autoencoders that an exploration tries and that did not collapse."""
        return [i for i in self.tried(seed) if self.facts.trained[i][seed].collapsed is None]

    def tried(self, seed: int) -> list[int]:
        """Places of the autoencoders that an exploration tries with a seed.

        Those of one dimension only where all others with rotation collapsed.
        """
        first = [f[0].candidate for f in self.facts.trained]
        plain = [i for i in self.vaes if first[i].latent_dim > 1]
        turned = [i for i in plain if turns(first[i].invariances)]
        asleep = turned and all(self.facts.trained[i][seed].collapsed for i in turned)
        return self.vaes if asleep else plain

    def of(self, place: int, seed: int) -> TrainedCandidate:
        """Return a candidate of a seed; what needs no seed has one."""
        trained = self.facts.trained[place]
        return trained[seed % len(trained)]

    @property
    def untrained(self) -> list[int]:
        """Places of scattering, which stands for the others where all of them collapsed."""
        return [i for i, f in enumerate(self.facts.trained) if f[0].candidate.kind == "scattering"]

    @property
    def vaes(self) -> list[int]:
        """Places of the autoencoders among the candidates."""
        return [i for i, f in enumerate(self.facts.trained) if f[0].candidate.kind == "vae"]

    def place_of(self, kind: str) -> int:
        """Place of the candidate of a kind with the fixed window."""
        window, invariances = FIXED
        for i, one in enumerate(self.facts.trained):
            c = one[0].candidate
            if c.kind == kind and c.window_px == window and kind != "vae":
                return i
            if c.kind == kind and (c.window_px, c.invariances) == (window, invariances):
                return i
        raise ValueError(f"no candidate of kind {kind} with {window} px")


ChoiceRule = Callable[[Labelled, int], Labels]


def default(labelled: Labelled, seed: int) -> Labels:
    """What an exploration shows where it has evidence of types.

    The winner's types where all finalists find the same by themselves, else those of a vote, of
    the trainings of the first seed.
    """
    trained = [
        (i, s)
        for i in labelled.finalists(seed)
        for s in range(N_SEEDS)
        if labelled.of(i, s).collapsed is None
    ]
    gains = [labelled.of(i, s).rewards["gain"].value for i, s in trained]
    each = Unanimity.of(gains, [labelled.types(i, s) for i, s in trained])
    return kept(labelled, seed) if each.holds else consensus(labelled, seed)


def winner(labelled: Labelled, seed: int) -> Labels:
    """The types of the winner alone."""
    place, shown, _ = labelled.decided(seed)
    return labelled.types(place, shown)


def kept(labelled: Labelled, seed: int) -> Labels:
    """The types of the winner alone, each with places of its own."""
    place, shown, _ = labelled.decided(seed)
    one = labelled.of(place, shown)
    outcome = one.outcome(labelled.facts.yx_px)
    fit = replace(outcome.fit, mixtures={k: one.mixture(k) for k in one.parameters})
    return np.asarray(kept_outcome(replace(outcome, fit=fit), labelled.plan).types.of_point)


def by_reward(name: str) -> ChoiceRule:
    """The candidate that one reward likes best, with the number of components that it likes."""

    def choose(labelled: Labelled, seed: int) -> Labels:
        alive = labelled.alive(seed)
        if not alive:
            return scattering(labelled, seed)
        best_place = max(alive, key=lambda i: labelled.of(i, seed).rewards[name].utility)
        return labelled.of_reward(best_place, seed, name)

    return choose


def fixed(labelled: Labelled, seed: int) -> Labels:
    """Always 13 px, rotation."""
    return labelled.types(labelled.place_of("vae"), seed)


def fixed_everywhere(labelled: Labelled) -> dict[str, ChoiceRule]:
    """Each window and invariance, always the same: "always 13 px, r"."""

    def always(place: int) -> ChoiceRule:
        return lambda labelled, seed: labelled.types(place, seed)

    labels = {i: labelled.facts.trained[i][0].candidate.label for i in labelled.vaes}
    return {f"always {label}": always(i) for i, label in labels.items()}


def pca(labelled: Labelled, seed: int) -> Labels:
    """PCA of 13 px patches and a Gaussian mixture, its components as ICL likes them."""
    return labelled.of_reward(labelled.place_of("pca"), 0, "gain")


def scattering(labelled: Labelled, seed: int) -> Labels:
    """Types of scattering, which nothing is trained for: the provisional ones of a search."""
    return labelled.types(labelled.untrained[0], 0)


def consensus(labelled: Labelled, seed: int) -> Labels:
    """What the finalists of a seed and scattering say together, whether they disagree or not."""
    place, shown, _ = labelled.decided(seed)
    if labelled.of(place, shown).candidate.kind == "scattering":
        return labelled.types(place, shown)
    return np.asarray(voted(labelled, seed).typed.types.of_point)


def voted(labelled: Labelled, seed: int) -> Agreed:
    """What the finalists of a seed and scattering agree on."""
    facts = labelled.facts
    place, shown, _ = labelled.decided(seed)
    one = labelled.of(place, shown)
    voters = [labelled.of(i, seed) for i in labelled.finalists(seed)]
    voters += [labelled.of(i, seed) for i in labelled.untrained]
    return agreed(
        [voter.outcome(facts.yx_px) for voter in voters],
        facts.yx_px,
        one.candidate.window_px,
        one.mixture(1),
        Plan(seed=SEED_STRIDE * seed, decision=labelled.plan),
    )


def context(labelled: Labelled, seed: int) -> Labels:
    """Gaussian mixture on the context descriptor itself, no autoencoder."""
    from corescout.mixtures import fit_mixtures
    from corescout.rewards.criteria import icl_of

    codes = np.asarray(labelled.facts.context)
    everything = np.ones(len(codes), bool)
    found = fit_mixtures([codes], [everything], MixturePlan(), [seed])[0]
    mixture = min(found.values(), key=lambda m: icl_of(m, 2.0))
    return np.asarray(mixture.assign(codes).argmax(axis=1))


def best(labelled: Labelled, seed: int) -> Labels:
    """The candidate with the highest AMI on this seed, shown with the next one: no luck of a seed.

    It may look at the truth, so it is a bound for any choice among the same candidates.
    """
    other = (seed + 1) % N_SEEDS
    truth = labelled.facts.truth
    able = [i for i in labelled.alive(seed) if labelled.facts.trained[i][other].collapsed is None]
    able = able or labelled.untrained
    winner = max(able, key=lambda i: partition_scores(labelled.types(i, seed), truth)["ami"])
    return labelled.types(winner, other)


def random_scores(labelled: Labelled, seed: int, truth: Labels) -> dict[str, float]:
    """Mean scores over all candidates that did not collapse: what a random choice expects."""
    able = labelled.alive(seed) or labelled.untrained
    rows = [partition_scores(labelled.types(i, seed), truth) for i in able]
    return {name: float(np.mean([r[name] for r in rows])) for name in rows[0]}
