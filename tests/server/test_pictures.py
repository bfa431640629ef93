"""What the preview renderer draws of a prompt: its subjects, their colours, its words."""

import re
import tomllib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import av
import numpy as np
import pytest
import simcord.preview
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from bot.doctor import fonts as doctor_fonts
from bot.doctor.check import Mark
from bot.server.objects import SIZES
from bot.server.preview import figure, fonts, lettering, words
from bot.server.preview.canvas import Pixels
from bot.server.preview.film import Painter
from bot.server.preview.layers import Frame
from bot.server.preview.mood import Place, Subject, read_mood
from bot.server.preview.scene import Scene
from bot.server.renderer import FONT_FOLDERS, FPS, RenderRequest

SUBJECTS: Final = words.table("subjects").rows
SIX: Final = ("en", "de", "es", "fr", "ja", "pt")
NOTO: Final = Path(simcord.preview.__file__).parent / "static" / "fonts"
"""The fonts that the demo's page brings."""
WIDE: Final = (320, 180)
TALL: Final = (180, 320)
CLOSE: Final = 40  # of 255, in each of red, green and blue


def phrases(language: str) -> Iterator[tuple[str, str]]:
    for name, row in SUBJECTS.items():
        yield from ((name, phrase.strip()) for phrase in row[language].split(","))


def frame(prompt: str, size: tuple[int, int] = WIDE) -> NDArray[np.int16]:
    """Return a frame after the title's arrival as (height, width, 3)."""
    width, height = size
    painter = Painter(RenderRequest(prompt=prompt, width=width, height=height, seconds=4))
    return rgb(painter.paint(60))


def scene(
    prompt: str, size: tuple[int, int] = WIDE, *, at: int = 60, is_empty: bool = False
) -> NDArray[np.int16]:
    """Return a frame without its title, perhaps without its subjects."""
    mood = read_mood(prompt)
    shown = replace(mood, subjects=()) if is_empty else mood
    canvas = Scene(Frame(shown, *size), 4 * FPS).paint(at)
    return rgb(canvas.pixels(np.zeros(size[::-1], np.uint8)))


def rgb(pixels: Pixels) -> NDArray[np.int16]:
    """Return a frame of yuv420p as (height, width, 3)."""
    picture = av.VideoFrame.from_ndarray(pixels, format="yuv420p")
    return picture.to_ndarray(format="rgb24", src_colorspace="ITU709").astype(np.int16)


def share(picture: NDArray[np.int16], colour: str) -> float:
    """Return the part of a picture, 0..1, that has about a colour."""
    return float(near(picture, colour).mean())


def near(picture: NDArray[np.int16], colour: str) -> NDArray[np.bool_]:
    """Return which pixels, (height, width), have about a colour."""
    wanted = [int(colour[at : at + 2], 16) for at in (1, 3, 5)]
    return np.abs(picture - wanted).max(axis=2) < CLOSE


def named(prompt: str) -> list[tuple[str, str]]:
    return [(subject.name, subject.kind) for subject in read_mood(prompt).subjects]


@pytest.mark.parametrize("language", [*SIX, "emoji"])
def test_every_word_of_a_subject_is_found(language: str) -> None:
    known = phrases(language) if language != "emoji" else emoji()
    for name, phrase in known:
        for prompt in (phrase, phrase.upper(), f"({phrase})"):
            assert name in [each[0] for each in named(prompt)], prompt


def emoji() -> Iterator[tuple[str, str]]:
    for name, row in SUBJECTS.items():
        yield from ((name, sign.strip()) for sign in row.get("emoji", "").split(",") if sign)


def test_every_table_has_words_in_six_languages() -> None:
    for file in ("subjects", "palettes", "places", "weathers", "colours"):
        for name, row in words.table(file).rows.items():
            assert all(row.get(language) for language in SIX), (file, name)


def test_every_subject_has_words_and_a_drawing() -> None:
    drawn = {path.stem for path in figure.FOLDER.glob("*.toml")}
    assert drawn == {*SUBJECTS, "shore"}


@pytest.mark.parametrize(
    ("prompt", "subjects"),
    [
        ("A calico cat playing a piano on stage", [("cat", "calico"), ("piano", "plain")]),
        ("Eine Glückskatze spielt Klavier auf der Bühne", [("cat", "calico"), ("piano", "plain")]),
        ("un gato calicó toca el piano", [("cat", "calico"), ("piano", "plain")]),
        ("un chat calico joue du piano sur scène", [("cat", "calico"), ("piano", "plain")]),
        ("三毛猫がステージでピアノを弾いている", [("cat", "calico"), ("piano", "plain")]),
        ("um gato tricolor tocando piano no palco", [("cat", "calico"), ("piano", "plain")]),
        ("赤い自転車に乗る犬", [("bicycle", "plain"), ("dog", "plain")]),
        ("a tiger in the rain", [("cat", "tiger")]),
        ("cats, a cat and a Kätzchen", [("cat", "plain")]),
        ("a paper plane over a catalogue of carpets", [("paper_plane", "plain")]),
        ("the sky", []),
        ("a red fox", [("dog", "fox")]),
    ],
)  # fmt: skip
def test_a_prompt_names_its_subjects(prompt: str, subjects: list[tuple[str, str]]) -> None:
    assert named(prompt) == subjects


