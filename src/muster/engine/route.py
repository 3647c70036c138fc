"""Which of a tenant's channels carries a batch. Pure."""

from collections.abc import Mapping

from muster.domain.batch import Batch
from muster.domain.ids import ChannelId

SANDBOX = "sandbox"


def route(batch: Batch, channels: Mapping[ChannelId, str]) -> ChannelId | None:
    """The channel the batch was pinned to, else the newest real one, else the newest sandbox; None without any.

    `channels` are those in use: id → kind.
    """
    if batch.channel is not None:
        return batch.channel
    real = [channel for channel, kind in channels.items() if kind != SANDBOX]
    return max(real or channels, default=None)
