"""RFC 9162: proofs against a tree built by brute force from the definition."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oa_kernel.crypto import merkle, sm3

LEAVES = [merkle.leaf_hash(str(i).encode()) for i in range(70)]


def by_definition(leaves):
    if not leaves:
        return sm3(b"")
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return sm3(b"\x01" + by_definition(leaves[:split]) + by_definition(leaves[split:]))


def test_a_leaf_is_domain_separated():
    assert merkle.leaf_hash(b"x") == sm3(b"\x00x")


@pytest.mark.parametrize("size", range(34))
def test_root_is_the_definitions(size):
    assert merkle.root(LEAVES[:size]) == by_definition(LEAVES[:size])


def test_the_frontier_survives_storing_at_any_size():
    frontier = merkle.Frontier()
    for size, leaf in enumerate(LEAVES):
        assert frontier.root() == by_definition(LEAVES[:size])
        frontier = merkle.Frontier.from_json(frontier.to_json())
        branch = frontier.copy()
        branch.append(b"\x00" * 32)
        frontier.append(leaf)
        assert branch.root() != frontier.root()
    assert len(frontier.to_json()["peaks"]) == (70).bit_count()


@pytest.mark.parametrize(
    "wrong", [{}, {"size": 3, "peaks": []}, {"size": 1, "peaks": ["00"]}, {"size": 1, "peaks": None}]
)
def test_a_damaged_frontier_is_refused(wrong):
    with pytest.raises(ValueError):
        merkle.Frontier.from_json(wrong)


@pytest.mark.parametrize("size", range(1, 34))
def test_every_leaf_is_proved_at_its_place_and_no_other(size):
    leaves, root = LEAVES[:size], merkle.root(LEAVES[:size])
    for index in range(size):
        proof = merkle.inclusion_proof(leaves, index)
        for claimed in range(size):
            assert merkle.verify_inclusion(leaves[index], claimed, size, proof, root) == (claimed == index)
        assert not merkle.verify_inclusion(LEAVES[-1], index, size, proof, root)
        assert not merkle.verify_inclusion(leaves[index], index, size, [*proof, root], root)
        assert not merkle.verify_inclusion(leaves[index], index, size, proof[:-1], root) or not proof


@pytest.mark.parametrize("size", range(1, 34))
def test_every_earlier_tree_is_proved_a_beginning(size):
    new_root = merkle.root(LEAVES[:size])
    for old_size in range(1, size + 1):
        old_root = merkle.root(LEAVES[:old_size])
        proof = merkle.consistency_proof(LEAVES[:size], old_size)
        assert merkle.verify_consistency(old_size, size, old_root, new_root, proof)
        assert not merkle.verify_consistency(old_size, size, new_root if old_size < size else b"", new_root, proof)
        assert not merkle.verify_consistency(old_size, size, old_root, b"\x00" * 32, proof)


@given(st.integers(2, 60), st.data())
def test_a_rewritten_past_is_never_consistent(size, data):
    old_size = data.draw(st.integers(1, size - 1))
    changed = data.draw(st.integers(0, old_size - 1))
    rewritten = [*LEAVES[:size]]
    rewritten[changed] = merkle.leaf_hash(b"rewritten")
    proof = merkle.consistency_proof(rewritten, old_size)
    assert not merkle.verify_consistency(
        old_size, size, merkle.root(LEAVES[:old_size]), merkle.root(rewritten), proof
    )


def test_what_is_outside_the_tree_has_no_proof():
    with pytest.raises(ValueError):
        merkle.inclusion_proof(LEAVES[:3], 3)
    with pytest.raises(ValueError):
        merkle.consistency_proof(LEAVES[:3], 4)
    assert not merkle.verify_inclusion(LEAVES[0], 5, 3, [], LEAVES[0])
    assert not merkle.verify_consistency(0, 3, b"", merkle.root(LEAVES[:3]), [])
