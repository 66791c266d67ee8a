"""Chains of edges between junctions, where nothing changes but the shape of the road."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Chains", "chain_vertices", "find_chains"]

Ints = NDArray[np.int64]
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
    partner = _partners(u, v, oneway, alike).tolist()
    count = len(u)
    done = bytearray(count)
    edges: list[int] = []
    turned: list[bool] = []
    starts: list[int] = []

    def follow(end: int) -> None:
        """Run along the chain that begins with this end of an edge (2e: at u, 2e + 1: at v)."""
        starts.append(len(edges))
        while end >= 0 and not done[end >> 1]:
            edge = end >> 1
            done[edge] = 1
            edges.append(edge)
            turned.append(bool(end & 1))
            end = partner[end ^ 1]

    one = oneway.tolist()
    for edge in range(count):
        if done[edge]:
            continue
        if partner[2 * edge] < 0:
            follow(2 * edge)
        elif partner[2 * edge + 1] < 0 and not one[edge]:
            follow(2 * edge + 1)
    # What is left are rings without a junction; each is cut at the start of its first edge.
    for edge in range(count):
        if not done[edge]:
            follow(2 * edge)
    begin = np.array(starts, dtype=np.int64)
    return Chains(
        np.array(edges, dtype=np.int64),
        np.array(turned, dtype=bool),
        begin,
        np.append(begin[1:], len(edges)) - 1,
    )


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
