"""The kinds of channels this server can open: one entry each."""

from collections.abc import Callable, Mapping, Sequence

import msgspec

from muster.app.channels import ChannelKind
from muster.channels.sandbox.channel import open_sandbox
from muster.channels.sandbox.options import SandboxOptions
from muster.channels.sandbox.options import read_options as read_sandbox
from muster.channels.smpp.channel import SmppChannel
from muster.channels.smpp.options import SmppOptions
from muster.channels.smpp.options import options_from as read_smpp
from muster.channels.smtp.channel import Return, SmtpChannel
from muster.channels.smtp.options import SmtpOptions
from muster.channels.smtp.options import options_from as read_smtp
from muster.domain.errors import BadInput
from muster.domain.fault import Fault
from muster.domain.parcel import Medium
from muster.domain.retry import RetryPolicy
from muster.domain.rule import Rule, rules_of
from muster.ports.channel import Channel, ReceiptSink
from muster.ports.clock import Clock
from muster.ports.files import Files
from muster.ports.meter import Meter
from muster.ports.replies import ReplySink
from muster.ports.store.channels import ChannelAccount

OPTIONS: Mapping[str, Mapping[str, Rule]] = {
    "sandbox": rules_of(SandboxOptions),
    "smpp": rules_of(SmppOptions),
    "smtp": rules_of(SmtpOptions),
}
"""What the options of each kind take."""


class Post(msgspec.Struct, frozen=True, kw_only=True):
    """What channels that carry e-mail need besides."""

    files: Files
    key: bytes
    """The secret that return paths are signed with."""
    retry: RetryPolicy


def channel_kinds(clock: Clock, meter: Meter, post: Post) -> Mapping[str, ChannelKind]:
    """Every kind by its name."""

    async def sandbox(account: ChannelAccount, receipts: ReceiptSink, replies: ReplySink) -> Channel:
        return await open_sandbox(account.options, receipts=receipts, clock=clock, replies=replies)

    async def smpp(account: ChannelAccount, receipts: ReceiptSink, replies: ReplySink) -> Channel:
        channel = SmppChannel(read_smpp(account.options), receipts, clock, meter=meter, replies=replies)
        await channel.open()
        return channel

    async def smtp(account: ChannelAccount, receipts: ReceiptSink, replies: ReplySink) -> Channel:
        del replies  # what comes back by mail comes to the server's own listener
        returns = Return(key=post.key, tenant=account.tenant, channel=account.id)
        return SmtpChannel(
            read_smtp(account.options), clock, files=post.files, returns=returns, meter=meter, receipts=receipts
        )

    texts, letters = frozenset({Medium.TEXT}), frozenset({Medium.LETTER})
    return {
        "sandbox": ChannelKind(check=_faults_of(read_sandbox), open=sandbox, receives=False, media=frozenset(Medium)),
        "smpp": ChannelKind(check=_faults_of(read_smpp), open=smpp, receives=True, media=texts),
        "smtp": ChannelKind(check=_faults_of(read_smtp), open=smtp, receives=False, media=letters, retry=post.retry),
    }


def _faults_of(read: Callable[[Mapping[str, str]], object]) -> Callable[[Mapping[str, str]], Sequence[Fault]]:
    """The check that goes with a reader that raises BadInput."""

    def check(options: Mapping[str, str]) -> Sequence[Fault]:
        try:
            read(options)
        except BadInput as exc:
            return exc.faults
        return ()

    return check
