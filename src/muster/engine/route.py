"""Which of a tenant's channels carries a batch. Pure."""

from collections.abc import Sequence

from muster.domain.batch import Batch
from muster.domain.ids import ChannelId
from muster.ports.store.channels import ChannelAccount

SANDBOX = "sandbox"


def route(batch: Batch, channels: Sequence[ChannelAccount]) -> ChannelId | None:
    """The channel the batch was pinned to, else the newest real one, else the newest sandbox; None without any."""
    if batch.channel is not None:
        return batch.channel
    real = [account for account in channels if account.kind != SANDBOX]
    return max((account.id for account in real or channels), default=None)
