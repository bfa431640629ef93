"""Frames of high dynamic range mapped to the range of a screen (ITU-R BT.709)."""

from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt
from av import VideoFrame

_WHITE: Final = 203.0
"""Nits of a white page in HDR (ITU-R BT.2408); it becomes nearly the screen's white."""
_PEAK: Final = 1000.0
"""Nits that become white: what films are graded for."""
_GAIN: Final = np.float32(1.5)
"""Brings white paper, which the mapping halves, to three quarters of the screen's light."""
_LEVELS: Final = 65_536
_TO_709: Final = np.array(
    [[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]],
    dtype=np.float32,
)
"""BT.2020's primaries in BT.709's, for linear light (ITU-R BT.2087)."""

Light = npt.NDArray[np.floating]
"""Linear light, 1 for white paper; of a frame: height x width x 3."""


def to_sdr(frame: VideoFrame, transfer: str) -> VideoFrame:
    """Return a frame in 8-bit RGB; `transfer` is "pq" or "hlg"."""
    codes = np.asarray(frame.to_ndarray(format="rgb48le"), dtype=np.uint16)
    light = np.take(_light_by_code(transfer), codes)
    mapped = np.clip(_mapped(light) @ _TO_709.T, 0.0, 1.0)
    shown = _code_by_light()[(mapped * (_LEVELS - 1)).astype(np.uint16)]
    return VideoFrame.from_ndarray(shown, format="rgb24")


def _mapped(light: Light) -> Light:
    """Bring light below 1, scaled by the brightest channel, so that hues stay."""
    brightest: Light = light.max(axis=2, keepdims=True)
    peak = _PEAK / _WHITE
    scale = (1.0 + brightest / (peak * peak)) / (1.0 + brightest)
    return light * scale * _GAIN


@cache
def _light_by_code(transfer: str) -> Light:
    """Return light by code value: SMPTE ST 2084, or ITU-R BT.2100's HLG."""
    code = np.linspace(0.0, 1.0, _LEVELS, dtype=np.float64)
    if transfer == "pq":
        m1, m2, c1, c2, c3 = 0.1593017578125, 78.84375, 0.8359375, 18.8515625, 18.6875
        power = code ** (1 / m2)
        nits = 10_000 * (np.maximum(power - c1, 0) / (c2 - c3 * power)) ** (1 / m1)
    else:
        a, b, c = 0.17883277, 0.28466892, 0.55991073
        scene = np.where(code <= 0.5, code**2 / 3, (np.exp((code - c) / a) + b) / 12)  # noqa: PLR2004
        nits = _PEAK * scene**1.2
    return (nits / _WHITE).astype(np.float32)


@cache
def _code_by_light() -> npt.NDArray[np.uint8]:
    """Return BT.709's code values, 0 to 255, by linear light."""
    light = np.linspace(0.0, 1.0, _LEVELS)
    code = np.where(light < 0.018, 4.5 * light, 1.099 * light**0.45 - 0.099)  # noqa: PLR2004
    return np.round(code * 255).astype(np.uint8)
