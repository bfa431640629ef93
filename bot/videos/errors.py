"""Every way a Videos server can let us down: a code and facts each, no words for people.

VideosError
 +-- NotSent                nothing reached the server (refused, no route, no such host, TLS)
 +-- OutcomeUnknown         a create was sent and nobody knows whether it was taken
 +-- Refused                the server said no, with its status, code and message
 |    +-- BadRequest        400, 404 on create, 409, 413, 415, 422: asking again will not help
 |    +-- Moved             3xx: the server has another address
 |    +-- Unauthorized      401, 403: the key is missing, wrong or not allowed
 |    |    +-- NotAllowed   403: the key is known, what was asked is not allowed
 |    +-- Busy              429, 503: come back later, perhaps after `retry_after`
 |    +-- NotFound          404 or 410 on a job we hold an id of
 +-- Unavailable            a read got no usable answer (5xx, time-out, not JSON); ask again later
 +-- FilmNotReady           /content says: not yet
 +-- FilmWithheld           401 or 403 for a film, although the key opens its job
 +-- FilmBroken             what arrived is empty, cut short, or no film
      +-- FilmTooLarge      larger than any film that is kept here
"""


class VideosError(Exception):
    """Base of all; `code` names the kind for the card, the log and the database."""

    code = "videos_error"


class NotSent(VideosError):
    """The connection was never made, so nothing was bought."""

    code = "not_sent"


class OutcomeUnknown(VideosError):
    """The request left us, and no answer tells whether the server took it."""

    code = "outcome_unknown"


class Refused(VideosError):
    """The server answered and said no."""

    code = "refused"

    def __init__(
        self,
        status: int,
        *,
        server_code: str | None = None,
        message: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        """Keep the facts: HTTP status, the server's own code and sentence, seconds to wait."""
        super().__init__(f"HTTP {status} {server_code or ''} {message or ''}".strip())
        self.status = status
        self.server_code = server_code
        self.message = message
        self.retry_after = retry_after


class BadRequest(Refused):
    """Asking the same again will be refused again."""

    code = "bad_request"


class Unauthorized(Refused):
    """The operator's key is missing, wrong or not allowed to do this."""

    code = "unauthorized"


class NotAllowed(Unauthorized):
    """The server knows the key and does not allow what was asked; its words may say why."""

    code = "not_allowed"


class Moved(Refused):
    """The server answers from another address; `message` is that address, for the operator."""

    code = "moved"


class Busy(Refused):
    """The server took nothing and asks to come back."""

    code = "busy"


class NotFound(Refused):
    """The server does not know this job (any more)."""

    code = "not_found"


class Unavailable(VideosError):
    """A question that may be asked again got no usable answer."""

    code = "unavailable"

    def __init__(self, cause: str, *, retry_after: float | None = None) -> None:
        """Keep the cause in words and the seconds the server asked to wait."""
        super().__init__(cause)
        self.retry_after = retry_after


class FilmNotReady(VideosError):
    """The job is completed, the film is not served yet."""

    code = "film_not_ready"

    def __init__(self, cause: str, *, retry_after: float | None = None) -> None:
        """Keep the cause in words and the seconds the server asked to wait."""
        super().__init__(cause)
        self.retry_after = retry_after


class FilmBroken(VideosError):
    """The bytes are not a whole film."""

    code = "film_broken"


class FilmTooLarge(FilmBroken):
    """The film is larger than the room there is for films here; another try brings the same."""

    code = "film_too_large"


class FilmWithheld(VideosError):
    """The server shows the job to this key and not its film, which is the operator's affair."""

    code = "film_withheld"
