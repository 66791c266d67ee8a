"""Geocoders, asked on a stand-in on this machine that answers as the real ones do."""

import json
import logging
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs, urlsplit

import geopandas as gpd
import pytest
from input_cases import scenario
from shapely.geometry import Point, box

from ruralcare import DownloadError, InputError, inputs
from ruralcare.inputs.care import geocoder_services
from ruralcare.inputs.care.gazetteer import Gazetteer
from ruralcare.inputs.care.geocoders import AnswerCache, with_geocoder
from ruralcare.settings import Settings
from ruralcare.types import Townships

KEY = "S3CRET/key+123"
ADDRESS = "전라남도 해남군 해남읍 중앙로  15, 2층 (해남읍)"
QUESTION = "전라남도 해남군 해남읍 중앙로 15"
X, Y = 960_000, 1_620_000
HOME = gpd.GeoSeries([Point(X + 4_000, Y + 4_000)], crs=5179).to_crs(4326).iloc[0]


def vworld(place=HOME, text="전라남도 해남군 해남읍 중앙로 15 (해남읍)", status="OK", **error):
    response = {
        "service": {"name": "address", "version": "2.0", "operation": "getcoord"},
        "status": status,
    }
    if status == "OK":
        response["refined"] = {"text": text, "structure": {}}
        response["result"] = {
            "crs": "EPSG:4326",
            "point": {"x": str(place.x), "y": str(place.y)},
        }
    if error:
        response["error"] = error
    return {"response": response}


def kakao(*kinds, place=HOME, **more):
    documents = [
        {
            "address_name": "전남 해남군 해남읍",
            "address_type": kind,
            "x": str(place.x),
            "y": str(place.y),
            **more,
        }
        for kind in kinds
    ]
    return {"documents": documents, "meta": {"total_count": len(documents), "is_end": True}}


@pytest.fixture
def server(monkeypatch):
    """A stand-in: its address, what it was asked, and what it replies (status, body)."""
    asked = []
    replies = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            query = {name: one[0] for name, one in parse_qs(urlsplit(self.path).query).items()}
            asked.append((query, dict(self.headers)))
            status, body = replies.pop(0) if len(replies) > 1 else replies[0]
            content = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_):
            pass

    monkeypatch.setattr(geocoder_services._KeyedService, "pause_s", 0.0)
    stand_in = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=stand_in.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{stand_in.server_port}/req", asked, replies
    stand_in.shutdown()
    thread.join()
    stand_in.server_close()


@pytest.fixture
def pauses(monkeypatch):
    found = []
    monkeypatch.setattr(time, "sleep", lambda seconds: found.append(seconds) if seconds else None)
    return found


@pytest.fixture
def gazetteer():
    frame = gpd.GeoDataFrame(
        {
            "name": ["해남읍", "북면"],
            "sigungu_id": ["46820", "46820"],
            "sigungu_name": ["해남군", "해남군"],
            "seat": gpd.GeoSeries([Point(X + 1, Y + 1), Point(X + 10_001, Y + 1)], crs=5179),
        },
        geometry=[
            box(X, Y, X + 9_000, Y + 9_000),
            box(X + 10_000, Y, X + 19_000, Y + 9_000),
        ],
        crs=5179,
    )
    frame.index = ["4682025000", "4682031000"]
    frame.index.name = "township_id"
    villages = {("4682025000", "백호"): Point(X + 5_000, Y + 5_000)}
    return Gazetteer(Townships(frame, "2023"), villages)


@pytest.fixture
def locator(gazetteer, server, tmp_path, monkeypatch):
    """Make a locator for a service."""
    monkeypatch.setenv("RURALCARE_TEST_KEY", KEY)

    def make(service, url=None, **more):
        settings = {"service": service, "key_variable": "RURALCARE_TEST_KEY", **more}
        (tmp_path / "towns.geojson").write_text("{}", "utf-8")
        found = scenario(tmp_path, geocoder=settings)
        paths = Settings(cache_dir=tmp_path / "cache", geocoder_url=url or server[0])
        return with_geocoder(gazetteer, found, paths)

    return make


def metres_from_home(located):
    return located.point.distance(Point(X + 4_000, Y + 4_000))


def test_vworld_is_asked_for_the_road_and_then_for_the_lot(locator, server):
    _, asked, replies = server
    replies += [(200, vworld(status="NOT_FOUND")), (200, vworld(text="해남읍 해리 379-2"))]
    found = locator("vworld").locate(ADDRESS)
    assert [query["type"] for query, _ in asked] == ["ROAD", "PARCEL"]
    query = asked[0][0]
    assert query["address"] == QUESTION
    assert query["key"] == KEY
    assert (query["service"], query["request"], query["crs"]) == (
        "address",
        "getCoord",
        "EPSG:4326",
    )
    assert (found.township_id, found.precision) == ("4682025000", "point")
    assert metres_from_home(found) < 0.1


