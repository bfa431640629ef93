"""A renderer that holds every film back until a file appears: `held_renderer.py TEMPLATE GATE`.

Each film is the template with a box of its own at the end, so that no two have the same bytes.
"""

import json
import struct
import sys
import time
from pathlib import Path


def main() -> None:
    order = json.load(sys.stdin)
    template, gate = (Path(given) for given in sys.argv[1:])
    print(10, flush=True)  # noqa: T201 - the renderer's way to tell its percent
    while not gate.exists():
        time.sleep(0.02)
    film = Path(order["film"])
    mark = f"{order['prompt']} {film}".encode()
    free_box = struct.pack(">I4s", 8 + len(mark), b"free") + mark
    for picture in ("thumbnail", "spritesheet"):
        Path(order[picture]).write_bytes(b"a picture")
    film.write_bytes(template.read_bytes() + free_box)


if __name__ == "__main__":
    main()
