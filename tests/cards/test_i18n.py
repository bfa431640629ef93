"""The catalogues: whole, true to the English, and within Discord's limits wherever they are shown.

Limits: Discord, components/reference and interactions/application-commands.
"""

import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from bot.cards import library as library_page
from bot.cards import words
from bot.cards.buttons import LABELS, Action
from bot.cards.i18n import CATALOGUES, DOMAIN, OFFERED, catalogue_path, language
from bot.jobs.models import RenderStatus
from bot.media import child
from bot.media.children import frame
from tests.cards.messages import Id, as_id, extracted

SOME_LANGUAGES: Final = (*OFFERED, "en-US")
in_every_language = pytest.mark.parametrize("code", OFFERED)
in_english_too = pytest.mark.parametrize("code", SOME_LANGUAGES)


def read(path: Path, code: str | None = None) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale=None if code is None else code.replace("-", "_"))


def translations(code: str) -> Iterator[tuple[Id, tuple[str, ...]]]:
    """Each message of a catalogue with all of its modals."""
    for message in read(catalogue_path(code), code):
        if message.id:
            told: Any = message.string
            yield as_id(message.id), (told,) if isinstance(told, str) else tuple(told)


def placeholders(text: str) -> list[str]:
    return sorted(re.findall(r"\{\w*\}", text))


# -------------------------------------------------------------------- the catalogues


def test_the_template_holds_what_the_code_says() -> None:
    template = {as_id(message.id) for message in read(CATALOGUES / f"{DOMAIN}.pot") if message.id}
    assert template == extracted(), "run `make catalogues`"


@in_every_language
def test_a_catalogue_holds_every_message_and_no_other(code: str) -> None:
    assert {message for message, _ in translations(code)} == extracted(), "run `make catalogues`"
    assert not read(catalogue_path(code), code).obsolete


@in_every_language
def test_nothing_is_left_untranslated_or_unsure(code: str) -> None:
    catalogue = read(catalogue_path(code), code)
    assert [message.id for message in catalogue if message.fuzzy] == []
    assert [message for message, told in translations(code) if not all(told)] == []
    for message, told in translations(code):
        expected = 1 if isinstance(message, str) else catalogue.num_plurals
        assert len(told) == expected, message
        for form in told:
            assert form.strip(), message
            assert form == form.strip(), message


@in_every_language
def test_placeholders_are_those_of_the_original(code: str) -> None:
    for message, told in translations(code):
        if isinstance(message, str):
            assert placeholders(told[0]) == placeholders(message), message
        else:
            one, many = message
            assert placeholders(told[-1]) == placeholders(many), message
            assert all(set(placeholders(form)) <= set(placeholders(one + many)) for form in told)


@in_every_language
def test_names_of_things_stay_as_they_are(code: str) -> None:
    names = r"VIDEOS_API_KEY|/video|Discord|PNG|JPEG|WebP"
    for message, told in translations(code):
        if isinstance(message, str):
            assert sorted(re.findall(names, told[0])) == sorted(re.findall(names, message)), message


@in_every_language
def test_a_button_that_a_sentence_names_is_called_so(code: str) -> None:
    t = language(code)
    label = LABELS[Action.REDELIVER]
    naming = [str(message) for message, _ in translations(code) if label in message]
    assert len(naming) >= 2
    assert all(t(label) in t(message) for message in naming if "{" not in message)


@in_every_language
def test_a_header_is_plain_and_never_changes(code: str) -> None:
    header = catalogue_path(code).read_text("utf-8").split("\n\n")[0]
    assert f"Language: {code.replace('-', '_')}" in header
    assert "charset=utf-8" in header
    assert not re.search(r"@|\d{4}-\d\d|Date|Translator|Generated", header)


def test_every_reason_against_an_image_is_among_the_translated_ones() -> None:
    said = {
        reason
        for source in (frame, child)
        for reason in re.findall(r'"(it [^"]+|the file [^"]+)"', inspect.getsource(source))
    }
    assert said == {*words.BAD_IMAGE, words.CANNOT_OPEN}


# -------------------------------------------------------------------- languages


@in_every_language
def test_every_language_on_offer_is_spoken(code: str) -> None:
    t = language(code)
    assert t.code == code
    assert t(words.TITLES[RenderStatus.FAILED]) != "Failed"


@pytest.mark.parametrize("code", ["en-US", "en-GB", "xx", "es-ES-x", "", "../de"])
def test_a_language_without_a_catalogue_is_english(code: str) -> None:
    t = language(code)
    assert t.code == "en-US"
    assert t(words.TITLES[RenderStatus.FAILED]) == "Failed"
    assert t.count(library_page.HEAD, 1) == "One video"
    assert t.count(library_page.HEAD, 4000) == "4,000 videos"


@in_english_too
def test_many_are_counted_in_the_languages_own_digits(code: str) -> None:
    t = language(code)
    for message in (library_page.HEAD, words.OVER_LIMIT):
        for number in (2, 5, 4000, 1_000_000):
            assert t.number(number) in t.count(message, number)
        assert "{" not in t.count(message, 1)


@pytest.mark.parametrize(
    ("code", "number", "fraction", "percent", "money"),
    [
        ("en-US", "4,000", "12.5", "40%", "€1.20"),
        ("de", "4.000", "12,5", "40 %", "1,20 €"),
        ("fr", "4 000", "12,5", "40 %", "1,20 €"),
        ("es-ES", "4.000", "12,5", "40 %", "1,20 €"),
        ("es-419", "4,000", "12.5", "40%", "EUR1.20"),
        ("ja", "4,000", "12.5", "40%", "€1.20"),
        ("pt-BR", "4.000", "12,5", "40%", "€ 1,20"),
    ],
)
def test_numbers_percentages_and_money_are_written_as_the_language_does(
    code: str, number: str, fraction: str, percent: str, money: str
) -> None:
    def spaced(text: str) -> str:
        return re.sub(r"\s", " ", text)

    t = language(code)
    assert spaced(t.number(4000)) == number
    assert spaced(t.number(12.5)) == fraction
    assert spaced(t.percent(40)) == percent
    assert spaced(t.money(1.2, "EUR")) == money
