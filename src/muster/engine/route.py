"""Which of a tenant's channels carries a batch. Pure."""

from collections.abc import Mapping

from muster.domain.batch import Batch
from muster.domain.ids import ChannelId
from muster.domain.parcel import Medium

SANDBOX = "sandbox"
Media = Mapping[str, frozenset[Medium]]
"""By kind of channel: in which forms it carries messages."""


def route(batch: Batch, channels: Mapping[ChannelId, str], medium: Medium, *, media: Media) -> ChannelId | None:
    """The channel the batch was pinned to, else the newest real one, else the newest sandbox.

    `channels` are those in use: id → kind. None where none of them carries messages of this form.
    """
    fit = {channel: kind for channel, kind in channels.items() if medium in media.get(kind, ())}
    if batch.channel is not None:
        # One that was removed since is told apart from one that cannot carry it by whoever opens it.
        return batch.channel if batch.channel in fit or batch.channel not in channels else None
    real = [channel for channel, kind in fit.items() if kind != SANDBOX]
    return max(real or fit, default=None)
