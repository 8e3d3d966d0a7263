"""Points with codes and types: what follows from the mixture, and what a person said."""

from dataclasses import replace

import numpy as np
import pytest

from corescout.cores import find_core_points
from corescout.data import Mixture, Neighbours, TypedPoints, TypeLook, Types
from corescout.data.typed_points import LIKELY

CENTRES = np.array([[-2.0, 0.0], [0.0, 0.0], [2.0, 0.0]])


@pytest.fixture
def points(rng):
    """Three Gaussians of 50 points; the last two are one type."""
    z = np.repeat(CENTRES, 50, axis=0) + rng.normal(0, 0.3, (150, 2))
    covariances = np.tile(0.09 * np.eye(2), (3, 1, 1))
    mixture = Mixture(np.full(3, 1 / 3), CENTRES, covariances, np.zeros((0, 3)), np.zeros(0), 0.0)
    return TypedPoints(z, mixture, np.array([1, 2, 2]), names=("walls",))


def edited(points, rows, kind):
    """Some points put into a type by hand."""
    of_point = np.array(points.types.of_point)
    of_point[rows] = kind
    looks = {1: TypeLook("left", "#112233"), 2: TypeLook("right")}
    types = Types(of_point, np.isin(np.arange(len(points)), rows), looks)
    return replace(points, edited_types=types)


def test_a_point_is_of_the_type_of_its_most_probable_component(points):
    tau = points.mixture.assign(points.z)
    np.testing.assert_array_equal(points.component, tau.argmax(axis=1))
    np.testing.assert_array_equal(points.types.of_point, np.array([1, 2, 2])[tau.argmax(axis=1)])
    assert not points.types.by_hand.any()
    assert points.type_names == ("walls", "type 2")


def test_the_probability_of_a_type_is_the_sum_over_its_components(points):
    tau = points.mixture.assign(points.z)
    np.testing.assert_allclose(points.probabilities, [[a, b + c] for a, b, c in tau])
    np.testing.assert_allclose(points.probabilities.sum(axis=1), 1)
    own = points.probabilities[np.arange(150), points.types.of_point - 1]
    np.testing.assert_array_equal(points.probability, own)


@pytest.fixture
def among(points):
    """The points on a line, each type on its own half, but for one among those of the other."""
    x = np.arange(150.0) * 4
    x[[0, 149]] = x[[149, 0]]
    return replace(points, near=Neighbours.around(np.column_stack([np.zeros(150), x])))


def test_neighbours_say_how_sure_a_type_is_and_not_which(points, among):
    np.testing.assert_array_equal(among.types.of_point, points.types.of_point)
    np.testing.assert_array_equal(among.component, points.component)
    assert points.probability[0] > 0.99
    assert among.probability[0] < LIKELY
    assert among.probability[20] > 0.99
    np.testing.assert_allclose(among.probabilities.sum(axis=1), 1)
    assert among.type_in_words(0) == "between walls and type 2"
    assert among.at(points.z).likely.all()


def test_a_point_that_its_neighbours_deny_is_no_core_point(points, among):
    centred = replace(among, z=np.concatenate([CENTRES[:1], points.z[1:]]))
    assert 0 not in find_core_points(centred, 0.25).index
    assert 0 in find_core_points(centred, 0.25, clear=False).index
    assert len(find_core_points(centred, 0.25)) == len(find_core_points(centred, 0.25, clear=False))


def test_a_point_put_elsewhere_belongs_to_the_nearest_component_of_its_new_type(points):
    found = edited(points, np.arange(5), 2)
    assert set(found.component[:5]) == {1}
    np.testing.assert_array_equal(found.component[5:], points.component[5:])
    assert (found.probability[:5] < 0.01).all()
    assert (found.typicality[:5] < points.typicality[:5]).all()


def test_the_typicality_is_one_at_the_centre_and_five_per_cent_at_its_edge(points):
    edge = CENTRES[0] - [np.sqrt(5.991 * 0.09), 0]
    found = points.at(np.array([CENTRES[0], edge]))
    np.testing.assert_allclose(found.typicality, [1, 0.05], atol=1e-3)


def test_a_type_that_has_no_component_has_no_probability(points):
    looks = {1: TypeLook("a"), 2: TypeLook("b"), 7: TypeLook("by hand")}
    of_point = np.where(np.arange(150) < 3, 7, points.types.of_point)
    found = replace(points, edited_types=Types(of_point, np.zeros(150, bool), looks))
    assert (found.probability[:3] == 0).all()
    assert found.type_names[6] == "by hand"


def test_elsewhere_the_types_keep_their_looks_and_lose_what_was_said_of_single_points(points):
    there = edited(points, np.arange(5), 2).at(points.z[:10])
    assert there.types.looks == {1: TypeLook("left", "#112233"), 2: TypeLook("right")}
    np.testing.assert_array_equal(there.types.of_point, points.types.of_point[:10])
    assert not there.types.by_hand.any()
    assert points.at(points.z).edited_types is None


def test_types_of_other_points_are_refused(points):
    with pytest.raises(ValueError, match="expected those of 150 points, found 10"):
        replace(points, edited_types=points.at(points.z[:10]).types)
    with pytest.raises(ValueError, match="shape"):
        replace(points, z=points.z[:, :1])
