"""Every random word that a participant may see, and the names of stored files.

All come from the operating system's generator. No function here takes an argument about what its word will stand for,
and this module imports nothing of ours, so no word can depend on a trial, a condition or an image.
"""

import base64
import secrets
from uuid import UUID, uuid4


def new_token() -> str:
    """A credential in a link or cookie: 128 random bits, 22 characters."""
    return secrets.token_urlsafe(16)


def new_link_token() -> str:
    """The token of a study's open link: 128 random bits, 22 characters."""
    return secrets.token_urlsafe(16)


def new_api_token() -> str:
    """A script's credential: 128 random bits behind a word by which searches for leaked secrets find it."""
    return f"earsight_{secrets.token_urlsafe(16)}"


# Letters and digits that nobody takes for others, and too few vowels for words: those of Open Location Code.
CODE_SIGNS = "23456789CFGHJMPQRVWX"


def new_short_code() -> str:
    """A code that people type in place of a study's open link: 6 signs, 64 million. Guesses are limited."""
    return "".join(secrets.choice(CODE_SIGNS) for _ in range(6))


def new_handle() -> str:
    """A name for a participant in addresses, 64 random bits. It is no credential: the token in the cookie is."""
    return secrets.token_hex(8)


def new_nonce() -> str:
    """128 random bits as hex: the key of a trial in the addresses of its images and sound, or salt of a digest."""
    return secrets.token_hex(16)


def new_row_number() -> int:
    """A random primary key of 62 bits, so that rows have no order."""
    return secrets.randbits(62) + 1


def new_digest() -> str:
    """256 random bits as hex: a digest of nothing, where each row has one."""
    return secrets.token_hex(32)


def new_receipt_secret() -> str:
    """The secret half of a receipt: 80 random bits, 16 letters."""
    return base64.b32encode(secrets.token_bytes(10)).decode()


def new_submission_key() -> UUID:
    """A key for a form, 122 random bits: what arrives twice with it is stored once."""
    return uuid4()


def new_file_name(suffix: str) -> str:
    """A name to store a file under, 128 random bits in a folder by the first two digits; participants never see it."""
    name = secrets.token_hex(16)
    return f"{name[:2]}/{name}.{suffix}"
