"""Types of institutions that rules in official use are about."""

from __future__ import annotations

import pytest

from ruralcare import Scenario, inputs
from ruralcare.inputs.care.service_types import read_service_types
from ruralcare.need import KINDS, kind_name, kind_names
from ruralcare.report.symbols import SYMBOLS, symbol_of

LABELS = {
    "노인복지관": "welfare_centre",
    "종합사회복지관": "welfare_centre",
    "사회복지관": "welfare_centre",
    "경로당": "senior_hall",
    "경로당(아파트)": "senior_hall",
    "권역응급의료센터": "regional_emergency_centre",
    "중앙응급의료센터": "regional_emergency_centre",
    "지역응급의료센터": "local_emergency_centre",
    "전문응급의료센터(화상)": "local_emergency_centre",
    "지역응급의료기관": "local_emergency_institution",
    "응급실운영신고기관": "emergency_room",
    "응급의료기관 외의 의료기관(응급의료시설)": "emergency_room",
    "보건소": "health_centre",
    "보건지소": "health_post",
}


@pytest.fixture(scope="module")
def types(scenarios):
    return read_service_types(Scenario.read(scenarios / "demo.toml"))


@pytest.mark.parametrize(("label", "service"), LABELS.items())
def test_official_types_are_known(types, label, service):
    assert types.service(label) == service


@pytest.mark.parametrize("service", sorted(set(LABELS.values())))
def test_their_codes_are_known_as_they_are(types, service):
    assert types.service(service) == service
    assert types.korean(service) != service


def test_every_kind_has_a_name_and_a_symbol(types):
    other = len(SYMBOLS) - 1
    for kind in set(types.services.values()):
        assert kind in KINDS, kind
        assert kind == "equipment" or symbol_of(kind) != other, kind
    assert len({symbol.colour for symbol in SYMBOLS}) == len(SYMBOLS)
    assert len({symbol.shape for symbol in SYMBOLS}) == len(SYMBOLS)


def test_a_kind_of_the_users_own_is_shown_as_it_is_written():
    assert kind_name("{bank}").render("en") == "{bank}"
    assert kind_names(["hospital", "bank"]).render("en") == "Hospital, bank"


def plain_list(scenarios, folder, rows):
    demo = (scenarios / "demo.toml").read_text("utf-8")
    text = demo.replace("../", f"{scenarios.parent.as_posix()}/")
    (folder / "own.csv").write_text("facility_id,name,service,lon,lat\n" + rows, encoding="utf-8")
    start, end = text.index("sources = ["), text.index("]", text.index("sources = [")) + 1
    path = folder / "s.toml"
    path.write_text(
        text[:start] + 'sources = [{ file = "own.csv" }]' + text[end:], encoding="utf-8"
    )
    return inputs.read_facilities(Scenario.read(path))


def test_a_plain_list_may_use_korean_types_or_codes(scenarios, tmp_path):
    found = plain_list(
        scenarios,
        tmp_path,
        "1,가복지관,노인복지관·주야간보호,126.68,34.64\n"
        "2,나병원,병원·지역응급의료센터,126.69,34.64\n"
        "3,다경로당,senior_hall,126.69,34.65\n",
    )
    assert found.frame["kind"].to_dict() == {"1": "day_care", "2": "hospital", "3": "senior_hall"}
    offers = found.offers.groupby("facility_id")["service"].agg(set).to_dict()
    assert offers == {
        "1": {"welfare_centre", "day_care"},
        "2": {"hospital", "local_emergency_centre"},
        "3": {"senior_hall"},
    }
    # Rules count institutions, not places: none of these has a capacity that care could use.
    care = found.offers["service"].isin(["day_care"])
    assert found.offers.loc[~care, "capacity_persons"].isna().all()


def test_a_hospital_on_two_lists_is_one_with_an_emergency_room(scenarios):
    found = inputs.read_facilities(Scenario.read(scenarios / "demo.toml"))
    hospital = found.frame.index[found.frame["name"] == "한들가람병원"]
    assert len(hospital) == 1
    assert found.frame.loc[hospital[0], "kind"] == "hospital"
    offers = set(found.offers.loc[found.offers["facility_id"] == hospital[0], "service"])
    assert offers == {"hospital", "local_emergency_institution"}
