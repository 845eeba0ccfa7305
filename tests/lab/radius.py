"""Stand-in for a RADIUS server: accepts one fixed one-time password.

usage: radius.py SOCKET SECRET-FILE PASSWORD

Speaks the RADIUS of RFC 2865 (User-Password, section 5.2) over a stream
socket of the file system, as the OTP module of MIT krb5 does.
"""

import hashlib
import hmac
import os
import socket
import struct
import sys
import threading

ACCEPT, REJECT = 2, 3
USER_PASSWORD, MESSAGE_AUTHENTICATOR = 2, 80


def receive(stream, count):
    data = b""
    while len(data) < count:
        more = stream.recv(count - len(data))
        if not more:
            return None
        data += more
    return data


def attributes(data):
    found = {}
    while len(data) >= 2 and 2 <= data[1] <= len(data):
        found[data[0]] = data[2:data[1]]
        data = data[data[1]:]
    return found


def reveal(hidden, secret, authenticator):
    """Undoes the hiding of User-Password."""
    clear, before = b"", authenticator
    for i in range(0, len(hidden), 16):
        pad = hashlib.md5(secret + before).digest()
        before = hidden[i:i + 16]
        clear += bytes(a ^ b for a, b in zip(pad, before))
    return clear.rstrip(b"\0")


def answer(code, ident, authenticator, secret, signed):
    head = struct.pack("!BBH", code, ident, 38 if signed else 20)
    body = b""
    if signed:
        blank = bytes((MESSAGE_AUTHENTICATOR, 18)) + bytes(16)
        body = blank[:2] + hmac.new(secret, head + authenticator + blank,
                                    "md5").digest()
    return head + hashlib.md5(head + authenticator + body
                              + secret).digest() + body


def serve(stream, secret, password):
    with stream:
        while (head := receive(stream, 4)) is not None:
            _, ident, length = struct.unpack("!BBH", head)
            body = receive(stream, length - 4)
            if body is None:
                return
            found = attributes(body[16:])
            given = reveal(found.get(USER_PASSWORD, b""), secret, body[:16])
            good = hmac.compare_digest(given, password)
            stream.sendall(answer(ACCEPT if good else REJECT, ident,
                                  body[:16], secret,
                                  MESSAGE_AUTHENTICATOR in found))


def main(path, secret_file, password):
    with open(secret_file, "rb") as f:
        secret = f.read()
    if os.path.exists(path):
        os.unlink(path)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    os.umask(0o077)
    listener.bind(path)
    listener.listen(16)
    while True:
        stream, _ = listener.accept()
        threading.Thread(target=serve, daemon=True,
                         args=(stream, secret, password.encode())).start()


if __name__ == "__main__":
    main(*sys.argv[1:])
