"""A renderer that renders each size and length once: `copying_renderer.py FOLDER`.

The real renderer takes seconds of processor time for every film. This one has it render the first
of a kind, keeps that in FOLDER, and copies it at about the real one's pace, each copy with bytes of
its own. A prompt that ends with `until NAME` is held at 50 % until FOLDER has a file of that name.
"""

import json
import os
import re
import struct
import subprocess
import sys
import time
from pathlib import Path

PACE = 0.3
"""Seconds of real time for a second of film."""
STEPS = 10
FILES = ("film", "thumbnail", "spritesheet")
ROOT = Path(__file__).parents[2]


def main() -> None:
    order = json.load(sys.stdin)
    kept = Path(sys.argv[1]) / f"{order['width']}x{order['height']}x{order['seconds']}"
    if not kept.exists():
        _render(order, kept)
    held = re.search(r"\buntil (\w+)$", order["prompt"])
    for step in range(STEPS):
        while held and step > STEPS // 2 and not (kept.parent / held[1]).exists():
            time.sleep(0.02)
        print(100 * step // STEPS, flush=True)  # noqa: T201 - the renderer's way to tell its percent
        time.sleep(PACE * order["seconds"] / STEPS)
    mark = order["film"].encode()
    for name in FILES:
        data = (kept / name).read_bytes()
        own = struct.pack(">I4s", 8 + len(mark), b"free") + mark if name == "film" else b""
        Path(order[name]).write_bytes(data + own)


def _render(order: dict[str, object], kept: Path) -> None:
    """Have the real renderer make the first of a kind; two that do so at once do no harm."""
    making = kept.with_name(f"{kept.name}.{os.getpid()}")
    making.mkdir(parents=True)
    paths = {name: str(making / name) for name in FILES}
    subprocess.run(
        [sys.executable, "-m", "bot.server.renderer"],
        input=json.dumps(order | {"image": None} | paths),
        text=True, stdout=subprocess.DEVNULL, check=True, cwd=ROOT,
    )  # fmt: skip
    if not kept.exists():
        making.rename(kept)


if __name__ == "__main__":
    main()
