"""Reading the options of an account."""

import pytest

from muster.channels.smpp.options import Mode, SmppOptions, options_from
from muster.channels.smpp.receipts import Spelling
from muster.domain.errors import BadInput

LEAST = {"host": "smsc.example", "system_id": "muster"}


def test_host_and_system_id_are_enough() -> None:
    assert options_from(LEAST) == SmppOptions(host="smsc.example", system_id="muster")


def test_every_option_is_read_from_text() -> None:
    options = options_from(
        LEAST
        | {"port": "2776", "binds": "4", "rate": "12.5", "tls": "yes", "receipts": "No", "mode": "split"}
        | {"receipt_ids": "hex", "data_coding": "3", "alphabet": "latin1", "reference_bits": "16"}
    )
    assert (options.port, options.binds, options.rate, options.tls, options.receipts) == (2776, 4, 12.5, True, False)
    assert (options.mode, options.receipt_ids, options.data_coding) == (Mode.SPLIT, Spelling.HEX, 3)


def test_every_fault_is_named_at_once() -> None:
    given = {"host": "", "port": "70000", "bind": "2", "tls": "perhaps", "reference_bits": "9", "source_addr": "Café"}
    with pytest.raises(BadInput) as refused:
        options_from(given)
    faults = {fault.path.removeprefix("options."): fault.code for fault in refused.value.faults}
    assert faults == {
        "host": "bad_option",
        "port": "bad_option",
        "bind": "unknown_option",
        "system_id": "missing_option",
        "tls": "bad_option",
        "reference_bits": "bad_option",
        "source_addr": "bad_option",
    }


def test_certificates_without_tls_are_a_fault() -> None:
    with pytest.raises(BadInput) as refused:
        options_from(LEAST | {"tls_ca": "-----BEGIN CERTIFICATE-----"})
    assert [fault.path for fault in refused.value.faults] == ["options.tls_ca"]
