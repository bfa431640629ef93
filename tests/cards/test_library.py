"""The list of films keeps within what Discord takes, however long the prompts are."""

from bot.cards.i18n import language
from bot.cards.library import PER_PAGE, Place, library_page
from bot.jobs.models import RenderStatus
from tests.jobs.support import new_render


def test_a_full_page_with_pictures_fits_into_one_message() -> None:
    jobs = [
        new_render(prompt="*" * 4000, status=RenderStatus.DELIVERED, message_id=2**63)
        for _ in range(PER_PAGE)
    ]
    view = library_page(
        jobs, 10 * PER_PAGE, Place(page=1), language("de"), [each.id for each in jobs]
    )

    assert view.total_children_count <= 40
    assert view.content_length() <= 4000
    thumbnails = [part for part in view.walk_children() if part.type.name == "thumbnail"]
    assert len(thumbnails) == PER_PAGE
    assert all(len(str(part.to_component_dict()["description"])) <= 1024 for part in thumbnails)
