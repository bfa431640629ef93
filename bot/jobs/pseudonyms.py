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


def pseudonym(connection: sa.Connection, person: int, keys: Sequence[bytes] = ()) -> int:
    """Return the pseudonym that a person has in the ledger, or would get.

    `keys` are the operator's, the one in use first; an earlier one's stays found.
    """
    possible = _possible(connection, person, keys)
    return next((each for each in possible if _is_known(connection, each)), possible[0])


def account_of(connection: sa.Connection, person: int, keys: Sequence[bytes] = ()) -> int:
    """Return as whom the ledger counts a person: their pseudonym once it has one, else their id."""
    possible = _possible(connection, person, keys)
    return next((each for each in possible if _is_known(connection, each)), person)


def counted(
    connection: sa.Connection, limits: Sequence[Limit], keys: Sequence[bytes] = ()
) -> list[Limit]:
    """Return limits with the meters of those people who have a pseudonym in place of their own."""

    def of(limit: Limit) -> Limit:
        if limit.key.scope is not Scope.PERSON:
            return limit
        account = account_of(connection, int(limit.key.scope_id), keys)
        return replace(limit, key=replace(limit.key, scope_id=str(account)))

    return [of(limit) for limit in limits]


def _possible(connection: sa.Connection, person: int, keys: Sequence[bytes]) -> list[int]:
    stored: bytes = connection.execute(_stored_key()).scalar_one()
    return [_made(person, key) for key in (*keys, stored)]


def _made(person: int, key: bytes) -> int:
    """Return a negative number of 62 bits."""
    digest = hmac.digest(key, str(person).encode(), "sha256")
    return -1 - (int.from_bytes(digest[:8]) >> 2)


def _is_known(connection: sa.Connection, account: int) -> bool:
    return connection.execute(_entry_of(), {"account": account}).first() is not None


@cache
def _stored_key() -> sa.Select[bytes]:
    return sa.select(secrets.c.value).where(secrets.c.name == PSEUDONYMS)


@cache
def _entry_of() -> sa.Select[int]:
    whose = ledger.c.requester_id == sa.bindparam("account", type_=sa.BigInteger)
    return sa.select(ledger.c.id).where(whose).limit(1)
