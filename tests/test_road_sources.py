"""Which files a network of roads depends on."""

from __future__ import annotations

from osm_cases import demo_with

from ruralcare.inputs.roads.sources import node_stem, road_files


def test_a_shapefile_is_its_own_parts_and_those_of_its_nodes(tmp_path, scenarios):
    wanted = {
        *(f"MOCT_LINK.{one}" for one in ("shp", "dbf", "shx", "prj", "cpg")),
        *(f"moct_node.{one}" for one in ("shp", "DBF", "shx")),
    }
    others = {"buildings.shp", "buildings.dbf", "MOCT_LINK.xml", "MOCT_LINK_2024.shp", "TURN.dbf"}
    for name in wanted | others:
        (tmp_path / name).write_bytes(b"x")
    scenario = demo_with(scenarios, file=tmp_path / "MOCT_LINK.shp")
    found = road_files(scenario)
    assert {path.name for path in found} == wanted
    assert found == sorted(found)


def test_other_files_are_one_file_and_what_changes_them(tmp_path, scenarios):
    for name in ("roads.osm.pbf", "roads.shp", "closed.csv"):
        (tmp_path / name).write_bytes(b"x")
    scenario = demo_with(
        scenarios, file=tmp_path / "roads.osm.pbf", overrides_file=tmp_path / "closed.csv"
    )
    assert [path.name for path in road_files(scenario)] == ["closed.csv", "roads.osm.pbf"]
    absent = demo_with(scenarios, file=tmp_path / "absent.osm.pbf")
    assert road_files(absent) == []


def test_nodes_are_called_after_their_links(tmp_path):
    names = {"MOCT_LINK.shp": "MOCT_node", "gangwon_link.shp": "gangwon_node", "ad.shp": "ad"}
    assert {name: node_stem(tmp_path / name) for name in names} == names
