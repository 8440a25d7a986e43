"""A file from an address: bounded, watched, and given up soon when nothing comes."""

import queue
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx

from linli_models.catalogue import File, UrlSource
from linli_models.errors import FetchError, NotAvailableError, UnreachableError, WrongHashError
from linli_models.progress import Limits
from linli_models.sources.job import Job

_Item = bytes | FetchError | None
"""A chunk, why there is no more, or None at the good end."""


def from_url(source: UrlSource, job: Job) -> Path:
    """Download ``source.url``.

    Raises:
        UnreachableError: no connection, an error of the server, too slow, or it broke off.
        NotAvailableError: the server does not have it.
        WrongHashError: more arrives than the file has.
    """
    return download(source.url, source.file, job)


def download(url: str, file: File, job: Job) -> Path:
    """As :func:`from_url`, for any address."""
    target = job.folder / Path(file.path).name
    done = 0
    with target.open("wb") as out:
        for chunk in _chunks(url, job.limits):
            done += len(chunk)
            if done > file.size:
                raise WrongHashError(f"size: expected {file.size} bytes, more arrived")
            out.write(chunk)
            job.moved(done, file.size)
    if done < file.size:
        raise UnreachableError(f"broke off after {done} of {file.size} bytes")
    return target


def _chunks(url: str, limits: Limits) -> Iterator[bytes]:
    """Chunks as they come. A thread reads them, so that a name server that never answers,
    which no socket timeout covers, cannot hold the caller."""
    items: queue.Queue[_Item] = queue.Queue(maxsize=16)
    stop = threading.Event()
    threading.Thread(target=_read, args=(url, limits, items, stop), daemon=True).start()
    try:
        yield from _in_time(items, limits)
    finally:
        stop.set()


def _in_time(items: "queue.Queue[_Item]", limits: Limits) -> Iterator[bytes]:
    wait = limits.connect_s + limits.stall_s
    begin, arrived = time.monotonic(), 0
    while True:
        try:
            item = items.get(timeout=wait)
        except queue.Empty:
            raise UnreachableError(f"no answer for {wait:g} s") from None
        if item is None:
            return
        if isinstance(item, FetchError):
            raise item
        yield item
        wait = limits.stall_s
        arrived += len(item)
        elapsed = time.monotonic() - begin
        if elapsed >= limits.stall_s:
            if arrived < limits.slowest * elapsed:
                raise UnreachableError(f"too slow: {arrived} bytes in {elapsed:.0f} s")
            begin, arrived = time.monotonic(), 0


def _read(url: str, limits: Limits, items: "queue.Queue[_Item]", stop: threading.Event) -> None:
    def put(item: _Item) -> None:
        while not stop.is_set():
            try:
                items.put(item, timeout=0.2)
                return
            except queue.Full:
                continue

    try:
        for chunk in _response(url, limits):
            put(chunk)
            if stop.is_set():
                return
        put(None)
    except FetchError as error:
        put(error)
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        put(UnreachableError(f"{type(error).__name__}: {error}"))


def _response(url: str, limits: Limits) -> Iterator[bytes]:
    timeout = httpx.Timeout(limits.stall_s, connect=limits.connect_s)
    headers = {"Accept-Encoding": "identity"}
    with httpx.stream(
        "GET", url, timeout=timeout, headers=headers, follow_redirects=True
    ) as response:
        status = response.status_code
        if status == httpx.codes.TOO_MANY_REQUESTS or status >= 500:
            raise UnreachableError(f"the server answered {status}")
        if status != httpx.codes.OK:
            raise NotAvailableError(f"the server answered {status}")
        # as they come: chunks of a fixed size would make a slow line look like a dead one
        yield from response.iter_bytes()
