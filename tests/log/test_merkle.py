"""The tree against published vectors and against the recursive definitions of RFC 6962 section 2.1.

Vectors: testonly/constants.go and testonly/reference_test.go of github.com/transparency-dev/merkle, which come from
the Certificate Transparency reference implementation.
"""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ccm.log.merkle import (
    EMPTY_ROOT,
    TILE_WIDTH,
    Node,
    Range,
    Slice,
    consistency_path,
    cover,
    fold,
    inclusion_path,
    leaf_hash,
    node_hash,
    place,
    root,
    tiles,
    verify_consistency,
    verify_inclusion,
)

ENTRIES = [
    bytes.fromhex(entry)
    for entry in (
        "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
    )
]  # fmt: skip
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
HASHES = [leaf_hash(entry) for entry in ENTRIES]
LEAVES = [sha256(str(number).encode()).digest() for number in range(600)]

sizes = st.integers(1, len(LEAVES)) | st.sampled_from([1, 2, 255, 256, 257, 511, 512, 513])
few = settings(deadline=None, max_examples=40)


def mth(hashes: list[bytes]) -> bytes:
    """MTH of RFC 6962 section 2.1, over hashes of leaves."""
    if not hashes:
        return sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    k = 1
    while k * 2 < len(hashes):
        k *= 2
    return sha256(b"\x01" + mth(hashes[:k]) + mth(hashes[k:])).digest()


def path(m: int, hashes: list[bytes]) -> list[bytes]:
    """PATH of RFC 6962 section 2.1.1."""
    if len(hashes) == 1:
        return []
    k = 1
    while k * 2 < len(hashes):
        k *= 2
    if m < k:
        return [*path(m, hashes[:k]), mth(hashes[k:])]
    return [*path(m - k, hashes[k:]), mth(hashes[:k])]


def subproof(m: int, hashes: list[bytes], whole: bool) -> list[bytes]:
    """SUBPROOF of RFC 6962 section 2.1.2."""
    if m == len(hashes):
        return [] if whole else [mth(hashes)]
    k = 1
    while k * 2 < len(hashes):
        k *= 2
    if m <= k:
        return [*subproof(m, hashes[:k], whole), mth(hashes[k:])]
    return [*subproof(m - k, hashes[k:], False), mth(hashes[:k])]


def inclusion(position: int, size: int) -> list[bytes]:
    return [mth(LEAVES[part.start : part.end]) for part in inclusion_path(position, size)]


def consistency(old: int, new: int) -> list[bytes]:
    return [mth(LEAVES[part.start : part.end]) for part in consistency_path(old, new)]


@pytest.mark.parametrize("size", range(9))
def test_roots_are_the_published_ones(size: int) -> None:
    assert root(HASHES[:size]).hex() == ROOTS[size]


def test_consistency_proof_is_the_published_one() -> None:
    proof = [root(HASHES[part.start : part.end]).hex() for part in consistency_path(6, 8)]
    assert proof == [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]
    old, new = bytes.fromhex(ROOTS[6]), bytes.fromhex(ROOTS[8])
    assert verify_consistency(6, 8, old, new, [bytes.fromhex(part) for part in proof])


def test_inclusion_proof_is_the_published_one() -> None:
    assert [root(HASHES[part.start : part.end]).hex() for part in inclusion_path(2, 3)] == [ROOTS[2]]
    assert verify_inclusion(HASHES[2], 2, 3, [bytes.fromhex(ROOTS[2])], bytes.fromhex(ROOTS[3]))


@few
@given(sizes)
def test_root_is_the_recursive_one(size: int) -> None:
    assert root(LEAVES[:size]) == mth(LEAVES[:size])


@few
@given(sizes)
def test_complete_subtrees_of_a_tree_fold_to_its_root(size: int) -> None:
    nodes = cover(Range(0, size))
    parts = [LEAVES[node.number << node.height : (node.number + 1) << node.height] for node in nodes]
    assert [leaf for part in parts for leaf in part] == LEAVES[:size]
    assert fold([mth(part) for part in parts]) == mth(LEAVES[:size])


@few
@given(sizes, st.data())
def test_inclusion_proofs_are_the_recursive_ones_and_verify(size: int, data: st.DataObject) -> None:
    position = data.draw(st.integers(0, size - 1))
    proof = inclusion(position, size)
    assert proof == path(position, LEAVES[:size])
    assert verify_inclusion(LEAVES[position], position, size, proof, mth(LEAVES[:size]))


