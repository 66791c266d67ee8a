"""The results as one GeoPackage for QGIS and its kin."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import geopandas as gpd
import pandas as pd
import pyogrio

from ruralcare.report.figures import Figures
from ruralcare.report.results import Results
from ruralcare.report.subject import of_results
from ruralcare.report.tables import tables

__all__ = ["write_geopackage"]

# GDAL notes when a layer was written; a fixed date keeps the file the same from run to run.
_DATE: Final = {"OGR_CURRENT_DATE": "2000-01-01T00:00:00.000Z"}


def write_geopackage(results: Results, path: str | Path) -> Path:
    """Write the results into one GeoPackage, in the projected CRS of the scenario.

    Layers: ``townships`` (indicators; ``nearest_min``, ``covered_share`` and ``status`` of each
    service today and at the last stage), ``demand_points``, ``facilities``, ``cooperatives``,
    ``openings`` (where there is a plan) and ``roads``. An earlier file is replaced.

    Parameters
    ----------
    results : Results
        A run.
    path : str or Path
        File to write.

    Returns
    -------
    Path
        The file.
    """
    path = Path(path)
    path.unlink(missing_ok=True)
    with _fixed_date():
        for layer, frame in _layers(results).items():
            if len(frame):
                pyogrio.write_dataframe(
                    _plain(frame),
                    path,
                    layer=layer,
                    driver="GPKG",
                    promote_to_multi=layer == "townships",
                )
    return path


@contextmanager
def _fixed_date() -> Iterator[None]:
    before = {key: pyogrio.get_gdal_config_option(key) for key in _DATE}
    pyogrio.set_gdal_config_options(_DATE)
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options(before)


def _plain(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the frame with the index as a column and values that a file can hold."""
    plain = frame.reset_index()
    for name in plain.columns.drop(plain.geometry.name):
        if plain[name].dtype == object:
            plain[name] = plain[name].astype("str")
    return plain


def _layers(results: Results) -> dict[str, gpd.GeoDataFrame]:
    layers = {
        "townships": _townships(results),
        "demand_points": results.people.points.frame,
        "facilities": results.places.facilities.frame,
        "cooperatives": results.places.cooperatives.frame,
    }
    if results.plan is not None:
        rows = tables(results)["openings"]
        sites = results.places.cooperatives.points
        layers["openings"] = gpd.GeoDataFrame(
            rows, geometry=gpd.GeoSeries(sites.reindex(rows["site_id"]).array, crs=sites.crs)
        ).rename_axis("opening")
    layers["roads"] = results.roads.edges.rename_axis("edge")
    return layers


def _townships(results: Results) -> gpd.GeoDataFrame:
    frame = results.townships.frame[["geometry"]]
    facts = tables(results)["townships"].set_index("township_id")
    figures = Figures(of_results(results))
    columns: dict[str, pd.Series] = {}
    flags = figures.underserved
    stages = {"today": 0, "final": figures.shape[1] - 1} if results.plan else {"today": 0}
    for s, service in enumerate(results.scenario.services):
        for name, stage in stages.items():
            known = {
                "nearest_min": figures.nearest_min[s, stage],
                "covered_share": figures.covered_share[s, stage],
                "need_persons": figures.need[s, stage],
                "unmet_persons": figures.unmet[s, stage],
            }
            for column, values in known.items():
                columns[f"{column}_{service.id}_{name}"] = pd.Series(values, index=frame.index)
            if flags is not None:
                columns[f"underserved_{service.id}_{name}"] = pd.Series(
                    flags[s, stage], index=frame.index
                )
    return frame.join(facts).join(pd.DataFrame(columns))
