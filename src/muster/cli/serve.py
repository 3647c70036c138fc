"""Running processes: serve, worker, migrate; and making a key."""

import asyncio
import gc
import os
import sys
from pathlib import Path

import click
import structlog
import uvloop

from muster.app.keyring import new_key
from muster.app.node import run_node
from muster.app.settings import Settings, unknown_in
from muster.app.wiring import bring_up_to_date
from muster.cli.frame import Session, store_options
from muster.domain.errors import MusterError
from muster.telemetry.logs import configure

log = structlog.stdlib.get_logger(__name__)

_CUT_OFF = 1


@click.command()
@click.option("--host", help="The address to listen on (default 127.0.0.1).")
@click.option("--port", type=int, help="The port to listen on (default 8400; 0 takes any free one).")
@store_options
@click.option("--workers", type=int, help="How many chunks to work on at once (default 16).")
@click.option("--no-worker", is_flag=True, help="Only answer requests; `muster worker` does the work.")
@click.option("--log-format", type=click.Choice(["json", "console"]), help="How the log is written.")
@click.pass_obj
def serve(session: Session, /, *, no_worker: bool, **flags: str | int | Path | None) -> None:
    """Serve every door over HTTP, and work on batches.

    SIGTERM or Ctrl-C lets it end what it has begun; a second one stops it at once.
    """
    if no_worker:
        flags["workers"] = 0
    _run(session.settings(flags), http=True)


@click.command()
@store_options
@click.option("--workers", type=click.IntRange(min=1), help="How many chunks to work on at once (default 16).")
@click.option("--log-format", type=click.Choice(["json", "console"]), help="How the log is written.")
@click.pass_obj
def worker(session: Session, /, **flags: str | int | Path | None) -> None:
    """Work on batches without serving HTTP. Needs PostgreSQL, which several processes can share."""
    settings = session.settings(flags)
    if settings.embedded:
        raise click.UsageError(
            "A worker of its own needs a database that processes can share: give --database-url postgresql://…\n"
            "With the embedded database `muster serve` does the work itself."
        )
    _run(settings, http=False)


@click.command()
@store_options
@click.pass_obj
def migrate(session: Session, /, **flags: str | Path | None) -> None:
    """Bring the database to the schema this version needs."""
    settings = session.settings(flags)
    configure("console", "warning")
    asyncio.run(bring_up_to_date(settings))
    click.echo("The database is up to date.")


@click.command()
def key() -> None:
    """Make a secret key, for the setting secret_key."""
    click.echo(new_key())


def _run(settings: Settings, *, http: bool) -> None:
    configure(settings.log_format, settings.log_level)
    for name in unknown_in(os.environ):
        log.warning("unknown_environment_variable", variable=name)
    # A request of ten thousand entries makes hundreds of thousands of objects, none of them in a cycle: looking for
    # cycles as often as Python does by default takes a fifth of the time it is accepted in.
    gc.set_threshold(100_000, 50, 100)
    try:
        whole = uvloop.run(run_node(settings, http=http, work=True))
    except MusterError:
        raise
    except Exception:
        # The outermost frame: whatever broke is told loudly, and whoever watches the process starts it again.
        log.critical("crashed", exc_info=True)
        sys.exit(_CUT_OFF)
    if not whole:
        sys.exit(_CUT_OFF)
