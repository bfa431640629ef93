"""Every way in which a Videos server fails: a code and facts each, no words for people.

VideosError
 +-- NotSent                nothing reached the server (refused, no route, no such host, TLS)
 +-- OutcomeUnknown         a create was sent, and nobody knows whether the server accepted it
 +-- Refused                the server said no, with its status, code and message
 |    +-- BadRequest        400, 404 on create, 409, 413, 415, 422: another try is refused, too
 |    +-- Moved             3xx: the server has another address
 |    +-- Unauthorized      401, 403: the key is missing, wrong or not allowed
 |    |    +-- NotAllowed   403: the key is known, what was asked is not allowed
 |    +-- Busy              429, 503: come back later, perhaps after `retry_after`
 |    +-- NotFound          404 or 410 on a job we hold an id of
 +-- Unavailable            a read got no usable answer (5xx, time-out, not JSON); ask again later
 +-- FilmNotReady           /content does not serve the film yet
 +-- FilmWithheld           401 or 403 for a film, although the key opens its job
 +-- FilmBroken             what arrived is empty, cut short, or no film
      +-- FilmTooLarge      larger than any film that is kept here
"""


class VideosError(Exception):
    """Base of all; `code` names the kind on the card, in the log and in the database."""

    code = "videos_error"
    remedy = ""
    """What the operator can do; the card leaves it out."""

    @property
    def logged(self) -> str:
        """What happened and, where that is known, what the operator can do."""
        return f"{self}; {self.remedy}" if self.remedy else str(self)


class NotSent(VideosError):
    """The connection was never made, so nothing was bought."""

    code = "not_sent"


class OutcomeUnknown(VideosError):
    """The request was sent, and no answer says whether the server accepted it."""

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
        """Keep the HTTP status, the server's own code and sentence, and the seconds to wait."""
        super().__init__(f"HTTP {status} {server_code or ''} {message or ''}".strip())
        self.status = status
        self.server_code = server_code
        self.message = message
        self.retry_after = retry_after


class BadRequest(Refused):
    """The same request would be refused again."""

    code = "bad_request"


class Unauthorized(Refused):
    """The operator's key is missing, wrong or not allowed to do this."""

    code = "unauthorized"
    remedy = "check VIDEOS_API_KEY"


class NotAllowed(Unauthorized):
    """The server knows the key and does not allow this request; its words may say why."""

    code = "not_allowed"
    remedy = "check what VIDEOS_API_KEY is allowed to do there"


class Moved(Refused):
    """The server answers from another address; `message` is that address, for the operator."""

    code = "moved"
    remedy = "set VIDEOS_BASE_URL to this address"


class Busy(Refused):
    """The server accepted nothing, and may accept the request later."""

    code = "busy"


class NotFound(Refused):
    """The server does not know this job (any more)."""

    code = "not_found"


class _TryLater(VideosError):
    """Base of the errors that another try may fix."""

    def __init__(self, cause: str, *, retry_after: float | None = None) -> None:
        """Keep the cause in words, and the seconds the server asks to wait."""
        super().__init__(cause)
        self.retry_after = retry_after


class Unavailable(_TryLater):
    """A request that may be repeated got no usable answer."""

    code = "unavailable"


class FilmNotReady(_TryLater):
    """The job is completed, and its film is not served yet."""

    code = "film_not_ready"


class FilmBroken(VideosError):
    """The bytes are not a whole film."""

    code = "film_broken"


class FilmTooLarge(FilmBroken):
    """The film is larger than the room for films here; another download would be as large."""

    code = "film_too_large"
    remedy = "raise FILMS_MAX_GB"


class FilmWithheld(VideosError):
    """The key opens the job and not its film; the operator must check it."""

    code = "film_withheld"
