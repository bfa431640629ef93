"""What a community's settings allow, and which of its limits are a person's."""

import pytest
from pydantic import ValidationError

from bot.jobs.meters import Period, Unit
from bot.requests.admission import (
    Blocked,
    ChannelClosed,
    NothingAllowed,
    Offer,
    Paused,
    RoleNeeded,
    complete,
)
from bot.requests.community import Asker, Community, CommunityLimit, Subject
from bot.videos.catalog import Entry
from bot.videos.spec import VideoSpec

ADA = Asker(person=1, guild=2, channel=3, roles=frozenset({10, 11}))
OFFER = Offer(models=("sora", "wan"), sizes=("1280x720", "720x1280"), seconds=("4", "8"))
SPEC = VideoSpec(prompt="a cat")


def limit(subject: Subject, most: int, number: int = 0, unit: Unit = Unit.VIDEOS) -> CommunityLimit:
    return CommunityLimit(subject=subject, id=number, unit=unit, period=Period.DAY, most=most)


def test_nothing_set_allows_everything() -> None:
    Community().check(ADA)
    assert Community().within(OFFER) == OFFER
    assert list(Community().limits_of(ADA)) == []


@pytest.mark.parametrize(
    ("community", "problem"),
    [
        (Community(blocked=frozenset({1}), people=frozenset({1})), Blocked),
        (Community(paused=""), Paused),
        (Community(roles=frozenset({12})), RoleNeeded),
        (Community(people=frozenset({5})), RoleNeeded),
        (Community(channels=frozenset({4})), ChannelClosed),
    ],
)
def test_who_may_not_ask_here(community: Community, problem: type[Exception]) -> None:
    with pytest.raises(problem):
        community.check(ADA)


def test_a_role_or_a_name_lets_in() -> None:
    Community(roles=frozenset({11, 12})).check(ADA)
    Community(roles=frozenset({12}), people=frozenset({1})).check(ADA)


def test_what_is_allowed_is_offered_and_its_first_is_the_default() -> None:
    offered = Community(models=("wan",), seconds=("8",)).within(OFFER)
    spec = complete(SPEC, offered)
    assert (spec.model, spec.size, spec.seconds) == ("wan", "1280x720", "8")


def test_a_model_with_sizes_of_its_own_keeps_those_that_are_allowed() -> None:
    own = {"wan": Entry(sizes=("832x480",), seconds=("5",), price=None)}
    offer = Offer(models=("wan",), sizes=("832x480",), seconds=("5",), catalog=own)
    with pytest.raises(NothingAllowed):
        complete(SPEC, Community(sizes=("1280x720",)).within(offer))


def test_a_server_that_would_choose_a_model_is_given_an_allowed_one() -> None:
    listed = Offer(models=(), listed=("cheap", "dear"), sizes=("1280x720",), seconds=("4",))
    assert complete(SPEC, Community(models=("cheap",)).within(listed)).model == "cheap"
    with pytest.raises(NothingAllowed):
        Community(models=("gone",)).within(listed)


def test_a_persons_limit_is_their_own_else_the_largest_of_their_roles() -> None:
    each, small, large, other = (
        limit(Subject.EACH, 9),
        limit(Subject.ROLE, 1, 10),
        limit(Subject.ROLE, 3, 11),
        limit(Subject.ROLE, 8, 12),
    )
    community = Community(limits=(each, large, small, other))
    assert list(community.limits_of(ADA)) == [large]
    own = limit(Subject.PERSON, 0, 1)
    assert list(community.with_limit(own).limits_of(ADA)) == [own]
    assert list(community.limits_of(Asker(person=5, guild=2, channel=3))) == [each]


def test_limits_of_channel_and_server_apply_beside() -> None:
    here, there = limit(Subject.CHANNEL, 2, 3), limit(Subject.CHANNEL, 2, 4)
    every = limit(Subject.ALL, 5)
    community = Community(limits=(here, there, every))
    assert list(community.limits_of(ADA)) == [here, every]


def test_a_limit_replaces_the_one_for_the_same() -> None:
    community = Community().with_limit(limit(Subject.ALL, 5)).with_limit(limit(Subject.ALL, 6))
    assert [each.most for each in community.limits] == [6]
    assert community.without_limit(limit(Subject.ALL, 0).key).limits == ()


@pytest.mark.parametrize(
    "wrong",
    [{"time_zone": "Mars/Olympus"}, {"at_once": -1}, {"at_once": "x"}, {"paused": "x" * 201}],
)
def test_what_cannot_be_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Community.model_validate(wrong)


def test_settings_of_a_later_version_are_read() -> None:
    stored = Community(roles=frozenset({1})).model_dump_json(exclude_defaults=True)
    later = stored[:-1] + ', "later": true}'
    assert Community.model_validate_json(later).roles == {1}
