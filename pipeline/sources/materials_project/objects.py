"""The public bucket of densities: what it holds, and fetching it whole."""

import hashlib
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from pipeline.sections import MaterialsProject
from pipeline.sources.materials_project.client import USER_AGENT
from pipeline.sources.materials_project.ids import task_key
from pipeline.sources.materials_project.kept import Kept
from pipeline.sources.materials_project.retry import Permanent, Transient, with_backoff

T = TypeVar("T")

BUCKET = "materialsproject-parsed"
PREFIX = "chgcars/"
SUFFIX = ".json.gz"

# An ETag is the MD5 of an object that was not put together from parts.
_MD5 = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class StoredObject:
    """One density in the bucket, as the listing has it.

    Attributes:
        task_id: the calculation it comes from, as the object is named.
        size: bytes, compressed.
        etag: MD5 of the bytes, or a name of their version where they were put in parts.
        modified: when it was put there (UTC, ISO 8601).
    """

    task_id: str
    size: int
    etag: str
    modified: str

    @property
    def key(self) -> str:
        return f"{PREFIX}{self.task_id}{SUFFIX}"

    @staticmethod
    def digest(raw: bytes) -> str:
        """MD5, which is what the bucket names plain objects by."""
        return hashlib.md5(raw, usedforsecurity=False).hexdigest()

    def whole(self, raw: bytes) -> bool:
        """Whether bytes are known to be those that were stored: the ETag is their MD5."""
        return self.digest(raw) == self.etag


class Damaged(Transient):
    """Bytes that are not what was stored.

    Attributes:
        digest: of the bytes: the same ones twice are the object's own.
    """

    def __init__(self, reason: str, digest: str) -> None:
        super().__init__(reason)
        self.digest = digest


class Bucket:
    """One client without credentials, for all threads."""

    def __init__(
        self, settings: MaterialsProject, sleep: Callable[[float], object] = time.sleep
    ) -> None:
        # Imported here because it takes a second, and most commands fetch nothing.
        import boto3
        from botocore import UNSIGNED
        from botocore.config import Config

        self._settings = settings
        self._sleep = sleep
        self._client = boto3.client(
            "s3",
            region_name="us-east-1",
            config=Config(
                signature_version=UNSIGNED,
                max_pool_connections=settings.parallel_requests,
                connect_timeout=20,
                read_timeout=60,
                # One loop of tries, here, not one inside the other.
                retries={"total_max_attempts": 1},
                user_agent_extra=USER_AGENT,
            ),
        )

    def listing(self, kept: Kept) -> dict[str, StoredObject]:
        """All densities of the bucket by task id in one spelling; each page is kept.

        Raises:
            Unreachable: if the bucket does not answer.
        """
        found: dict[str, StoredObject] = {}
        token: str | None = ""
        page = 0
        while token is not None:
            answer = kept.get(
                f"listing-{page:05d}",
                partial(self.tried, "listing of the bucket", partial(self._list, token)),
            )
            for entry in answer["objects"]:
                found[task_key(entry["task_id"])] = StoredObject(**entry)
            token, page = answer["next"], page + 1
        return found

    def fetch(self, stored: StoredObject) -> bytes:
        """The bytes of an object, checked by their length and, where the ETag is one, their MD5.

        One try: the caller decides about another.

        Raises:
            Permanent: if it is not there, or was replaced since it was listed.
            Transient, Damaged: for all else.
        """
        answer = self._answered(lambda: self._client.get_object(Bucket=BUCKET, Key=stored.key))
        etag = answer["ETag"].strip('"')
        if etag != stored.etag:
            raise Permanent(
                f"{stored.key} was replaced since it was listed (ETag {stored.etag}, now {etag})"
            )
        raw: bytes = self._answered(answer["Body"].read)
        if len(raw) != stored.size:
            raise Transient(f"{len(raw)} of {stored.size} bytes of {stored.key}")
        if _MD5.fullmatch(etag) and not stored.whole(raw):
            digest = stored.digest(raw)
            raise Damaged(f"{stored.key} has MD5 {digest}, its ETag is {etag}", digest)
        return raw

    def first_bytes(self, stored: StoredObject, count: int) -> int:
        """Fetch the beginning of an object, to time it; returns how many bytes came.

        None for one that is gone, which is told where it is fetched.
        """

        def get() -> Any:
            answer = self._answered(
                lambda: self._client.get_object(
                    Bucket=BUCKET, Key=stored.key, Range=f"bytes=0-{count - 1}"
                )
            )
            return self._answered(answer["Body"].read)

        try:
            return len(self.tried(f"timing {stored.key}", get))
        except Permanent:
            return 0

    def tried(self, what: str, call: Callable[[], T]) -> T:
        """The result of a call to the bucket, tried again with growing pauses."""
        return with_backoff(call, what, self._settings, self._sleep)

    def _list(self, token: str) -> dict[str, Any]:
        more = {"ContinuationToken": token} if token else {}
        answer = self._answered(
            lambda: self._client.list_objects_v2(Bucket=BUCKET, Prefix=PREFIX, **more)
        )
        return {
            "objects": [
                {
                    "task_id": entry["Key"][len(PREFIX) : -len(SUFFIX)],
                    "size": entry["Size"],
                    "etag": entry["ETag"].strip('"'),
                    "modified": entry["LastModified"].isoformat(timespec="seconds"),
                }
                for entry in answer.get("Contents", [])
                if entry["Key"].endswith(SUFFIX)
            ],
            "next": answer.get("NextContinuationToken"),
        }

    def _answered(self, call: Callable[[], Any]) -> Any:
        """What a call to boto3 returns, its errors told apart."""
        from botocore.exceptions import BotoCoreError, ClientError
        from urllib3.exceptions import HTTPError

        try:
            return call()
        except ClientError as error:
            status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
            code = error.response.get("Error", {}).get("Code")
            if status == 404:
                raise Permanent(f"the bucket answers {code} (HTTP 404)") from None
            raise Transient(f"the bucket answers {code} (HTTP {status})") from None
        except (BotoCoreError, HTTPError, OSError, KeyError, ValueError) as error:
            raise Transient(f"{type(error).__name__}: {' '.join(str(error).split())}") from None
