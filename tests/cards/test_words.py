"""Every state and every failure says what is going on and what to do."""

import inspect
import re
from collections.abc import Iterator

import pytest

from bot.cards import sentences, words
from bot.cards.i18n import language
from bot.jobs import lifecycle
from bot.jobs.models import Render, RenderStatus
from bot.jobs.reasons import Reason
from bot.videos import errors
from bot.videos.errors import VideosError
from bot.videos.models import Video
from tests.jobs.support import MIB, NOW, new_render

EN = language("en-US")
DEFAULT = sentences.sentence(new_render(status=RenderStatus.FAILED, reason=None))
BEFORE_SENDING = (
    errors.NotSent.code,
    errors.Busy.code,
    errors.Unauthorized.code,
    errors.BadRequest.code,
    Reason.NOT_SENT_BEFORE_RESTART,
    Reason.IMAGE_LOST,
    Reason.DISK_FAILED,
)


def failed(code: str | None) -> str:
    return sentences.sentence(new_render(status=RenderStatus.FAILED, reason=code))


def told(code: str | None) -> str:
    return sentences.sentence(new_render(status=RenderStatus.FAILED, server_code=code))


def refusals() -> Iterator[VideosError]:
    """One of every error that can end a create, OutcomeUnknown apart."""
    for _, kind in inspect.getmembers(errors, inspect.isclass):
        if issubclass(kind, errors.Refused) and kind not in (errors.Refused, errors.NotFound):
            yield kind(400)
    yield errors.NotSent("refused")


@pytest.mark.parametrize("status", RenderStatus)
def test_every_state_has_a_title_and_a_sentence(status: RenderStatus) -> None:
    assert re.fullmatch(r"\S [A-Z][a-z ]+", words.title(new_render(status=status), EN))
    told = sentences.sentence(new_render(status=status))
    if status is RenderStatus.DELIVERED:
        assert told == "", "the film speaks for itself"
    else:
        assert told.endswith((".", "…"))


def test_completed_is_the_title_of_a_delivered_film_alone() -> None:
    titled = [status for status, title in words.TITLES.items() if "Completed" in title]
    assert titled == [RenderStatus.DELIVERED]


@pytest.mark.parametrize("error", list(refusals()), ids=lambda error: error.code)
def test_every_refused_create_has_advice_of_its_own(error: VideosError) -> None:
    ended = lifecycle.refused(new_render(), error, NOW)
    told = sentences.sentence(ended)
    assert told != DEFAULT
    assert "Nothing was charged." in told


@pytest.mark.parametrize("code", BEFORE_SENDING)
def test_what_cost_nothing_says_so_and_what_to_do(code: str) -> None:
    told = failed(code)
    assert "Nothing was charged." in told
    assert re.search(r"[Tt]ry again|Try another|/video|bot's owner", told)


@pytest.mark.parametrize("code", ["moderation_blocked", "sentinel_block", "content_filter"])
def test_moderation_advises_other_words(code: str) -> None:
    assert "Change it" in told(code)


@pytest.mark.parametrize("code", [None, "", "400", "something_new"])
def test_a_failure_nobody_knows_still_has_advice(code: str | None) -> None:
    assert failed(code) == DEFAULT
    assert "Try again" in failed(code)


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        ("insufficient_user_quota", "no credit left"),
        ("402", "no credit left"),
        ("rate_limit_exceeded", "Try again in a few minutes"),
        ("invalid_size", "Choose another size"),
        ("model_not_found", "Choose another one"),
    ],
)
def test_a_servers_code_is_advice(code: str, advice: str) -> None:
    ended = lifecycle.refused(new_render(), errors.BadRequest(400, server_code=code), NOW)
    assert advice in sentences.sentence(ended)


def test_a_failed_job_without_a_code_is_told_with_the_servers_own_words() -> None:
    fault = "KeyError in step 3"
    for said, reason in ((None, None), ({"message": fault}, fault), (fault, fault)):
        told = {"id": "video_1", "status": "failed", "error": said}
        ended = lifecycle.advance(new_render(video_id="video_1"), Video.from_body(told), NOW, 1.0)
        assert "couldn't make this video. It may have been charged." in sentences.sentence(ended)
        assert ended.server_message == reason


def test_a_lack_of_memory_is_no_fault_of_the_words() -> None:
    ended = new_render(
        status=RenderStatus.FAILED, video_id="v", server_message="CUDA out of memory"
    )
    assert "Try a smaller size or a shorter video" in sentences.sentence(ended)
    assert "It may have been charged." in sentences.sentence(ended)


def test_a_code_inside_a_sentence_is_advice_too() -> None:
    said = 'litellm.BadRequestError: OpenAIException - {"code": "moderation_blocked"}'
    refused = errors.BadRequest(400, server_code="400", message=said)
    assert "Change it" in sentences.sentence(lifecycle.refused(new_render(), refused, NOW))


@pytest.mark.parametrize("code", [*sentences.FAILURES, None, "something_new"])
@pytest.mark.parametrize("video_id", [None, "video_1"])
def test_every_failure_says_what_it_cost(code: str | None, video_id: str | None) -> None:
    ended = new_render(status=RenderStatus.FAILED, server_code=code, reason=code, video_id=video_id)
    told = sentences.sentence(ended)
    free, perhaps = "Nothing was charged." in told, "It may have been charged." in told
    assert free is not perhaps
    assert free is sentences.costs_nothing(ended)
    if code in (None, "something_new", "moderation_blocked"):
        assert free is (video_id is None)