@pytest.mark.parametrize(
    ("text", "precision"),
    [
        ("전라남도 해남군 해남읍 중앙로 15 (해남읍)", "point"),
        ("전라남도 해남군 해남읍 중앙로", "road"),
        ("전라남도 해남군 해남읍 해리", "village"),
    ],
)
def test_the_precision_of_vworld_is_that_of_what_it_found(locator, server, text, precision):
    server[2].append((200, vworld(text=text)))
    assert locator("vworld").locate(ADDRESS).precision == precision


def test_what_is_no_finer_than_the_seat_changes_nothing(locator, server, gazetteer):
    server[2].append((200, vworld(text="전라남도 해남군 해남읍")))
    assert locator("vworld").locate(ADDRESS) == gazetteer.locate(ADDRESS)


@pytest.mark.parametrize(
    ("kind", "more", "precision"),
    [
        ("ROAD_ADDR", {}, "point"),
        ("REGION_ADDR", {}, "point"),
        ("ROAD", {}, "road"),
        ("REGION", {"address": {"region_3depth_name": "해남읍 해리"}}, "village"),
        ("REGION", {"address": {"region_3depth_name": "해남읍"}}, "township"),
    ],
)
def test_kakao(locator, server, kind, more, precision):
    _, asked, replies = server
    replies.append((200, kakao(kind, **more)))
    found = locator("kakao").locate(ADDRESS)
    ((query, headers),) = asked
    assert query["query"] == QUESTION
    assert headers["Authorization"] == f"KakaoAK {KEY}"
    assert found.precision == precision
    assert (metres_from_home(found) < 0.1) == (precision != "township")


@pytest.mark.parametrize(
    "address",
    [
        "전라남도 고흥군 고흥읍 중앙로 1",  # another county
        "전라남도 해남군 해남읍",  # names no more than the township
        "전라남도 해남군 해남읍 백호리",  # the village is known
        "",
    ],
)
def test_nobody_is_asked_for_what_is_known_or_lies_elsewhere(locator, server, gazetteer, address):
    assert locator("kakao").locate(address) == gazetteer.locate(address)
    assert server[1] == []


def test_an_answer_in_another_township_is_not_believed(locator, server, gazetteer):
    away = gpd.GeoSeries([Point(X + 15_000, Y + 4_000)], crs=5179).to_crs(4326).iloc[0]
    server[2].append((200, kakao("ROAD_ADDR", place=away)))
    found = locator("kakao").locate(ADDRESS)
    known = gazetteer.locate(ADDRESS)
    assert (found.point, found.precision) == (known.point, known.precision)
    assert "outside the township" in str(found.doubt)
    # The same answer serves an address that names only the county.
    other = locator("kakao", cache=False).locate("전라남도 해남군 중앙로 15")
    assert (other.township_id, other.precision) == ("4682031000", "point")


def test_the_second_of_two_answers_may_be_right(locator, server):
    away = gpd.GeoSeries([Point(X + 15_000, Y + 4_000)], crs=5179).to_crs(4326).iloc[0]
    reply = kakao("ROAD_ADDR", place=away)
    reply["documents"] += kakao("ROAD_ADDR")["documents"]
    server[2].append((200, reply))
    assert metres_from_home(locator("kakao").locate(ADDRESS)) < 0.1


def test_answers_are_kept_without_the_key(locator, server, tmp_path):
    _, asked, replies = server
    replies.append((200, kakao("ROAD_ADDR")))
    first = locator("kakao").locate(ADDRESS)
    again = locator("kakao").locate(ADDRESS.replace(", 2층", ""))
    assert again.point.equals(first.point)
    assert len(asked) == 1
    (file,) = (tmp_path / "cache" / "geocoder").iterdir()
    assert KEY not in file.read_text("utf-8")
    assert locator("kakao", cache=False).locate(ADDRESS).point.equals(first.point)
    assert len(asked) == 2


def test_without_a_cache_nothing_is_written(locator, server, tmp_path):
    server[2].append((200, kakao("ROAD_ADDR")))
    one = locator("kakao", cache=False)
    assert one.locate(ADDRESS) == one.locate(ADDRESS)
    assert len(server[1]) == 1
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize(
    "damage",
    [b"\x00\xff\n", b'{"address": "a", "answers": 5}\n', b"[]\n", b'{"address": "x", "ans'],
)
def test_a_damaged_cache_loses_only_the_damaged_lines(tmp_path, damage):
    from ruralcare.inputs.care.geocoders import Answer

    path = tmp_path / "g" / "kakao.jsonl"
    answer = Answer(126.5, 34.5, "point")
    AnswerCache(path).put("가", [answer])
    with path.open("ab") as stream:
        stream.write(damage)
    cache = AnswerCache(path)
    cache.put("나", [])
    again = AnswerCache(path)
    assert again.get("가") == [answer]
    assert again.get("나") == []
    assert again.get("다") is None


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_a_busy_service_is_asked_again_and_longer_and_longer(locator, server, pauses, status):
    _, asked, replies = server
    replies += [(status, b""), (status, b""), (200, kakao("ROAD_ADDR"))]
    assert locator("kakao").locate(ADDRESS).precision == "point"
    assert len(asked) == 3
    assert [pause for pause in pauses if pause >= 1] == [1, 2]


