"""Checks of what a test was given."""

from io import BytesIO

import av
import pytest


def assert_is_film(
    film: bytes | None, *, width: int = 720, height: int = 1280, seconds: float = 4
) -> None:
    assert film is not None
    with av.open(BytesIO(film), "r") as container:
        stream = container.streams.video[0]
        assert (stream.width, stream.height) == (width, height)
        frames = sum(1 for _ in container.decode(stream))
        assert stream.average_rate is not None
        assert frames / stream.average_rate == pytest.approx(seconds, abs=0.1)
