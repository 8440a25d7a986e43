"""Writes of one turn of the loop leave together, in order, and none is lost by closing."""

import asyncio
from collections.abc import Callable

from hub_server.ingest.gathering import gather_writes


class Pipe(asyncio.Transport):
    """Notes what is sent."""

    def __init__(self) -> None:
        super().__init__()
        self.did: list[bytes | str] = []

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.did.append(bytes(data))

    def close(self) -> None:
        self.did.append("closed")


def told(story: Callable[[Pipe], None]) -> list[bytes | str]:
    """What a pipe sent of ``story``, one turn later."""

    async def run() -> list[bytes | str]:
        pipe = Pipe()
        gather_writes(pipe)
        story(pipe)
        await asyncio.sleep(0)
        return pipe.did

    return asyncio.run(run())


def test_one_turn_is_one_write() -> None:
    assert told(lambda pipe: [pipe.write(part) for part in (b"a", b"b", b"c")]) == [b"abc"]


def test_what_is_left_goes_before_the_end() -> None:
    def story(pipe: Pipe) -> None:
        pipe.write(b"acknowledged")
        pipe.close()

    assert told(story) == [b"acknowledged", "closed"]


def test_the_next_turn_writes_again() -> None:
    async def run() -> list[bytes | str]:
        pipe = Pipe()
        gather_writes(pipe)
        for part in (b"a", b"b"):
            pipe.write(part)
            await asyncio.sleep(0)
        return pipe.did

    assert asyncio.run(run()) == [b"a", b"b"]
