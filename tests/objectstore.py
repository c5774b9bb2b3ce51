"""A local S3 server (moto's, in a process of its own), behind a proxy whose connections break when a test says so."""

from __future__ import annotations

import os
import re
import select
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from servers import HOST, free_port, served

BUCKET = "berita"
CHUNK = 1 << 16
ACCOUNT = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_MAX_ATTEMPTS": "1",  # our own tries are tested
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
}


@contextmanager
def object_store(folder: Path) -> Iterator[int]:
    """A server's port."""
    port = free_port()
    command = [sys.executable, "-m", "moto.server", "-H", HOST, "-p", str(port)]
    with served(command, f"http://{HOST}:{port}/moto-api/data.json", folder / "moto.log", folder):
        yield port


class Proxy:
    """Passes on what comes, counts it, and ends a connection where `breaks` says so.

    `breaks` is given a request's first line and how many bytes of the answer went by, and says whether that is enough.
    """

    def __init__(self, server_port: int) -> None:
        self._server = server_port
        self._listener = socket.create_server((HOST, 0))
        self.port = self._listener.getsockname()[1]
        self.address = f"http://{HOST}:{self.port}"
        self.requests: list[str] = []  # first lines, as "GET /berita/a.jsonl bytes=0-99"
        self.sent = 0  # bytes of answers
        self.breaks: Callable[[str, int], bool] = lambda request, sent: False
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._pass_on, args=(client,), daemon=True).start()

    def _pass_on(self, client: socket.socket) -> None:
        request, sent = "", 0
        with suppress(OSError), client, socket.create_connection((HOST, self._server)) as server:
            while True:
                for ready in select.select([client, server], [], [])[0]:
                    data = ready.recv(CHUNK)
                    if not data:
                        return
                    if ready is client:
                        if found := re.match(rb"(GET|HEAD|PUT|POST|DELETE) (\S+) HTTP", data):
                            ranged = re.search(rb"(?i)\r\nrange: (\S+)", data)
                            request = b" ".join([found[1], found[2], *([ranged[1]] if ranged else [])]).decode()
                            self.requests.append(request)
                            sent = 0
                        if self.breaks(request, -1):
                            return
                        server.sendall(data)
                    else:
                        if self.breaks(request, sent):
                            client.sendall(data[: len(data) // 2])
                            return
                        client.sendall(data)
                        sent += len(data)
                        self.sent += len(data)

    def close(self) -> None:
        self._listener.close()


class Bucket:
    """The objects of a server, reached directly."""

    def __init__(self, port: int) -> None:
        import s3fs

        self._files: Any = s3fs.S3FileSystem(
            key="test",
            secret="test",
            endpoint_url=f"http://{HOST}:{port}",
            use_listings_cache=False,
            asynchronous=False,
        )

    def empty(self) -> None:
        with suppress(FileNotFoundError):
            self._files.rm(BUCKET, recursive=True)
        self._files.mkdir(BUCKET)

    def put(self, key: str, data: bytes, **more: str) -> str:
        self._files.pipe_file(f"{BUCKET}/{key}", data, **more)
        return f"s3://{BUCKET}/{key}"

    def get(self, key: str) -> bytes:
        return self._files.cat_file(f"{BUCKET}/{key}")

    def names(self) -> list[str]:
        return sorted(name.removeprefix(f"{BUCKET}/") for name in self._files.find(BUCKET))

    def open_uploads(self) -> int:
        return len(self._files.call_s3("list_multipart_uploads", Bucket=BUCKET).get("Uploads") or [])
