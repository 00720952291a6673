"""The index finds entities by their very names and by names near them, takes new ones, and survives a round trip."""

from pathlib import Path

import faiss
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kgqa.errors import ModelFormatError, ShapeError
from kgqa.linking.encoder import NameEncoder
from kgqa.linking.index import NORMALISED, VERBATIM, EntityIndex, names_of
from kgqa.linking.neighbours import EncoderNeighbours
from kgqa.linking.vectors import normalise
from tests.linking.conftest import World


def found(index: EntityIndex, text: str, k: int = 32, vectors: np.ndarray | None = None) -> list[int]:
    row = index.search([text], k, vectors).entities[0]
    return [int(entity) for entity in row if entity >= 0]


def features(index: EntityIndex, text: str, entity: int, vectors: np.ndarray | None = None) -> np.ndarray:
    shortlist = index.search([text], 32, vectors)
    return shortlist.features[0][shortlist.entities[0].tolist().index(entity)]


def test_exact_names_come_most_connected_first(index: EntityIndex, world: World) -> None:
    cities = sorted((world["sj1"], world["sj2"], world["sj3"]), key=lambda city: (-world.degrees[city], city))
    assert index.exact(["san jose", "San José's", "nowhere", ""]) == [cities, cities, [], []]
    assert cities[0] in (world["sj1"], world["sj2"])
    assert found(index, "san jose")[:3] == cities


@pytest.mark.parametrize("text", ["usa", "America", "united states", "The United States", "U.S.A."])
def test_aliases_are_names(index: EntityIndex, world: World, text: str) -> None:
    assert index.exact([text]) == [[world["us"]]]


def test_years_are_names_and_large_numbers_are_not(index: EntityIndex, world: World) -> None:
    (year,) = index.exact(["1956"])[0]
    assert world.catalog.is_value[year]
    assert world.catalog.labels[year] == "1956"
    assert index.exact(["1,013,240", "1013240"]) == [[], []]


@pytest.mark.parametrize(
    ("text", "key"),
    [("leonrado dicarpio", "leo"), ("the mtarix", "matrix"), ("shindlers list", "list"), ("twim peeks", "twin")],
)
def test_misspelt_names_are_found(index: EntityIndex, world: World, text: str, key: str) -> None:
    assert found(index, text)[0] == world[key]


def test_a_plural_is_the_name_that_it_is_the_plural_of(index: EntityIndex, world: World) -> None:
    assert index.exact(["Tom Hankses", "The Matrixes", "matrixs"]) == [
        [world["tom"]],
        [world["matrix"]],
        [world["matrix"]],
    ]
    found = index.search(["Matrixes"])
    assert found.entities[0, 0] == world["matrix"]
    assert found.features[0, 0, [0, 2, 4]].tolist() == [1.0, 0.5, 1.0]


def test_a_name_that_ends_in_s_is_no_plural(index: EntityIndex, world: World) -> None:
    assert index.exact(["Tom Hank"]) == [[]]
    assert index.exact(["Tom Hanks"]) == [[world["tom"]]]


def test_the_exact_flag_tells_what_is_written_from_what_is_the_same(index: EntityIndex, world: World) -> None:
    assert features(index, "Kismet", world["kismet1"])[2] == VERBATIM
    assert features(index, "Kismet", world["kismet2"])[2] == NORMALISED
    assert features(index, "Kismett", world["kismet1"])[2] == 0
    assert features(index, "Chepe", world["sj2"])[2] == VERBATIM


def test_features_of_an_exact_name(index: EntityIndex, world: World) -> None:
    ngrams, encoder, _, degree, spelling = features(index, "tom hanks", world["tom"])
    assert ngrams == pytest.approx(1)
    assert spelling == 1
    assert encoder == 0
    assert degree == pytest.approx(np.log1p(world.degrees[world["tom"]]))


@pytest.mark.parametrize(
    ("text", "errors"), [("leonardo dicaprio", 0), ("leonrado dicaprio", 1), ("leonrado dicapri", 2)]
)
def test_spelling_halves_with_every_error(index: EntityIndex, world: World, text: str, errors: int) -> None:
    assert features(index, text, world["leo"])[4] == pytest.approx(2.0**-errors)