@few
@given(sizes, st.data())
def test_changed_inclusion_proofs_do_not_verify(size: int, data: st.DataObject) -> None:
    position = data.draw(st.integers(0, size - 1))
    proof, tree_root = inclusion(position, size), mth(LEAVES[:size])
    assert not verify_inclusion(b"\x00" * 32, position, size, proof, tree_root)
    assert not verify_inclusion(LEAVES[position], position, size, [*proof, b"\x00" * 32], tree_root)
    assert not verify_inclusion(LEAVES[position], size, size, proof, tree_root)
    assert not verify_inclusion(LEAVES[position], -1, size, proof, tree_root)
    if proof:
        other = data.draw(st.integers(0, size - 1).filter(lambda number: number != position))
        assert not verify_inclusion(LEAVES[position], other, size, proof, tree_root)
        assert not verify_inclusion(LEAVES[position], position, size, proof[:-1], tree_root)
        assert not verify_inclusion(LEAVES[position], position, size, proof[1:], tree_root)


@few
@given(sizes, st.data())
def test_consistency_proofs_are_the_recursive_ones_and_verify(new: int, data: st.DataObject) -> None:
    old = data.draw(st.integers(1, new))
    proof = consistency(old, new)
    assert proof == subproof(old, LEAVES[:new], True)
    assert verify_consistency(old, new, mth(LEAVES[:old]), mth(LEAVES[:new]), proof)


@few
@given(sizes, st.data())
def test_changed_consistency_proofs_do_not_verify(new: int, data: st.DataObject) -> None:
    old = data.draw(st.integers(1, new))
    proof, old_root, new_root = consistency(old, new), mth(LEAVES[:old]), mth(LEAVES[:new])
    assert not verify_consistency(old, new, b"\x00" * 32, new_root, proof)
    assert not verify_consistency(old, new, old_root, b"\x00" * 32, proof)
    assert not verify_consistency(old, new, old_root, new_root, [*proof, b"\x00" * 32])
    assert not verify_consistency(new + 1, new, old_root, new_root, proof)
    if proof:
        assert not verify_consistency(old, new, old_root, new_root, proof[:-1])
        assert not verify_consistency(old, new, old_root, new_root, proof[1:])


def test_every_tree_begins_with_the_empty_one() -> None:
    assert verify_consistency(0, 5, EMPTY_ROOT, mth(LEAVES[:5]), [])
    assert not verify_consistency(0, 5, b"\x00" * 32, mth(LEAVES[:5]), [])
    assert not verify_consistency(0, 5, EMPTY_ROOT, mth(LEAVES[:5]), [LEAVES[0]])


@pytest.mark.parametrize(("position", "size"), [(0, 0), (3, 3), (-1, 3)])
def test_no_path_leads_to_a_position_outside_the_tree(position: int, size: int) -> None:
    with pytest.raises(ValueError, match="has no position"):
        inclusion_path(position, size)


@pytest.mark.parametrize(("old", "new"), [(0, 3), (4, 3)])
def test_no_path_leads_from_a_larger_tree_to_a_smaller(old: int, new: int) -> None:
    with pytest.raises(ValueError, match="no consistency proof"):
        consistency_path(old, new)


def test_tiles_of_a_tree_are_those_of_the_specification() -> None:
    # The example of C2SP tlog-tiles, "Partial Tiles": 70,000 entries, and 256.
    assert list(tiles(70_000)) == [(0, 273, 112), (1, 1, 17), (2, 0, 1)]
    assert list(tiles(256)) == [(0, 1, 0), (1, 0, 1)]
    assert list(tiles(0)) == []


def test_a_node_is_kept_in_the_tile_of_its_level() -> None:
    assert place(Node(0, 700)) == Slice(0, 2, 188, 1)
    assert place(Node(3, 31)) == Slice(0, 0, 248, 8)
    assert place(Node(8, 300)) == Slice(1, 1, 44, 1)
    assert place(Node(10, 64)) == Slice(1, 1, 0, 4)


@few
@given(st.integers(0, 40), st.integers(0, 2**20))
def test_a_node_never_spans_two_tiles(height: int, number: int) -> None:
    part = place(Node(height, number))
    assert part.start + part.width <= TILE_WIDTH
    assert part.width == 1 << (height % 8)


def test_a_node_is_never_taken_for_a_leaf() -> None:
    # The hash of a node with the rest of a proof gives the right root, but too soon.
    first, second = node_hash(LEAVES[0], LEAVES[1]), node_hash(LEAVES[2], LEAVES[3])
    assert not verify_inclusion(first, 0, 4, [second], mth(LEAVES[:4]))


def test_a_leaf_and_a_node_over_the_same_bytes_differ() -> None:
    assert leaf_hash(LEAVES[0] + LEAVES[1]) != node_hash(LEAVES[0], LEAVES[1])
