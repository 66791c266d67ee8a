"""Islands and other parts of the network: who lives there, what they have, what links them."""

from __future__ import annotations

from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra

from ruralcare.network.connection import road_parts
from ruralcare.network.overland import Land
from ruralcare.network.snap import snap_points
from ruralcare.types import Places, Population, RoadNetwork, Townships
from ruralcare.units import kilometres

__all__ = ["islands"]

Ints = NDArray[np.int64]
_KEYS: Final = ["part", "land"]

# Most names of townships in the name of a part.
_NAMES: Final = 3
# An island takes the name of a township if more than this share of its people live there.
_MOST: Final = 0.5
# A link of no length and no wait must still be seen by the search.
_LEAST_MIN: Final = 1e-6


def islands(
    roads: RoadNetwork,
    townships: Townships,
    people: Population,
    places: Places | None = None,
    *,
    snap_limit_m: float = 2000.0,
) -> pd.DataFrame:
    """Tell who lives and what stands on each part of the network that roads hold together.

    Parameters
    ----------
    roads : RoadNetwork
        The network. With its ferries closed, nothing is linked by ferry.
    townships : Townships
        Their names, and the land.
    people : Population
        People and where they live.
    places : Places, optional
        Institutions.
    snap_limit_m : float
        A point farther from any suitable road stands on no part.

    Returns
    -------
    DataFrame
        A row for each part with people or institutions, the main part first (where most people
        live; of equals the one with most road), then by people: ``island`` (number, from 1),
        ``name`` (townships most of whose people live there, else the most populous village; without
        people the townships, neighbouring ones too, of the institutions, else the first
        institution), ``land`` (piece of land, from 1; two rows on the same piece are no islands but
        a hole in the road data), ``link`` (``main`` for the main part; ``ferry``; ``none``;
        ``unsnapped`` for the people and institutions of a piece of land that are too far from any
        road), ``persons`` (sum to all people), ``institutions`` and
        ``institutions_<service>``, ``road_km``, ``ferry_min`` (on board and waiting, up to the
        main part; ``NA`` without a ferry) and ``landing`` (township, own or neighbouring,
        where that ferry lands, else empty).
    """
    parts = road_parts(roads)
    part, length_m = parts.of_node, parts.length_m
    land = Land(townships.frame.geometry.to_numpy(), 0.0)

    homes = people.points.frame
    persons = homes["weight"] * homes["township_id"].map(people.totals().astype(float)).fillna(0.0)
    stand = _standing(roads, homes.geometry, part, land, snap_limit_m)
    rows = stand.assign(
        persons=persons.to_numpy(),
        township=homes["township_id"].to_numpy(),
        name=homes["name"].to_numpy(),
    )
    main = parts.main(rows["part"].to_numpy(dtype=np.int64), rows["persons"].to_numpy(dtype=float))
    table = rows.groupby(_KEYS)[["persons"]].sum()
    sites = _sites(roads, places, part, land, snap_limit_m)
    counted = _institutions(sites, places)
    table = table.join(counted, how="outer").fillna(0)
    table = table[(table["persons"] > 0) | (table["institutions"] > 0)].reset_index()
    table["institutions"] = table["institutions"].astype("int64")
    for column in counted.columns:
        table[column] = table[column].astype("int64")

    minutes, landing = _ferries(roads, part, main)
    number = table["part"].to_numpy(dtype=np.int64)
    snapped = number >= 0
    at = np.where(snapped, number, 0)
    road_m = np.where(snapped, length_m[at] if len(length_m) else 0.0, 0.0)
    way = np.where(snapped, minutes[at] if len(minutes) else np.inf, np.inf)
    by_ferry = np.isfinite(way) & (number != main)
    link = np.where(by_ferry, "ferry", np.where(snapped, "none", "unsnapped"))
    table["link"] = np.where(snapped & (number == main), "main", link)
    table["road_km"] = kilometres(road_m)
    table["ferry_min"] = pd.array(np.where(by_ferry, way, np.nan), dtype="Float64")
    table["ferry_min"] = table["ferry_min"].mask(~by_ferry)
    where = _township_names(roads, townships, landing)
    table["landing"] = [where[p] if flag else "" for p, flag in zip(at, by_ferry, strict=True)]
    table["name"] = _names(rows, table, townships)
    nameless = (table["name"] == "") & (table["institutions"] > 0)
    called = _site_names(sites, table.loc[nameless, _KEYS], townships, snap_limit_m)
    table.loc[nameless, "name"] = called
    table = table.assign(first=table["link"] != "main").sort_values(
        ["first", "persons", "institutions", "part", "land"],
        ascending=[True, False, False, True, True],
        ignore_index=True,
    )
    table["land"] = pd.factorize(table["land"])[0] + 1
    table.insert(0, "island", np.arange(len(table)) + 1)
    services = [name for name in counted.columns if name != "institutions"]
    first = ["island", "name", "land", "link", "persons", "institutions", *services]
    return table[[*first, "road_km", "ferry_min", "landing"]]


