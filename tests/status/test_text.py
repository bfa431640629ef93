"""Whatever people and servers write stays text."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.status.text import file_stem, plain, shorten

MARKS = st.sampled_from("\\*_~|`[]()<>#-+.:/@!&1 \n\r\t\u2028\u200b\u202e\0")
TOKENS = st.sampled_from([
    "@everyone", "@here", "<@1>", "<@&1>", "<#1>", "</x:1>", "<:cat:1>", "<t:1:R>", "https://",
    "**", "```", "||", "[a](http://b.c)", "> ", "-# ", "# ", "1. ", "- ",
])  # fmt: skip
TYPED = st.lists(MARKS | TOKENS | st.text(max_size=5), max_size=25).map("".join)
ANY = st.text(max_size=80) | TYPED
SPECIAL = set("*_~|`[]<>")


def shown(escaped: str) -> str:
    """What Discord shows: an escaped mark without its backslash, no zero-width space."""
    return re.sub(r"\\([^0-9A-Za-z\s])", r"\1", escaped).replace("\u200b", "")


def unescaped(text: str) -> str:
    """What is left for Discord to interpret, with a blank for each escaped mark."""
    return re.sub(r"\\[^0-9A-Za-z\s]", "\N{OPEN BOX}", text)


@pytest.mark.parametrize(
    "typed",
    [
        "**bold** _it_ ~~gone~~ ||spoiler|| `code` ```py",
        "[click](https://evil.example) <https://evil.example>",
        "see https://evil.example/a_b and discord://x",
        "<@1> <@!1> <@&1> <#1> </video:1> <:cat:1> <a:cat:1> <t:0:R> <id:home>",
        "# heading", "### heading", "-# small", "- item", "+ item", "* item", "1. item",
        "12. item", "> quote", ">>> quote", "a\\*b\\", "\\\\",
    ],
)  # fmt: skip
def test_no_mark_of_discords_is_left_to_interpret(typed: str) -> None:
    assert_harmless(plain(typed, 500))
    assert shown(plain(typed, 500)) == typed


@pytest.mark.parametrize(
    "typed",
    ["@everyone", "@here", "a@here", "@@everyone", "@EVERYONE", "@every\u200bone", "@ever\0yone"],
)
def test_nobody_is_pinged(typed: str) -> None:
    told = plain(f"hey {typed} look", 500)
    assert not re.search("@(everyone|here)", told, re.IGNORECASE)
    assert shown(told).replace("\0", "") == f"hey {typed} look".replace("\u200b", "").replace(
        "\0", ""
    )


@pytest.mark.parametrize(
    ("typed", "line"),
    [
        ("two\nlines", "two lines"),
        ("  a \t\r\n\x0b b\u2028\u2029c\x85 ", "a b c"),
        ("a\u202eb\u2066c\x00\x1b[31md", "abc\\[31md"),
        ("\ud83d", ""),
        ("", ""),
        ("\u200b\ufeff", ""),
    ],
)
def test_text_becomes_one_line_without_what_cannot_be_seen(typed: str, line: str) -> None:
    assert plain(typed, 500) == line


@pytest.mark.parametrize("typed", ["a cat, 4 p.m.", "naïve 猫 🎹!", "50% (half) & more: yes; 'no'"])
def test_ordinary_words_are_left_as_they_are(typed: str) -> None:
    assert plain(typed, 500) == typed


@given(typed=ANY, limit=st.integers(1, 60))
def test_any_text_is_harmless_and_still_says_the_same(typed: str, limit: int) -> None:
    told = plain(typed, limit)
    assert_harmless(told)
    assert len(shown(told)) <= limit
    kept = "".join(c for c in typed if c.isprintable() or c.isspace())
    assert shown(told) == shorten(" ".join(kept.split()), limit)


def assert_harmless(told: str) -> None:
    left = unescaped(told)
    assert not SPECIAL & set(left)
    assert "\\" not in left
    assert "://" not in left
    assert not re.search("@(everyone|here)", told, re.IGNORECASE)
    assert not re.match(r"(#{1,3}|-#|[-+]|\d+\.)\s", left)
    assert len(told.splitlines()) <= 1


@pytest.mark.parametrize(
    ("text", "limit", "short"),
    [
        ("short", 5, "short"),
        ("a longer sentence", 10, "a longer…"),
        ("a longer sentence", 17, "a longer sentence"),
        ("unbreakable", 6, "unbre…"),
        ("a verylongword", 10, "a verylon…"),
        ("ab", 1, "…"),
    ],
)
def test_a_cut_is_at_a_word_where_one_ends_near(text: str, limit: int, short: str) -> None:
    assert shorten(text, limit) == short


@given(text=st.text(max_size=60), limit=st.integers(1, 70))
def test_a_cut_keeps_the_beginning_and_the_limit(text: str, limit: int) -> None:
    short = shorten(text, limit)
    assert len(short) <= limit
    assert short == text if len(text) <= limit else text.startswith(short[:-1])


@pytest.mark.parametrize(
    ("text", "stem"),
    [
        ("A calico cat, playing piano!", "a-calico-cat-playing-piano"),
        ("Élève naïve", "eleve-naive"),
        ("猫がピアノを弾く", "film"),
        ("🎹🐈", "film"),
        ("../../etc/passwd", "etc-passwd"),
        ("", "film"),
        ("x" * 90, "x" * 40),
    ],
)
def test_a_film_is_named_by_its_first_words(text: str, stem: str) -> None:
    assert file_stem(text) == stem


@given(text=ANY)
def test_a_file_name_is_short_plain_ascii(text: str) -> None:
    assert re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?", file_stem(text))
