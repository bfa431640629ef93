"""A render with a prompt and an image, and what others make from it."""

from typing import Any, Final

from bot.jobs.models import Render, RenderStatus, Verb
from tests.jobs.support import NOW, new_render

ADA: Final = 11
BOB: Final = 12
CY: Final = 13
HERS: Final = "what ada wrote"


def copy(of: Render, person: int, verb: Verb = Verb.AGAIN, **fields: Any) -> Render:  # noqa: ANN401
    own = {"prompt": of.spec.prompt, "status": RenderStatus.DELIVERED, "ended_at": NOW}
    image = {} if of.spec.image is None else {"image_name": "cat.png"}
    return new_render(
        requester_id=person, verb=verb, parent_render_id=of.id, **(own | image | fields)
    )


def hers(**fields: Any) -> Render:  # noqa: ANN401 - a field of Render each
    return new_render(
        prompt=HERS, status=RenderStatus.DELIVERED, ended_at=NOW, image_name="cat.png", **fields
    )
