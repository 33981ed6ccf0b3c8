"""The Materials Project's web service: its key, its database version, and asking it politely."""

import os
import re
import time
import warnings
from collections.abc import Callable
from importlib.metadata import version
from typing import Any, TypeVar

from crystalnet.errors import CrystalNetError
from pipeline.sections import MaterialsProject
from pipeline.sources.materials_project.retry import Transient, with_backoff

T = TypeVar("T")

KEY_VARIABLE = "MP_API_KEY"
KEY_LENGTH = 32
GET_A_KEY = (
    "get one, free of charge, at https://next-gen.materialsproject.org/api and run "
    f"`export {KEY_VARIABLE}=<your key>`"
)
USER_AGENT = f"CrystalNet/{version('crystalnet')}"

# Seconds until a silent heartbeat counts as none; the client itself would wait for ever.
_TIMEOUT = 20
_STATUS = re.compile(r"error status code (\d{3})")
_REFUSED = ("401", "403")
# What the client makes of an answer that is no JSON, null, or lacks a part.
_BAD_ANSWERS = (ValueError, KeyError, AttributeError, TypeError)


def api_key() -> str:
    """The key in the environment, the one place it is taken from.

    Raises:
        CrystalNetError: if there is none, or it cannot be one.
    """
    key = os.environ.get(KEY_VARIABLE, "").strip()
    if not key:
        raise CrystalNetError(f"the Materials Project answers only with an API key: {GET_A_KEY}")
    if len(key) != KEY_LENGTH or not (key.isascii() and key.isalnum()):
        raise CrystalNetError(
            f"{KEY_VARIABLE} holds {len(key)} characters that are no key of the Materials Project; "
            f"want {KEY_LENGTH} letters and digits: {GET_A_KEY}"
        )
    return key


def database_version(settings: MaterialsProject) -> str:
    """The version of the database that the service has now; needs no key.

    Raises:
        Unreachable: if the service does not say it.
    """
    import requests

    address = os.environ.get("MP_API_ENDPOINT", "https://api.materialsproject.org/")

    def heartbeat() -> str:
        try:
            answer = requests.get(
                f"{address.rstrip('/')}/heartbeat",
                headers={"user-agent": USER_AGENT},
                timeout=_TIMEOUT,
            )
            if answer.status_code != 200:
                raise Transient(f"HTTP {answer.status_code} to the heartbeat")
            found = answer.json()["db_version"]
        except requests.RequestException as error:
            raise Transient(f"no heartbeat ({type(error).__name__})") from None
        except _BAD_ANSWERS as error:
            raise Transient(f"a heartbeat that cannot be read ({type(error).__name__})") from None
        if not isinstance(found, str) or not found:
            raise Transient(f"a heartbeat with the database version {found!r}")
        return found

    return with_backoff(heartbeat, "heartbeat", settings, time.sleep)


class Service:
    """The official client, asked again where it gives up too early.

    Answers are plain dictionaries: the client's document models drop a field from a whole page
    if its first document lacks it, and cost more than everything else.

    Raises:
        CrystalNetError: without a usable key, or if the service does not answer.
    """

    def __init__(self, settings: MaterialsProject) -> None:
        self._settings = settings
        self._key = api_key()
        self.database_version = database_version(settings)
        self._client = self._try(self._connect, "connecting")

    def ask(self, what: str, query: Callable[[Any], T]) -> T:
        """The result of `query(client)`.

        `query` may raise `Transient` for an answer that is incomplete.

        Raises:
            CrystalNetError: for a key that is wrong or has expired, or a request that the service
                does not know.
            Unreachable: if it fails at every try.
        """
        return self._try(lambda: query(self._client), what)

    def _connect(self) -> Any:
        # Imported here because it takes seconds, and most commands never ask the service.
        from mp_api.client import MPRester

        with warnings.catch_warnings():
            # Of versions and of what is shown on consoles; nothing that changes an answer.
            warnings.simplefilter("ignore")
            client = MPRester(
                self._key,
                endpoint=os.environ.get("MP_API_ENDPOINT"),
                use_document_model=False,
                mute_progress_bars=True,
            )
        agent = client.session.headers.get("user-agent", "")
        client.session.headers["user-agent"] = f"{USER_AGENT} {agent}".strip()
        return client

    def _try(self, call: Callable[[], T], what: str) -> T:
        import requests
        from mp_api.client.core.exceptions import MPRestError

        def once() -> T:
            try:
                return call()
            except (MPRestError, requests.RequestException, *_BAD_ANSWERS) as error:
                raise self._judged(error, what) from None

        return with_backoff(once, what, self._settings, time.sleep)

    def _judged(self, error: Exception, what: str) -> Exception:
        """What an error of the client means, without the key."""
        text = " ".join(str(error).split()).replace(self._key, "***")
        status = _STATUS.search(text)
        if status and status[1] in _REFUSED:
            return CrystalNetError(
                f"{what}: the Materials Project refuses {KEY_VARIABLE} (HTTP {status[1]}): it is "
                f"wrong or has expired; what came so far is kept: {GET_A_KEY}, then run again"
            )
        if (status and status[1] in ("400", "404")) or "does not support the request" in text:
            return CrystalNetError(
                f"{what}: the Materials Project does not know this request ({text[:300]}); it may "
                "have changed since mp-api was installed: `pip install --upgrade mp-api`"
            )
        return Transient(f"{type(error).__name__}: {text[:300]}")
