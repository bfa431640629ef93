"""What people do in the acceptance tests: ask, press, fill in; and the answer they get."""

import discord
import simcord

from bot.cards.buttons import Action
from tests.acceptance.stage import PROMPT, Stage, parts_of, text_of


def buttons(message: discord.Message) -> dict[str, str]:
    """Label -> custom_id of everything that can be pressed under a card."""
    return {
        part["label"]: part["custom_id"]
        for part in parts_of(message)
        if str(part.get("custom_id", "")).startswith("rushes")
    }


async def press(
    who: simcord.MemberActor, message: discord.Message, action: Action
) -> simcord.InteractionResult:
    found = [each for each in buttons(message).values() if f":{action}:" in each]
    assert found, f"{action} is not offered: {list(buttons(message))}"
    return await who.click(message, custom_id=found[0])


def told(result: simcord.InteractionResult) -> str:
    """The one private sentence that a press was answered with."""
    answers = (result.response, *result.followups)
    private = [each for each in answers if each is not None and each.ephemeral]
    assert len(private) == 1
    return private[0].content or text_of(private[0].message)


async def fill(
    who: simcord.MemberActor, form: simcord.InteractionResult, **values: object
) -> simcord.InteractionResult:
    """Submit a form; its fields are named by their labels, with "_" for a space."""
    assert form.modal is not None
    fields = {
        label["label"].lower().replace(" ", "_"): label["component"]["custom_id"]
        for label in form.modal["components"]
    }
    return await who.submit_modal(form, {fields[name]: value for name, value in values.items()})


async def finished(stage: Stage, **options: object) -> discord.Message:
    await stage.ada.slash(stage.channel, "video", **({"prompt": PROMPT} | options))
    await stage.until(lambda at: "Completed" in text_of(at.messages[-1]))
    await stage.env.settle()
    return stage.messages[-1]


async def refused(stage: Stage, **options: object) -> str:
    """Ask for a film that cannot be; return the private sentence, the only thing to be seen."""
    result = await stage.ada.slash(stage.channel, "video", **options)
    told = [message for message in (result.response, *result.followups) if message is not None]
    assert len(told) == 1
    assert told[0].ephemeral
    assert stage.messages == [], "nobody else sees anything"
    return told[0].content
