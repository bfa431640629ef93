"""Reference images cut to the exact frame, in this process and in a child."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from bot.media.children.frame import fit
from bot.media.header import MOST_PIXELS
from bot.media.image import BadImage, fit_image
from tests.media import bombs
from tests.media.bombs import saved

ORIENTATION = 0x0112
RED, BLUE, WHITE = (220, 30, 30), (30, 30, 220), (255, 255, 255)

Colour = tuple[int, int, int]


def halves(width: int, height: int) -> Image.Image:
    """Red on the left, blue on the right."""
    image = Image.new("RGB", (width, height), RED)
    image.paste(BLUE, (width // 2, 0, width, height))
    return image


def opened(png: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(png))
    assert image.format == "PNG"
    assert image.mode == "RGB"
    return image


def near(image: Image.Image, at: tuple[int, int], colour: Colour, by: int = 12) -> bool:
    seen = image.getpixel(at)
    assert isinstance(seen, tuple)
    return all(abs(one - two) <= by for one, two in zip(seen, colour, strict=True))


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
def test_an_image_of_the_exact_frame_is_marked_untouched(form: str) -> None:
    png, changed = fit(saved(halves(72, 128), form, quality=95), 72, 128)
    image = opened(png)
    assert (image.size, changed) == ((72, 128), False)
    assert near(image, (10, 60), RED)
    assert near(image, (60, 60), BLUE)


def test_the_pixels_of_an_exact_image_are_not_changed() -> None:
    exact = Image.effect_noise((64, 48), 90).convert("RGB")
    png, _ = fit(saved(exact), 64, 48)
    assert opened(png).tobytes() == exact.tobytes()


@pytest.mark.parametrize("size", [(36, 64), (720, 1280), (300, 100), (100, 300), (1, 1), (73, 128)])
def test_any_other_shape_fills_the_frame_and_is_marked(size: tuple[int, int]) -> None:
    png, changed = fit(saved(Image.new("RGB", size, RED)), 72, 128)
    image = opened(png)
    assert (image.size, changed) == ((72, 128), True)
    assert all(near(image, at, RED) for at in ((0, 0), (71, 0), (0, 127), (71, 127), (36, 64)))


def test_the_middle_is_kept_and_nothing_is_squeezed() -> None:
    wide = Image.new("RGB", (300, 100), BLUE)
    wide.paste(RED, (100, 0, 200, 100))
    image = opened(fit(saved(wide), 100, 100)[0])
    assert all(near(image, at, RED) for at in ((2, 2), (97, 2), (2, 97), (97, 97)))


@pytest.mark.parametrize(
    ("orientation", "size", "red", "blue"),
    [
        (1, (64, 32), (4, 16), (60, 16)),
        (3, (64, 32), (60, 16), (4, 16)),
        (6, (32, 64), (16, 4), (16, 60)),
        (8, (32, 64), (16, 60), (16, 4)),
    ],
)
def test_an_image_is_turned_as_its_exif_says(
    orientation: int, size: tuple[int, int], red: tuple[int, int], blue: tuple[int, int]
) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    png, changed = fit(saved(halves(64, 32), "JPEG", exif=exif, quality=95), *size)
    image = opened(png)
    assert not changed
    assert near(image, red, RED, by=24)
    assert near(image, blue, BLUE, by=24)
    assert ORIENTATION not in image.getexif()


@pytest.mark.parametrize("form", ["PNG", "WEBP"])
def test_transparent_parts_become_white(form: str) -> None:
    clear = Image.new("RGBA", (40, 40), (0, 0, 0, 0))
    clear.paste((*RED, 255), (0, 0, 20, 40))
    image = opened(fit(saved(clear, form, lossless=True), 40, 40)[0])
    assert near(image, (5, 20), RED)
    assert near(image, (35, 20), WHITE)


def test_a_transparent_colour_of_a_palette_becomes_white() -> None:
    palette = Image.new("P", (20, 20), 0)
    palette.putpalette([0, 0, 0, *RED])
    palette.paste(1, (0, 0, 10, 20))
    image = opened(fit(saved(palette, transparency=0), 20, 20)[0])
    assert near(image, (3, 10), RED)
    assert near(image, (16, 10), WHITE)


@pytest.mark.parametrize(
    ("mode", "form"),
    [("1", "PNG"), ("L", "PNG"), ("LA", "PNG"), ("P", "PNG"), ("L", "JPEG"), ("CMYK", "JPEG")],
)
def test_an_image_of_any_kind_becomes_plain_colours(mode: str, form: str) -> None:
    grey = Image.new("L", (16, 16), 255).convert(mode)
    assert near(opened(fit(saved(grey, form), 16, 16)[0]), (8, 8), WHITE)


def test_the_first_frame_of_an_animation_is_used() -> None:
    frames = [Image.new("RGB", (16, 16), colour) for colour in (RED, BLUE)]
    animation = saved(frames[0], "WEBP", save_all=True, append_images=frames[1:], lossless=True)
    assert near(opened(fit(animation, 16, 16)[0]), (8, 8), RED)


@pytest.mark.parametrize(
    ("width", "height"), [(MOST_PIXELS // 1000 + 1, 1000), (30_000, 30_000), (2**31 - 1, 1)]
)
def test_a_decompression_bomb_is_not_opened(width: int, height: int) -> None:
    bomb = bombs.png(width, height)
    assert len(bomb) < 1000
    with pytest.raises(ValueError, match="more than 16 megapixels"):
        fit(bomb, 72, 128)


@pytest.mark.parametrize(
    "data",
    [b"", b"GIF89a", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"%PDF-1.7", b"hello" * 50]
    + [saved(Image.new("RGB", (8, 8)), form) for form in ("GIF", "BMP", "TIFF", "ICO")],
)
def test_other_image_formats_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="not a PNG, JPEG or WebP image"):
        fit(data, 72, 128)


NOISE = Image.effect_noise((64, 64), 90).convert("RGB")


@pytest.mark.parametrize("form", ["PNG", "JPEG"])
def test_half_an_image_is_damaged(form: str) -> None:
    whole = saved(NOISE, form)
    with pytest.raises(ValueError, match="damaged"):
        fit(whole[: len(whole) // 2], 64, 64)


def test_an_image_of_a_promised_size_without_pixels_is_damaged() -> None:
    with pytest.raises(ValueError, match="damaged"):
        fit(bombs.png(640, 640), 64, 64)


WHOLE = {form: saved(NOISE.crop((0, 0, 24, 24)), form) for form in ("PNG", "JPEG", "WEBP")}


@given(
    form=st.sampled_from(sorted(WHOLE)),
    at=st.floats(0, 1, exclude_max=True),
    noise=st.binary(min_size=1, max_size=24),
)
def test_a_damaged_image_gives_the_frame_or_a_sentence(form: str, at: float, noise: bytes) -> None:
    whole = WHOLE[form]
    place = int(at * len(whole))
    try:
        png, _ = fit(whole[:place] + noise + whole[place + len(noise) :], 32, 32)
    except ValueError as error:
        assert str(error).startswith(("it ", "the "))  # noqa: PT017 - either outcome is right
    else:
        assert opened(png).size == (32, 32)


# ------------------------------------------------------------------ in its own process


async def test_the_child_returns_the_frame_and_reports_that_it_cut() -> None:
    fitted = await fit_image(saved(halves(300, 100), "JPEG"), name="my.cat.jpg", size="72x128")
    assert fitted.changed
    assert (fitted.image.filename, fitted.image.content_type) == ("my.cat.png", "image/png")
    assert opened(fitted.image.data).size == (72, 128)


async def test_the_child_returns_an_exact_image_unchanged() -> None:
    fitted = await fit_image(saved(halves(72, 128)), name="cat", size="72x128")
    assert not fitted.changed
    assert fitted.image.filename == "cat.png"
    assert opened(fitted.image.data).tobytes() == halves(72, 128).tobytes()


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"no image", "it is not a PNG, JPEG or WebP image"),
        (saved(NOISE)[:900], "the file is damaged"),
        (bombs.png(30_000, 30_000), "it has more than 16 megapixels"),
    ],
    ids=["no image", "damaged", "bomb"],
)
async def test_the_child_says_why_an_image_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(BadImage) as caught:
        await fit_image(data, name="cat.png", size="72x128")
    assert str(caught.value) == reason
