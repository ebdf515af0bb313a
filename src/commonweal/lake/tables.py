"""The lake's person-level tables: a ViewDefinition each, and what is kept of its columns.

De-identification happens here and nowhere else: a view reads what it must from the record, and the SELECT
beside it names everything that may be written. Nothing else is.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import LiteralString

from commonweal.fhir.views import View, read_view
from commonweal.lake.sql import Sql, literal, sql

ODS_CODE = "[A-Za-z0-9]{2,9}"  # shorter than an NHS number
# Local calendar day of a FHIR date or moment; a bare year or month counts from its first day.
_DAY: LiteralString = (
    "CASE WHEN {t} LIKE '%T%' THEN CAST(TRY_CAST({t} AS TIMESTAMPTZ) AT TIME ZONE 'Europe/London' AS DATE)"
    " WHEN len({t}) = 4 THEN TRY_CAST({t} || '-01-01' AS DATE)"
    " WHEN len({t}) = 7 THEN TRY_CAST({t} || '-01' AS DATE) ELSE TRY_CAST({t} AS DATE) END"
)


@dataclass(frozen=True, slots=True)
class LakeTable:
    """One table: the resource type it is made of, its column types, and the SELECT over its view.

    In ``kept``, ``v`` is the view with ``rid``, ``c`` the pseudonym of the compartment and ``area`` the table
    (postcode, lsoa).
    """

    name: str
    columns: Mapping[str, str]
    kept: Sql

    @property
    def view(self) -> View:
        """The ViewDefinition, from this package's ``definitions``."""
        return _view(self.name)


@lru_cache(maxsize=16)
def _view(name: str) -> View:
    return read_view(json.loads(files(__package__).joinpath("definitions", f"{name}.json").read_text()))


def _day(column: LiteralString) -> Sql:
    return sql(_DAY, t=sql(column))


LAKE_TABLES: tuple[LakeTable, ...] = (
    LakeTable(
        "person",
        {
            "compartment": "UBIGINT",
            "row": "BIGINT",
            "birth_month": "DATE",
            "sex": "VARCHAR",
            "ethnicity": "VARCHAR",
            "lsoa": "VARCHAR",
            "practice": "VARCHAR",
            "managed_by": "VARCHAR",
            "active": "BOOLEAN",
            "death_date": "DATE",
        },
        sql(
            "SELECT c.pseudonym AS compartment, v.rid AS row,"
            " CAST(date_trunc('month', TRY_CAST(CASE len(v.birth_date) WHEN 7 THEN v.birth_date || '-01'"
            " WHEN 10 THEN v.birth_date END AS DATE)) AS DATE) AS birth_month,"
            # What is no code might be a name typed into the wrong column, and a category is shown on a page.
            " v.sex,"
            " CASE WHEN regexp_full_match(upper(v.ethnicity), '[A-Z]|99') THEN upper(v.ethnicity) END AS ethnicity,"
            " area.lsoa,"
            " CASE WHEN regexp_full_match(v.practice, {ods}) THEN v.practice END AS practice,"
            " CASE WHEN regexp_full_match(v.managed_by, {ods}) THEN v.managed_by END AS managed_by,"
            " COALESCE(v.active, TRUE) AS active,"
            # A death without a date has happened by any day one may ask about.
            " COALESCE({died}, CASE WHEN v.deceased THEN DATE '1900-01-01' END) AS death_date"
            " FROM found v JOIN compartments c USING (compartment_id)"
            " LEFT JOIN area ON area.postcode = upper(replace(v.postcode, ' ', ''))",
            died=_day("v.deceased_on"),
            ods=literal(ODS_CODE),
        ),
    ),
    LakeTable(
        "condition",
        {"compartment": "UBIGINT", "row": "BIGINT", "code": "VARCHAR", "date": "DATE", "ended": "DATE"},
        sql(
            "SELECT c.pseudonym AS compartment, v.rid AS row, v.code, COALESCE({onset}, {recorded}) AS date,"
            # A problem that is over and does not say since when has been over since it was recorded.
            " COALESCE({abated}, CASE WHEN v.over THEN COALESCE({recorded}, {onset}) END) AS ended"
            " FROM found v JOIN compartments c USING (compartment_id)",
            abated=_day("v.abated"),
            onset=_day("v.onset"),
            recorded=_day("v.recorded"),
        ),
    ),
    LakeTable(
        "observation",
        {"compartment": "UBIGINT", "row": "BIGINT", "code": "VARCHAR", "date": "DATE", "value": "DOUBLE"},
        sql(
            "SELECT c.pseudonym AS compartment, v.rid AS row, v.code, COALESCE({effective}, {issued}) AS date, v.value"
            " FROM found v JOIN compartments c USING (compartment_id)",
            effective=_day("v.effective"),
            issued=_day("v.issued"),
        ),
    ),
    LakeTable(
        "encounter",
        {
            "compartment": "UBIGINT",
            "row": "BIGINT",
            "class": "VARCHAR",
            "method": "VARCHAR",
            "start": "DATE",
            "end": "DATE",
            "provider": "VARCHAR",
        },
        sql(
            "SELECT c.pseudonym AS compartment, v.rid AS row, v.class,"
            ' COALESCE(v.hospital_method, v.encounter_method) AS method, {started} AS start, {ended} AS "end",'
            " v.provider FROM found v JOIN compartments c USING (compartment_id)",
            started=_day("v.started"),
            ended=_day("v.ended"),
        ),
    ),
)


def table(which: str) -> LakeTable:
    """The lake table of this name."""
    return next(one for one in LAKE_TABLES if one.name == which)


def type_of(one: LakeTable) -> Sql:
    """The FHIR type a table is made of, as a literal."""
    return literal(one.view.resource)
