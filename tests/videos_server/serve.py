"""`python -m tests.videos_server.serve`: `bot serve` whose films are copies."""

import sys
from functools import partial

from bot.__main__ import main
from bot.server import app
from tests.videos_server.embedded import copying

if __name__ == "__main__":
    app.running = partial(app.running, command=copying())
    sys.exit(main())
