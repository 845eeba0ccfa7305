"""Tickets of the tests' own making, with the keys of the lab.

A KDC issues no ticket with a damaged PAC, with a service's old name or for a
user of a realm that is not its own.  Whoever has the key of the service can
write each of them: forge() does, into a credential cache, and GSSAPI makes
the token from that as from any other.

    ccache = tickets.forge(site, "evil", client="alice@LAB.TEST",
                           pac=tickets.Pac(services=["HTTP/gw@LAB.TEST"]))
    token = spnego.good(site, ccache)

Sources: RFC 4120 section 5.3 (EncTicketPart), MS-PAC, MS-RPCE section 2.2.6;
the format of the file is in "ccache_file_format" of MIT krb5.
"""

import contextlib
import ctypes
import os
import struct
import time
from dataclasses import dataclass, field

AES256 = 18
RC4 = 23
PRE_AUTHENTICATED = 0x00200000
AD_IF_RELEVANT, AD_WIN2K_PAC = 1, 128
USAGE_TICKET = 2  # RFC 4120 section 7.5.1
LOGON_INFO, SERVER_CHECKSUM, KDC_CHECKSUM = 1, 6, 7
CLIENT_INFO, DELEGATION_INFO = 10, 11

_krb5 = ctypes.CDLL("libkrb5.so.3")
_crypto = ctypes.CDLL("libk5crypto.so.3")


class _Data(ctypes.Structure):
    _fields_ = [("magic", ctypes.c_int32), ("length", ctypes.c_uint),
                ("data", ctypes.c_void_p)]


class _Key(ctypes.Structure):
    _fields_ = [("magic", ctypes.c_int32), ("enctype", ctypes.c_int32),
                ("length", ctypes.c_uint), ("contents", ctypes.c_void_p)]


class _Encrypted(ctypes.Structure):
    _fields_ = [("magic", ctypes.c_int32), ("enctype", ctypes.c_int32),
                ("kvno", ctypes.c_uint), ("ciphertext", _Data)]


def _check(code, what):
    if code != 0:
        raise OSError(f"{what}: krb5 error {code}")


# ---- Keys -------------------------------------------------------------------

@dataclass(frozen=True)
class Key:
    enctype: int
    contents: bytes
    kvno: int = 1


def keys_of(keytab, principal):
    """The keys of a principal in a file of keytab format 2, newest first."""
    with open(keytab, "rb") as f:
        data = f.read()
    assert data[:2] == b"\5\2", "not a keytab of format 2"
    found, at = [], 2
    while at + 4 <= len(data):
        (size,) = struct.unpack_from(">i", data, at)
        at += 4
        entry, at = data[at:at + abs(size)], at + abs(size)
        if size > 0:
            name, key = _entry(entry)
            if name == principal:
                found.append(key)
    return sorted(found, key=lambda k: (-k.kvno, -k.enctype))


def _entry(entry):
    (count,) = struct.unpack_from(">H", entry)
    texts, at = [], 2
    for _ in range(count + 1):
        (size,) = struct.unpack_from(">H", entry, at)
        texts.append(entry[at + 2:at + 2 + size].decode())
        at += 2 + size
    at += 4 + 4  # type of the name, time
    kvno, enctype, size = struct.unpack_from(">BHH", entry, at)
    at += 5
    contents, rest = entry[at:at + size], entry[at + size:]
    if len(rest) >= 4:
        kvno = struct.unpack_from(">I", rest)[0] or kvno
    return "/".join(texts[1:]) + "@" + texts[0], Key(enctype, contents, kvno)


def keytab_of(principal, *keys):
    """The bytes of a keytab with these keys of one principal."""
    name, _, realm = principal.rpartition("@")
    parts = name.split("/")
    head = struct.pack(">H", len(parts)) + b"".join(
        struct.pack(">H", len(t)) + t.encode() for t in (realm, *parts))
    out = b"\5\2"
    for key in keys:
        entry = head + struct.pack(
            ">IIBHH", 1, 0, key.kvno & 0xff, key.enctype,
            len(key.contents)) + key.contents + struct.pack(">I", key.kvno)
        out += struct.pack(">i", len(entry)) + entry
    return out


def _keyblock(key):
    """The structure, and the buffer that it points to."""
    held = ctypes.create_string_buffer(key.contents, len(key.contents))
    return _Key(0, key.enctype, len(key.contents),
                ctypes.cast(held, ctypes.c_void_p)), held


def _data(octets):
    held = ctypes.create_string_buffer(octets, len(octets))
    return _Data(0, len(octets), ctypes.cast(held, ctypes.c_void_p)), held


@contextlib.contextmanager
def _context():
    context = ctypes.c_void_p()
    _check(_krb5.krb5_init_context(ctypes.byref(context)), "krb5.conf")
    try:
        yield context
    finally:
        _krb5.krb5_free_context(context)


