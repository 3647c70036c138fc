"""The kinds of channels this server can open: one entry each."""

from collections.abc import Callable, Mapping, Sequence

from muster.app.channels import ChannelKind
from muster.channels.sandbox.channel import open_sandbox
from muster.channels.sandbox.options import SandboxOptions
from muster.channels.sandbox.options import read_options as read_sandbox
from muster.channels.smpp.channel import SmppChannel
from muster.channels.smpp.options import SmppOptions
from muster.channels.smpp.options import options_from as read_smpp
from muster.domain.errors import BadInput
from muster.domain.fault import Fault
from muster.domain.rule import Rule, rules_of
from muster.ports.channel import Channel, ReceiptSink
from muster.ports.clock import Clock
from muster.ports.meter import Meter
from muster.ports.replies import ReplySink
from muster.ports.store.channels import ChannelAccount

OPTIONS: Mapping[str, Mapping[str, Rule]] = {
    "sandbox": rules_of(SandboxOptions),
    "smpp": rules_of(SmppOptions),
}
"""What the options of each kind take."""


def channel_kinds(clock: Clock, meter: Meter) -> Mapping[str, ChannelKind]:
    """Every kind by its name."""

    async def sandbox(account: ChannelAccount, receipts: ReceiptSink, replies: ReplySink) -> Channel:
        return await open_sandbox(account.options, receipts=receipts, clock=clock, replies=replies)

    async def smpp(account: ChannelAccount, receipts: ReceiptSink, replies: ReplySink) -> Channel:
        channel = SmppChannel(read_smpp(account.options), receipts, clock, meter=meter, replies=replies)
        await channel.open()
        return channel

    return {
        "sandbox": ChannelKind(check=_faults_of(read_sandbox), open=sandbox, receives=False),
        "smpp": ChannelKind(check=_faults_of(read_smpp), open=smpp, receives=True),
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
