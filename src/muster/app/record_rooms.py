"""What the record store is worked on with, built from the settings."""

from datetime import timedelta
from uuid import uuid4

import msgspec

from muster.app.settings import Settings
from muster.catalog.accounts import new_secret
from muster.catalog.sessions import Sessions
from muster.intake.control import Control
from muster.intake.record_batches import RecordBatchControl, RecordBatchIntake
from muster.intake.submit import Submit
from muster.intake.usage import Usage
from muster.lookup.record_batches import RecordBatchLookup
from muster.ports.clock import Clock
from muster.ports.store.unit import Store
from muster.records.amortization.desk import AmortizationDesk
from muster.records.applying import RecordApplier
from muster.records.books.desk import Books
from muster.records.configuring.blueprint import BlueprintDesk
from muster.records.configuring.lists import ListDesk
from muster.records.dates.desk import DateDesk
from muster.records.desk import RecordDesk
from muster.records.entities.switching import TemplateSwitch
from muster.records.reading.finding import RecordFinder
from muster.records.seeding.planting import Planter
from muster.records.work.blueprints import Blueprints
from muster.stores.vault import Vault


class RecordRooms(msgspec.Struct, frozen=True, kw_only=True):
    """The use cases around records."""

    blueprints: Blueprints
    configuration: BlueprintDesk
    desk: RecordDesk
    applier: RecordApplier
    finder: RecordFinder
    dates: DateDesk
    amortizing: AmortizationDesk
    books: Books
    switching: TemplateSwitch
    lists: ListDesk
    batches: RecordBatchIntake
    control: RecordBatchControl
    lookup: RecordBatchLookup
    sessions: Sessions
    usage: Usage
    planter: Planter


def record_rooms(
    settings: Settings, store: Store, clock: Clock, *, submit: Submit, control: Control, vault: Vault
) -> RecordRooms:
    """All of them, on one store."""
    blueprints = Blueprints(store)
    patience = timedelta(seconds=settings.records_lock_seconds)
    desk = RecordDesk(store, clock, patience=patience, blueprints=blueprints)
    return RecordRooms(
        blueprints=blueprints,
        configuration=BlueprintDesk(store, clock),
        desk=desk,
        applier=RecordApplier(desk),
        finder=RecordFinder(store, blueprints),
        dates=DateDesk(store, clock, blueprints, patience=patience),
        amortizing=AmortizationDesk(store, clock, blueprints),
        books=Books(store, clock, blueprints, desk=desk),
        switching=TemplateSwitch(store, clock, blueprints, patience=patience),
        lists=ListDesk(blueprints),
        batches=RecordBatchIntake(store, submit, clock, new_uuid=uuid4, most_open=settings.records_open_batches),
        control=RecordBatchControl(store, control, clock),
        lookup=RecordBatchLookup(store),
        sessions=Sessions(store, clock, new_secret, seal=vault.seal, unseal=vault.unseal),
        usage=Usage(store, clock, settings.records_daily_requests),
        planter=Planter(store, clock),
    )
