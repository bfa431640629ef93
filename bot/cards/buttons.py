"""The buttons under a card: they carry an action and a job's id, and dispatch both.

A DynamicItem keeps its state in `custom_id` (100 characters at most) and no view in memory, so a
button works as long as its message lives, whatever became of the process that drew it.
"""

import re
from enum import StrEnum
from typing import Any, Final, Self

import discord
from discord import ui

from bot.cards.i18n import N_, Language
from bot.jobs.lifecycle import OVERDUE
from bot.jobs.models import Job, JobStatus

Style = discord.ButtonStyle


class Action(StrEnum):
    """What can be pressed."""

    CANCEL = "cancel"
    NOTIFY = "notify"
    AGAIN = "again"
    EDIT = "edit"
    REMIX = "remix"
    REDELIVER = "redeliver"
    LOOK = "look"
    SEND = "send"
    DROP = "drop"
    DELETE = "delete"
    DELETE_SURELY = "delete_surely"


LABELS: Final = {
    Action.CANCEL: N_("Cancel"),
    Action.NOTIFY: N_("Notify me"),
    Action.AGAIN: N_("Again"),
    Action.EDIT: N_("Edit prompt"),
    Action.REMIX: N_("Remix"),
    Action.REDELIVER: N_("Redeliver"),
    Action.LOOK: N_("Look again"),
    Action.SEND: N_("Send again"),
    Action.DROP: N_("Drop"),
    Action.DELETE: N_("Delete"),
    Action.DELETE_SURELY: N_("Delete it for good"),
}
_STYLES: Final = {
    Action.REDELIVER: Style.primary,
    Action.LOOK: Style.primary,
    Action.SEND: Style.danger,
    Action.DELETE_SURELY: Style.danger,
}
_RUNNING: Final = (Action.CANCEL, Action.NOTIFY)
_ENDED: Final = (Action.AGAIN, Action.EDIT, Action.DELETE)
_OFFERED: Final[dict[JobStatus, tuple[Action, ...]]] = {
    JobStatus.REQUESTED: _RUNNING,
    JobStatus.SENDING: _RUNNING,
    JobStatus.QUEUED: _RUNNING,
    JobStatus.IN_PROGRESS: _RUNNING,
    JobStatus.COMPLETED: (Action.NOTIFY,),
    JobStatus.DELIVERED: (Action.AGAIN, Action.EDIT, Action.REMIX, Action.DELETE),
    JobStatus.UNDELIVERED: (Action.REDELIVER, *_ENDED),
    JobStatus.UNCONFIRMED: (Action.LOOK, Action.SEND, Action.DROP),
    JobStatus.FAILED: _ENDED,
    JobStatus.CANCELLED: _ENDED,
    JobStatus.EXPIRED: _ENDED,
}


def offered(job: Job, *, remix: bool) -> tuple[Action, ...]:
    """Return what can be pressed in a job's state; Remix only where the server does it."""
    actions = _OFFERED[job.status]
    if job.error_code == OVERDUE:
        actions = (Action.LOOK, *actions)
    return tuple(action for action in actions if remix or action is not Action.REMIX)


TEMPLATE: Final = (
    rf"rushes:(?P<action>{'|'.join(Action)}):(?P<job>[0-9a-f]{{32}})"
    r"(?::(?P<outcome>[0-9]{1,20}))?"
)
"""What a custom_id looks like. One of Send again names the create whose outcome is unknown, so that
a card drawn before the next create sends nothing."""


def outcome_of(job: Job) -> str:
    """Name a job's last create."""
    return str(int((job.sent_at or job.created_at) * 1000))


class JobButton(ui.DynamicItem[ui.Button[Any]], template=TEMPLATE):
    """One button; its press is announced as the bot's event `job_button`."""

    def __init__(
        self, action: Action, job_id: str, label: str | None = None, *, outcome: str | None = None
    ) -> None:
        custom_id = f"rushes:{action}:{job_id}" + (f":{outcome}" if outcome else "")
        super().__init__(
            ui.Button(
                label=label or action.value,
                style=_STYLES.get(action, Style.secondary),
                custom_id=custom_id,
            )
        )
        self.action = action
        self.job_id = job_id

    @classmethod
    async def from_custom_id(
        cls, _interaction: discord.Interaction[Any], _item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Rebuild the button from what Discord sends back of it."""
        return cls(Action(match["action"]), match["job"], outcome=match["outcome"])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Hand the press over to whoever listens."""
        interaction.client.dispatch("job_button", interaction, self.action, self.job_id)


def stale_press(interaction: discord.Interaction[Any]) -> tuple[Action, str] | None:
    """Return what was pressed where the card no longer has that button.

    A client may show the old card for a moment more; discord.py passes over such a press, and
    Discord would say that the interaction failed.
    """
    custom_id = str((interaction.data or {}).get("custom_id", ""))
    match = re.fullmatch(TEMPLATE, custom_id)
    if match is None or interaction.message is None:
        return None
    view = ui.LayoutView.from_message(interaction.message, timeout=None)
    if any(getattr(item, "custom_id", None) == custom_id for item in view.walk_children()):
        return None
    return Action(match["action"]), match["job"]


def button_row(
    actions: tuple[Action, ...], job_id: str, t: Language, outcome: str | None = None
) -> ui.ActionRow[Any]:
    """Draw buttons side by side, five at the most; `outcome` is what Send again is for."""
    row = ui.ActionRow[Any]()
    for action in actions:
        of = outcome if action is Action.SEND else None
        row.add_item(JobButton(action, job_id, t(LABELS[action]), outcome=of))
    return row
