"""What people send back."""

from collections.abc import Awaitable, Callable, Sequence

from muster.domain.reply import Reply

ReplySink = Callable[[Sequence[Reply]], Awaitable[None]]
"""Takes what people sent. When it returns, it is durable and the provider may be answered."""
