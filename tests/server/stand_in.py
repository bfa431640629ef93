"""A renderer that does what its prompt says: `quick`, `hold FILE`, `freeze` and so on.

Every prompt is first added as a line to `started`, beside the folder named by the argument.
"""

import json
import os
import signal
import sys
import time
from pathlib import Path


def main() -> None:
    order = json.load(sys.stdin)
    verb, _, rest = order["prompt"].partition(" ")
    with Path(sys.argv[1]).open("a", encoding="utf-8") as started:
        started.write(f"{os.getpid()} {order['prompt']}\n")
    print(10, flush=True)  # noqa: T201 - the renderer's way to tell its percent
    match verb:
        case "hold":
            while not Path(rest).exists():
                print(50, flush=True)  # noqa: T201
                time.sleep(0.02)
        case "freeze":
            time.sleep(60)
        case "fail":
            sys.stderr.write(f"some library is talking\n{rest}\n")
            sys.exit(1)
        case "crash":
            raise ValueError(rest)
        case "die":
            os.kill(os.getpid(), signal.SIGKILL)
        case "stopped":
            # From outside, and only the first time.
            if Path(sys.argv[1]).read_text(encoding="utf-8").count("stopped") == 1:
                os.kill(os.getpid(), signal.SIGTERM)
        case _:
            pass
    film = b"film of " + order["prompt"].encode()
    Path(order["thumbnail"]).write_bytes(b"thumbnail")
    Path(order["spritesheet"]).write_bytes(b"spritesheet")
    Path(order["film"]).write_bytes(film * 10**6 if verb == "large" else film)


if __name__ == "__main__":
    main()
