"""Dates in DuckDB: ``lowBoundary`` and ``highBoundary`` by the rules of ``commonweal.fhir.fhirpath.boundary``,

and which of two comes first by those of ``commonweal.fhir.fhirpath.moments``.
"""

from commonweal.lake.sql import Sql, literal, sql


def boundary(value: Sql, high: bool, kind: str) -> Sql:
    """JSON of the lower or upper end of a JSON value, NULL if it has none."""
    end = literal("$.end" if high else "$.start")
    return sql(
        "CASE json_type({v}) WHEN 'OBJECT' THEN {period} WHEN 'VARCHAR' THEN {single}"
        " ELSE CASE WHEN json_type({v}) IN ('BIGINT', 'UBIGINT', 'HUGEINT', 'DOUBLE') THEN to_json({number}) END END",
        v=value,
        period=_dated(
            sql("(CASE WHEN json_type({v}, {end}) = 'VARCHAR' THEN {v} ->> {end} END)", v=value, end=end),
            high,
            "dateTime",
        ),
        single=_dated(sql("({v} ->> '$')", v=value), high, kind),
        number=_decimal(value, high),
    )


def _dated(text: Sql, high: bool, kind: str) -> Sql:
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
        "CASE WHEN regexp_full_match({t}, {clock}) THEN to_json({time})"
        " WHEN regexp_full_match({t}, '\\d{{4}}(-\\d\\d(-\\d\\d)?)?') THEN to_json({day})"
        " WHEN regexp_full_match({t},"
        " '\\d{{4}}-\\d\\d-\\d\\dT\\d\\d(:\\d\\d(:\\d\\d(\\.\\d+)?)?)?(Z|[+-]\\d\\d:\\d\\d)?') THEN to_json({moment})"
        " ELSE NULL END",
        t=text,
        clock=literal(r"\d\d(:\d\d(:\d\d(\.\d+)?)?)?" if kind == "time" else r"\d\d:\d\d(:\d\d(\.\d+)?)?"),
        time=_time(text, high),
        day=day,
        moment=moment,
    )


def _decimal(value: Sql, high: bool) -> Sql:
    """Half a unit of the last place away: in exact decimals of up to 17 places, in DOUBLEs beyond."""
    text = sql("CAST({v} AS VARCHAR)", v=value)
    places = sql(
        "greatest(0, len(regexp_extract({t}, '\\.(\\d+)', 1))"
        " - COALESCE(TRY_CAST(regexp_extract({t}, '[eE]([+-]?\\d+)$', 1) AS INTEGER), 0))",
        t=text,
    )
    exact = sql("TRY_CAST({t} AS DECIMAL(38, 18))", t=text)
    half = sql("(0.5 / pow(10, {places}))", places=places)
    fixed = sql("CAST({half} AS DECIMAL(38, 18))", half=half)
    double = sql("CAST({v} AS DOUBLE)", v=value)
    near, end = (
        sql("{a} + {b}", a=a, b=b) if high else sql("{a} - {b}", a=a, b=b) for a, b in ((double, half), (exact, fixed))
    )
    return sql(
        "CASE WHEN {places} > 17 OR {exact} IS NULL THEN {near} ELSE CAST(CAST({end} AS VARCHAR) AS DOUBLE) END",
        places=places,
        exact=exact,
        near=near,
        end=end,
    )


def _time(text: Sql, high: bool) -> Sql:
    whole = sql("({t} || ({rest})[greatest(1, len({t}) - 1):])", t=text, rest=literal(":59:59" if high else ":00:00"))
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


_DATED = literal(r"\d{4}(-\d\d(-\d\d(T\d\d(:\d\d(:\d\d(\.\d+)?)?)?(Z|[+-]\d\d:\d\d)?)?)?)?")


def are_moments(a: Sql, b: Sql) -> Sql:
    """Whether both texts are dates with a time of day."""
    return sql(
        "({a} LIKE '____-__-__T%' AND {b} LIKE '____-__-__T%'"
        " AND regexp_full_match({a}, {dated}) AND regexp_full_match({b}, {dated}))",
        a=a,
        b=b,
        dated=_DATED,
    )


def order(a: Sql, b: Sql) -> Sql:
    """-1, 0 or 1, NULL where two texts do not say; ``a`` and ``b`` are named many times, so bind them first."""
    return sql(
        "CASE WHEN NOT (regexp_full_match({a}, {dated}) AND regexp_full_match({b}, {dated})) THEN {text}"
        " WHEN len({a}) > 10 AND len({b}) > 10 THEN {moments}"
        " WHEN len({a}) = len({b}) THEN {text} ELSE NULLIF({parts}, 0) END",
        a=a,
        b=b,
        dated=_DATED,
        text=_sign(a, b),
        moments=_order_moments(a, b),
        parts=_sign(
            sql("{a}[1:least(len({a}), len({b}))]", a=a, b=b), sql("{b}[1:least(len({a}), len({b}))]", a=a, b=b)
        ),
    )


def _order_moments(a: Sql, b: Sql) -> Sql:
    first, second = _clock(a), _clock(b)
    width = sql("least(8, len({a}), len({b}))", a=first, b=second)
    decided = _sign(_moment(a, width), _moment(b, width))
    same = sql("least(8, len({a})) = least(8, len({b}))", a=first, b=second)
    return sql("CASE WHEN {same} THEN {decided} ELSE NULLIF({decided}, 0) END", same=same, decided=decided)


def _clock(text: Sql) -> Sql:
    return sql("regexp_extract({t}, 'T([0-9:.]+)', 1)", t=text)


def _moment(text: Sql, width: Sql) -> Sql:
    """The moment cut to ``width`` characters of its clock; one without an offset is taken for UTC."""
    return sql(
        "TRY_CAST({t}[1:10] || ' ' || CASE WHEN {w} = 8 THEN {clock}[1:15] ELSE {clock}[1:{w}] || (':00:00')[1:8 - {w}]"
        " END || COALESCE(NULLIF(regexp_extract({t}, '(Z|[+-]\\d\\d:\\d\\d)$'), ''), 'Z') AS TIMESTAMPTZ)",
        t=text,
        w=width,
        clock=_clock(text),
    )


def _sign(a: Sql, b: Sql) -> Sql:
    return sql("(CASE WHEN {a} < {b} THEN -1 WHEN {a} = {b} THEN 0 WHEN {a} > {b} THEN 1 END)", a=a, b=b)
