"""Pseudonyms: who somebody is in the ledger once they have erased their data.

A pseudonym is made from a person's id and a key, so that who comes back meets the limits they had,
and nobody without the key can tell who it was. It is negative, and so no id of Discord's.
"""

import hmac
from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import sqlalchemy as sa

from bot.jobs.meters import Limit, Scope
from bot.jobs.schema import PSEUDONYMS
from bot.jobs.tables import ledger, secrets


class Pseudonyms:
    """Finds them in a connection's transaction."""

    def __init__(self, keys: Sequence[bytes] = ()) -> None:
        """`keys` are the operator's, the one in use first; an earlier one's stays found."""
        self._keys = keys
        self._stored: bytes | None = None

    def pseudonym(self, connection: sa.Connection, person: int) -> int:
        """Return the pseudonym that a person has in the ledger, or would get."""
        possible = self._possible(connection, person)
        return _known_of(connection, possible) or possible[0]

    def account_of(self, connection: sa.Connection, person: int) -> int:
        """Return as whom the ledger counts a person: their pseudonym, once it has one."""
        return _known_of(connection, self._possible(connection, person)) or person

    def counted(self, connection: sa.Connection, limits: Sequence[Limit]) -> list[Limit]:
        """Return limits with the meters of those people who have a pseudonym instead."""
        return [
            of_account(limit, self.account_of(connection, int(limit.key.scope_id)))
            if limit.key.scope is Scope.PERSON
            else limit
            for limit in limits
        ]

    def _possible(self, connection: sa.Connection, person: int) -> list[int]:
        stored = self._stored
        if stored is None:
            query = sa.select(secrets.c.value).where(secrets.c.name == PSEUDONYMS)
            stored = self._stored = connection.execute(query).scalar_one()
        return [_made(person, key) for key in (*self._keys, stored)]


def of_account(limit: Limit, account: int) -> Limit:
    """Return a limit on a person with the meter of their account."""
    if limit.key.scope is not Scope.PERSON:
        return limit
    return replace(limit, key=replace(limit.key, scope_id=str(account)))


def _made(person: int, key: bytes) -> int:
    """Return a negative number of 62 bits."""
    digest = hmac.digest(key, str(person).encode(), "sha256")
    return -1 - (int.from_bytes(digest[:8]) >> 2)


def _known_of(connection: sa.Connection, possible: Sequence[int]) -> int | None:
    return connection.execute(_entry_of(), {"possible": possible}).scalar()


@cache
def _entry_of() -> sa.Select[int]:
    whose = ledger.c.requester_id.in_(sa.bindparam("possible", expanding=True))
    return sa.select(ledger.c.requester_id).where(whose).limit(1)
