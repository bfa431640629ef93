"""The buttons under a card: their custom_id (100 characters at most) names action and render."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import discord
from discord import ui

from bot.cards.i18n import N_, Language
from bot.jobs.models import Render, RenderStatus
from bot.jobs.reasons import Reason

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
    Action.REDELIVER: N_("Post again"),
    Action.LOOK: N_("Check again"),
    Action.SEND: N_("Send again"),
    Action.DROP: N_("Forget it"),
    Action.DELETE: N_("Delete"),
    Action.DELETE_SURELY: N_("Delete forever"),
}
_STYLES: Final = {
    Action.REDELIVER: Style.primary,
    Action.LOOK: Style.primary,
    Action.SEND: Style.danger,
    Action.DELETE_SURELY: Style.danger,
}
_RUNNING: Final = (Action.CANCEL, Action.NOTIFY)
_ENDED: Final = (Action.AGAIN, Action.EDIT, Action.DELETE)
_OFFERED: Final[dict[RenderStatus, tuple[Action, ...]]] = {
    RenderStatus.REQUESTED: _RUNNING,
    RenderStatus.SENDING: _RUNNING,
    RenderStatus.QUEUED: _RUNNING,
    RenderStatus.IN_PROGRESS: _RUNNING,
    RenderStatus.COMPLETED: (Action.NOTIFY,),
    RenderStatus.DELIVERED: (Action.AGAIN, Action.EDIT, Action.REMIX, Action.DELETE),
    RenderStatus.UNDELIVERED: (Action.REDELIVER, *_ENDED),
    RenderStatus.UNCONFIRMED: (Action.LOOK, Action.SEND, Action.DROP),
    RenderStatus.FAILED: _ENDED,
    RenderStatus.CANCELLED: _ENDED,
    RenderStatus.EXPIRED: _ENDED,
}


def offered(render: Render, *, remix: bool) -> tuple[Action, ...]:
    """Return the buttons of a render's state; Remix only if the server offers it."""
    actions = _OFFERED[render.status]
    if render.reason is Reason.OVERDUE:
        actions = (Action.LOOK, *actions)
    return tuple(action for action in actions if remix or action is not Action.REMIX)


TEMPLATE: Final = (
    rf"rushes:(?P<action>{'|'.join(Action)}):(?P<job>[0-9a-f]{{32}})"
    r"(?::(?P<outcome>[0-9]{1,20}))?"
)
"""What a custom_id looks like. That of Send again names the create whose outcome is unknown, so
that an older card sends nothing."""


def outcome_of(render: Render) -> str:
    """Name a render's last create."""
    return str(int((render.sent_at or render.request.created_at) * 1000))


@dataclass(frozen=True)
class Press:
    """What a custom_id says: which button of which render."""

    action: Action
    render_id: str
    outcome: str | None = None
    """The create that Send again is for, as `outcome_of` names it; None on cards of old."""


def press_in(interaction: discord.Interaction[discord.Client]) -> Press | None:
    """Return which button of a card was pressed, whatever the card shows now."""
    match = re.fullmatch(TEMPLATE, str((interaction.data or {}).get("custom_id", "")))
    return None if match is None else Press(Action(match["action"]), match["job"], match["outcome"])


class StatelessButton(ui.Button[ui.LayoutView]):
    """A button whose custom_id says everything, so that discord.py need not remember it.

    It works as long as its message exists, also after a restart.
    """

    def is_dispatchable(self) -> bool:
        """Keep discord.py from holding a view in memory for each message."""
        return False


def button_row(
    actions: tuple[Action, ...], render_id: str, t: Language, outcome: str | None = None
) -> ui.ActionRow[ui.LayoutView]:
    """Draw buttons side by side, five at the most; `outcome` is what Send again is for."""
    row = ui.ActionRow[ui.LayoutView]()
    for action in actions:
        of = outcome if action is Action.SEND else None
        custom_id = f"rushes:{action}:{render_id}" + (f":{of}" if of else "")
        style = _STYLES.get(action, Style.secondary)
        row.add_item(StatelessButton(label=t(LABELS[action]), style=style, custom_id=custom_id))
    return row
