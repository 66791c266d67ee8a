"""Generate the fictional demo county 한들군: ``python data/build_demo.py [--out DIR]``.

Everything is invented: names, geometry, people, institutions. The files have the formats in which
the real publishers issue theirs (see ``data/README.md``). The same bytes come out every time.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from _demo import (
    cooperatives,
    facilities,
    osm,
    people,
    register,
    roads,
    townships,
    villages,
    welfare,
)
from _demo.lines import LineMaker
from _demo.settlements import choose_sites
from _demo.terrain import build_terrain

COUNTY = townships.COUNTY


def build(out: Path) -> None:
    """Write all files of the demo county below ``out``."""
    terrain = build_terrain()
    seats = {t.name: townships.nearest_land(terrain, *t.seat_km) for t in townships.TOWNSHIPS}
    labels = townships.partition(terrain, seats)
    sites = choose_sites(terrain, labels, seats)
    names = villages.name_sites(sites)
    net = roads.lay_roads(terrain, seats, sites)
    maker = LineMaker(terrain, net, sites, names)
    maker.main_roads()
    maker.villages()
    maker.motorway()
    maker.ferry()
    lines = osm.drop_strays(osm.node_crossings(maker.lines))

    population = people.county_people()
    homes = villages.settle(sites, names, maker.places, population[2023], terrain)
    bank_towns = sorted({row[4] for row in cooperatives.BRANCHES if row[6]})
    banks = np.array([maker.places[seats[town]] for town in bank_towns])

    townships.write_boundaries(
        out / "boundaries/handeul_townships.geojson", townships.polygons(labels)
    )
    for year, by_township in population.items():
        path = out / f"population/{year}10_연령별인구현황_월간.csv"
        register.write_register(path, year, by_township)
    villages.write_villages(out / "villages/handeul_villages.csv", homes, banks)
    facilities.write_institutions(out / f"facilities/장기요양기관_{COUNTY}.csv", homes)
    facilities.write_health(out / f"facilities/hira_{COUNTY}.json", homes)
    welfare.write_welfare(out / f"facilities/복지응급시설_{COUNTY}.csv", homes)
    cooperatives.write_branches(out / "cooperatives/kftc_branches_handeul.xlsx")
    cooperatives.write_willingness(out / "cooperatives/willingness.csv")
    osm.write_pbf(lines, out / "roads/handeul.osm.pbf")


def main() -> None:
    """Read the command line and build."""
    parser = argparse.ArgumentParser(description="Generate the fictional demo county.")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent, help="folder to fill")
    build(parser.parse_args().out)


if __name__ == "__main__":
    main()
