"""Merkle tree of RFC 9162 (section 2.1) over SM3, with its proofs and a frontier to append to.

A leaf's hash is SM3(0x00 ‖ data), a node's SM3(0x01 ‖ left ‖ right); without that difference a node could be passed
off as a leaf. All hashes are 32 bytes. Functions take *leaf hashes*, as :func:`leaf_hash` makes them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from oa_kernel.crypto.digest import DIGEST_SIZE, sm3

#: root of the tree without leaves
EMPTY_ROOT = sm3(b"")


def leaf_hash(data: bytes) -> bytes:
    """Hash of a leaf that holds ``data``."""
    return sm3(b"\x00" + data)


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of an inner node."""
    return sm3(b"\x01" + left + right)


def root(leaves: Iterable[bytes]) -> bytes:
    """Root hash of the tree over ``leaves`` (2.1.1); O(log n) memory."""
    frontier = Frontier()
    for leaf in leaves:
        frontier.append(leaf)
    return frontier.root()


def inclusion_proof(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """Hashes that lead from leaf ``index`` to the root, lowest first (2.1.3.1)."""
    if not 0 <= index < len(leaves):
        raise ValueError(f"leaf {index} is not in a tree of {len(leaves)}")
    path: list[bytes] = []
    start, stop = 0, len(leaves)
    while stop - start > 1:
        middle = start + _split(stop - start)
        if index < middle:
            path.append(root(leaves[middle:stop]))
            stop = middle
        else:
            path.append(root(leaves[start:middle]))
            start = middle
    path.reverse()
    return path


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root_hash: bytes) -> bool:
    """Is ``leaf`` at ``index`` of the tree of ``size`` leaves with ``root_hash``? (2.1.3.2)"""
    if not 0 <= index < size:
        return False
    fn, sn, value = index, size - 1, leaf
    for sibling in proof:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            value = node_hash(sibling, value)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            value = node_hash(value, sibling)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and value == root_hash


def consistency_proof(leaves: Sequence[bytes], old_size: int) -> list[bytes]:
    """Hashes that prove the tree of the first ``old_size`` leaves to be a beginning of this one (2.1.4.1)."""
    if not 0 < old_size <= len(leaves):
        raise ValueError(f"a tree of {len(leaves)} leaves cannot extend one of {old_size}")
    path: list[bytes] = []
    start, stop, whole = 0, len(leaves), True
    while old_size < stop:
        middle = start + _split(stop - start)
        if old_size <= middle:
            path.append(root(leaves[middle:stop]))
            stop = middle
        else:
            path.append(root(leaves[start:middle]))
            start, whole = middle, False
    if not whole:
        path.append(root(leaves[start:stop]))
    path.reverse()
    return path


def verify_consistency(
    old_size: int, new_size: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]
) -> bool:
    """Does the tree (``new_size``, ``new_root``) begin with the tree (``old_size``, ``old_root``)? (2.1.4.2)"""
    if not 0 < old_size <= new_size:
        return False
    if old_size == new_size:
        return not proof and old_root == new_root
    path = list(proof)
    if old_size & (old_size - 1) == 0:
        path.insert(0, old_root)
    if not path:
        return False
    fn, sn = old_size - 1, new_size - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    old = new = path[0]
    for sibling in path[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            new = node_hash(new, sibling)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and old == old_root and new == new_root


class Frontier:
    """The right edge of a growing tree: enough to append and to know the root, O(log n) in size.

    ``to_json`` gives a plain object to store beside the last sealed batch, ``from_json`` takes it back.
    """

    def __init__(self) -> None:
        #: number of leaves appended
        self.size = 0
        self._peaks: list[bytes] = []  # roots of the complete subtrees, largest first: one for each 1 bit of size

    def append(self, leaf: bytes) -> None:
        """Add a leaf's hash."""
        if len(leaf) != DIGEST_SIZE:
            raise ValueError(f"a leaf hash has {DIGEST_SIZE} bytes, not {len(leaf)}")
        carry, size = leaf, self.size
        while size & 1:
            carry = node_hash(self._peaks.pop(), carry)
            size >>= 1
        self._peaks.append(carry)
        self.size += 1

    def root(self) -> bytes:
        """Root hash of the tree so far."""
        if not self._peaks:
            return EMPTY_ROOT
        value = self._peaks[-1]
        for peak in reversed(self._peaks[:-1]):
            value = node_hash(peak, value)
        return value

    def copy(self) -> Frontier:
        other = Frontier()
        other.size, other._peaks = self.size, list(self._peaks)
        return other

    def to_json(self) -> dict[str, Any]:
        """``{"size": int, "peaks": [hex…]}``."""
        return {"size": self.size, "peaks": [peak.hex() for peak in self._peaks]}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Frontier:
        """Of what :meth:`to_json` gave; ValueError if it is not that."""
        try:
            size, peaks = int(data["size"]), [bytes.fromhex(peak) for peak in data["peaks"]]
        except (KeyError, TypeError) as exc:
            raise ValueError("a frontier is {size, peaks}") from exc
        if size < 0 or len(peaks) != size.bit_count() or any(len(peak) != DIGEST_SIZE for peak in peaks):
            raise ValueError("the frontier's peaks do not fit its size")
        frontier = cls()
        frontier.size, frontier._peaks = size, peaks
        return frontier


def _split(size: int) -> int:
    """The largest power of two smaller than ``size`` (2.1.1)."""
    return 1 << ((size - 1).bit_length() - 1)