def test_exact_names_leave_room_for_near_ones(index: EntityIndex, world: World) -> None:
    for number in range(20):
        index.add(len(world.catalog) + number, ["Springfield"])
    index.add(len(world.catalog) + 20, ["Springfeld"])
    entities = found(index, "springfield", k=8)
    assert len(entities) == 8
    assert sum(len(world.catalog) <= entity < len(world.catalog) + 20 for entity in entities) == 6
    assert entities[6] == len(world.catalog) + 20


def test_one_misspelt_name_does_not_fill_the_shortlist(index: EntityIndex, world: World) -> None:
    for number in range(20):
        index.add(len(world.catalog) + number, ["Springfield"])
    index.add(len(world.catalog) + 20, ["Springfeld"])
    assert len(world.catalog) + 20 in found(index, "sprinfgeld", k=8)


def test_without_similar_names_only_exact_ones_come(index: EntityIndex, world: World) -> None:
    shortlist = index.search(["tom hanks", "tom hnaks"], similar=False)
    assert shortlist.entities[0].tolist() == [world["tom"]] + [-1] * 31
    assert shortlist.features[0, 0, 0] == pytest.approx(1)
    assert (shortlist.entities[1] == -1).all()


@pytest.mark.parametrize("text", ["", " ", "🎬", "\x00", "\ud800", "x", "word " * 2000])
def test_odd_texts_are_searched_like_any_other(index: EntityIndex, text: str) -> None:
    shortlist = index.search([text], k=5)
    assert shortlist.entities.shape == (1, 5)
    assert np.isfinite(shortlist.features).all()


def test_no_texts(index: EntityIndex) -> None:
    assert index.search([]).entities.shape == (0, 32)
    assert index.exact([]) == []


def test_a_name_of_punctuation_is_found(index: EntityIndex, world: World) -> None:
    assert found(index, "!!!")[0] == world["band"]


def test_several_texts_are_searched_as_each_alone(encoded_index: EntityIndex, encoder: NameEncoder) -> None:
    texts = ["tom hnaks", "america", "san jose", "kismit"] * 6
    vectors = encoder.encode(texts)
    together = encoded_index.search(texts, 8, vectors)
    for place in range(4):
        alone = encoded_index.search(texts[place : place + 1], 8, vectors[place : place + 1])
        np.testing.assert_array_equal(alone.entities[0], together.entities[place])
        np.testing.assert_allclose(alone.features[0], together.features[place], atol=1e-5)


def test_the_encoder_finds_what_shares_no_letters(
    encoded_index: EntityIndex, world: World, encoder: NameEncoder
) -> None:
    text = "Holocaust film by Spielberg"
    shortlist = encoded_index.search([text], 32, encoder.encode([text]))
    assert shortlist.entities[0, shortlist.features[0, :, 1].argmax()] == world["list"]
    assert features(encoded_index, "United States", world["us"], encoder.encode(["United States"]))[1] > 0.97


def test_a_new_name_is_found_at_once(encoded_index: EntityIndex, world: World, encoder: NameEncoder) -> None:
    new = len(world.catalog)
    encoded_index.add(new, ["Ana de Armas"], encoder.encode(["Ana de Armas"]), degree=3)
    encoded_index.add(world["leo"], ["Leo"])
    assert encoded_index.exact(["ana de armas", "LEO"]) == [[new], [world["leo"]]]
    assert found(encoded_index, "ana de amras")[0] == new
    vectors = encoder.encode(["Ana de Armas"])
    expected = [1, 1, VERBATIM, np.log1p(3), 1]
    np.testing.assert_allclose(features(encoded_index, "Ana de Armas", new, vectors), expected, atol=0.03)
    assert encoded_index.suggest("arm") == [new]


