"""Parsed JSON, as far as it is of the expected type."""

from typing import TypeGuard

Fields = dict[str, object]
"""A JSON object."""


def is_object(value: object) -> TypeGuard[Fields]:
    """Whether a value is a JSON object."""
    return isinstance(value, dict)


def is_list(value: object) -> TypeGuard[list[object]]:
    """Whether a value is a JSON list."""
    return isinstance(value, list)


def fields_of(value: object) -> Fields:
    """Return the fields of a JSON object; none where the value is something else."""
    return value if is_object(value) else {}


def items_of(value: object) -> list[object]:
    """Return the items of a JSON list; none where the value is something else."""
    return value if is_list(value) else []


def objects_in(value: object) -> list[Fields]:
    """Return the objects in a JSON list; none where the value is something else."""
    return [item for item in items_of(value) if is_object(item)]
