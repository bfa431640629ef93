"""Whatever people and servers write stays text."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.cards.text import MOST_MARKS, file_stem, plain, shorten

MARKS = st.sampled_from("\\*_~|`[]()<>#-+.:/@!&1 \n\r\t\u2028\u200b\u202e\0")
TOKENS = st.sampled_from([
    "@everyone", "@here", "<@1>", "<@&1>", "<#1>", "</x:1>", "<:cat:1>", "<t:1:R>", "https://",
    "**", "```", "||", "[a](http://b.c)", "> ", "-# ", "# ", "1. ", "- ",
])  # fmt: skip
TYPED = st.lists(MARKS | TOKENS | st.text(max_size=5), max_size=25).map("".join)
ANY = st.text(max_size=80) | TYPED
SPECIAL = set("*_~|`[]<>")


def combining(character: str) -> bool:
    """Whether it is written onto the character before it."""
    return unicodedata.category(character) in {"Mn", "Me", "Mc"}


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
    kept = "".join(c for c in typed if (c.isprintable() or c.isspace()) and not combining(c))
    seen = "".join(c for c in shown(plain(typed, 10_000)) if c.isprintable() and not combining(c))
    assert seen == " ".join(kept.split())


SHAPED = [
    "a family \U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466 at the sea",
    "\U0001f469\U0001f3fd\u200d\U0001f680 \u2764\ufe0f\u200d\U0001f525 \u260e\ufe0e 1\ufe0f\u20e3",
    "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f England",
    "\U0001f3f3\ufe0f\u200d\U0001f308 \U0001f1eb\U0001f1f7",
    "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645 \u06a9\u062a\u0627\u0628\u200c\u0647\u0627",
    "\u0915\u094d\u200d\u0937 \u0d28\u0d4d\u200d \u0d2e\u0d32",
    "\u05d1\u05bc\u05b0\u05e8\u05b5\u05d0\u05e9\u05c1\u05b4\u0596\u05d9\u05ea",
    "Vie\u0323\u0302t Nam, ca\u0300 phe\u0302",
    "\u0e17\u0e35\u0e48\u0e19\u0e35\u0e48 \u0e01\u0e33",
    "\u0f66\u0f90\u0fb1\u0f7c\u0f44\u0f0b",
    "\u0928\u092e\u0938\u094d\u0924\u0947 \u0939\u093f\u0928\u094d\u0926\u0940",
]


@pytest.mark.parametrize("typed", SHAPED)
def test_what_shapes_the_characters_beside_it_is_kept(typed: str) -> None:
    assert plain(typed, 500) == typed


@pytest.mark.parametrize(
    ("typed", "line"),
    [
        ("\u200d\u200c\u200da\u200db\u200c", "ab"),
        ("\U0001f468\u200d\u200d\u200c\U0001f469", "\U0001f468\u200d\U0001f469"),
        ("a \u200d b", "a b"),
        ("hi\U000e0068\U000e0069 \U000e0041", "hi"),
        ("\U0001f3f4\U000e0067\U000e0062 x", "\U0001f3f4 x"),
        ("\u202aa\u202bb\u202cc\u202dd\u202ee\u2066f", "abcdef"),
        ("\u2067g\u2068h\u2069i\u200ej\u200fk", "ghijk"),
        ("z" + "\u0301" * 40 + "\u20dd" * 9 + "o", "z" + "\u0301" * MOST_MARKS + "o"),
    ],
)  # fmt: skip
def test_what_shapes_nothing_is_dropped(typed: str, line: str) -> None:
    assert plain(typed, 500) == line


@pytest.mark.parametrize("hidden", ["\u200d", "\u200c", "\u2063", "\U000e0065", "\u034f"])
def test_nothing_unseen_hides_a_ping(hidden: str) -> None:
    for typed in (f"@{hidden}everyone", f"@ever{hidden}yone", f"{hidden}@here"):
        told = plain(typed, 500).replace("\u200b", "\0")
        assert not re.search("@(everyone|here)", told, re.IGNORECASE)


@given(text=st.lists(st.sampled_from([*SHAPED, "e\u0301", "\U0001f1e9\U0001f1ea"])).map("".join),
       limit=st.integers(12, 60))  # fmt: skip
def test_a_cut_is_between_characters_as_people_see_them(text: str, limit: int) -> None:
    short = shorten(text, limit)
    assert len(short) <= limit
    if short != text:
        rest = text[len(short) - 1 :]
        assert not combining(rest[0])
        assert rest[0] not in "\u200c\u200d\ufe0f\u20e3"
        # At a word's end it shapes the mark before it.
        assert not short[:-1].endswith("\u200d") or rest[0] == " "


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
        ("ピアノをひくねこ", "pianoohikuneko"),
        ("Кот играет на пианино", "kot-igraet-na-pianino"),
        ("고양이", "goyangi"),
        ("🎹🐈", "musical-keyboard-cat2"),
        ("\u200d\ufe0f", "video"),
        ("../../etc/passwd", "etc-passwd"),
        ("", "video"),
        ("x" * 90, "x" * 40),
    ],
)
def test_a_film_is_named_by_its_first_words(text: str, stem: str) -> None:
    assert file_stem(text) == stem


@given(text=ANY)
def test_a_file_name_is_short_plain_ascii(text: str) -> None:
    assert re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?", file_stem(text))