def test_a_known_name_gets_another_entity(index: EntityIndex, world: World) -> None:
    new = len(world.catalog)
    index.add(new, ["Tom Hanks"], degree=99)
    assert index.exact(["tom hanks"]) == [[new, world["tom"]]]
    assert found(index, "tom hanks")[:2] == [new, world["tom"]]


def test_suggest_completes_any_word_most_connected_first(index: EntityIndex, world: World) -> None:
    assert index.suggest("han") == [world["tom"], world["colin"]]
    assert index.suggest("TOM H") == [world["tom"]]
    assert index.suggest("kismet", 1) == index.exact(["kismet"])[0][:1]
    assert index.suggest("u")[0] == world["us"]
    assert index.suggest("zzz") == index.suggest("") == index.suggest("  ") == index.suggest("tom", 0) == []


@given(st.text("ahnst 1😀é", max_size=6))
def test_suggestions_are_all_names_with_a_word_that_starts_so(
    world: World, unchanged_index: EntityIndex, prefix: str
) -> None:
    wanted = " " + normalise(prefix) if prefix.strip() else None
    named = {e for name, e in names_of(world.catalog) if wanted is not None and wanted in f" {normalise(name)}"}
    assert set(unchanged_index.suggest(prefix, 99)) == named


def test_round_trip(encoded_index: EntityIndex, world: World, encoder: NameEncoder, tmp_path: Path) -> None:
    encoded_index.add(world["leo"], ["Leo"], encoder.encode(["Leo"]))
    encoded_index.add(world["cr"], ["Tico land"])
    encoded_index.save(tmp_path)
    again = EntityIndex.load(tmp_path, world.catalog)
    texts = ["tom hnaks", "Leo", "tico land", "san jose", "1956"]
    vectors = encoder.encode(texts)
    for given_vectors in (None, vectors):
        before, after = (one.search(texts, 16, given_vectors) for one in (encoded_index, again))
        np.testing.assert_array_equal(before.entities[:, 0], after.entities[:, 0])
        assert [set(row) for row in before.entities.tolist()] == [set(row) for row in after.entities.tolist()]
    assert again.suggest("tico") == [world["cr"]]
    assert len(again) == len(encoded_index)


def test_round_trip_of_an_unchanged_index_changes_nothing(
    encoded_index: EntityIndex, world: World, encoder: NameEncoder, tmp_path: Path
) -> None:
    encoded_index.save(tmp_path)
    texts = ["tom hnaks", "usa", "san jose"]
    vectors = encoder.encode(texts)
    before = encoded_index.search(texts, 16, vectors)
    after = EntityIndex.load(tmp_path, world.catalog).search(texts, 16, vectors)
    np.testing.assert_array_equal(before.entities, after.entities)
    np.testing.assert_array_equal(before.features, after.features)


