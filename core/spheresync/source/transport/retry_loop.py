"""Send requests to one tenant again after a fault; a 429 with `Retry-After` makes all of them wait here.

The requests of a tenant share two things. A 429 with `Retry-After` holds back every request, not just the one that got
it. And when the tenant has answered nothing useful for `give_up_after` seconds, every request fails at once: in an
outage with ten thousand assets to read, the run ends once and not after retries of each. A few documents that are all
that was asked for meanwhile prove no outage of a tenant that answered before: they fail by themselves.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from typing import TypeVar

from spheresync.errors import OUTAGE_FAULTS, SourceError, SourceFault
from spheresync.source.transport.retry_policy import Clock, Deadline, RetryPolicy
from spheresync.source.transport.wire import Transient, Wire

_T = TypeVar("_T")
_AN_OUTAGE = 5
"""Documents that got no useful answer, from which on the tenant is out that answered before."""
_OF_ONE_DOCUMENT = frozenset({SourceFault.SERVER_ERROR, SourceFault.TRUNCATED})


class RetryLoop:
    """Tries attempts again; knows since when the tenant has been silent. Times in seconds of the monotonic clock."""

    def __init__(
        self, wire: Wire, *, policy: RetryPolicy, clock: Clock, deadline: Deadline, give_up_after: float
    ) -> None:
        self._wire = wire
        self._policy = policy
        self._clock = clock
        self._deadline = deadline
        self._give_up_after = give_up_after
        self._held_until = float("-inf")  # the tenant asked all to wait until then
        self._last_useful = float("-inf")
        self._silent_since: float | None = None  # first send since the last useful answer that brought none
        self._gave_up: tuple[float, SourceError] | None = None
        self._last_error: SourceError | None = None
        self._unanswered: set[str] = set()  # documents asked for since the last useful answer

    @property
    def gave_up(self) -> bool:
        """Whether requests are refused now because the tenant gave no useful answer for too long."""
        return self._gave_up is not None

    def time_limit(self) -> float:
        """Seconds that an attempt which starts now may take."""
        now = self._clock.monotonic()
        limits = [self._policy.attempt_timeout, min(self._give_up_after, self._silence_left())]
        if self._deadline.at is not None:
            limits.append(self._deadline.at - now)
        return max(0.05, min(limits))

    async def persist(
        self,
        attempt: Callable[[], Awaitable[_T]],
        *,
        useful: bool = True,
        patient: bool = False,
        document: str | None = None,
    ) -> _T:
        """The result of `attempt`, tried again while it raises `Transient`.

        `useful` says whether success proves the tenant alive; a token does not: its server is another one.
        `patient` is for what everything else depends on: while the tenant answers nothing useful at all, attempts
        are not counted, and only time ends them. `document` is what is asked for, where nothing else depends on it.

        Raises:
            SourceError: what the last attempt raised, or what the tenant as a whole was given up for.
        """
        failures = pages = throttles = 0
        first: float | None = None
        while True:
            self._refuse_if_given_up()
            await self._hold()
            try:
                result = await attempt()
            except Transient as signal:
                first = signal.sent_at if first is None else first
                fault = signal.error.fault
                throttled = fault is SourceFault.THROTTLED
                self._wire.count(throttled=throttled)
                throttles, failures = throttles + throttled, failures + (not throttled)
                pages += fault is SourceFault.HTML_INSTEAD
                self._note_silence(signal.error, signal.sent_at, document)
                tried = failures >= self._policy.attempts and not (patient and self._is_out(fault, first))
                exhausted = tried or pages >= self._policy.html_attempts
                if exhausted or (throttled and self._throttled_too_long(first)):
                    raise signal.error from signal
                await self._wait(signal, throttles if throttled else failures)
                self._wire.count(retries=1)
            except SourceError as error:
                if error.fault not in OUTAGE_FAULTS and useful:
                    self._note_useful()  # a clear refusal of one thing: the tenant itself is well
                raise
            else:
                if useful:
                    self._note_useful()
                return result

    async def _wait(self, signal: Transient, tries: int) -> None:
        policy, now = self._policy, self._clock.monotonic()
        if not signal.retry_after:  # a wait of nothing is no advice: asked again at once, it would go on for ever
            seconds = policy.backoff(tries, self._clock)
        else:
            seconds = min(signal.retry_after, policy.retry_after_cap)
        if not self._deadline.leaves(seconds, now=now):
            raise signal.error from signal
        if signal.error.fault is SourceFault.THROTTLED:
            self._held_until = max(self._held_until, now + seconds)
        await self._clock.sleep(min(seconds, self._silence_left()))

    async def _hold(self) -> None:
        """Wait out what the tenant asked of everybody."""
        while (seconds := self._held_until - self._clock.monotonic()) > 0:
            if not self._deadline.leaves(seconds, now=self._clock.monotonic()):
                raise SourceError(
                    SourceFault.THROTTLED,
                    "The tenant asked to wait beyond the run's deadline.",
                    remedy="Lower datasphere.max_requests_per_minute and run again.",
                    status=429,
                )
            left = self._silence_left()
            if left <= 0 and self._last_error is not None:
                raise self._given_up_for(self._last_error) from self._last_error
            await self._clock.sleep(min(seconds, left))
            self._refuse_if_given_up()

    def _throttled_too_long(self, first: float) -> bool:
        return self._deadline.at is None and self._clock.monotonic() - first >= self._policy.throttled_for

    def note_refusal(self, error: SourceError, sent_at: float) -> None:
        """Record a final answer that was of no use, such as a second 401; may raise that the tenant is given up."""
        self._note_silence(error, sent_at)

    def _note_silence(self, error: SourceError, sent_at: float, document: str | None = None) -> None:
        now = self._clock.monotonic()
        self._last_error = error
        self._unanswered.add(document or "")
        if self._silent_since is None:
            # Not before the last useful answer: this attempt may have been sent while that one was under way.
            self._silent_since = max(sent_at, self._last_useful)
        if now - self._silent_since < self._give_up_after:
            return
        if not self._is_of_a_few_documents:
            raise self._given_up_for(error) from error

    @property
    def _is_of_a_few_documents(self) -> bool:
        """Whether the tenant answered before, and is silent only of a few documents that it answers badly."""
        few = len(self._unanswered) < _AN_OUTAGE and "" not in self._unanswered
        bad = self._last_error is not None and self._last_error.fault in _OF_ONE_DOCUMENT
        return few and bad and math.isfinite(self._last_useful)

    def _given_up_for(self, error: SourceError) -> SourceError:
        """From now on every request is refused with what this answers."""
        fault = error.fault if error.fault in OUTAGE_FAULTS else SourceFault.UNREACHABLE
        given_up = SourceError(
            fault,
            f"The tenant answered nothing useful for {self._give_up_after:g} s; given up. Last: {error.message}",
            remedy=error.remedy,
            status=error.status,
        )
        self._gave_up = (self._clock.monotonic(), given_up)
        return given_up

    def _silence_left(self) -> float:
        """Seconds until the tenant is given up."""
        if self._silent_since is None or self._is_of_a_few_documents:
            return math.inf
        return max(0.0, self._give_up_after - (self._clock.monotonic() - self._silent_since))

    def _is_out(self, fault: SourceFault, first: float) -> bool:
        """Whether the tenant as a whole seems to be out: then patience is measured in time, not in attempts."""
        return fault in {SourceFault.SERVER_ERROR, SourceFault.UNREACHABLE} and self._last_useful < first

    def _note_useful(self) -> None:
        self._last_useful = self._clock.monotonic()
        self._silent_since = None
        self._gave_up = None
        self._unanswered.clear()

    def _refuse_if_given_up(self) -> None:
        """Raise while the tenant is given up; after as long a pause as it was silent, ask it afresh."""
        if self._gave_up is None:
            return
        since, error = self._gave_up
        if self._clock.monotonic() - since >= self._give_up_after:
            self._gave_up, self._silent_since = None, None
            self._unanswered.clear()
            return
        raise SourceError(error.fault, error.message, remedy=error.remedy, status=error.status)
