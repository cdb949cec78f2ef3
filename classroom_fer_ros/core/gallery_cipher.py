"""
Encryption at rest of what a gallery says about people: AES-256-GCM with a key file.

Every value is sealed by itself (NIST SP 800-38D) together with what it is about, so that none can
be put in another's place. Needs the package `cryptography`, and only where a key file is given.
"""

from __future__ import annotations

import base64
import binascii
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from classroom_fer_ros.core.errors import GalleryError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
NONCE_BYTES = 12
#: A gallery holds this text sealed, which tells a wrong key from a broken file.
KEY_CHECK = b'classroom_fer_ros'


class Cipher:
    """Seals and opens values."""

    def __init__(self, key: bytes) -> None:
        """
        :param key: 32 bytes
        :raises GalleryError: if `cryptography` is missing
        """
        self._aead = _aead_of(key)

    def seal(self, value: bytes, about: str) -> bytes:
        """:param about: what the value belongs to; `open` must be given the same"""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + bytes(self._aead.encrypt(nonce, value, about.encode()))

    def open(self, sealed: bytes, about: str) -> bytes:
        """:raises ValueError: if it was changed, sealed with another key or for another place"""
        from cryptography.exceptions import InvalidTag

        try:
            nonce, text = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
            return bytes(self._aead.decrypt(nonce, text, about.encode()))
        except InvalidTag as error:
            raise ValueError(f'{about} cannot be decrypted: it was changed') from error


def read_key(path: Path) -> Cipher:
    """
    Read a key file.

    :raises GalleryError: if it is missing, holds no key, others may read it, or the package
        `cryptography` is missing
    """
    try:
        mode = path.stat().st_mode
        text = path.read_bytes()
    except OSError as error:
        raise GalleryError(
            f'key file {path} cannot be read ({error.strerror}): without it an encrypted gallery '
            'cannot be opened; `python -m classroom_fer_ros.people new-key FILE` makes one'
        ) from error
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise GalleryError(f'key file {path} may be read by others: `chmod 600 {path}`')
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except binascii.Error:
        key = b''
    if len(key) != KEY_BYTES:
        raise GalleryError(
            f'{path} is no key file: it must hold {KEY_BYTES} bytes in base64, as '
            '`python -m classroom_fer_ros.people new-key FILE` writes them'
        )
    return Cipher(key)


def write_new_key(path: Path) -> None:
    """
    Write a new key, readable by the user alone.

    :raises GalleryError: if the file is there already, or cannot be written
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, 'wb') as content:
            content.write(base64.b64encode(os.urandom(KEY_BYTES)) + b'\n')
    except FileExistsError as error:
        raise GalleryError(f'{path} is there already: a key is never written over') from error
    except OSError as error:
        raise GalleryError(f'key file {path} cannot be written: {error.strerror}') from error


def _aead_of(key: bytes) -> AESGCM:
    try:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    except ImportError as error:
        raise GalleryError(
            'an encrypted gallery needs the package cryptography: '
            '`.venv/bin/python -m pip install -r requirements/encryption.txt`, or on Ubuntu '
            '`sudo apt-get install python3-cryptography`'
        ) from error
    return AESGCM(key)