@pytest.mark.parametrize("status", [RenderStatus.CANCELLED, RenderStatus.EXPIRED])
def test_what_the_server_ended_may_have_been_charged(status: RenderStatus) -> None:
    assert "It may have been charged." in sentences.sentence(
        new_render(status=status, video_id="video_1")
    )


@pytest.mark.parametrize(
    "status",
    sorted(set(RenderStatus) - {RenderStatus.FAILED, RenderStatus.CANCELLED, RenderStatus.EXPIRED}),
)
def test_what_has_its_film_or_awaits_it_speaks_of_no_charge(status: RenderStatus) -> None:
    assert "charged." not in sentences.sentence(new_render(status=status, video_id="video_1"))


@pytest.mark.parametrize("status", RenderStatus)
def test_the_embedded_renderer_never_costs_anything(status: RenderStatus) -> None:
    shown = new_render(status=status, model="preview", video_id="video_1")
    assert "charged." not in sentences.sentence(shown) or sentences.costs_nothing(shown)


def test_a_server_that_forgot_is_named() -> None:
    assert "lost this video" in failed(Reason.SERVER_FORGOT)


@pytest.mark.parametrize("code", [Reason.TOO_LARGE, Reason.NO_ACCESS, "film_broken", None])
def test_a_film_that_was_not_delivered_says_where_it_is(code: str | None) -> None:
    told = sentences.sentence(new_render(status=RenderStatus.UNDELIVERED, reason=code))
    assert "The video is ready" in told
    assert re.search("Post again|bot's owner", told)


def test_an_unknown_outcome_warns_before_paying_twice() -> None:
    ended = lifecycle.unconfirmed(new_render(), Reason.OUTCOME_UNKNOWN, NOW)
    told = sentences.sentence(ended)
    assert "Sending it again may cost twice" in told


@pytest.mark.parametrize("status", [RenderStatus.QUEUED, RenderStatus.IN_PROGRESS])
def test_a_silent_server_loses_nothing(status: RenderStatus) -> None:
    assert "Nothing is lost" in sentences.sentence(new_render(status=status, unreachable_since=NOW))


def running(**fields: str | None) -> Render:
    return new_render(status=RenderStatus.IN_PROGRESS, message_id=55, **fields)


def test_a_cancelled_job_says_who_cancelled_and_what_it_may_have_cost() -> None:
    def told(reason: Reason, video_id: str | None = "video_1") -> str:
        render = new_render(video_id=video_id)
        return sentences.sentence(lifecycle.cancelled(render, reason, NOW))

    assert "before it was sent" in told(Reason.CANCELLED_EVERYWHERE, video_id=None)
    assert "has stopped making it" in told(Reason.CANCELLED_EVERYWHERE)
    assert "It may have been charged." in told(Reason.CANCELLED_HERE)
    assert "It may have been charged." in told(Reason.ABANDONED)
    by_server = new_render(status=RenderStatus.CANCELLED)
    assert "The video server cancelled" in sentences.sentence(by_server)


def test_a_person_over_the_limit_sees_what_runs_and_where() -> None:
    told = words.over_limit([running(prompt="a *cat*"), running()], 2, EN)
    head, *lines = told.split("\n")
    assert "2 videos at a time" in head
    assert len(lines) == 2
    assert lines[0].startswith("- a \\*cat\\* · In progress, <t:")
    assert lines[0].endswith("https://discord.com/channels/22/33/55")


def test_a_link_outside_a_server_and_a_job_without_a_card() -> None:
    assert "/channels/@me/33/55" in words.over_limit([running(guild_id=None)], 1, EN)
    assert "https" not in words.over_limit([new_render()], 1, EN)


def test_one_running_film_is_counted_in_words() -> None:
    assert "1 video at a time" in words.over_limit([running()], 1, EN)


def test_a_full_house_is_not_that_persons_doing() -> None:
    assert "as many videos as it can" in words.over_limit([new_render()], 3, EN)


def test_what_is_not_offered_is_quoted_harmlessly_with_the_choices() -> None:
    told = words.not_offered("@everyone **x**", ["720x1280", "1280x720"], EN)
    assert "@everyone" not in told
    assert "\\*\\*x\\*\\*" in told
    assert "720x1280, 1280x720" in told


def test_image_problems_name_what_was_given_and_what_is_taken() -> None:
    assert "This file is image/gif. Use a PNG, JPEG or WebP" in words.wrong_image_type(
        "image/gif", EN
    )
    assert "file is ?." in words.wrong_image_type(None, EN)
    told = words.image_too_large(25 * MIB // 2, 10 * MIB, EN)
    assert "at most 10 MB" in told
    assert "is 12.5 MB" in told
    assert "can't be used: the file is damaged." in words.image_unusable("the file is damaged", EN)


def test_refusals_fit_into_a_message() -> None:
    long = "@everyone*" * 300
    for told in (
        words.not_offered(long, ["m" * 100] * 25, EN),
        words.wrong_image_type(long, EN),
        words.EMPTY_PROMPT,
        words.NOT_WRITTEN,
        words.GONE_WRONG,
        words.over_limit([running(prompt=long)] * 3, 3, EN),
    ):
        assert 0 < len(told) <= 2000