def test_a_colour_belongs_to_the_nearest_subject() -> None:
    blue, red = (words.table("colours").rows[name]["hex"] for name in ("blue", "red"))
    for prompt in ("a red car and a blue bird", "une voiture rouge et un oiseau bleu"):
        assert read_mood(prompt).subjects == (
            Subject("car", "plain", red),
            Subject("bird", "plain", blue),
        )


def test_a_colour_between_two_subjects_belongs_to_the_one_behind_it() -> None:
    for prompt, coloured in (("a cat, red car", "car"), ("a rocket, red bird", "bird")):
        assert [each.name for each in read_mood(prompt).subjects if each.colour] == [coloured]


def test_a_colour_without_a_subject_is_the_scenes() -> None:
    palettes = words.table("palettes").rows
    assert read_mood("all is green").palette.top == palettes["woods"]["colours"].split()[0]


def test_a_subject_brings_its_scene_and_the_prompt_may_name_another() -> None:
    assert read_mood("a piano").place is Place.STAGE
    assert read_mood("a piano in the forest").place is Place.FOREST


@pytest.mark.parametrize("size", [WIDE, TALL], ids=["wide", "tall"])
def test_the_seeds_example_shows_a_calico_cat_at_a_piano(size: tuple[int, int]) -> None:
    picture = frame("A calico cat playing a piano on stage", size)
    empty = frame("An empty stage", size)
    cat, piano = figure.picture("cat"), figure.picture("piano")["main"]
    patches = {
        shape["fill"]
        for layer in cat["layers"]
        for shape in layer.get("shapes", ())
        if shape.get("when") == "calico"
    }
    assert len(patches) > 2
    for colour in {*patches, "#f6efe2"}:
        assert share(picture, colour) > share(empty, colour), colour
    assert share(picture, piano) > share(empty, piano) + 0.01


@pytest.mark.parametrize("size", [WIDE, TALL], ids=["wide", "tall"])
@pytest.mark.parametrize("name", SUBJECTS)
def test_every_subject_is_seen(name: str, size: tuple[int, int]) -> None:
    word = SUBJECTS[name]["en"].split(",")[0]
    shown, empty = scene(word, size), scene(word, size, is_empty=True)
    # A backdrop may have the subject's colour, so only what the subject changes counts.
    is_changed = np.abs(shown - empty).max(axis=2) > CLOSE
    assert (is_changed & near(shown, figure.picture(name)["main"])).mean() > 0.01


def test_a_prompts_colour_is_the_subjects() -> None:
    for colour in ("red", "green", "blue"):
        shown = words.table("colours").rows[colour]["hex"]
        assert share(frame(f"a {colour} car by night"), shown) > 0.03


def test_a_rider_is_in_the_seat() -> None:
    alone, ridden = frame("a rocket"), frame("a lion in a rocket")
    fur = words.table("colours").rows["lion"]["hex"]
    assert share(ridden, fur) > share(alone, fur) + 0.001


def test_subjects_move() -> None:
    def moved(*, is_empty: bool) -> float:
        first, second = (scene("a butterfly", at=at, is_empty=is_empty) for at in (60, 65))
        return float((np.abs(first - second) > CLOSE).mean())

    assert moved(is_empty=False) > moved(is_empty=True) + 0.01


@pytest.mark.parametrize("name", SUBJECTS)
def test_a_moving_layer_has_few_poses(name: str) -> None:
    frames = range(12 * FPS)
    for layer in figure.picture(name)["layers"]:
        if shapes := layer.get("shapes"):
            colours: figure.Colours = dict.fromkeys(("main", "dark", "light"), "#808080")
            moving = figure.Moving(layer, shapes, figure.Spot(0, 0, 0.1), colours)
            assert len({id(moving.sprite(number / FPS)) for number in frames}) <= 64


def test_a_drawing_has_nothing_misspelt() -> None:
    shape = set(figure.Shape.__annotations__)
    layer, picture = (set(each.__annotations__) for each in (figure.Layer, figure.Picture))
    for path in figure.FOLDER.glob("*.toml"):
        data = figure.picture(path.stem)
        assert set(data) <= picture, path
        for each in data["layers"]:
            assert set(each) <= layer, path
            for part in each.get("shapes", ()):
                assert set(part) <= shape, path
                assert len({"ellipse", "polygon", "curve", "stroke"} & set(part)) == 1, path
                assert re.fullmatch("main|dark|light|#[0-9a-f]{6}([0-9a-f]{2})?", part["fill"])


