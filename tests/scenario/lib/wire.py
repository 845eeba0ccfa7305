"""Bytes as one likes over TLS: for requests that no client would send."""

import socket
import ssl

from lib.web import Answer


class Wire:
    """One TLS connection to a site.

    options: maximum (an ssl.TLSVersion), certificate (files), alpn (list).
    """

    def __init__(self, site, *, timeout=10, certificate=None, alpn=None,
                 maximum=None, plain=False):
        raw = socket.create_connection(
            ("127.0.0.1", site.port("https")), timeout)
        # Each send is to arrive as sent: segments are part of the tests.
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.context = ssl.create_default_context(cafile=site.ca)
        if certificate:
            self.context.load_cert_chain(*certificate)
        if alpn:
            self.context.set_alpn_protocols(alpn)
        if maximum:
            self.context.maximum_version = maximum
        self.socket = raw if plain else self.context.wrap_socket(
            raw, server_hostname="localhost")
        self.buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *_exc):
        self.close()

    def close(self):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data.encode("latin-1")
                            if isinstance(data, str) else data)

    def _more(self):
        data = self.socket.recv(65536)
        self.buffer += data
        return bool(data)

    def read_until_closed(self):
        """All bytes until the peer closes (TimeoutError if it does not)."""
        try:
            while self._more():
                pass
        except (ConnectionResetError, ssl.SSLEOFError):
            pass
        data, self.buffer = self.buffer, b""
        return data

    def is_closed(self):
        """Whether the peer closes without another byte."""
        return self.read_until_closed() == b""

    def answer(self, method="GET"):
        """Reads one HTTP/1.1 answer; None when the peer closed instead."""
        while b"\r\n\r\n" not in self.buffer:
            if not self._more():
                return None
        head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        lines = head.decode("latin-1").split("\r\n")
        status = int(lines[0].split()[1])
        headers = [(n.strip().lower(), v.strip()) for n, _, v in
                   (line.partition(":") for line in lines[1:])]
        made = Answer(status, headers, b"", head.decode("latin-1"))
        if method != "HEAD" and status >= 200 and status not in (204, 304):
            made.body = self._body(made)
        return made

    def _body(self, made):
        if made.header("transfer-encoding") == "chunked":
            return self._chunks()
        length = made.header("content-length")
        if length is None:
            return self.read_until_closed()
        return self._take(int(length))

    def _take(self, count):
        while len(self.buffer) < count:
            if not self._more():
                raise ConnectionError("the answer's body was cut short")
        data, self.buffer = self.buffer[:count], self.buffer[count:]
        return data

    def _line(self):
        while b"\r\n" not in self.buffer:
            if not self._more():
                raise ConnectionError("the answer's chunks were cut short")
        line, self.buffer = self.buffer.split(b"\r\n", 1)
        return line

    def _chunks(self):
        body = b""
        while (size := int(self._line().split(b";")[0], 16)) > 0:
            body += self._take(size)
            self._take(2)
        while self._line():
            pass
        return body

    def request(self, method, path, headers=None, body=b""):
        """A plain request with Host, and its answer."""
        lines = [f"{method} {path} HTTP/1.1", "Host: localhost"]
        lines += [f"{n}: {v}" for n, v in (headers or {}).items()]
        if body or method in ("POST", "PUT", "PATCH"):
            lines.append(f"Content-Length: {len(body)}")
        self.send("\r\n".join(lines) + "\r\n\r\n")
        if body:
            self.send(body)
        return self.answer(method)
