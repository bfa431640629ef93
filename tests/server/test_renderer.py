import json
import signal
import subprocess
import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import IO, Final, cast

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from bot.server.renderer import FPS, FilmFiles, RenderRequest, render

Frames = NDArray[np.uint8]
Shoot = Callable[..., Path]

SMALL: Final = {"width": 144, "height": 256, "seconds": 2}
HILLS: Final = RenderRequest(prompt="hills", width=144, height=256, seconds=2)
ORIENTATION_TAG: Final = 0x0112
ROTATE_TO_SHOW: Final = 6  # the camera was held on its side: turn clockwise to show upright
ROOT: Final = Path(__file__).parents[2]


def beside(film: Path) -> FilmFiles:
    return FilmFiles(film.with_suffix(".jpg"), film.with_suffix(".sheet.jpg"), film)


@pytest.fixture
def shoot(tmp_path: Path) -> Shoot:
    def shoot(prompt: str, *, name: str = "film", image: Path | None = None, **size: int) -> Path:
        files = beside(tmp_path / f"{name}.mp4")
        wanted = SMALL | size
        request = RenderRequest(
            prompt=prompt,
            image=image,
            width=wanted["width"],
            height=wanted["height"],
            seconds=wanted["seconds"],
        )
        render(request, files, lambda _percent: None)
        return files.film

    return shoot


def decode(film: Path) -> Frames:
    with av.open(str(film)) as container:
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    return np.stack(frames).astype(np.uint8)


def distance(one: Frames, two: Frames) -> float:
    """Return the mean absolute difference of two pictures or films, 0..255."""
    return float(np.abs(one.astype(np.int16) - two.astype(np.int16)).mean())


def order(film: Path, **changes: object) -> str:
    asked = {
        "prompt": "sunset over a calm ocean",
        **SMALL,
        "image": None,
    } | {name: str(path) for name, path in beside(film)._asdict().items()}
    return json.dumps(asked | changes)


def start() -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "bot.server.renderer"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )


def pipes(process: subprocess.Popen[str]) -> tuple[IO[str], IO[str]]:
    assert process.stdin is not None
    assert process.stdout is not None
    return process.stdin, process.stdout


def test_a_phone_sized_film_is_what_players_expect(shoot: Shoot) -> None:
    film = shoot("a calico cat playing a piano on stage", width=720, height=1280, seconds=4)
    with av.open(str(film)) as container:
        stream = container.streams.video[0]
        assert stream.codec_context.name == "h264"
        assert stream.pix_fmt == "yuv420p"
        assert stream.average_rate == Fraction(FPS)
        assert (stream.width, stream.height) == (720, 1280)
        assert stream.frames == 4 * FPS
        assert abs(cast("int", container.duration) / av.time_base - 4) < 0.1
    content = film.read_bytes()
    assert 0 < content.index(b"moov") < content.index(b"mdat")
    assert len(content) < 4_000_000


def test_the_thumbnail_is_a_jpeg_of_the_films_shape(shoot: Shoot) -> None:
    film = shoot("a snowy forest", width=288, height=160)
    with Image.open(film.with_suffix(".jpg")) as thumbnail:
        assert thumbnail.format == "JPEG"
        assert thumbnail.size == (512, 284)
        late = decode(film)[int(2 * FPS * 0.6)]
        small = thumbnail.convert("RGB").resize((288, 160))
        assert distance(np.asarray(small), late) < 6