def test_a_table_names_no_phrase_twice() -> None:
    for path in words.FOLDER.glob("*.toml"):
        rows = tomllib.loads(path.read_text(encoding="utf-8"))
        for language in SIX:
            seen: dict[str, str] = {}
            for name, row in rows.items():
                for phrase in row[language].split(","):
                    key = " ".join(words.tokens(phrase))
                    assert seen.setdefault(key, name) == name, (path.stem, language, phrase)


def test_japanese_is_set_sign_by_sign_and_no_line_begins_with_a_small_one() -> None:
    pieces = lettering.split("「猫」が、ステージで walks\x00")
    assert pieces == ["「猫」", "が、", "ス", "テー", "ジ", "で ", "walks "]


@given(
    words=st.lists(st.sampled_from(("a", "I", "of", "slow")), min_size=100, max_size=150)
    | st.lists(st.text("Wi,'\u2026\u05d0猫「」ーé", min_size=1, max_size=24), max_size=100),
    size=st.sampled_from(SIZES),
    is_caption=st.booleans(),
)
@example(words=["slow", "a"] * 50, size="1280x720", is_caption=False)
@settings(max_examples=60, deadline=None)
@pytest.mark.slow
def test_every_line_fits(words: Sequence[str], size: str, *, is_caption: bool) -> None:
    width, height = map(int, size.split("x"))
    prompt = " ".join(words)
    shown = Frame(read_mood(prompt), width, height)
    name, pixels, lines = lettering.layout(prompt, shown, is_caption=is_caption)
    ruler = fonts.font(name, lettering.MEASURE)
    margins = 2 * round(min(width, height) * lettering.MARGIN)
    wide = min(width - margins, height * 0.88 + 0.5) * lettering.MEASURE / pixels
    assert all(ruler.getlength("".join(line).rstrip()) <= wide for line in lines)
    assert len(lines) * pixels * lettering.LEADING <= height * 0.4


def test_a_cut_title_ends_with_an_ellipsis_behind_a_word() -> None:
    prompt = "slow a " * 50
    shown = Frame(read_mood(prompt), 1280, 720)
    assert lettering.layout(prompt, shown, is_caption=False).lines[-1][-1] == "slow\u2026"


@pytest.mark.parametrize("sign", ["「", "ー", "x"])
def test_a_piece_is_short(sign: str) -> None:
    assert max(map(len, lettering.split(sign * 4000))) <= 20


def test_a_word_of_twenty_letters_keeps_its_space() -> None:
    assert lettering.split("internationalization now") == ["internationalization ", "now "]


def test_nothing_is_left_of_an_emoji() -> None:
    signs = "\u2708\ufe0f \U0001f44d\U0001f3fd 1\ufe0f\u20e3 plane"
    assert lettering.split(signs) == ["1 ", "plane "]


@pytest.fixture
def system_fonts(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Path], None]]:
    """Return what gives the system the fonts of a folder, and no others."""

    def install(folder: Path) -> None:
        monkeypatch.setattr(fonts, "FONT_FOLDERS", (folder,))
        fonts.system_fonts.cache_clear()

    yield install
    fonts.system_fonts.cache_clear()


def test_words_no_font_has_are_left_out(
    tmp_path: Path, system_fonts: Callable[[Path], None]
) -> None:
    system_fonts(tmp_path)
    pieces = lettering.split("a 猫 naïve \U0001f408 piano\x00")
    found = [fonts.spelling(fonts.best_font(pieces), piece) for piece in pieces]
    assert found == ["a ", "", "naive ", "piano "]
    said = doctor_fonts.check()
    assert said.mark is Mark.WARNING
    assert "accented Latin" in said.found
    assert "Japanese" in said.found
    assert "fonts-noto-cjk" in said.fix


def test_a_font_of_the_system_sets_what_pillows_own_lacks(
    system_fonts: Callable[[Path], None],
) -> None:
    system_fonts(NOTO)
    for text in ("猫がピアノを弾く", "\u05d7\u05ea\u05d5\u05dc", "Кошка", "naïve"):
        assert fonts.sets(fonts.best_font([text]), text), text
    said = doctor_fonts.check().found
    assert "Japanese" not in said
    assert "Thai" in said


def test_pillows_font_suffices_without_a_look_at_the_systems(
    system_fonts: Callable[[Path], None],
) -> None:
    system_fonts(NOTO)
    assert fonts.best_font(["a ", "cat "]) == fonts.PILLOWS
    assert fonts.system_fonts.cache_info().currsize == 0


def test_font_folders_are_those_of_this_system() -> None:
    assert FONT_FOLDERS
    assert all(folder.is_absolute() for folder in FONT_FOLDERS)


@pytest.mark.parametrize(
    "prompt",
    [
        "三毛猫", "고양이와 피아노", "кот и ракета", "חתול", "قطة تعزف البيانو",
        "बिल्ली", "แมว", "γάτα", "🐈🎹", "x" * 4000,
    ],
)  # fmt: skip
def test_a_prompt_in_any_script_is_drawn(prompt: str) -> None:
    assert frame(prompt).shape == (180, 320, 3)