def _encrypt(context, key, octets):
    length = ctypes.c_size_t()
    _check(_crypto.krb5_c_encrypt_length(
        context, key.enctype, ctypes.c_size_t(len(octets)),
        ctypes.byref(length)), "length of the ciphertext")
    block, _block = _keyblock(key)
    clear, _clear = _data(octets)
    room = ctypes.create_string_buffer(length.value)
    out = _Encrypted(0, key.enctype, 0, _Data(
        0, length.value, ctypes.cast(room, ctypes.c_void_p)))
    _check(_crypto.krb5_c_encrypt(
        context, ctypes.byref(block), USAGE_TICKET, None,
        ctypes.byref(clear), ctypes.byref(out)), "encryption")
    return room.raw[:out.ciphertext.length]


# ---- DER --------------------------------------------------------------------

def _der(tag, *contents):
    octets = b"".join(contents)
    n = len(octets)
    if n < 0x80:
        return bytes((tag, n)) + octets
    size = n.to_bytes((n.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(size))) + size + octets


def _explicit(number, *contents):
    return _der(0xa0 | number, *contents)


def _sequence(*contents):
    return _der(0x30, *contents)


def _integer(value):
    return _der(2, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def _octets(value):
    return _der(4, value)


def _text(value):
    return _der(27, value.encode())


def _time(seconds):
    return _der(24, time.strftime("%Y%m%d%H%M%SZ",
                                  time.gmtime(seconds)).encode())


def _name(parts, kind):
    return _sequence(_explicit(0, _integer(kind)),
                     _explicit(1, _sequence(*map(_text, parts))))


def _authorization(kind, octets):
    return _sequence(_sequence(_explicit(0, _integer(kind)),
                               _explicit(1, _octets(octets))))


# ---- PAC --------------------------------------------------------------------

def _sid(text):
    numbers = [int(n) for n in text.split("-")[2:]]
    return (bytes((1, len(numbers) - 1)) + numbers[0].to_bytes(6, "big")
            + b"".join(struct.pack("<I", n) for n in numbers[1:]))


class _Ndr:
    """Bytes with what its pointers point to behind them (MS-RPCE)."""

    def __init__(self):
        self.out, self.later, self.pointers = b"", [], 0

    def put(self, form, *values):
        self.out += struct.pack("<" + form, *values)

    def point(self, write=None):
        """A pointer; write() is called for what is behind it, later."""
        self.pointers += write is not None
        self.put("I", 0x20000 + 4 * self.pointers if write else 0)
        if write:
            self.later.append(write)

    def settle(self):
        while self.later:
            write = self.later.pop(0)
            self.out += bytes(-len(self.out) % 4)
            write()

    def text(self, value):
        units = value.encode("utf-16-le")

        def write():
            self.put("III", len(units) // 2, 0, len(units) // 2)
            self.out += units
        self.put("HH", len(units), len(units))
        self.point(write if units else None)

    def sid(self, value):
        def write():
            octets = _sid(value)
            self.put("I", octets[1])
            self.out += octets
        self.point(write)

    def frame(self):
        body = struct.pack("<I", 0x20000) + self.out
        body += bytes(-len(body) % 8)
        return (bytes.fromhex("01100800cccccccc")
                + struct.pack("<II", len(body), 0) + body)


def logon_info(domain, rid, groups, extra):
    """KERB_VALIDATION_INFO (MS-PAC section 2.5)."""
    n = _Ndr()
    n.put("6Q", *[0x7fffffffffffffff] * 6)
    for _ in range(6):
        n.text("")
    n.put("HH", 0, 0)
    n.put("III", rid, 513, len(groups))

    def rids():
        n.put("I", len(groups))
        for group in groups:
            n.put("II", group, 7)
    n.point(rids if groups else None)
    n.put("I", 0x20 if extra else 0)
    n.out += bytes(16)
    n.text("")
    n.text("")
    n.sid(domain)
    n.put("IIIIQQII", *[0] * 8)

    def sids():
        n.put("I", len(extra))
        for _ in extra:
            n.pointers += 1
            n.put("II", 0x20000 + 4 * n.pointers, 7)
        for one in extra:
            octets = _sid(one)
            n.put("I", octets[1])
            n.out += octets
    n.put("I", len(extra))
    n.point(sids if extra else None)
    n.put("III", 0, 0, 0)
    n.settle()
    return n.frame()


def delegation_info(target, services):
    """S4U_DELEGATION_INFO (MS-PAC section 2.9)."""
    n = _Ndr()
    n.text(target)
    n.put("I", len(services))

    def names():
        n.put("I", len(services))
        here, n.later = n.later, []
        for name in services:
            n.text(name)
        n.settle()
        n.later = here
    n.point(names)
    n.settle()
    return n.frame()


@dataclass
class Pac:
    """What a PAC says.  buffers: (type, bytes) as they are, further ones."""
    domain: str = None
    rid: int = 1104
    groups: list = field(default_factory=list)
    extra: list = field(default_factory=list)
    services: list = None  # S4U2proxy went through these
    buffers: list = field(default_factory=list)
    sign_with: Key = None  # None: the key of the service, as is right

    def parts(self, service):
        out = list(self.buffers)
        if self.domain:
            out.append((LOGON_INFO, logon_info(self.domain, self.rid,
                                               self.groups, self.extra)))
        if self.services is not None:
            out.append((DELEGATION_INFO,
                        delegation_info(service, self.services)))
        return out


def _sign(context, pac, client, service, authtime, key):
    handle, signed, who = (ctypes.c_void_p(), _Data(), ctypes.c_void_p())
    block, _block = _keyblock(pac.sign_with or key)
    _check(_krb5.krb5_pac_init(context, ctypes.byref(handle)), "a PAC")
    try:
        for kind, octets in pac.parts(service):
            data, _held = _data(octets)
            _check(_krb5.krb5_pac_add_buffer(
                context, handle, ctypes.c_uint32(kind), ctypes.byref(data)),
                "a buffer of the PAC")
        _check(_krb5.krb5_parse_name(context, client.encode(),
                                     ctypes.byref(who)), client)
        _check(_krb5.krb5_pac_sign(
            context, handle, ctypes.c_int32(authtime), who,
            ctypes.byref(block), ctypes.byref(block), ctypes.byref(signed)),
            "signing the PAC")
        octets = ctypes.string_at(signed.data, signed.length)
        _krb5.krb5_free_data_contents(context, ctypes.byref(signed))
        return octets
    finally:
        _krb5.krb5_free_principal(context, who)
        _krb5.krb5_pac_free(context, handle)


# ---- Tickets ----------------------------------------------------------------

def _parts(principal):
    name, _, realm = principal.rpartition("@")
    return name.split("/"), realm


def _enc_ticket_part(session, client, flags, times, authorization):
    names, realm = _parts(client)
    out = [_explicit(0, _der(3, b"\0", flags.to_bytes(4, "big"))),
           _explicit(1, _sequence(_explicit(0, _integer(session.enctype)),
                                  _explicit(1, _octets(session.contents)))),
           _explicit(2, _text(realm)),
           _explicit(3, _name(names, 1)),
           _explicit(4, _sequence(_explicit(0, _integer(1)),
                                  _explicit(1, _octets(b"")))),
           _explicit(5, _time(times[0])), _explicit(6, _time(times[1])),
           _explicit(7, _time(times[2]))]
    if authorization:
        out.append(_explicit(10, authorization))
    return _der(0x63, _sequence(*out))


def _ticket(service, key, cipher):
    names, realm = _parts(service)
    encrypted = [_explicit(0, _integer(key.enctype)),
                 _explicit(1, _integer(key.kvno)),
                 _explicit(2, _octets(cipher))]
    return _der(0x61, _sequence(
        _explicit(0, _integer(5)), _explicit(1, _text(realm)),
        _explicit(2, _name(names, 3)), _explicit(3, _sequence(*encrypted))))


def _counted(octets):
    return struct.pack(">I", len(octets)) + octets


def _principal(name, kind=1):
    names, realm = _parts(name)
    return struct.pack(">II", kind, len(names)) + _counted(
        realm.encode()) + b"".join(_counted(n.encode()) for n in names)


def _ccache(client, service, session, flags, times, ticket):
    return (b"\5\4\0\0" + _principal(client) + _principal(client)
            + _principal(service, 3)
            + struct.pack(">H", session.enctype) + _counted(session.contents)
            + struct.pack(">IIII", *times, 0) + b"\0"
            + struct.pack(">I", flags) + bytes(8) + _counted(ticket)
            + _counted(b""))


def forge(site, name, *, client="alice@LAB.TEST",
          service="HTTP/localhost@LAB.TEST", key=None, pac=None,
          flags=PRE_AUTHENTICATED, session_enctype=AES256):
    """A ticket with these contents, in a new credential cache.

    key: other than the newest of the service in the lab's keytab.  pac: a
    Pac, or bytes that are put where a PAC belongs.
    """
    if key is None:
        key = keys_of(site.path("keytabs", "service.keytab"), service)[0]
    session = Key(session_enctype, os.urandom(
        16 if session_enctype == RC4 else 32))
    now = int(time.time())
    times = (now - 60, now - 60, now + 3600)
    with _context() as context:
        authorization = None
        if isinstance(pac, Pac):
            pac = _sign(context, pac, client, service, times[0], key)
        if pac is not None:
            authorization = _authorization(
                AD_IF_RELEVANT, _authorization(AD_WIN2K_PAC, pac))
        cipher = _encrypt(context, key, _enc_ticket_part(
            session, client, flags, times, authorization))
    ccache = site.path("ccaches", "forged-" + name)
    os.makedirs(os.path.dirname(ccache), mode=0o700, exist_ok=True)
    with open(ccache, "wb") as f:
        f.write(_ccache(client, service, session, flags, times,
                        _ticket(service, key, cipher)))
    return ccache
