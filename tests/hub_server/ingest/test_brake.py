"""Reading stops while too much waits, and goes on."""

from hub_server.ingest.brake import Brake


class Transport:
    def __init__(self) -> None:
        self.reads: list[bool] = []
        self.closing = False

    def pause_reading(self) -> None:
        self.reads.append(False)

    def resume_reading(self) -> None:
        self.reads.append(True)

    def is_closing(self) -> bool:
        return self.closing


def test_reading_stops_at_the_bound_and_goes_on_at_half_of_it() -> None:
    transport = Transport()
    brake = Brake(transport, 4)
    for _ in range(3):
        brake.came(10)
    assert transport.reads == []
    brake.came(10)
    brake.came(10)
    assert transport.reads == [False]
    for _ in range(2):
        brake.gone(10)
    assert transport.reads == [False]
    brake.gone(10)
    assert transport.reads == [False, True]


def test_a_connection_that_closes_is_left_alone() -> None:
    transport = Transport()
    brake = Brake(transport, 1)
    brake.came(10)
    assert brake.held
    transport.closing = True
    brake.gone(10)
    assert transport.reads == [False]


def test_reading_stops_also_when_few_large_ones_wait() -> None:
    transport = Transport()
    brake = Brake(transport, most=100, most_bytes=1000)
    brake.came(600)
    assert transport.reads == []
    brake.came(600)
    assert transport.reads == [False]
    brake.gone(600)
    assert transport.reads == [False]
    brake.gone(600)
    assert transport.reads == [False, True]


def test_nobody_else_starts_reading_while_it_holds() -> None:
    transport = Transport()
    brake = Brake(transport, 2)
    transport.resume_reading()
    assert transport.reads == [True]
    brake.came(1)
    brake.came(1)
    transport.resume_reading()
    assert transport.reads == [True, False]
    brake.gone(1)
    assert transport.reads == [True, False, True]
    transport.resume_reading()
    assert transport.reads == [True, False, True, True]
