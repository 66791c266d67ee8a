"""Chains of edges between junctions, where nothing changes but the shape of the road."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Chains", "chain_vertices", "find_chains"]

Ints = NDArray[np.signedinteger[Any]]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Chains:
    """Edges in the order in which they form chains.

    Parameters
    ----------
    edge : array of int
        Edges, chain after chain.
    turned : array of bool
        Edges that the chain runs along from v to u.
    starts, ends : array of int
        Position of the first and the last edge of every chain.
    """

    edge: Ints
    turned: Flags
    starts: Ints
    ends: Ints


def find_chains(u: Ints, v: Ints, oneway: Flags, alike: Ints) -> Chains:
    """Join edges at nodes where exactly two edges of the same kind meet.

    Parameters
    ----------
    u, v : array of int
        Ends of the edges.
    oneway : array of bool
        Edges that lead from u to v only; chains of them run the same way.
    alike : array of int
        Only edges with the same number are joined.
    """
    partner = _partners(u, v, oneway, alike)
    head, rank = _heads(partner)
    # An edge is run through from its end 2e (at u) or 2e + 1 (at v). Of the two ways through a
    # chain the one from its lower edge is taken; a one-way edge only runs from u.
    forth, back = head[0::2], head[1::2]
    turned = ~oneway & (back < forth)
    entered = 2 * np.arange(len(u)) + turned
    ring = head[entered] < 0
    edge = np.flatnonzero(~ring)
    order = np.lexsort((rank[entered[edge]], head[entered[edge]]))
    edge = edge[order]
    first = rank[entered[edge]] == 0
    rings = _rings(partner, np.flatnonzero(ring))
    number = [len(edge)]
    for one in rings[:-1]:
        number.append(number[-1] + len(one))
    through = np.array([end for one in rings for end in one], dtype=np.int64)
    edges = np.concatenate([edge, through >> 1])
    starts = np.concatenate([np.flatnonzero(first), number if rings else []]).astype(np.int32)
    return Chains(
        edges.astype(np.int32),
        np.concatenate([turned[edge], (through & 1).astype(bool)]),
        starts,
        np.append(starts[1:], np.int32(len(edges))) - 1,
    )


def _heads(partner: Ints) -> tuple[Ints, Ints]:
    """Return for each end of an edge the end that a chain through it begins with, and how far on.

    Found by doubling: after k rounds, every end knows what lies 2^k edges before it. In rings,
    which begin nowhere, the head is −1.
    """
    count = len(partner)
    before = np.where(partner >= 0, partner ^ 1, -1)
    head = np.arange(count)
    rank = np.zeros(count, dtype=np.int64)
    # Ends whose head is not yet found look ``before[end]`` on; ``rank`` counts what lies between.
    open_ = np.flatnonzero(before >= 0)
    rank[open_] = 1
    head[open_] = before[open_]
    while len(open_):
        middle = head[open_]
        done = before[middle] < 0
        left = open_[~done]
        if len(left) == len(open_):
            head[left] = -1
            break
        onward = head[left]
        rank[left], head[left] = rank[left] + rank[onward], head[onward]
        open_ = left
    return head, rank


def _rings(partner: Ints, edges: Ints) -> list[list[int]]:
    """Return rings without a junction, cut at the start of their first edge."""
    done: set[int] = set()
    rings = []
    for edge in edges.tolist():
        if edge in done:
            continue
        ring, end = [], 2 * edge
        while end >> 1 not in done:
            done.add(end >> 1)
            ring.append(end)
            end = int(partner[end ^ 1])
        rings.append(ring)
    return rings


def _partners(u: Ints, v: Ints, oneway: Flags, alike: Ints) -> Ints:
    """Return for each end of an edge the end it is joined to, or −1."""
    node = np.column_stack([u, v]).ravel()
    order = np.argsort(node, kind="stable")
    degree = np.bincount(node)
    ends = order[degree[node[order]] == 2].reshape(-1, 2)
    a, b = ends[:, 0], ends[:, 1]
    one, other = a >> 1, b >> 1
    head_to_tail = (a & 1) != (b & 1)
    same = (alike[one] == alike[other]) & (oneway[one] == oneway[other])
    joined = (one != other) & same & (~oneway[one] | head_to_tail)
    partner = np.full(len(node), -1, dtype=np.int64)
    partner[a[joined]] = b[joined]
    partner[b[joined]] = a[joined]
    return partner


def chain_vertices(chains: Chains, first: Ints, last: Ints) -> tuple[Ints, Ints]:
    """Return the vertices of every chain, and how many each has.

    Parameters
    ----------
    chains : Chains
        Chains of edges.
    first, last : array of int
        First and last vertex of every edge; those between are numbered in sequence.
    """
    begin = np.where(chains.turned, last[chains.edge], first[chains.edge])
    step = np.where(chains.turned, -1, 1)
    # The last vertex of an edge is the first of the next one; only the last edge shows it.
    sizes = (last - first)[chains.edge]
    sizes[chains.ends] += 1
    offset = np.cumsum(sizes) - sizes
    within = np.arange(int(sizes.sum())) - np.repeat(offset, sizes)
    vertices = np.repeat(begin, sizes) + np.repeat(step, sizes) * within
    return np.asarray(vertices, dtype=np.int64), np.add.reduceat(sizes, chains.starts)
