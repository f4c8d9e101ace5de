"""The system's OpenSSL as a judge of DANE: real handshakes, in memory, through ctypes.

Python's `ssl` module offers nothing of OpenSSL's DANE, so the library is called by itself. Client
and server are two `SSL` objects whose bytes meet in two memory buffers; no socket is opened and
no process is started, which makes a handshake a matter of a millisecond or two.

The client is set up as a mail client that follows RFC 7672 is, Postfix for one: names are not
looked at for DANE-EE (`DANE_FLAG_NO_DANE_EE_NAMECHECKS`), a wildcard is a whole label, there
are no public authorities, and the security level asks nothing of keys and digests.
"""

import ctypes
from collections.abc import Iterable, Sequence
from ctypes import POINTER, byref, c_char_p, c_int, c_long, c_size_t, c_ubyte, c_uint, c_void_p
from ctypes.util import find_library

from msgspec import Struct

# From the headers of OpenSSL 3; they are part of its binary interface.
_CTRL_MODE = 33
_CTRL_CHAIN_CERT = 89
_MODE_NO_AUTO_CHAIN = 0x8
_NO_DANE_EE_NAMECHECKS = 0x1
_NO_PARTIAL_WILDCARDS = 0x4

_SIGNATURES = {
    "OpenSSL_version_num": (ctypes.c_ulong,),
    "ERR_clear_error": (None,),
    "ERR_get_error": (ctypes.c_ulong,),
    "ERR_error_string_n": (None, ctypes.c_ulong, c_char_p, c_size_t),
    "X509_verify_cert_error_string": (c_char_p, c_long),
    "d2i_X509": (c_void_p, c_void_p, POINTER(c_char_p), c_long),
    "d2i_AutoPrivateKey": (c_void_p, c_void_p, POINTER(c_char_p), c_long),
    "X509_free": (None, c_void_p),
    "EVP_PKEY_free": (None, c_void_p),
    "BIO_s_mem": (c_void_p,),
    "BIO_new": (c_void_p, c_void_p),
    "BIO_up_ref": (c_int, c_void_p),
    "X509_VERIFY_PARAM_set_time": (None, c_void_p, c_long),
    "TLS_method": (c_void_p,),
    "SSL_CTX_new": (c_void_p, c_void_p),
    "SSL_CTX_free": (None, c_void_p),
    "SSL_CTX_set_security_level": (None, c_void_p, c_int),
    "SSL_CTX_ctrl": (c_long, c_void_p, c_int, c_long, c_void_p),
    "SSL_CTX_dane_enable": (c_int, c_void_p),
    "SSL_new": (c_void_p, c_void_p),
    "SSL_free": (None, c_void_p),
    "SSL_ctrl": (c_long, c_void_p, c_int, c_long, c_void_p),
    "SSL_use_certificate": (c_int, c_void_p, c_void_p),
    "SSL_use_PrivateKey": (c_int, c_void_p, c_void_p),
    "SSL_set_bio": (None, c_void_p, c_void_p, c_void_p),
    "SSL_set_connect_state": (None, c_void_p),
    "SSL_set_accept_state": (None, c_void_p),
    "SSL_do_handshake": (c_int, c_void_p),
    "SSL_get0_param": (c_void_p, c_void_p),
    "SSL_dane_enable": (c_int, c_void_p, c_char_p),
    "SSL_dane_set_flags": (ctypes.c_ulong, c_void_p, ctypes.c_ulong),
    "SSL_dane_tlsa_add": (c_int, c_void_p, c_ubyte, c_ubyte, c_ubyte, c_char_p, c_size_t),
    "SSL_set_hostflags": (None, c_void_p, c_uint),
    "SSL_add1_host": (c_int, c_void_p, c_char_p),
    "SSL_get_verify_result": (c_long, c_void_p),
    "SSL_get0_peername": (c_char_p, c_void_p),
    "SSL_get0_dane_authority": (c_int, c_void_p, POINTER(c_void_p), POINTER(c_void_p)),
    "SSL_get0_dane_tlsa": (
        c_int,
        c_void_p,
        *(POINTER(c_ubyte),) * 3,
        POINTER(c_void_p),
        POINTER(c_size_t),
    ),
}


class Judged(Struct, frozen=True):
    """What OpenSSL says of one handshake.

    `taken` has for each record whether it could be used. `depth` counts from the leaf to what the
    matching record stands for, or, where that is a bare key, to what the key signed.
    """

    matched: bool
    error: str
    taken: tuple[bool, ...]
    record: tuple[int, int, int, bytes] | None = None
    depth: int = -1
    bare_key: bool = False
    peer_name: str = ""


class HandshakeFailed(Exception):
    """There was no verdict, since there was no handshake."""