def test_the_spritesheet_shows_sixteen_moments_in_reading_order(shoot: Shoot) -> None:
    film = shoot("a snowy forest", width=288, height=160)
    frames = decode(film)
    with Image.open(film.with_suffix(".sheet.jpg")) as sheet:
        assert (sheet.format, sheet.size) == ("JPEG", (4 * 256, 4 * 142))
        for place in (0, 6, 15):
            row, column = divmod(place, 4)
            left, top = column * 256, row * 142
            tile = sheet.convert("RGB").crop((left, top, left + 256, top + 142))
            moment = frames[(2 * place + 1) * len(frames) // 32]
            assert distance(np.asarray(tile.resize((288, 160))), moment) < 8


def test_the_same_prompt_gives_the_same_frames(shoot: Shoot) -> None:
    one = decode(shoot("a fox in the rain", name="one"))
    two = decode(shoot("a fox in the rain", name="two"))
    assert np.array_equal(one, two)


def test_other_prompts_give_other_pictures(shoot: Shoot) -> None:
    prompts = (
        "a calico cat playing a piano on stage",
        "sunset over a calm ocean",
        "neon city at night in the rain",
        "a snowy forest",
    )
    films = [decode(shoot(prompt, name=str(at))) for at, prompt in enumerate(prompts)]
    for at, one in enumerate(films):
        for two in films[at + 1 :]:
            # Black against mid grey is 128; two shots of one scene lie below 10.
            assert distance(one, two) > 35


@pytest.mark.parametrize("prompt", ["two friends share a secret", "a quiet lake", "the old stage"])
def test_the_picture_moves(shoot: Shoot, prompt: str) -> None:
    frames = decode(shoot(prompt))
    first, middle, last = frames[0], frames[len(frames) // 2], frames[-1]
    assert min(distance(first, middle), distance(middle, last), distance(first, last)) > 1
    steps = [distance(frames[at], frames[at + 1]) for at in range(len(frames) - 1)]
    assert min(steps) > 0.05
    assert max(steps) < 12  # it moves, it does not jump


def test_a_reference_picture_fills_the_frame(shoot: Shoot, tmp_path: Path) -> None:
    thirds = Image.new("RGB", (600, 200), "#2040c0")
    thirds.paste("#c03020", (200, 0, 400, 200))
    path = tmp_path / "wide.png"
    thirds.save(path)
    frames = decode(shoot("", image=path))
    # A 144x256 frame sees only 112 of the 600 columns: nothing but the red middle third.
    upper = frames[:, 40:160]
    assert np.abs(upper.astype(int) - (0xC0, 0x30, 0x20)).max() < 24
    corners = frames[:, [0, 0, -1, -1], [0, -1, 0, -1]].astype(int)
    assert corners[..., 0].min() > 50
    assert (corners[..., 0] > corners[..., 2] + 20).all()


def test_a_picture_taken_sideways_stands_upright(shoot: Shoot, tmp_path: Path) -> None:
    picture = Image.new("RGB", (256, 144), "#20a040")
    picture.paste("#a02080", (0, 0, 128, 144))
    exif = Image.Exif()
    exif[ORIENTATION_TAG] = ROTATE_TO_SHOW
    path = tmp_path / "sideways.jpg"
    picture.save(path, exif=exif, quality=95)
    frame = decode(shoot("", image=path))[0].astype(int)
    # Turned clockwise, the left half is the upper one.
    assert np.abs(frame[60, 72] - (0xA0, 0x20, 0x80)).max() < 24
    assert frame[150, 72, 1] > frame[150, 72, 0] + 60


def test_a_transparent_picture_lies_on_white(shoot: Shoot, tmp_path: Path) -> None:
    path = tmp_path / "clear.png"
    Image.new("RGBA", (100, 180), (0, 0, 0, 0)).save(path)
    frame = decode(shoot("", image=path))[0]
    assert frame[60:150].min() > 240


@pytest.mark.parametrize(("mode", "form"), [("P", "PNG"), ("L", "PNG"), ("RGB", "WEBP")])
def test_pictures_of_every_kind_are_read_and_move(
    shoot: Shoot, tmp_path: Path, mode: str, form: str
) -> None:
    path = tmp_path / "picture"
    ramp = Image.radial_gradient("L").resize((300, 200)).convert(mode)
    ramp.save(path, format=form)
    frames = decode(shoot("slowly closer", image=path))
    assert distance(frames[0], frames[24]) > 0.5
    assert distance(frames[24], frames[-1]) > 0.5


def test_progress_rises_from_nothing_to_everything(tmp_path: Path) -> None:
    said: list[int] = []
    film = tmp_path / "film.mp4"
    render(HILLS, beside(film), said.append)
    assert said[0] == 0
    assert said[-1] == 100
    assert said == sorted(set(said))
    assert len(said) > 40


def test_an_error_while_reporting_leaves_nothing(tmp_path: Path) -> None:
    def report(percent: int) -> None:
        if percent > 50:
            raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        render(HILLS, beside(tmp_path / "film.mp4"), report)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "prompt",
    [
        "",
        "\U0001f3b9\U0001f408\u200d\u2b1b\U0001f525",
        "\u732b\u304c\u30d4\u30a2\u30ce\u3092\u5f3e\u304f",
        "\u05d7\u05ea\u05d5\u05dc \u0645\u0631\u062d\u0628\u0627",
        "word " * 800,
        "x" * 4000,
        "tab\there\x00null\x1b[31m\nline\u202eback",
        "\ud83d half a pair",
        "e\u0301le\u0300ve na\u00efve",
    ],
    ids=["none", "emoji", "cjk", "rtl", "long", "one word", "control", "surrogate", "accents"],
)
def test_any_prompt_is_rendered(shoot: Shoot, prompt: str) -> None:
    assert len(decode(shoot(prompt, seconds=1))) == FPS


def test_the_process_prints_its_progress(tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    with start() as process:
        said, complaint = process.communicate(order(film), timeout=20)
    assert (process.returncode, complaint) == (0, "")
    percents = [int(line) for line in said.splitlines()]
    assert (percents[0], percents[-1]) == (0, 100)
    assert percents == sorted(set(percents))
    assert set(tmp_path.iterdir()) == set(beside(film))


def test_a_terminated_process_leaves_no_files(tmp_path: Path) -> None:
    with start() as process:
        stdin, stdout = pipes(process)
        stdin.write(order(tmp_path / "film.mp4", width=720, height=1280, seconds=12))
        stdin.close()
        while int(stdout.readline()) < 5:
            pass
        assert [path.name for path in tmp_path.iterdir()] == [".film.mp4.part"]
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=5) != 0
    assert not list(tmp_path.iterdir())


def test_a_process_nobody_listens_to_ends_without_files(tmp_path: Path) -> None:
    with start() as process:
        stdin, stdout = pipes(process)
        stdout.close()
        stdin.write(order(tmp_path / "film.mp4"))
        stdin.close()
        assert process.wait(timeout=10) == 1
        assert cast("IO[str]", process.stderr).read() == ""
    assert not list(tmp_path.iterdir())


def test_an_unreadable_picture_is_refused_in_one_sentence(tmp_path: Path) -> None:
    picture = tmp_path / "picture.png"
    picture.write_bytes(b"\x89PNG\r\n\x1a\nnot a picture")
    with start() as process:
        _, complaint = process.communicate(
            order(tmp_path / "film.mp4", image=str(picture)), timeout=20
        )
    assert process.returncode == 1
    assert complaint == "The reference picture cannot be read.\n"
    assert [path.name for path in tmp_path.iterdir()] == ["picture.png"]


def test_the_module_costs_its_importers_nothing() -> None:
    code = "import sys, bot.server.renderer; print({'av', 'numpy', 'PIL'} & set(sys.modules))"
    said = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert said.stdout == "set()\n"
