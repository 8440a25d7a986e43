"""When Python looks for cycles of objects: at moments that hold up few.

Nearly all that a batch makes is freed without it. A collection in the middle of a batch walks
through all that the batch holds at that moment, 30 ms and more with every thread standing still;
between two batches there is little to look at.
"""

import gc

ALL_S = 3600


def spare() -> None:
    """Leave alone what is there by now, and hardly ever begin by itself.

    What cycles may hold until then is bounded by the first threshold: 400,000 objects more than
    after the last collection, some 50 MB.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(400_000, 20, 50)


def look_for_cycles(second: int) -> None:
    """Look through what was made since the last time; each hour, through all since the start.

    Call it once a second in the thread that writes batches, so that none is under way.
    """
    gc.collect(2 if second % ALL_S == 0 else 1)
