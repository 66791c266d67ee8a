"""Places for addresses: the finest that is known, or the reason why there is none."""

import geopandas as gpd
import pytest
from shapely.geometry import Point, box

from ruralcare.inputs.gazetteer import Gazetteer, clean_address
from ruralcare.types import Townships


@pytest.fixture
def gazetteer():
    frame = gpd.GeoDataFrame(
        {
            "name": ["해남읍", "북면", "북면"],
            "sigungu_id": ["1", "1", "2"],
            "sigungu_name": ["해남군", "해남군", "장흥군"],
            "seat": gpd.GeoSeries([Point(1, 1), Point(11, 1), Point(21, 1)], crs=5179),
        },
        geometry=[box(0, 0, 9, 9), box(10, 0, 19, 9), box(20, 0, 29, 9)],
        crs=5179,
    )
    frame.index = ["T1", "T2", "T3"]
    frame.index.name = "township_id"
    villages = {("T1", "백호"): Point(5, 5), ("T2", "백호"): Point(15, 5)}
    return Gazetteer(Townships(frame, "2023"), villages)


@pytest.mark.parametrize(
    ("address", "township", "precision", "x"),
    [
        ("전라남도 해남군 해남읍 중앙로  15 (해남읍)", "T1", "township", 1),
        ("전라남도 해남군 해남읍 백호길  25-15 (해남읍)", "T1", "village", 5),
        ("전라남도 해남군 북면 백호2길 3", "T2", "village", 15),
        ("전라남도 해남군 해남읍 중앙로 15(백호리)", "T1", "village", 5),
        ("전남 해남군 북면 백호리 12번지", "T2", "village", 15),
        ("전라남도 장흥군 북면 백호길 3", "T3", "township", 21),
        ("전라남도　해남군　해남읍　중앙로　１５", "T1", "township", 1),
        ("전남해남군해남읍백호리379의2", "T1", "village", 5),
        ("해남읍 백호로 15", "T1", "township", 1),
    ],
)
def test_the_finest_known_place(gazetteer, address, township, precision, x):
    found = gazetteer.locate(address)
    assert (found.township_id, found.precision, found.point.x) == (township, precision, x)


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("전라남도 고흥군 고흥읍 중앙로 1", "outside"),
        ("북면 백호길 3", "More than one"),
        ("해남군 없는면 1", "no township"),
        ("", "no township"),
    ],
)
def test_why_there_is_no_place(gazetteer, address, reason):
    found = gazetteer.locate(address)
    assert found.point is None
    assert reason in str(found.reason)


def test_one_address_is_one_place(gazetteer):
    one = gazetteer.locate("전라남도 해남군 해남읍 해남로  1452 (해남읍)")
    two = gazetteer.locate("전라남도 해남군 해남읍 해남로 1452")
    assert one.point.equals(two.point)


def test_clean_address():
    assert clean_address("테헤란로　２０２ (역삼동, 1층)") == "테헤란로 202"
