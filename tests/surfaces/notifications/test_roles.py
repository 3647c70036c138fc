"""Who may do what: the matrix of the door's specification, section 1."""

import pytest

from muster.domain.directory import PartyKind
from muster.surfaces.notifications.routes import HANDLERS
from muster.surfaces.notifications.routes.door import ROLES, Operation
from muster.surfaces.notifications.wire.paths import PREFIX
from tests.surfaces.notifications.house import Api

OPS, VENDOR, CLIENT = PartyKind.OPERATIONS, PartyKind.VENDOR, PartyKind.CLIENT
NOBODY_KNOWN = {"download", "describe"}
"""Handlers that ask for no token: they tell nothing that is a tenant's, or are asked with a signed link."""
MATRIX = [
    ("POST", "/batches", {OPS, VENDOR}),
    ("GET", "/batches", {OPS, VENDOR}),
    ("GET", "/batches/MST-0000-0000-0001", {OPS, VENDOR}),
    ("GET", "/batches/MST-0000-0000-0001/attachments/ATT-0000-0000-0001", {OPS, VENDOR, CLIENT}),
    ("GET", "/categories", {OPS, VENDOR, CLIENT}),
    ("POST", "/categories", {OPS}),
    ("PUT", "/categories/NTC-0000-0099", {OPS}),
    ("DELETE", "/categories/NTC-0000-0099", {OPS}),
    ("POST", "/categories/NTC-0000-0099/publish", {OPS}),
    ("POST", "/categories/NTC-0000-0099/unpublish", {OPS}),
    ("GET", "/contacts", {OPS, VENDOR, CLIENT}),
    ("POST", "/contacts", {OPS}),
    ("DELETE", "/contacts/CTT-0000-0099", {OPS}),
    ("POST", "/contacts/CTT-0000-0099/block", {OPS}),
    ("POST", "/contacts/CTT-0000-0099/unblock", {OPS}),
    ("GET", "/messages", {OPS, VENDOR, CLIENT}),
    ("GET", "/subscribers", {OPS, VENDOR, CLIENT}),
    ("POST", "/subscribers/NTS-0000-0000-0099/enable", {OPS, VENDOR, CLIENT}),
    ("GET", "/accounts/ACC-0000-0003/categories/NTC-0000-0006/contacts", {OPS, VENDOR}),
]


def test_every_operation_has_its_roles() -> None:
    assert ROLES.keys() == set(Operation)


def test_every_handler_that_knows_its_caller_says_what_it_does() -> None:
    silent = {handler.handler_name for handler in HANDLERS if "operation" not in handler.opt}
    assert silent <= NOBODY_KNOWN


@pytest.mark.parametrize(
    ("method", "path", "allowed"), MATRIX, ids=[f"{method}{path.replace('/', '.')}" for method, path, _ in MATRIX]
)
async def test_the_matrix(idle_api: Api, *, method: str, path: str, allowed: set[PartyKind]) -> None:
    clients = {OPS: idle_api.http, VENDOR: idle_api.vendor, CLIENT: idle_api.client}
    for kind, client in clients.items():
        answer = await client.request(method, f"{PREFIX}{path}", json={} if method in {"POST", "PUT"} else None)
        assert (answer.status_code != 403) == (kind in allowed), answer.text
        assert answer.status_code != 500, answer.text