def _standing(
    roads: RoadNetwork, points: gpd.GeoSeries, part: Ints, land: Land, snap_limit_m: float
) -> pd.DataFrame:
    """Return the part of each point (−1 for the unsnapped) and its piece of land."""
    homes = points.to_crs(roads.edges.crs)
    snapped = snap_points(roads, homes, limit_m=snap_limit_m)
    node = roads.edges["u"].to_numpy(dtype=np.int64)[np.maximum(snapped.edge, 0)]
    own = np.where(snapped.ok, part[node], -1)
    piece = land.part_of(shapely.get_coordinates(homes.to_numpy()))
    # A part stands on the land of the first of its nodes, whichever points look at it.
    first = np.unique(part, return_index=True)[1]
    places = shapely.get_coordinates(roads.nodes.geometry.to_numpy()[first])
    by_part = land.part_of(places)
    return pd.DataFrame(
        {"part": own, "land": np.where(own >= 0, by_part[np.maximum(own, 0)], piece)}
    )


def _sites(
    roads: RoadNetwork, places: Places | None, part: Ints, land: Land, snap_limit_m: float
) -> gpd.GeoDataFrame:
    """Return where each institution is, its name, part and piece of land."""
    if places is None or not len(places.facilities.frame):
        empty = {name: np.zeros(0, np.int64) for name in _KEYS}
        return gpd.GeoDataFrame({**empty, "name": []}, geometry=[], crs=roads.edges.crs)
    frame = places.facilities.frame[["name", "geometry"]].to_crs(roads.edges.crs)
    stand = _standing(roads, frame.geometry, part, land, snap_limit_m)
    return frame.assign(**{name: stand[name].to_numpy() for name in _KEYS})


def _institutions(sites: gpd.GeoDataFrame, places: Places | None) -> pd.DataFrame:
    """Return institutions, and those that offer each service, by part and piece of land."""
    counted: pd.DataFrame = sites.groupby(_KEYS).size().to_frame("institutions")
    if places is None or not len(sites):
        return counted
    offers = places.facilities.offers
    served = offers[["facility_id", "service"]].join(sites[_KEYS], on="facility_id")
    by_service = served.groupby([*_KEYS, "service"]).size().unstack("service")  # noqa: PD010
    return counted.join(by_service.add_prefix("institutions_"))


def _site_names(
    sites: gpd.GeoDataFrame, wanted: pd.DataFrame, townships: Townships, limit_m: float
) -> list[str]:
    """Return a name for each wanted part: the townships of its institutions, or the first one."""
    areas = _areas(townships)
    names = areas["name"].to_numpy()
    tree = shapely.STRtree(areas.geometry.to_numpy())
    found = []
    for part, land in wanted.itertuples(index=False, name=None):
        own = sites[(sites["part"] == part) & (sites["land"] == land)]
        places = own.geometry.to_crs(areas.crs).to_numpy()
        # On a shared border the township that comes first.
        site, area = tree.query_nearest(places, max_distance=limit_m)
        first = pd.Series(area).groupby(site).min() if len(site) else pd.Series([], dtype=int)
        towns = [str(names[k]) for k in sorted(set(first))]
        found.append(_listed(towns or [str(one) for one in own["name"].head(1)]))
    return found