REFUSED, EXHAUSTED, FAILED = "refuses the key", "quota", "did not answer as expected"


@pytest.mark.parametrize(
    ("service", "status", "body", "told"),
    [
        ("vworld", 200, vworld(status="ERROR", code="INVALID_KEY", text=KEY), REFUSED),
        ("vworld", 200, vworld(status="ERROR", code="OVER_REQUEST_LIMIT"), EXHAUSTED),
        ("vworld", 200, vworld(status="ERROR", code="SYSTEM_ERROR"), FAILED),
        ("vworld", 200, {"response": {}}, FAILED),
        ("vworld", 200, ["odd"], FAILED),
        ("vworld", 502, b"<html>", FAILED),
        ("kakao", 401, {"errorType": "AccessDeniedError", "message": KEY}, REFUSED),
        ("kakao", 403, {"errorType": "NotAuthorizedError"}, REFUSED),
        ("kakao", 429, {"message": "API limit has been exceeded."}, EXHAUSTED),
        ("kakao", 500, b"", FAILED),
        ("kakao", 302, b"", FAILED),
        ("kakao", 200, b"<html>no json</html>", FAILED),
        ("kakao", 200, {"documents": [{"x": "nan", "y": "1"}]}, FAILED),
    ],
)
def test_a_service_that_gives_no_answer(locator, server, pauses, service, status, body, told):
    server[2].append((status, body))
    with pytest.raises(DownloadError) as caught:
        locator(service).locate(ADDRESS)
    for language in ("en", "ko"):
        assert KEY not in caught.value.render(language)
    assert told in str(caught.value)


def test_an_address_that_the_service_cannot_make_sense_of(locator, server, gazetteer):
    server[2].append((400, {"errorType": "InvalidArgument"}))
    assert locator("kakao").locate(ADDRESS) == gazetteer.locate(ADDRESS)


def test_a_service_that_cannot_be_reached_and_logs_without_the_key(
    locator, server, caplog, monkeypatch
):
    caplog.set_level(logging.DEBUG)
    server[2].append((200, vworld()))
    assert locator("vworld", cache=False).locate(ADDRESS).precision == "point"
    with pytest.raises(DownloadError) as caught:
        locator("vworld", url="http://127.0.0.1:9/req").locate(ADDRESS)
    # What Python shows of the error, with all that led to it, has no key either.
    import traceback

    shown = "".join(traceback.format_exception(caught.value))
    for text in (caplog.text, shown):
        assert KEY not in text
        assert "S3CRET" not in text
    assert not logging.getLogger("urllib3.connectionpool").filters


def test_a_missing_key_is_one_fault_that_names_the_variable(tmp_path, gazetteer, monkeypatch):
    monkeypatch.delenv("RURALCARE_NO_SUCH_KEY", raising=False)
    found = scenario(
        tmp_path, geocoder={"service": "vworld", "key_variable": "RURALCARE_NO_SUCH_KEY"}
    )
    with pytest.raises(InputError) as caught:
        with_geocoder(gazetteer, found, None)
    (fault,) = caught.value.faults
    assert (fault.file, fault.column, fault.value) == (
        "scenario.toml",
        "geocoder.key_variable",
        "RURALCARE_NO_SUCH_KEY",
    )


def test_institutions_and_branches_are_placed_by_the_service(
    gazetteer, server, tmp_path, monkeypatch
):
    url, asked, replies = server
    replies.append((200, kakao("ROAD_ADDR")))
    monkeypatch.setenv("RURALCARE_TEST_KEY", KEY)
    (tmp_path / "towns.geojson").write_text("{}", "utf-8")
    (tmp_path / "f.csv").write_text(
        f'facility_id,name,service,address\na,가,day_care,"{ADDRESS}"\n', "utf-8"
    )
    (tmp_path / "c.csv").write_text(f'coop_id,name,address\nb,나농협,"{ADDRESS}"\n', "utf-8")
    found = scenario(
        tmp_path,
        facilities={"sources": [{"file": "f.csv"}]},
        cooperatives={"file": "c.csv"},
        geocoder={"service": "kakao", "key_variable": "RURALCARE_TEST_KEY"},
    )
    settings = Settings(cache_dir=tmp_path / "cache", geocoder_url=url)
    places = inputs.read_places(found, gazetteer.townships, settings)
    assert places.facilities.frame.loc["a", "location_precision"] == "point"
    assert places.cooperatives.frame.loc["b", "location_precision"] == "point"
    assert len(asked) == 1
    # Nothing is uncertain, so nothing is said.
    assert not any("known only" in str(note) for note in places.facilities.notes)


@pytest.mark.parametrize(
    "wish", [{"key_variable": "AWS_SECRET_ACCESS_KEY"}, {"url": "http://elsewhere.example/"}]
)
def test_a_scenario_cannot_ask_for_another_secret_or_send_the_key_elsewhere(tmp_path, wish):
    with pytest.raises(InputError) as caught:
        scenario(tmp_path, geocoder={"service": "kakao", **wish})
    assert [fault.column for fault in caught.value.faults] == [f"geocoder.{next(iter(wish))}"]