def test_many_vectors_are_saved_in_several_files(
    encoded_index: EntityIndex, world: World, encoder: NameEncoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(EncoderNeighbours, "SHARD", 5)
    encoded_index.save(tmp_path)
    assert len(list(tmp_path.glob("encoder_*.faiss"))) == -(-len(encoded_index) // 5)
    vectors = encoder.encode(["tom hanks"])
    before = encoded_index.search(["tom hanks"], 16, vectors)
    after = EntityIndex.load(tmp_path, world.catalog).search(["tom hanks"], 16, vectors)
    np.testing.assert_array_equal(before.entities, after.entities)
    np.testing.assert_array_equal(before.features, after.features)


def test_a_larger_index_is_reduced_and_still_finds_its_names(
    world: World, encoder: NameEncoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for constant, value in (("SMALL", 4), ("PER_CELL", 8), ("PROBED", 30), ("DIMENSIONS", 16)):
        monkeypatch.setattr(EncoderNeighbours, constant, value)
    EntityIndex.build(world.catalog, world.degrees, encoder).save(tmp_path)
    index = EntityIndex.load(tmp_path, world.catalog)
    for name, entity in (("Tom Hanks", "tom"), ("The Matrix", "matrix"), ("Costa Rica", "cr")):
        assert features(index, name, world[entity], encoder.encode([name]))[1] > 0.98


def test_two_builds_are_the_same_to_the_byte(world: World, encoder: NameEncoder, tmp_path: Path) -> None:
    for name in ("one", "two"):
        EntityIndex.build(world.catalog, world.degrees, encoder).save(tmp_path / name)
    for path in sorted((tmp_path / "one").iterdir()):
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes(), path.name


FILES = [
    "index.json",
    "names.txt",
    "name_starts.npy",
    "name_entities.npy",
    "word_starts.npy",
    "degrees.npy",
    "encoder_axes.npy",
    "encoder_0.faiss",
    "ngrams.npz",
    "ngrams.faiss",
]


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("damage", ["missing", "empty", "truncated"])
def test_a_damaged_index_is_refused(
    encoded_index: EntityIndex, world: World, tmp_path: Path, file: str, damage: str
) -> None:
    encoded_index.save(tmp_path)
    path = tmp_path / file
    content = path.read_bytes()
    path.unlink()
    if damage != "missing":
        path.write_bytes(content[: len(content) // 2] if damage == "truncated" else b"")
    with pytest.raises(ModelFormatError, match="build the model again"):
        EntityIndex.load(tmp_path, world.catalog)


@pytest.mark.parametrize("file", ["encoder_0.faiss", "ngrams.faiss"])
def test_an_index_of_another_kind_is_refused(
    encoded_index: EntityIndex, world: World, tmp_path: Path, file: str
) -> None:
    encoded_index.save(tmp_path)
    if file == "ngrams.faiss":
        faiss.write_index_binary(faiss.IndexBinaryFlat(64), str(tmp_path / file))
    else:
        faiss.write_index(faiss.IndexFlatIP(64), str(tmp_path / file))
    with pytest.raises(ModelFormatError, match="another kind of index"):
        EntityIndex.load(tmp_path, world.catalog)


def test_an_index_of_another_graph_is_refused(index: EntityIndex, world: World, tmp_path: Path) -> None:
    index.add(len(world.catalog), ["One too many"])
    index.save(tmp_path)
    with pytest.raises(ModelFormatError, match=f"the graph has {len(world.catalog)}"):
        EntityIndex.load(tmp_path, world.catalog)


def test_wrong_shapes_are_refused(index: EntityIndex, world: World) -> None:
    with pytest.raises(ShapeError, match="degrees"):
        EntityIndex.build(world.catalog, world.degrees[:-1], None)
    with pytest.raises(ShapeError, match="2 texts"):
        index.search(["a", "b"], vectors=np.zeros((1, 384), dtype=np.float32))


def test_progress_is_told(world: World, encoder: NameEncoder) -> None:
    seen: list[tuple[int, int]] = []
    index = EntityIndex.build(world.catalog, world.degrees, encoder, lambda done, total: seen.append((done, total)))
    assert seen == [(len(index), len(index))]


def test_added_and_removed_names_survive_a_round_trip(index: EntityIndex, world: World, tmp_path: Path) -> None:
    index.add(world["leo"], ["Leo the Magnificent", "Zed"])
    index.remove(world["us"], ["America", "never called so"])
    index.save(tmp_path)
    for one in (index, EntityIndex.load(tmp_path, world.catalog)):
        assert one.suggest("magnif") == [world["leo"]]
        assert one.exact(["zed", "america", "usa"]) == [[world["leo"]], [], [world["us"]]]
        assert world["us"] not in one.suggest("americ")
        assert found(one, "leo the magnifcent")[0] == world["leo"]


def test_owners_are_ordered_anew_when_degrees_change(index: EntityIndex, world: World) -> None:
    assert index.exact(["Kismet"])[0] != []
    cities = index.exact(["San José"])[0]
    degrees = world.degrees.copy()
    degrees[cities[-1]] = 99
    index.follow_graph(world.catalog, degrees)
    assert index.exact(["San José"])[0] == [cities[-1], *cities[:-1]]
    with pytest.raises(ShapeError, match="degrees"):
        index.follow_graph(world.catalog, degrees[1:])
