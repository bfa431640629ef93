"""The Python SDK against one server: `python sdk.py`, told where by OPENAI_BASE_URL and its key.

Prints a line for each check, as TAP does; the last line counts them. VIA=proxy leaves out what
LiteLLM does not pass on.
"""

# The SDK marks the hosted API's verbs deprecated; the contract lives on in servers like ours.
# pyright: reportDeprecated=false

import os
import sys
import warnings
from collections.abc import Callable
from functools import partial

import openai

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000040000000408020000002693092900000010494441"
    "54789c633811a001470cc47100125214011461b8050000000049454e44ae426082"
)
"""Four by four pixels."""

PROMPT = "A calico cat playing a piano on stage"


class Checks:
    """Runs checks in order; what one leaves, the next may use."""

    def __init__(self, client: openai.OpenAI, *, proxied: bool) -> None:
        self._videos = client.videos
        self._client = client
        self._proxied = proxied
        self._id = ""

    def all(self) -> list[tuple[str, Callable[[], object]]]:
        """Name every check."""
        direct: list[tuple[str, Callable[[], object]]] = [
            ("list", self.lists),
            ("models", self.names_models),
            ("thumbnail and spritesheet", self.downloads_pictures),
            ("edits, extensions and characters are a 404 with a code", self.is_refused),
            ("a refusal names its field", self.refusal_names_field),
            ("a wrong key is a 401", self.wrong_key),
            ("delete", self.deletes),
        ]
        return [
            ("create", self.creates),
            ("create with an image", self.creates_with_image),
            ("poll to the end", self.polls),
            ("content", self.downloads),
            ("remix", self.remixes),
            *([] if self._proxied else direct),
        ]

    def creates(self) -> None:
        video = self._videos.create(prompt=PROMPT, model=MODEL, seconds="4", size="720x1280")
        assert video.status in ("queued", "in_progress"), video
        assert isinstance(video.created_at, int), video
        assert video.seconds == "4", video
        self._id = video.id

    def creates_with_image(self) -> None:
        video = self._videos.create(
            prompt=PROMPT, model=MODEL, input_reference=("cat.png", PNG, "image/png")
        )
        assert self._videos.poll(video.id).status == "completed"

    def polls(self) -> None:
        video = self._videos.poll(self._id)
        assert (video.status, video.progress, video.error) == ("completed", 100, None), video

    def downloads(self) -> None:
        film = self._videos.download_content(self._id).read()
        assert film[4:8] == b"ftyp", film[:12]

    def downloads_pictures(self) -> None:
        for variant in ("thumbnail", "spritesheet"):
            picture = self._videos.download_content(self._id, variant=variant).read()
            assert picture[:3] == b"\xff\xd8\xff", picture[:12]

    def remixes(self) -> None:
        video = self._videos.remix(self._id, prompt="at night")
        assert video.prompt in ("at night", None), video

    def lists(self) -> None:
        ids = [video.id for video in self._videos.list(limit=1)]
        assert self._id in ids, ids
        assert len(ids) == 3, ids

    def names_models(self) -> None:
        models = {model.id: model.owned_by for model in self._client.models.list()}
        assert models["preview"], models

    def is_refused(self) -> None:
        for path in ("edits", "extensions", "characters"):
            call = partial(
                self._client.post, f"/videos/{path}", body={"prompt": "x"}, cast_to=object
            )
            assert refusal(openai.NotFoundError, call).code == "not_offered"

    def refusal_names_field(self) -> None:
        error = refusal(openai.BadRequestError, lambda: self._videos.create(prompt=" "))
        assert (error.param, error.type) == ("prompt", "invalid_request_error"), error

    def wrong_key(self) -> None:
        stranger = self._client.with_options(api_key="wrong").videos
        error = refusal(openai.AuthenticationError, lambda: stranger.retrieve(self._id))
        assert error.code == "invalid_api_key", error

    def deletes(self) -> None:
        assert self._videos.delete(self._id).deleted is True
        refusal(openai.NotFoundError, lambda: self._videos.retrieve(self._id))


def refusal(kind: type[openai.APIStatusError], call: Callable[[], object]) -> openai.APIStatusError:
    """Give the error of this kind that a call must end with."""
    try:
        call()
    except kind as error:
        return error
    raise AssertionError("it was taken")


MODEL = os.environ.get("MODEL", "sora-2")


def main() -> None:
    """Run every check; exit 1 if one failed."""
    warnings.simplefilter("ignore", DeprecationWarning)
    failed = 0
    checks = Checks(openai.OpenAI(max_retries=0), proxied=os.environ.get("VIA") == "proxy")
    for number, (name, check) in enumerate(checks.all(), 1):
        try:
            check()
        except Exception as error:  # noqa: BLE001 - whatever went wrong is the finding
            failed += 1
            said = " ".join(f"{type(error).__name__}: {error}".split())
            print(f"not ok {number} - {name}: {said[:300]}", flush=True)  # noqa: T201
        else:
            print(f"ok {number} - {name}", flush=True)  # noqa: T201
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
