"""Subscriptions: who is notified when a request has ended."""

from collections.abc import Sequence

import sqlalchemy as sa

from bot.jobs.database import Database
from bot.jobs.tables import requests, subscriptions


class Subscriptions:
    """Every method raises StoreError where the database fails."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, request_id: str, user_id: int) -> bool:
        """Remember to notify somebody when a request ends; False where that was known.

        The select writes nothing for a request that was deleted meanwhile.
        """
        known = sa.exists().where(
            subscriptions.c.request_id == request_id, subscriptions.c.user_id == user_id
        )
        values = sa.select(requests.c.id, sa.literal(user_id, sa.BigInteger)).where(
            requests.c.id == request_id, ~known
        )
        put = sa.insert(subscriptions).from_select(["request_id", "user_id"], values)
        return await self._database.execute(put) == 1

    async def of(self, request_id: str) -> list[int]:
        """Return who is to be notified, always in the same order."""
        who = subscriptions.c
        query = sa.select(who.user_id).where(who.request_id == request_id).order_by(who.user_id)
        return await self._database.column(query)

    async def remove(self, request_id: str, people: Sequence[int]) -> None:
        """Forget subscribers, who have been notified."""
        await self._database.execute(
            sa.delete(subscriptions).where(
                subscriptions.c.request_id == request_id, subscriptions.c.user_id.in_(people)
            )
        )
