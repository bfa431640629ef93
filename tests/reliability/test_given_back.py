"""A form that is refused gives back everything that was filled in."""

import json

import pytest

from tests.reliability.film_club import FilmClub

TYPED = "an owl at night\nover two lines"
