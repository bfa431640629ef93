"""The operator's catalog, and the one sentence for each mistake in it."""

from pathlib import Path

import pytest

from bot.videos.catalog import CatalogError, Entry, read_catalog

TABLE = """
["sora-2"]
sizes = ["720x1280", "1280x720"]
price = 0.1

["wan"]
sizes = ["832x480"]
seconds = [5]
extra = { fps = 16, negative_prompt = "blurry" }
"""


def test_a_catalog_says_what_each_model_offers(tmp_path: Path) -> None:
    (path := tmp_path / "models.toml").write_text(TABLE)
    catalog = read_catalog(path)
    assert list(catalog) == ["sora-2", "wan"]
    assert catalog["wan"] == Entry(
        sizes=("832x480",), seconds=("5",), price=None,
        extra={"fps": 16, "negative_prompt": "blurry"},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("wan = 1", "wan must be a table"),
        ('["wan"]\nsizes = ["big"]', "sizes.0 of wan cannot be 'big'"),
        ('["wan"]\nsecond = ["4"]', "second of wan"),
        ('["wan"]\nprice = -1', "price of wan cannot be -1"),
        ("[", "is not TOML"),
        ("", "names no model"),
    ],
)
def test_a_mistake_in_the_catalog_is_reported_in_one_sentence(
    tmp_path: Path, text: str, told: str
) -> None:
    (path := tmp_path / "models.toml").write_text(text)
    with pytest.raises(CatalogError) as problem:
        read_catalog(path)
    assert told in str(problem.value)
    assert str(path) in str(problem.value)
    assert "\n" not in str(problem.value)


def test_a_missing_catalog_is_reported_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="cannot be read"):
        read_catalog(tmp_path / "models.toml")
