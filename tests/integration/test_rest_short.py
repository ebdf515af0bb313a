"""The short way before Django answers as the views do, to the byte, and lets through to them whatever is not for it."""

import io
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st

from commonweal.apps.record import arrays
from tests.integration.fhir_world import JSON, SNOMED, Ask, World, asking, make, patient, weight
from tests.integration.test_rest_at_once import other, rows

pytestmark = pytest.mark.usefixtures("database")

Knock = Callable[..., tuple[int, dict[str, str], bytes]]
CODE = "27113001"


@contextmanager
def served(world: World) -> Iterator[Ask]:
    """As the site's own role."""
    connection.close()
    connection.settings_dict["USER"] = "commonweal_app"
    yield asking(world)
    connection.close()
    connection.settings_dict["USER"] = "commonweal_batch"


@pytest.fixture(scope="module")
def world(database: str) -> World:
    """With three Patients of R01's and two weights of each, one of them withdrawn."""
    world = make()
    with served(world) as ask:
        for ident in ("walker-0", "walker-1", "walker-2"):
            ask("r01", "PUT", f"Patient/{ident}", patient(id=ident))
            for m in range(2):
                ask("r01", "PUT", f"Observation/{ident}-{m}", weight(ident, f"7{m}.50", id=f"{ident}-{m}"))
        ask("r01", "DELETE", "Observation/walker-2-1")
    return world


@pytest.fixture
def ask(world: World) -> Iterator[Ask]:
    with served(world) as asked:
        asked("r01", "GET", "Observation/walker-0-0")  # its system is remembered by then
        yield asked


@pytest.fixture
def past_the_door() -> list[str]:
    """The paths that went on to Django."""
    return []


@pytest.fixture
def knock(world: World, ask: Ask, past_the_door: list[str]) -> Knock:
    """A request at the door: status, headers and body."""
    from django.core.handlers.wsgi import WSGIHandler

    from commonweal.apps.record.rest import short
    from commonweal.web.door import Door

    django = WSGIHandler()

    def inner(environ: dict[str, Any], start: Callable[..., Any]) -> Any:
        past_the_door.append(environ["PATH_INFO"])
        return django(environ, start)

    door = Door(inner, short.answered, "/fhir/R4/")

    def knocking(
        who: str, path: str, query: str = "", sent: bytes | None = None, **more: str
    ) -> tuple[int, dict[str, str], bytes]:
        environ: dict[str, Any] = {
            "REQUEST_METHOD": "GET",
            "PATH_INFO": f"/fhir/R4/{path}",
            "QUERY_STRING": query,
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": "80",
            "HTTP_HOST": "127.0.0.1",
            "HTTP_ACCEPT": JSON,
            "HTTP_AUTHORIZATION": f"Bearer {world.tokens.get(who, who)}",
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(sent or b""),
        }
        if sent is not None:
            environ |= {"REQUEST_METHOD": "POST", "CONTENT_TYPE": JSON, "CONTENT_LENGTH": str(len(sent))}
        environ |= more
        told: list[tuple[int, dict[str, str]]] = []
        body = b"".join(door(environ, lambda status, headers: told.append((int(status[:3]), dict(headers)))))
        return (*told[0], body)

    return knocking


def plain(body: bytes) -> Any:
    """A body without the links, whose cursors are encrypted anew each time."""
    said = json.loads(body)
    return {name: value for name, value in said.items() if name != "link"}


@pytest.mark.parametrize(
    ("path", "query", "status"),
    [
        ("Observation/walker-0-0", "", 200),
        ("Observation/walker-2-1", "", 410),
        ("Observation/nowhere", "", 404),
        ("Observation/walker-0-1", "", 200),
        ("Patient/vicky", "", 404),  # another organisation's
        ("Observation", f"code={CODE}", 200),
        ("Observation", f"code={SNOMED}|{CODE}&_count=2", 200),
        ("Observation", f"code=|{CODE}", 200),
        ("Observation", f"code={SNOMED}|0", 200),
        ("Observation", f"code={CODE}&colour=blue", 200),
        ("Observation", "code=a|b|c", 400),
        ("Observation", "code=", 400),
    ],
)
def test_it_answers_as_the_views_do(
    ask: Ask, knock: Knock, past_the_door: list[str], path: str, query: str, status: int
) -> None:
    long = ask("r01", "GET", f"{path}?{query}" if query else path)
    found, headers, body = knock("r01", path, query)
    assert past_the_door == []
    assert (found, plain(body)) == (status, plain(long.content))
    assert long.status_code == status
    assert headers == {**dict(long.headers.items()), "Content-Length": str(len(body))}
    if "entry" not in json.loads(body):
        assert body == long.content


