"""How long it takes to make a routable network of a country's roads, and in how much memory.

The extract is made here: 1.4 million ways of roads between the corners of a jittered grid, with the
classes, names and limits of a real one, 30 % more ways that are no roads (buildings, waterways,
paths), large ids with gaps, 6.6 million nodes with their versions. It is written once by
osmium and kept in the folder given; the same extract is then read, each in a process of its own:

- ``ours``: ruralcare from the file to a checked RoadNetwork, with the lines of every edge;
- ``osmium``: pyosmium alone (FileProcessor with locations and filters in C++), the tags, ids and
  places of the road ways collected in arrays: no graph, no lines, no lengths.

    python benchmarks/road_files.py [--folder /tmp] [--quick] [--json]
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from array import array
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

CRS = "EPSG:5179"
# South-west corner of the grid (EPSG:5179), and its spacing.
CORNER = (800_000.0, 1_550_000.0)
SPACING_M = 420.0
INNER = 3  # vertices of a way between two corners
FIRST_NODE = 9_000_000_000
FIRST_WAY = 900_000_000
WAYS = {False: 1_400_000, True: 60_000}
OTHERS = 0.3
CLASSES = {
    "motorway": 0.005, "trunk": 0.02, "primary": 0.03, "secondary": 0.04, "tertiary": 0.07,
    "unclassified": 0.22, "residential": 0.30, "service": 0.20, "track": 0.115,
}  # fmt: skip


def write_extract(path: Path, ways: int) -> None:
    """Write an extract with so many ways of roads."""
    import osmium
    from osmium.osm.mutable import Node, Way
    from pyproj import Transformer

    rng = np.random.default_rng(20261)
    side = int(np.ceil(np.sqrt(ways / 2 / 0.85)))
    corner = np.arange(side * side)
    east, north = corner % side, corner // side
    right, up = corner[east < side - 1], corner[north < side - 1]
    ends = np.concatenate([np.column_stack([right, right + 1]), np.column_stack([up, up + side])])
    # A sixth of the streets is missing, so that there are bends, dead ends and islands.
    ends = ends[np.sort(rng.choice(len(ends), ways, replace=False))]
    others = int(ways * OTHERS)
    places = np.column_stack([east, north]) * SPACING_M + CORNER
    places = places + rng.uniform(-150, 150, places.shape)
    share = np.linspace(0, 1, INNER + 2)[1:-1, None]
    inner = places[ends[:, 0], None] * (1 - share) + places[ends[:, 1], None] * share
    inner = inner + rng.uniform(-12, 12, inner.shape)
    middle = places[rng.integers(0, len(places), others)] + rng.uniform(-200, 200, (others, 2))
    square = np.array([[0, 0], [12, 0], [12, 9], [0, 9]])
    houses = middle[:, None] + square
    xy = np.concatenate([places, inner.reshape(-1, 2), houses.reshape(-1, 2)])
    lon, lat = Transformer.from_crs(CRS, "EPSG:4326", always_xy=True).transform(*xy.T)
    # Ids of a real extract are in no order of place: shuffled, then sorted for the file.
    ids = FIRST_NODE + np.cumsum(rng.integers(1, 20, len(xy)))
    number = rng.permutation(len(xy))
    id_of = np.empty(len(xy), dtype=np.int64)
    id_of[number] = ids
    stamp = "2026-10-01T00:00:00Z"
    names = [f"한들{at}길" for at in range(20_000)]
    classes = rng.choice(list(CLASSES), ways, p=list(CLASSES.values()))
    draw = rng.random((ways, 5))
    header = osmium.io.Header()
    header.set("osmosis_replication_timestamp", stamp)
    with osmium.SimpleWriter(str(path), header=header, overwrite=True) as writer:
        for at, place_lon, place_lat in zip(
            number.tolist(), lon[number].tolist(), lat[number].tolist(), strict=True
        ):
            writer.add_node(
                Node(id=int(id_of[at]), version=2, timestamp=stamp, changeset=1,
                     location=(place_lon, place_lat))
            )  # fmt: skip
        way_id = FIRST_WAY
        inner_at = len(places)
        house_at = inner_at + ways * INNER
        extra = rng.random(ways) < OTHERS
        for at in range(ways):
            way_id += 7
            tags = {"highway": str(classes[at])}
            if draw[at, 0] < 0.4:
                tags["name"] = names[int(draw[at, 1] * len(names))]
            if draw[at, 2] < 0.2:
                tags["maxspeed"] = ("30", "50", "60", "80")[int(draw[at, 1] * 4)]
            if draw[at, 3] < 0.05:
                tags["oneway"] = "yes"
            if draw[at, 3] > 0.7:
                tags["surface"] = "asphalt"
                tags["lanes"] = "2"
            if draw[at, 4] < 0.01:
                tags |= {"bridge": "yes", "layer": "1"}
            nodes = [ends[at, 0], *range(inner_at, inner_at + INNER), ends[at, 1]]
            inner_at += INNER
            writer.add_way(
                Way(id=way_id, version=3, timestamp=stamp, changeset=2, tags=tags,
                    nodes=[int(id_of[one]) for one in nodes])
            )  # fmt: skip
            if extra[at] and house_at < len(xy):
                way_id += 3
                corners = [int(id_of[one]) for one in (*range(house_at, house_at + 4), house_at)]
                house_at += 4
                kind = at % 10
                tags = {"building": "yes"} if kind else {"highway": "footway"}
                writer.add_way(
                    Way(id=way_id, version=1, timestamp=stamp, changeset=2, tags=tags,
                        nodes=corners)
                )  # fmt: skip


def ours(path: Path) -> dict[str, Any]:
    """Make the network; return its size and the CPU seconds of the parts."""
    from ruralcare.inputs.files import Faults
    from ruralcare.inputs.roads.lines import RoadLines
    from ruralcare.inputs.roads.osm import read_osm
    from ruralcare.network.build import build_network
    from ruralcare.scenario import RoadsSource
    from ruralcare.scenario.figures import default_figures

    roads = RoadsSource(file=path, **{**default_figures()["roads"], "tolls": True})
    marks = [time.process_time()]

    def lines() -> RoadLines:
        found = read_osm(path, "pbf", CRS, Faults(path.name)).lines
        marks.append(time.process_time())
        return found

    network = build_network(lines(), roads)
    marks.append(time.process_time())
    parts = dict(zip(("read_s", "build_s"), (b - a for a, b in pairwise(marks)), strict=True))
    sizes = {"nodes": len(network.nodes), "edges": len(network.edges)}
    km = float(network.edges["length_m"].sum()) / 1000
    return {**sizes, "km": round(km), "cpu_s": marks[-1] - marks[0], **parts}


def osmium_alone(path: Path) -> dict[str, Any]:
    """Collect the road ways with pyosmium, and no more."""
    import osmium

    begun = time.process_time()
    ways = (
        osmium.FileProcessor(str(path), osmium.osm.NODE | osmium.osm.WAY)
        .with_locations()
        .with_filter(osmium.filter.EntityFilter(osmium.osm.WAY))
        .with_filter(osmium.filter.KeyFilter("highway", "route"))
    )
    ids, counts, refs, xs, ys = (array("q") for _ in range(5))
    tags = []
    for way in ways:
        ids.append(way.id)
        tags.append(dict(way.tags))
        counts.append(len(way.nodes))
        for node in way.nodes:
            refs.append(node.ref)
            location = node.location
            xs.append(location.x)
            ys.append(location.y)
    arrays = [np.frombuffer(one, np.int64) for one in (ids, counts, refs, xs, ys)]
    return {"ways": len(arrays[0]), "cpu_s": time.process_time() - begun}


JOBS = {"ours": ours, "osmium": osmium_alone}


def measured(job: str, path: Path) -> dict[str, Any]:
    """Run one job in a process of its own."""
    begun = time.perf_counter()
    done = subprocess.run(
        [sys.executable, __file__, "--job", job, "--file", str(path)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(done.stderr)
    return {**json.loads(done.stdout.splitlines()[-1]), "wall_s": time.perf_counter() - begun}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, help="where the extract is kept; by default nowhere")
    parser.add_argument("--quick", action="store_true", help="60,000 ways instead of 1.4 million")
    parser.add_argument("--json", action="store_true", help="one JSON object as the last line")
    parser.add_argument("--job", choices=JOBS, help=argparse.SUPPRESS)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.job:
        result = JOBS[given.job](given.file)
        peak_gb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        print(json.dumps({**result, "peak_gb": peak_gb}))
        return
    with tempfile.TemporaryDirectory() as spare:
        folder = given.folder or Path(spare)
        ways = WAYS[given.quick]
        path = folder / f"roads_{ways}.osm.pbf"
        if not path.exists():
            print(f"writing {path}", file=sys.stderr)
            write_extract(path, ways)
        found = {job: measured(job, path) for job in JOBS}
        found["file_mb"] = path.stat().st_size / 1e6
    for job in JOBS:
        one = found[job]
        print(f"{job:8} {one['cpu_s']:6.1f} s CPU  {one['wall_s']:6.1f} s  {one['peak_gb']:.2f} GB")
    if given.json:
        result = {
            "ways": ways,
            "cpu_s": found["ours"]["cpu_s"],
            "peak_gb": found["ours"]["peak_gb"],
            "ratio_to_osmium": found["osmium"]["cpu_s"] / found["ours"]["cpu_s"],
            **found,
        }
        print(json.dumps(result))


if __name__ == "__main__":
    main()
