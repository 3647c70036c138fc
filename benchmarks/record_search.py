"""Scenario 10: searches with three conditions among a million records on PostgreSQL, over HTTP.

The records are put into Muster's tables by SQL, each table in one statement, as bringing a catalogue along would. Each
sort of search is asked for 40 times with other values, one after the other, and answers its first page of ten. Three
more sorts, for which no index helps, are shown beside the bar.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from statistics import median

import aiohttp
import asyncpg
import msgspec

from benchmarks.catalogue import COUNTRIES, FIRST_YEAR, GENRES, STATUSES, TEMPLATES, YEARS, calling, database, rent
from benchmarks.figures import Bar, Figure, Result, Size, machine, percentile
from benchmarks.house import house, peak_mib
from muster.domain.ids import TenantId
from muster.drill.stage import StageError
from muster.surfaces.record_batches.wire.paths import PREFIX

NUMBER = 10
NAME = "record_search"
TITLE = "search with three conditions among a million records on PostgreSQL"
_AT_MOST_MS = 200.0
_DEALS = 50_000
"""A million records have that many parents; fewer have fewer."""
_MILLION = 1_000_000
_Node = Mapping[str, object]
_Ask = Callable[[int], Mapping[str, object]]
"""The body of the `i`th search of one sort."""

# hashint4 scatters values, so that none of them says anything of another.
_PICKED = "abs(hashint4(i::int + {salt})::bigint) % {count}"


def _pick(salt: int, count: int) -> str:
    return _PICKED.format(salt=salt, count=count)


_WORDS = ("Storm", "River", "Mountain", "City", "Night", "Day", "House", "Garden", "War", "Love")
_PARTS = f"""
    SELECT i, 1 + {_pick(0, len(TEMPLATES))} AS template, 1 + {_pick(1, len(STATUSES))} AS status,
        'The ' || substr(md5(i::text), 1, 12) || ' ' ||
            (ARRAY[{", ".join(f"'{word}'" for word in _WORDS)}])[1 + {_pick(2, len(_WORDS))}] AS title,
        {FIRST_YEAR} + {_pick(3, YEARS)} AS year, 1 + {_pick(4, GENRES)} AS genre, 1 + {_pick(5, COUNTRIES)} AS country,
        trim_scale(({_pick(6, 100)})::numeric / 10) AS rating,
        (date '2000-01-01' + ({_pick(8, 9000)})::int) AS delivered,
        md5(i::text) || ' ' || md5((i + 1)::text) AS notes, 1700000000000000 + i * 1000000 AS at
    FROM generate_series(1, $2::bigint) AS i
