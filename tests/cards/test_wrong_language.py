"""No catalogue holds sentences of another language, such as French in the Italian one.

The judge is the function words, so it misses labels of one or two words, and a language that is
written almost as the other (es-ES in es-419, Danish in Norwegian). function_words.txt lists them
for every language of Discord; for Chinese, Japanese, Korean and Thai they are single characters,
since no spaces part the words there, or endings are joined to them.
"""

import re
from collections import Counter
from pathlib import Path
from typing import Final

import pytest
from babel.messages.pofile import read_po
from discord import Locale

from bot.cards.i18n import OFFERED, catalogue_path

LISTS: Final = Path(__file__).with_name("function_words.txt").read_text("utf-8").splitlines()
FUNCTION_WORDS: Final = {
    language: frozenset(words.split()) for language, words in (line.split(": ") for line in LISTS)
}
WORD: Final = re.compile(
    r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]"  # one character of those scripts
    r"|[^\W\d_]+(?:[\u0900-\u097f]+[^\W\d_]*)*"  # vowel signs of Hindi are no letters
)
MARGIN: Final = 2
"""Function words by which another language must lead; one shared by chance is no evidence."""
SENTENCE: Final = 70
"""Characters from which a text holds enough function words to be judged surely."""

in_every_language = pytest.mark.parametrize("code", OFFERED)


def base(code: str) -> str:
    return code.partition("-")[0]


def texts(code: str) -> list[str]:
    """Return every translation of a catalogue, plural forms included, without placeholders."""
    with catalogue_path(code).open("rb") as file:
        catalogue = read_po(file, locale=code.replace("-", "_"))
    forms = [message.string for message in catalogue if message.id]
    flat = [text for form in forms if form for text in ([form] if isinstance(form, str) else form)]
    return [re.sub(r"\{\w*\}", " ", text) for text in flat]


def function_words_in(text: str) -> Counter[str]:
    """Count, for each language, the words of the text that are its function words."""
    words = WORD.findall(text.lower())
    return Counter(
        {name: sum(map(own.__contains__, words)) for name, own in FUNCTION_WORDS.items()}
    )


def looks_foreign(text: str, code: str) -> bool:
    """Return whether another language leads by `MARGIN` function words."""
    counts = function_words_in(text)
    return max(counts.values()) >= counts[base(code)] + MARGIN


def test_every_language_of_discord_can_be_judged() -> None:
    assert {base(locale.value) for locale in Locale} == FUNCTION_WORDS.keys()


@in_every_language
def test_a_catalogue_is_for_a_language_of_discord(code: str) -> None:
    assert code in {locale.value for locale in Locale}


@in_every_language
def test_a_catalogue_is_in_its_own_language(code: str) -> None:
    counts = function_words_in("\n".join(texts(code)))
    assert counts[base(code)] == max(counts.values()) > 0, counts.most_common(3)


@in_every_language
def test_no_text_is_in_another_language(code: str) -> None:
    assert [text for text in texts(code) if looks_foreign(text, code)] == []


@pytest.mark.parametrize("code", [code for code in OFFERED if code != "fr"])
def test_french_sentences_in_another_catalogue_are_noticed(code: str) -> None:
    sentences = [text for text in texts("fr") if len(text) >= SENTENCE]
    noticed = sum(looks_foreign(text, code) for text in sentences)
    assert noticed >= 0.9 * len(sentences) > 0