def test_a_program_is_told_what_a_program_has_a_use_for(ask: Ask, knock: Knock) -> None:
    """And a browser that were shown the answer might load, run and frame nothing."""
    for headers in (knock("r01", "Observation/walker-0-0")[1], dict(ask("r01", "GET", "metadata").headers.items())):
        assert headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
        assert (headers["X-Content-Type-Options"], headers["Cache-Control"]) == ("nosniff", "no-store")
        assert not {"Permissions-Policy", "Referrer-Policy", "Cross-Origin-Opener-Policy"} & set(headers)


def test_a_page_at_once_is_the_page_that_a_session_finds(
    ask: Ask, knock: Knock, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once = [knock("r01", "Observation", f"code={CODE}&_count={count}")[2] for count in (1, 2, 5, 100)]
    monkeypatch.setattr("commonweal.apps.record.page_at_once.may_be", lambda request: False)
    searched = [knock("r01", "Observation", f"code={CODE}&_count={count}")[2] for count in (1, 2, 5, 100)]
    assert [plain(body) for body in at_once] == [plain(body) for body in searched]
    assert [len(plain(body)["entry"]) for body in at_once] == [1, 2, 5, 5]


def test_pages_by_the_short_way_bring_everything_once(knock: Knock, past_the_door: list[str]) -> None:
    query, seen = f"code={CODE}&_count=2", []
    while query:
        page = json.loads(knock("r01", "Observation", query)[2])
        seen += [entry["resource"]["id"] for entry in page["entry"]]
        following = [link["url"] for link in page["link"] if link["relation"] == "next"]
        query = following[0].partition("?")[2] if following else ""
    assert sorted(seen) == ["walker-0-0", "walker-0-1", "walker-1-0", "walker-1-1", "walker-2-0"]
    assert past_the_door == []


def test_a_page_is_audited_with_each_person_on_it_and_no_other(knock: Knock) -> None:
    knock("r01", "Observation", f"code={CODE}&_count=4")
    found = rows(
        "SELECT a.actor, a.role, a.organisation, a.purpose, a.action, a.target, a.outcome, array_agg(c.local_id "
        "ORDER BY c.local_id) FROM (SELECT * FROM access_audit ORDER BY id DESC LIMIT 1) a "
        "JOIN access_audit_subject s ON s.audit_id = a.id JOIN record_compartment c ON c.id = ANY (s.compartments) "
        "GROUP BY 1, 2, 3, 4, 5, 6, 7"
    )
    purpose, action, target = "operations", "fhir.search", "Observation?code"
    assert found == [("user:r01", "service", "R01", purpose, action, target, "allowed", ["walker-0", "walker-1"])]
    knock("r01", "Observation", "code=nothing")
    last = rows(
        "SELECT target, outcome, (SELECT count(*) FROM access_audit_subject s WHERE s.audit_id = a.id) "
        "FROM access_audit a ORDER BY id DESC LIMIT 1"
    )
    assert last == [("Observation?code", "allowed", 0)]


@pytest.mark.parametrize(
    ("who", "path", "query", "more", "status"),
    [
        ("r01", "Observation/walker-0-0", "", {"HTTP_IF_NONE_MATCH": 'W/"1"'}, 304),
        ("r01", "Observation/walker-0-0", "", {"REQUEST_METHOD": "HEAD"}, 200),
        ("r01", "Observation/walker-0-0", "", {"HTTP_COMMONWEAL_PURPOSE": "direct_care"}, 403),
        ("r01", "Observation/walker-0-0", "", {"HTTP_HOST": "elsewhere.example"}, 400),
        ("r01", "Observation/walker-0-0", "", {"HTTP_ACCEPT": "text/html"}, 406),
        ("r01", "Observation", f"code={CODE}&status=final", {}, 200),
        ("r01", "Observation", f"code={CODE}&_sort=date", {}, 200),
        ("r01", "Observation", f"code={CODE},1", {}, 200),
        ("r01", "Observation", f"code:not={CODE}", {}, 200),
        ("r01", "Organization", f"type={CODE}", {}, 200),
        ("gp", "Patient/vicky", "", {}, 200),
        ("no-such-token", "Observation/walker-0-0", "", {}, 401),
    ],
)
def test_all_else_is_for_the_views(
    knock: Knock,
    past_the_door: list[str],
    who: str,
    path: str,
    query: str,
    more: dict[str, str],
    status: int,
) -> None:
    assert knock(who, path, query, **more)[0] == status
    assert past_the_door == [f"/fhir/R4/{path}"]


def test_somebody_not_linked_yet_is_left_to_a_session(
    knock: Knock, past_the_door: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from commonweal.apps.record import page_at_once

    asked: list[str] = []
    page = page_at_once.page

    def counted(look: Any, request: Any, *more: Any) -> Any:
        asked.append(request.kind)
        return page(look, request, *more)

    monkeypatch.setattr(page_at_once, "page", counted)
    alone = rows("SELECT local_id, alone FROM record_compartment WHERE source = 'R01' AND local_id = 'walker-1'")
    assert alone[0][1] is not None
    with other("postgres") as owner:
        owner.execute("UPDATE record_compartment SET alone = NULL WHERE local_id = 'walker-1'")
        try:
            before = rows("SELECT count(*) FROM access_audit")
            assert knock("r01", "Observation", f"code={CODE}")[0] == 200
            assert past_the_door == ["/fhir/R4/Observation"]
            assert len(asked) == 1, "what the one statement could not do is not asked of it again"
            assert rows("SELECT count(*) - 1 FROM access_audit") == before
        finally:
            owner.execute("UPDATE record_compartment SET alone = %s WHERE local_id = 'walker-1'", [alone[0][1]])


def test_what_ended_elsewhere_is_refused_by_the_very_next_knock(knock: Knock) -> None:
    knocks = [
        ("Observation/walker-0-0", "", None),
        ("Observation", f"code={CODE}", None),
        ("Observation", "", weight("walker-0").encode()),
        ("", "", SEVERAL),
    ]
    kept = "SELECT count(*), (SELECT count(*) FROM record_resource) FROM access_audit"
    with other() as cursor:
        for path, query, sent in knocks:
            assert knock("r01", path, query, sent)[0] in (200, 201)
            before = rows(kept)
            cursor.execute("UPDATE access_token SET revoked_at = now()")
            assert knock("r01", path, query, sent)[0] == 401
            cursor.execute("UPDATE access_token SET revoked_at = NULL")
            assert rows(kept) == before


def test_what_cannot_be_audited_is_neither_shown_nor_done(knock: Knock) -> None:
    with other("postgres") as owner:
        owner.execute("REVOKE INSERT ON access_audit FROM commonweal_app")
        try:
            kept = rows("SELECT count(*) FROM record_resource")
            answers = [
                knock("r01", "Observation/walker-0-0"),
                knock("r01", "Observation", f"code={CODE}"),
                knock("r01", "Observation", "", weight("walker-0").encode()),
                knock("r01", "", "", SEVERAL),
            ]
            assert rows("SELECT count(*) FROM record_resource") == kept
        finally:
            owner.execute(
                "GRANT INSERT (id, actor, role, organisation, purpose, action, target, outcome, reason, request_id) "
                "ON access_audit TO commonweal_app"
            )
    assert [status for status, _, _ in answers] == [500] * 4
    assert not any(b"valueQuantity" in body for _, _, body in answers)


def test_the_page_opens_nothing_that_row_security_closes(world: World, knock: Knock) -> None:
    from commonweal.apps.access.actors import token_digest

    opening: dict[str, str | None] = {
        "token": token_digest(world.tokens["p01"]),
        "moment": "2020-01-01T00:00:00Z",
        "username": "p01",
    }
    opening |= {"name": "p01", "role": "service", "organisation": "P01", "team": "", "person_id": None}
    opening |= {"actor": "user:p01", "purpose": "source_maintenance", "action": "fhir.search", "target": "Observation"}
    opening["request_id"] = str(world.vicky)
    found = (
        "SELECT done, entries FROM record_page_own(%s, (SELECT definitions FROM record_indexing), 'Observation', '', "
        "%s::smallint, %s, NULL, 0, 0, 10)"
    )
    element = rows("SELECT DISTINCT parameter FROM record_token WHERE code = %s", CODE)[0][0]
    with other("commonweal_app") as cursor:
        assert cursor.execute(found.encode(), [json.dumps(opening), element, CODE]).fetchall() == [(True, None)]
        lie = opening | {"organisation": "R01"}
        with pytest.raises(Exception, match="does not stand"):
            cursor.execute(found.encode(), [json.dumps(lie), element, CODE])


def test_what_is_said_to_be_a_source_of_ones_own_counts_for_that_organisation_alone(world: World) -> None:
    sources = dict(rows("SELECT source, array_agg(id) FROM record_source GROUP BY source"))
    told = "SELECT set_config('commonweal.source', %s, false), set_config('commonweal.own', %s, false)"
    listed = ",".join(map(str, sources["P01"]))
    with other("commonweal_app") as cursor:
        for source, said, found in (
            ("R01", "", sources["R01"]),
            ("R01", f"P01/{listed}", sources["R01"]),
            ("R0", f"R01/{listed}", None),
            ("", f"/{listed}", None),
            ("P01", f"P01/{listed}", sources["P01"]),
        ):
            cursor.execute(told, [source, said])
            assert cursor.execute("SELECT record_own_sources()").fetchone() == (found,)


@given(st.lists(st.text(st.characters(blacklist_characters="\0", blacklist_categories=["Cs"])), min_size=1))
@settings(max_examples=40)
def test_a_column_is_read_as_it_was_written(texts: list[str]) -> None:
    with other("commonweal_app") as cursor:
        assert cursor.execute("SELECT %s::text[]", [arrays.column(texts).decode()]).fetchone() == (texts,)
        numbers = [len(text) / 3 for text in texts]
        assert cursor.execute("SELECT %s::float8[]", [arrays.column(numbers).decode()]).fetchone() == (numbers,)


def made_alike(body: bytes) -> Any:
    """A body without what is new each time: ids, and moments."""
    text = re.sub(rb"[0-9a-f]{8}-[0-9a-f-]{27}", b"an-id", body)
    return re.sub(rb"20\d\d-\d\d-\d\dT[\d:.]+(?:Z|\+00:00)", b"then", text)


def entries(*resources: str, method: str = "POST", **more: Any) -> bytes:
    """A transaction of these."""
    listed = [
        {
            "fullUrl": f"urn:uuid:{n}",
            "resource": json.loads(text),
            "request": {"method": method, "url": "Observation" if method == "POST" else f"Observation/own-{n}"} | more,
        }
        for n, text in enumerate(resources)
    ]
    return json.dumps({"resourceType": "Bundle", "type": "transaction", "entry": listed}).encode()


REFERRING = weight("walker-1", derivedFrom=[{"reference": "urn:uuid:0"}])
SEVERAL = entries(weight("walker-0"), REFERRING, weight("walker-2", note=[{"text": 'a \\ "b" {c} \u00e9 \u2028'}]))
NOTED = weight("walker-1", id="theirs", meta={"tag": [{"system": "urn:x,y", "code": 'q"\\'}]}).encode()


@pytest.mark.parametrize(
    ("path", "sent", "prefer", "status"),
    [
        ("Observation", weight("walker-0").encode(), "", 201),
        ("Observation", NOTED, "", 201),
        ("Observation", weight("walker-0").encode(), "return=minimal", 201),
        ("Observation", weight("walker-0", note=[{"text": "a\ttab"}]).encode(), "return=OperationOutcome", 201),
        ("", SEVERAL, "", 200),
        ("", SEVERAL, "return=representation", 200),
    ],
)
def test_what_it_stores_is_stored_and_said_as_by_the_views(
    ask: Ask, knock: Knock, past_the_door: list[str], path: str, sent: bytes, prefer: str, status: int
) -> None:
    told = "SELECT json_agg(to_jsonb(t) - 'rid' ORDER BY to_jsonb(t) - 'rid') FROM record_{} t WHERE t.rid = r.rid"
    kept = (
        "SELECT to_jsonb(r) - '{rid,id,xid,updated,digest,body}'::text[], regexp_replace(r.body, $x$\"(id|reference|"
        f"lastUpdated)\" ?: ?\"[^\"]*\"$x$, '', 'g'), ({told.format('token')}), ({told.format('number')}) "
        "FROM record_resource r ORDER BY r.rid DESC LIMIT %s"
    )
    count = 3 if path == "" else 1
    headers = {"Prefer": prefer} if prefer else {}
    long = ask("r01", "POST", path, sent, **headers)
    stored = rows(kept, count)
    found, told, body = knock("r01", path, "", sent, **({"HTTP_PREFER": prefer} if prefer else {}))
    assert (found, made_alike(body)) == (status, made_alike(long.content))
    assert long.status_code == status
    assert past_the_door == []
    assert rows(kept, count) == stored
    varying = ("Location", "Last-Modified")
    assert {name: value for name, value in told.items() if name not in varying} == {
        name: value for name, value in long.headers.items() if name not in varying
    } | {"Content-Length": str(len(body))}
    assert [name in told for name in varying] == [name in long.headers for name in varying]
    if status == 201:
        where = told["Location"].partition("/fhir/R4/")[2]
        assert ask("r01", "GET", where).status_code == 200


@pytest.mark.parametrize(
    ("path", "sent", "more", "status"),
    [
        ("Observation", b"", {}, 400),
        ("Observation", b'{"resourceType":', {}, 400),
        ("Observation", b"\xff", {}, 400),
        ("Observation", b'{"resourceType":"Observation"}', {}, 422),
        ("Observation", weight("vicky").encode(), {}, 422),
        ("Observation", weight("walker-0").encode(), {"CONTENT_TYPE": "text/plain"}, 415),
        ("Observation", weight("walker-0").encode(), {"CONTENT_LENGTH": "99999999"}, 413),
        ("Observation", weight("walker-0").encode(), {"CONTENT_LENGTH": "-1"}, 413),
        ("Observation", weight("walker-0").encode(), {"HTTP_ACCEPT": "text/html"}, 406),
        ("Observation", weight("walker-0").encode(), {"HTTP_IF_NONE_EXIST": "code=0"}, 201),
        ("Observation", weight("walker-0").encode(), {"HTTP_COMMONWEAL_PURPOSE": "direct_care"}, 403),
        ("Patient", json.dumps(patient()).encode(), {}, 201),
        ("Observation/walker-0-0", weight("walker-0").encode(), {}, 405),
        ("", b"{}", {}, 400),
        ("", entries(weight("walker-0"), ifNoneExist="code=0"), {}, 200),
        ("", entries(weight("walker-0", id="own-0"), method="PUT"), {}, 200),
        ("", entries(weight("walker-0"), weight("vicky")), {}, 422),
    ],
)
def test_what_else_is_sent_reaches_the_views_whole(
    knock: Knock, past_the_door: list[str], path: str, sent: bytes, more: dict[str, str], status: int
) -> None:
    assert knock("r01", path, "", sent, **more)[0] == status
    assert past_the_door == [f"/fhir/R4/{path}"]


def test_a_read_beside_what_is_created_leaves_it_one_statement(
    knock: Knock, past_the_door: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from commonweal.apps.record.rest import creates

    made: list[Any] = []
    real = creates.created
    monkeypatch.setattr(creates, "created", lambda *asked: made.append(real(*asked)) or made[-1])
    bundle = json.loads(SEVERAL)
    bundle["entry"].append({"request": {"method": "GET", "url": "Observation/walker-0-0"}})
    status, _, body = knock("r01", "", "", json.dumps(bundle).encode())
    assert past_the_door == ["/fhir/R4/"]
    assert (status, [one["response"]["status"] for one in json.loads(body)["entry"]]) == (200, [*["201"] * 3, "200"])
    assert [len(one) for one in made] == [3]
