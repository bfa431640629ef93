"""Says why an address does not answer, and which proxy it is reached through."""

import ssl
from typing import Final

import aiohttp

from bot.doctor.check import Check, Mark
from bot.runtime.addresses import redacted
from bot.settings import Settings

CERTIFICATES: Final = "set SSL_CERT_FILE in the environment to the file of certificates to trust"

_WHY: Final[tuple[tuple[type[BaseException], str], ...]] = (
    (aiohttp.ClientConnectorDNSError, "no host has this name"),
    (aiohttp.ClientConnectorCertificateError, "its certificate is not trusted"),
    (ssl.SSLCertVerificationError, "its certificate is not trusted"),
    (aiohttp.ClientConnectorSSLError, "it does not speak TLS; is it http?"),
    (aiohttp.ClientHttpProxyError, "the proxy refuses"),
    (TimeoutError, "no answer in time"),
)


def reason(error: BaseException) -> str:
    """Return what went wrong, without the exception's name or the address."""
    for kind, words in _WHY:
        if isinstance(error, kind):
            return words
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return "the connection breaks, or what answers speaks no HTTP"


def proxies(settings: Settings) -> list[Check]:
    """Return the proxies through which Discord and the Videos server are reached."""
    asked = {"Discord": settings.discord_api_url, "Videos server": settings.videos_base_url}
    ways = {
        name: proxy
        for name, address in asked.items()
        if address and (proxy := settings.proxies.for_address(address))
    }
    return [
        Check("proxy", Mark.GOOD, f"{name} is reached through {redacted(proxy)}")
        for name, proxy in ways.items()
    ]
