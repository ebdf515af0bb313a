"""``lowBoundary`` and ``highBoundary`` in DuckDB: the same rules as ``commonweal.fhir.fhirpath.boundary``."""

from commonweal.lake.sql import Sql, literal, sql


def boundary(value: Sql, high: bool, kind: str) -> Sql:
    """JSON of the lower or upper end of a JSON value, NULL if it has none."""
    text = sql("({v} ->> '$')", v=value)
    day = _date(text, high)
    if kind == "dateTime":
        day = sql("{day} || {rest}", day=day, rest=literal("T23:59:59.999-12:00" if high else "T00:00:00.000+14:00"))
    offset = sql(
        "COALESCE(NULLIF(regexp_extract({t}, '(Z|[+-]\\d\\d:\\d\\d)$'), ''), {none})",
        t=text,
        none=literal("-12:00" if high else "+14:00"),
    )
    clock = _time(sql("regexp_extract({t}, 'T([0-9:.]+)', 1)", t=text), high)
    moment = sql("{t}[1:11] || {clock} || {offset}", t=text, clock=clock, offset=offset)
    return sql(
        "CASE WHEN json_type({v}) IN ('BIGINT', 'UBIGINT', 'HUGEINT', 'DOUBLE') THEN to_json({number})"
        " WHEN json_type({v}) <> 'VARCHAR' THEN NULL"
        " WHEN regexp_full_match({t}, '\\d\\d:\\d\\d(:\\d\\d(\\.\\d+)?)?') THEN to_json({time})"
        " WHEN regexp_full_match({t}, '\\d{{4}}(-\\d\\d(-\\d\\d)?)?') THEN to_json({day})"
        " WHEN regexp_full_match({t},"
        " '\\d{{4}}-\\d\\d-\\d\\dT\\d\\d:\\d\\d(:\\d\\d(\\.\\d+)?)?(Z|[+-]\\d\\d:\\d\\d)?') THEN to_json({moment})"
        " ELSE NULL END",
        v=value,
        t=text,
        number=_decimal(value, high),
        time=_time(text, high),
        day=day,
        moment=moment,
    )


def _decimal(value: Sql, high: bool) -> Sql:
    """Half a unit of the last place away, in exact decimals (up to 8 places)."""
    places = sql("len(rtrim(regexp_extract(CAST({v} AS VARCHAR), '\\.(\\d+)$', 1)))", v=value)
    exact = sql("CAST(CAST({v} AS VARCHAR) AS DECIMAL(28, 9))", v=value)
    half = sql("CAST(0.5 / pow(10, {places}) AS DECIMAL(28, 9))", places=places)
    end = sql("{a} + {b}", a=exact, b=half) if high else sql("{a} - {b}", a=exact, b=half)
    return sql("CAST({end} AS DOUBLE)", end=end)


def _time(text: Sql, high: bool) -> Sql:
    whole = sql(
        "CASE WHEN len({t}) = 5 THEN {t} || {seconds} ELSE {t} END", t=text, seconds=literal(":59" if high else ":00")
    )
    fraction = sql("regexp_extract({t}, '\\.(\\d+)$', 1)", t=text)
    return sql(
        "({whole})[1:8] || '.' || ({fraction} || {fill})[1:greatest(3, len({fraction}))]",
        whole=whole,
        fraction=fraction,
        fill=literal("999" if high else "000"),
    )


def _date(text: Sql, high: bool) -> Sql:
    if not high:
        return sql("{t} || CASE len({t}) WHEN 4 THEN '-01-01' WHEN 7 THEN '-01' ELSE '' END", t=text)
    return sql(
        "CASE len({t}) WHEN 4 THEN {t} || '-12-31'"
        " WHEN 7 THEN strftime(last_day(TRY_CAST({t} || '-01' AS DATE)), '%Y-%m-%d') ELSE {t} END",
        t=text,
    )