class Libssl:
    """The system's library, with one context for all servers and one for all clients."""

    def __init__(self) -> None:
        name = find_library("ssl")
        if name is None:
            raise OSError("there is no libssl")
        # Names of libcrypto are found through it too, as it depends on that.
        self.library = ctypes.CDLL(name)
        for function, (result, *arguments) in _SIGNATURES.items():
            foreign = getattr(self.library, function)
            foreign.restype, foreign.argtypes = result, arguments
        self.contexts = tuple(self._context() for _ in range(2))
        self._sure(self.library.SSL_CTX_dane_enable(self.contexts[1]))

    def close(self) -> None:
        for each in self.contexts:
            self.library.SSL_CTX_free(each)

    def _context(self) -> int:
        context = self._sure(self.library.SSL_CTX_new(self.library.TLS_method()))
        self.library.SSL_CTX_set_security_level(context, 0)
        # What is sent is what the case says, and not a chain that the server found by itself.
        self.library.SSL_CTX_ctrl(context, _CTRL_MODE, _MODE_NO_AUTO_CHAIN, None)
        return context

    def judged(
        self,
        records: Iterable[tuple[int, int, int, bytes]],
        chain: Sequence[bytes],
        key: bytes,
        names: Sequence[str],
        seconds: int,
    ) -> Judged:
        """A handshake with a server that has this private key (DER) and sends this chain.

        The first of the names goes out as SNI. `ValueError` for a certificate or key that OpenSSL
        cannot read at all; `HandshakeFailed` when it comes to no verdict.
        """
        lib = self.library
        lib.ERR_clear_error()
        server = self._sure(lib.SSL_new(self.contexts[0]))
        client = self._sure(lib.SSL_new(self.contexts[1]))
        try:
            self._serve(server, chain, key)
            taken = self._expect(client, tuple(records), names, seconds)
            self._join(client, server)
            # The server's part of TLS 1.3 is over in one flight, and then the client judges.
            lib.SSL_do_handshake(client)
            lib.SSL_do_handshake(server)
            if lib.SSL_do_handshake(client) != 1:
                raise HandshakeFailed(self._error())
            return self._verdict(client, taken)
        finally:
            lib.SSL_free(client)
            lib.SSL_free(server)

    def _serve(self, server: int, chain: Sequence[bytes], key: bytes) -> None:
        lib = self.library
        for number, der in enumerate(chain):
            certificate = self._read(lib.d2i_X509, der)
            try:
                if number:
                    self._sure(lib.SSL_ctrl(server, _CTRL_CHAIN_CERT, 1, certificate))
                else:
                    self._sure(lib.SSL_use_certificate(server, certificate))
            finally:
                lib.X509_free(certificate)
        private = self._read(lib.d2i_AutoPrivateKey, key)
        try:
            self._sure(lib.SSL_use_PrivateKey(server, private))
        finally:
            lib.EVP_PKEY_free(private)
        lib.SSL_set_accept_state(server)

    def _expect(
        self,
        client: int,
        records: Sequence[tuple[int, int, int, bytes]],
        names: Sequence[str],
        seconds: int,
    ) -> tuple[bool, ...]:
        lib = self.library
        self._sure(lib.SSL_dane_enable(client, names[0].encode()))
        lib.SSL_dane_set_flags(client, _NO_DANE_EE_NAMECHECKS)
        lib.SSL_set_hostflags(client, _NO_PARTIAL_WILDCARDS)
        for each in names[1:]:
            self._sure(lib.SSL_add1_host(client, each.encode()))
        lib.X509_VERIFY_PARAM_set_time(lib.SSL_get0_param(client), seconds)
        taken = []
        for usage, selector, matching_type, data in records:
            code = lib.SSL_dane_tlsa_add(
                client, usage, selector, matching_type, data or b"\0", len(data)
            )
            taken.append(code == 1)
        lib.ERR_clear_error()
        lib.SSL_set_connect_state(client)
        return tuple(taken)

    def _join(self, client: int, server: int) -> None:
        lib = self.library
        one, other = (self._sure(lib.BIO_new(lib.BIO_s_mem())) for _ in range(2))
        for each in (one, other):
            lib.BIO_up_ref(each)
        lib.SSL_set_bio(client, one, other)
        lib.SSL_set_bio(server, other, one)

    def _verdict(self, client: int, taken: tuple[bool, ...]) -> Judged:
        lib = self.library
        code = lib.SSL_get_verify_result(client)
        error = lib.X509_verify_cert_error_string(code).decode()
        authority, bare = c_void_p(), c_void_p()
        depth = lib.SSL_get0_dane_authority(client, byref(authority), byref(bare))
        if code != 0 or depth < 0:
            return Judged(False, error if code else "no DANE authority", taken)
        numbers = [c_ubyte() for _ in range(3)]
        data, length = c_void_p(), c_size_t()
        lib.SSL_get0_dane_tlsa(client, *map(byref, numbers), byref(data), byref(length))
        usage, selector, matching_type = (each.value for each in numbers)
        record = usage, selector, matching_type, ctypes.string_at(data.value or 0, length.value)
        peer = lib.SSL_get0_peername(client) or b""
        return Judged(True, "", taken, record, depth, bool(bare), peer.decode())

    def _read(self, reader: "ctypes._NamedFuncPointer", der: bytes) -> int:
        at = c_char_p(der)
        found = reader(None, byref(at), len(der))
        if not found:
            raise ValueError(self._error())
        return int(found)

    def _sure(self, outcome: int | None) -> int:
        if not outcome or outcome < 0:
            raise ValueError(self._error())
        return outcome

    def _error(self) -> str:
        text = ctypes.create_string_buffer(256)
        self.library.ERR_error_string_n(self.library.ERR_get_error(), text, len(text))
        return text.value.decode()