"""  # noqa: S608 - our own words
_STAMPS = "at, 1, at, 1, at, 1"
_LOADING = (
    f"""
    INSERT INTO records SELECT $1::bigint, 1, i, template, status, title, 0, NULL,
        format('{{"release_year":%s,"genre":[{{"id":%s,"value":"Genre %s"}}],'
            '"country":{{"id":%s,"value":"Country %s"}},"notes":"%s","rating":%s,"delivered":"%s"}}',
            year, genre, genre, country, country, notes, rating, delivered), NULL, {_STAMPS}
    FROM ({_PARTS}) AS parts
    """,  # noqa: S608 - our own words
    f"""
    INSERT INTO record_values (tenant, char_type, record, label, ordinal, text, digits)
    SELECT $1::bigint, 1, i, v.label, 0, v.text, v.digits FROM ({_PARTS}) AS parts CROSS JOIN LATERAL (VALUES
        ('country', 'Country ' || country, country::double precision),
        ('delivered', delivered::text, NULL),
        ('genre', 'Genre ' || genre, genre::double precision),
        ('notes', notes, NULL),
        ('rating', rating::text, rating::double precision),
        ('release_year', year::text, year::double precision)) AS v (label, text, digits)
    """,  # noqa: S608 - our own words
)
_LOADING_DEALS = (
    f"""
    INSERT INTO records SELECT $1::bigint, 4, i, 12, 1 + {_pick(1, len(STATUSES))}, 'Deal ' || i, 0, NULL, '{{}}', NULL,
        {_STAMPS} FROM (SELECT i, 1700000000000000 AS at FROM generate_series(1, $2::bigint) AS i) AS parts
    """,  # noqa: S608 - our own words
)
_LOADING_LINKS = (
    """
    INSERT INTO record_links SELECT $1::bigint, i, 0, 4, 1 + (i - 1) % ($2::bigint / 10), 1,
        2 * i - 1, i, 1700000000000000, 1, 1700000000000000, 1 FROM generate_series(1, $2::bigint) AS i
    """,
)


def _eq(field: str, value: object) -> _Node:
    return {"$eq": [field, value]}


def _template_genre_years(i: int) -> Mapping[str, object]:
    year = FIRST_YEAR + i % (YEARS - 20)
    conditions = [_eq("templateid", 1 + i % len(TEMPLATES)), _eq("genre", f"Genre {1 + i % GENRES}")]
    return {"query": {"$and": [*conditions, {"$range": ["release_year", year, year + 20]}]}}


def _sorted_by_title(i: int) -> Mapping[str, object]:
    return {**_template_genre_years(i), "sortOrders": ["title asc"]}


def _title_status_year(i: int) -> Mapping[str, object]:
    contains = {"$contains": ["title", _WORDS[i % len(_WORDS)]]}
    since = {"$gte": ["release_year", FIRST_YEAR + i % YEARS]}
    return {"query": {"$and": [contains, _eq("statusid", 1 + i % len(STATUSES)), since]}}


def _parent_genre_year(i: int) -> Mapping[str, object]:
    since = {"$gte": ["release_year", FIRST_YEAR + i % (YEARS - 30)]}
    return {
        "query": {"$and": [_eq("genre", f"Genre {1 + i % GENRES}"), since]},
        "parentQuery": {"4": _eq("statusid", 1 + i % len(STATUSES))},
    }


def _one_parent(i: int) -> Mapping[str, object]:
    since = {"$gte": ["release_year", FIRST_YEAR + 10]}
    query = {"$and": [_eq("templateid", 1 + i % len(TEMPLATES)), since]}
    return {"query": query, "parentQuery": {"4": _eq("recordid", 1 + i * 7)}}


def _lists_range(i: int) -> Mapping[str, object]:
    genres = [f"Genre {1 + (i + k) % GENRES}" for k in range(3)]
    countries = [f"Country {1 + (i * 3 + k * 11) % COUNTRIES}" for k in range(5)]
    rated = {"$range": ["rating", i % 50 / 10, 9]}
    return {"query": {"$and": [{"$eq_any": ["genre", genres]}, {"$eq_any": ["country", countries]}, rated]}}


def _differs_country_date(i: int) -> Mapping[str, object]:
    other = {"$neq": ["genre", f"Genre {1 + i % GENRES}"]}
    day = f"{2000 + i % 20}-01-01"
    return {
        "query": {"$and": [other, _eq("country", f"Country {1 + i % COUNTRIES}"), {"$gte": ["delivered", day]}]},
        "sortOrders": ["delivered desc"],
    }


def _either_status_date(i: int) -> Mapping[str, object]:
    either = {"$or": [_eq("genre", f"Genre {1 + i % GENRES}"), _eq("country", f"Country {1 + i % COUNTRIES}")]}
    year = 2000 + i % 20
    within = {"$range": ["delivered", f"{year}-01-01", f"{year + 2}-01-01"]}
    return {"query": {"$and": [either, _eq("statusid", 1 + i % len(STATUSES)), within]}}


def _text_genre_year(i: int) -> Mapping[str, object]:
    conditions = [_eq("genre", f"Genre {1 + i % GENRES}"), {"$gte": ["release_year", FIRST_YEAR + i % YEARS]}]
    return {"query": {"$and": [{"$contains": ["notes", f"abc{i % 10}"]}, *conditions]}}


def _keyword_genre_year(i: int) -> Mapping[str, object]:
    conditions = [_eq("genre", f"Genre {1 + i % GENRES}"), {"$gte": ["release_year", FIRST_YEAR + i % YEARS]}]
    return {"keywords": _WORDS[i % len(_WORDS)].lower(), "query": {"$and": conditions}}


def _three_ranges(i: int) -> Mapping[str, object]:
    since = [{"$gte": ["release_year", FIRST_YEAR + 35 + i % 5]}, {"$gte": ["rating", 5]}]
    return {"query": {"$and": [*since, {"$gte": ["delivered", f"201{i % 4}-01-01"]}]}}


_ASKS: Mapping[str, _Ask] = {
    "template, genre, range of years": _template_genre_years,
    "the same, sorted by title": _sorted_by_title,
    "title contains, status, year from": _title_status_year,
    "some parent's status, genre, year from": _parent_genre_year,
    "one parent, template, year from": _one_parent,
    "any of 3 genres, any of 5 countries, range of ratings": _lists_range,
    "not a genre, country, date from, sorted by date": _differs_country_date,
    "genre or country, status, range of dates": _either_status_date,
}

# No index leads to a part of a text, and where the hits are many, finding them all is what takes the time.
_BESIDE: Mapping[str, _Ask] = {
    "a text contains, genre, year from": _text_genre_year,
    "keyword, genre, year from": _keyword_genre_year,
    "three ranges that hold half of everything each": _three_ranges,
}


async def measure(size: Size) -> Result:
    """Load, then ask."""
    count, times = size.of(5_000, _MILLION), size.of(3, 40)
    async with database() as made:
        url, version = made if made is not None else (None, None)
        async with house(database_url=url) as home:
            if url is None:
                raise StageError("name a PostgreSQL server with MUSTER_TEST_POSTGRES")
            home.server = await home.serve()
            rented = await rent(home)
            loading = await _load(url, rented.tenant, count)
            async with calling(home, rented) as http:
                taken = {name: await _ask(http, ask, times) for name, ask in _ASKS.items()}
                beside = {name: await _ask(http, ask, size.of(1, 10)) for name, ask in _BESIDE.items()}
            peak = peak_mib(home.server)
    worst = max(percentile(one, 0.95) for one in taken.values())
    figures = [Figure("records", count, ""), Figure("loading", loading, "s")]
    for name, one in (*taken.items(), *((f"beside the bar: {name}", one) for name, one in beside.items())):
        figures += [Figure(f"{name}: p50", median(one), "ms"), Figure(f"{name}: p95", percentile(one, 0.95), "ms")]
    return Result(
        number=NUMBER,
        name=NAME,
        title=TITLE,
        size=size.name,
        bars=(Bar(name="p95, worst of the sorts", measured=worst, wanted=_AT_MOST_MS, at_most=True, unit="ms"),),
        figures=(*figures, Figure("peak memory of the server", peak, "MiB")),
        machine=machine(version),
    )


async def _load(url: str, tenant: TenantId, count: int) -> float:
    """Fill the tables; the seconds it took. Indexes that nothing leans on are made afterwards."""
    connection = await asyncpg.connect(url)
    try:
        began = time.perf_counter()
        await connection.execute("SET maintenance_work_mem = '256MB'")
        indexes: Sequence[asyncpg.Record] = await connection.fetch(
            "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'"
            " AND tablename IN ('records', 'record_values', 'record_links') AND indexname LIKE 'ix%'"
        )
        deals = count * _DEALS // _MILLION
        async with connection.transaction():
            for index in indexes:
                await connection.execute(f"DROP INDEX {index['indexname']}")
            for statement in _LOADING:
                await connection.execute(statement, tenant, count)
            for statement in _LOADING_DEALS:
                await connection.execute(statement, tenant, deals)
            for statement in _LOADING_LINKS:
                await connection.execute(statement, tenant, 10 * deals)
            for index in indexes:
                await connection.execute(index["indexdef"])
        await connection.execute("VACUUM (ANALYZE) records, record_values, record_links")
        return time.perf_counter() - began
    finally:
        await connection.close()


async def _ask(http: aiohttp.ClientSession, ask: _Ask, times: int) -> Sequence[float]:
    """Ask that often, each time for other values; the milliseconds each took. One more goes before, uncounted."""
    taken: list[float] = []
    for i in range(times + 1):
        body = msgspec.json.encode(ask(i))
        began = time.perf_counter()
        async with http.post(f"{PREFIX}/catalog-item/search", data=body) as answer:
            told = msgspec.json.decode(await answer.read())
            taken.append(1000 * (time.perf_counter() - began))
        if answer.status != 200 or "numFound" not in told:  # noqa: PLR2004 - OK
            raise StageError(f"{answer.status}: {told}")
    return taken[1:]
