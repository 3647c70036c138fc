"""Where an SMPP session stands (2.2): states, events, one table. No socket, no clock."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from muster.domain.errors import IllegalTransition


class State(StrEnum):
    """Where a session stands, seen from the client (ESME)."""

    OPEN = "open"
    """Connected; nothing asked yet."""
    BINDING = "binding"
    BOUND_TX = "bound_tx"
    BOUND_RX = "bound_rx"
    BOUND_TRX = "bound_trx"
    UNBINDING = "unbinding"
    """We said goodbye and wait for the answer; nothing new is sent."""
    UNBOUND = "unbound"
    """Both know; only closing is left."""
    CLOSED = "closed"


class Event(StrEnum):
    """What happens to a session."""

    BIND_SENT = "bind_sent"
    BOUND_AS_TRANSMITTER = "bound_as_transmitter"
    BOUND_AS_RECEIVER = "bound_as_receiver"
    BOUND_AS_TRANSCEIVER = "bound_as_transceiver"
    BIND_REFUSED = "bind_refused"
    UNBIND_SENT = "unbind_sent"
    UNBIND_ANSWERED = "unbind_answered"
    UNBIND_RECEIVED = "unbind_received"
    LOST = "lost"
    """The connection ended, whoever ended it."""


_S, _E = State, Event
_BOUND = MappingProxyType({_E.UNBIND_SENT: _S.UNBINDING, _E.UNBIND_RECEIVED: _S.UNBOUND, _E.LOST: _S.CLOSED})

TRANSITIONS: Mapping[State, Mapping[Event, State]] = MappingProxyType(
    {
        _S.OPEN: {_E.BIND_SENT: _S.BINDING, _E.LOST: _S.CLOSED},
        _S.BINDING: {
            _E.BOUND_AS_TRANSMITTER: _S.BOUND_TX,
            _E.BOUND_AS_RECEIVER: _S.BOUND_RX,
            _E.BOUND_AS_TRANSCEIVER: _S.BOUND_TRX,
            _E.BIND_REFUSED: _S.UNBOUND,
            _E.UNBIND_RECEIVED: _S.UNBOUND,
            _E.LOST: _S.CLOSED,
        },
        _S.BOUND_TX: _BOUND,
        _S.BOUND_RX: _BOUND,
        _S.BOUND_TRX: _BOUND,
        _S.UNBINDING: {_E.UNBIND_ANSWERED: _S.UNBOUND, _E.UNBIND_RECEIVED: _S.UNBOUND, _E.LOST: _S.CLOSED},
        _S.UNBOUND: {_E.LOST: _S.CLOSED},
        _S.CLOSED: {},
    }
)
"""Every legal step. CLOSED has no exits: a new connection is a new session."""

MAY_SUBMIT = frozenset({State.BOUND_TX, State.BOUND_TRX})
MAY_RECEIVE = frozenset({State.BOUND_RX, State.BOUND_TRX})
BOUND = MAY_SUBMIT | MAY_RECEIVE


def step(state: State, event: Event) -> State:
    """The state after `event`. Raises IllegalTransition when the table has no such step."""
    try:
        return TRANSITIONS[state][event]
    except KeyError:
        raise IllegalTransition(state, event) from None
