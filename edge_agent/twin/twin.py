"""Takes wishes, puts them in force, watches over them, and takes back what does harm.

A wish is checked as a whole and taken as a whole, or refused as a whole with every reason. A
wish without a key returns that key to the file's value.
"""

from collections.abc import Callable

import msgspec
import structlog

from edge_agent.settings import Configuration
from edge_agent.twin.store import Refused, State, Store, Wish
from edge_agent.twin.wish import effective, lines, with_wish
from linli_contract.faults import fault
from linli_contract.payloads import TwinDesired, TwinReported
from linli_settings import ConfigError

STARTS = 2
"""A program that ends more often than this during a trial is taken to fail of the wish."""
_decoder = msgspec.json.Decoder(TwinDesired)
_log = structlog.get_logger(__name__)
Apply = Callable[[Configuration], None]


class ApplyError(Exception):
    """A configuration that is right in itself but cannot be put in force here."""


class Twin:
    """Holds what is in force. For one thread; time comes from outside.

    Args:
        of_file: the device's own configuration.
        store: where the state lies.
        grace_s: so long a new wish is on trial.
    """

    def __init__(self, of_file: Configuration, store: Store, grace_s: float) -> None:
        self._of_file = of_file
        self._store = store
        self._grace_s = grace_s
        self._until: float | None = None
        self._fault = ""
        self._state = self._load()
        self.configuration = self._at_start()
        """in force"""

    def faults(self) -> tuple[str, ...]:
        return (self._fault,) if self._fault else ()

    def _load(self) -> State:
        try:
            return self._store.load()
        except (OSError, ValueError) as error:
            self._fault = fault("twin_refused", str(error))
            _log.error(
                "the kept wish cannot be read; the file's configuration holds", error=str(error)
            )
            return State()

    def _at_start(self) -> Configuration:
        """What the agent begins with; a wish whose trial it did not survive is taken back."""
        state = self._state
        if state.on_trial:
            state = msgspec.structs.replace(state, starts=state.starts + 1)
            if state.starts > STARTS:
                why = f"the agent was started {state.starts} times within the grace time"
                state = _rolled_back(state, (why,))
            self._keep(state)
        for wish in (self._state.wish, self._state.good):
            try:
                return with_wish(self._of_file, wish.config)
            except ConfigError as error:
                # the file was changed since: the wish does not fit it any more
                self._fault = fault("twin_refused", f"version {wish.version}")
                _log.error("the kept wish does not fit the file", errors=lines(error))
        self._state = msgspec.structs.replace(self._state, wish=Wish(), good=Wish())
        return self._of_file

    def desired(
        self, payload: bytes, apply: Apply, red: dict[str, str], mono: float
    ) -> TwinReported:
        """Take or refuse one wish.

        Args:
            payload: as it came.
            apply: puts a configuration in force; raises ApplyError and then leaves the old one.
            red: what is at fault now (``blame.at_fault``).
            mono: monotonic seconds.
        """
        try:
            desired = _decoder.decode(payload)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            return self._report(self._state.wish.version, (f"desired: {error}",))
        wish = Wish(desired.version, desired.config)
        refused = self._state.refused
        if refused is not None and refused.wish == wish:
            return self._report(wish.version, refused.errors)
        if wish == self._state.wish and not self._fault:
            return self.reported()
        return self._take(wish, apply, red, mono)

    def _take(self, wish: Wish, apply: Apply, red: dict[str, str], mono: float) -> TwinReported:
        before = self._state
        try:
            configuration = with_wish(self._of_file, wish.config)
        except ConfigError as error:
            return self._refuse(wish, lines(error))
        same = configuration.settings == self.configuration.settings and not before.on_trial
        # kept first: a wish that ends the program must count as tried when it starts again
        self._keep(State(wish, wish if same else before.good, red_before=tuple(red)))
        try:
            apply(configuration)
        except ApplyError as error:
            self._state = before
            return self._refuse(wish, (str(error),))
        self.configuration = configuration
        self._fault = ""
        self._until = mono + self._grace_s if self._state.on_trial else None
        _log.info("a wish is in force", version=wish.version, on_trial=self._state.on_trial)
        return self.reported()

    def _refuse(self, wish: Wish, errors: tuple[str, ...]) -> TwinReported:
        _log.warning("a wish is refused", version=wish.version, errors=errors)
        self._keep(msgspec.structs.replace(self._state, refused=Refused(wish, errors)))
        return self._report(wish.version, errors)

    def tick(self, apply: Apply, red: dict[str, str], mono: float) -> TwinReported | None:
        """Watch over a trial; what is to be reported when it ended.

        Args:
            apply: as for :meth:`desired`.
            red: what is at fault now.
            mono: monotonic seconds.
        """
        if not self._state.on_trial:
            return None
        if self._until is None:  # the trial of before the restart goes on
            self._until = mono + self._grace_s
        new = [text for name, text in red.items() if name not in self._state.red_before]
        if new:
            return self._roll_back(tuple(new), apply)
        if mono < self._until:
            return None
        self._keep(State(self._state.wish, self._state.wish))
        _log.info("a wish proved good", version=self._state.wish.version)
        return self.reported()

    def _roll_back(self, red: tuple[str, ...], apply: Apply) -> TwinReported:
        version = self._state.wish.version
        back = self._state.good
        why = f"rolled back to version {back.version}, the device turned red"
        errors = tuple(f"{why}: {text}" for text in red)
        _log.error("a wish is rolled back", version=version, to=back.version, because=red)
        self._keep(_rolled_back(self._state, errors))
        try:
            configuration = with_wish(self._of_file, back.config)
            apply(configuration)
            self.configuration = configuration
        except (ConfigError, ApplyError) as error:
            self._fault = fault("twin_refused", f"version {back.version}")
            errors = (*errors, f"version {back.version} cannot be put in force again: {error}")
        return self._report(version, errors)

    def _keep(self, state: State) -> None:
        self._state = state
        try:
            self._store.save(state)
        except OSError as error:
            self._fault = fault("outbox_write", f"twin: {error.strerror}")
            _log.error("the twin's state cannot be kept", error=str(error))

    def reported(self) -> TwinReported:
        """What is in force."""
        state = self._state
        return TwinReported(state.wish.version, effective(self.configuration), trial=state.on_trial)

    def _report(self, version: int, errors: tuple[str, ...]) -> TwinReported:
        """A wish that is not in force, and what is."""
        return TwinReported(
            version,
            effective(self.configuration),
            ok=False,
            errors=errors,
            in_force=self._state.wish.version,
        )


def _rolled_back(state: State, errors: tuple[str, ...]) -> State:
    return State(state.good, state.good, refused=Refused(state.wish, errors))
