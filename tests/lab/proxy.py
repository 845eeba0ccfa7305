"""A Unix socket between the provider and PostgreSQL that can be held.

Give it to the provider as store_feed (Site(feed_proxy=True)).  hold() lets
connections stand but passes nothing on, in neither direction; release()
passes on all that has waited; cut() closes every connection and refuses new
ones until release().
"""

import os
import selectors
import socket
import threading

CHUNK = 65536


class _Pair:
    """Two sockets; what was read from one waits for the other."""

    def __init__(self, client, server):
        self.other = {client: server, server: client}
        self.waiting = {client: bytearray(), server: bytearray()}
        self.ended = set()

    def close(self):
        for s in self.other:
            s.close()


class Proxy:
    def __init__(self, folder, target):
        self.folder = folder
        self.target = target  # folder of PostgreSQL's socket
        self.name = ".s.PGSQL.5432"
        self._lock = threading.Lock()
        self._held = self._cut = self._ended = False
        self._pairs = {}
        self._thread = None

    def start(self):
        os.makedirs(self.folder, exist_ok=True)
        os.chmod(self.folder, 0o755)
        path = os.path.join(self.folder, self.name)
        if os.path.exists(path):
            os.unlink(path)
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(path)
        os.chmod(path, 0o777)
        self._listener.listen(32)
        self._wake_in, self._wake_out = socket.socketpair()
        self._ended = False
        self._thread = threading.Thread(target=self._loop, daemon=True)
        self._thread.start()

    def stop(self):
        if self._thread is not None:
            self._set(ended=True)
            self._thread.join()
            self._thread = None

    def hold(self):
        self._set(held=True)

    def cut(self):
        self._set(cut=True)

    def release(self):
        self._set(held=False, cut=False)

    @property
    def connections(self):
        with self._lock:
            return len(set(self._pairs.values()))

    def _set(self, **changes):
        """Returns once the loop has taken the change up."""
        done = threading.Event()
        with self._lock:
            for name, value in changes.items():
                setattr(self, "_" + name, value)
            self._done = done
        self._wake_out.send(b"!")
        done.wait(10)

    def _loop(self):
        """One turn serves what is ready; a hold takes all out of it."""
        while True:
            with selectors.DefaultSelector() as ready:
                self._register(ready)
                events = ready.select()
            with self._lock:
                for key, mask in events:
                    self._serve(key.fileobj, mask)
                if self._cut:
                    self._close_all()
                if self._ended:
                    self._close_all()
                    self._listener.close()
                if self._wake_in in [k.fileobj for k, _ in events]:
                    self._done.set()
                if self._ended:
                    return

    def _register(self, ready):
        ready.register(self._wake_in, selectors.EVENT_READ)
        ready.register(self._listener, selectors.EVENT_READ)
        if self._held:
            return
        for s, pair in self._pairs.items():
            mask = 0
            if len(pair.waiting[pair.other[s]]) < CHUNK * 16 \
                    and s not in pair.ended:
                mask |= selectors.EVENT_READ
            if pair.waiting[s]:
                mask |= selectors.EVENT_WRITE
            if mask:
                ready.register(s, mask)

    def _serve(self, s, mask):
        if s is self._wake_in:
            s.recv(64)
        elif s is self._listener:
            self._accept()
        elif s in self._pairs and not self._held:
            self._pass_on(s, mask)

    def _accept(self):
        client, _ = self._listener.accept()
        if self._cut:
            client.close()
            return
        server = socket.socket(socket.AF_UNIX)
        try:
            server.connect(os.path.join(self.target, self.name))
        except OSError:
            client.close()
            server.close()
            return
        client.setblocking(False)
        server.setblocking(False)
        pair = _Pair(client, server)
        self._pairs[client] = self._pairs[server] = pair

    def _pass_on(self, s, mask):
        pair = self._pairs[s]
        try:
            if mask & selectors.EVENT_READ:
                data = s.recv(CHUNK)
                if data:
                    pair.waiting[pair.other[s]] += data
                else:
                    pair.ended.add(s)
            if mask & selectors.EVENT_WRITE:
                sent = s.send(pair.waiting[s])
                del pair.waiting[s][:sent]
        except BlockingIOError:
            return
        except OSError:
            self._drop(pair)
            return
        if any(not pair.waiting[pair.other[e]] for e in pair.ended):
            self._drop(pair)

    def _drop(self, pair):
        for s in pair.other:
            self._pairs.pop(s, None)
        pair.close()

    def _close_all(self):
        for pair in set(self._pairs.values()):
            self._drop(pair)
