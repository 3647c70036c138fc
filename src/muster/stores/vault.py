"""Secrets at rest: encrypted with a ring of Fernet keys, the newest first."""

from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from muster.domain.errors import Unavailable


class Vault:
    """Seals text so that a copy of the database alone tells no secret."""

    def __init__(self, keys: Sequence[str]) -> None:
        """`keys` are Fernet keys (urlsafe base64 of 32 bytes); the first one seals, all of them unseal."""
        self._ring = MultiFernet([Fernet(key) for key in keys])

    def seal(self, text: str) -> str:
        """`text`, encrypted and authenticated."""
        return self._ring.encrypt(text.encode()).decode()

    def unseal(self, sealed: str) -> str:
        """What was sealed; raises Unavailable when none of the keys fits."""
        try:
            return self._ring.decrypt(sealed.encode()).decode()
        except InvalidToken as error:
            raise Unavailable("a stored secret does not fit any key of the ring; was secret.key replaced?") from error