def _ferries(
    roads: RoadNetwork, part: Ints, main: int
) -> tuple[NDArray[np.float64], dict[int, int]]:
    """Return for each part the minutes by ferry to the main part, and the node where it lands."""
    count = int(part.max(initial=-1)) + 1
    edges = roads.edges
    ferry = (edges["kind"] == "ferry").to_numpy()
    u, v = (edges[name].to_numpy(dtype=np.int64)[ferry] for name in ("u", "v"))
    minutes = np.maximum(edges["time_min"].to_numpy(dtype=float)[ferry], _LEAST_MIN)
    far = np.full(count, np.inf)
    if not count:
        return far, {}
    far[main] = 0.0
    across = part[u] != part[v]
    u, v, minutes = u[across], v[across], minutes[across]
    if not len(u):
        return far, {}
    # Between two parts, the quickest boat; of equals the first.
    pair = np.sort(np.column_stack([part[u], part[v]]), axis=1)
    order = np.lexsort((minutes, pair[:, 1], pair[:, 0]))
    first = order[np.unique(pair[order], axis=0, return_index=True)[1]]
    graph = coo_array((minutes[first], (pair[first, 0], pair[first, 1])), shape=(count, count))
    far, before = dijkstra(graph.tocsr(), directed=False, indices=main, return_predecessors=True)
    at_main = {
        int(part[b if part[a] == main else a]): int(a if part[a] == main else b)
        for a, b in zip(u[first], v[first], strict=True)
        if main in (part[a], part[b])
    }
    landing = {}
    for number in np.flatnonzero(np.isfinite(far)).tolist():
        last = number
        while before[last] >= 0 and before[last] != main:
            last = int(before[last])
        if last in at_main:
            landing[number] = at_main[last]
    return np.asarray(far, dtype=np.float64), landing


def _areas(townships: Townships) -> gpd.GeoDataFrame:
    """Return names and areas of the townships, then of the neighbouring ones."""
    areas = townships.frame[["name", "geometry"]]
    if townships.around is None:
        return areas
    return pd.concat([areas, townships.around[["name", "geometry"]].to_crs(areas.crs)])


def _township_names(
    roads: RoadNetwork, townships: Townships, landing: dict[int, int]
) -> dict[int, str]:
    """Return the name of the township nearest to the landing of each part."""
    if not landing:
        return {}
    nodes = roads.nodes.geometry.to_numpy()[list(landing.values())]
    areas = _areas(townships)
    tree = shapely.STRtree(areas.geometry.to_numpy())
    _, nearest = tree.query_nearest(nodes, all_matches=False)
    names = areas["name"].to_numpy()
    return {part: str(names[k]) for part, k in zip(landing, nearest, strict=True)}


def _names(rows: pd.DataFrame, table: pd.DataFrame, townships: Townships) -> list[str]:
    """Return a name for each part: its counties, townships or largest village, else none."""
    share = rows.groupby([*_KEYS, "township"])["persons"].sum()
    whole = rows.groupby("township")["persons"].sum()
    mostly = (share / whole.reindex(share.index.get_level_values("township")).to_numpy()) > _MOST
    towns = {
        key: [str(township) for *_, township in group.index]
        for key, group in share[mostly.fillna(False)].groupby(level=_KEYS)
    }
    villages = (
        rows.sort_values("persons", ascending=False, kind="stable")
        .drop_duplicates(_KEYS)
        .set_index(_KEYS)["name"]
    )
    frame = townships.frame
    order = {township: k for k, township in enumerate(frame.index)}
    found = []
    for part, land, link in table[[*_KEYS, "link"]].itertuples(index=False, name=None):
        own = sorted(towns.get((part, land), []), key=lambda one: order.get(one, -1))
        called = frame["sigungu_name" if link == "main" else "name"]
        names = [str(called[one]) for one in own if one in order]
        if not names and (part, land) in villages.index:
            names = [str(villages[(part, land)])]
        found.append(_listed(names))
    return found


def _listed(names: list[str]) -> str:
    """Return the names, each once, and no more than can be read."""
    names = list(dict.fromkeys(names))
    return ", ".join(names[:_NAMES]) + (" …" if len(names) > _NAMES else "")
