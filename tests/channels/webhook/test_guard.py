"""Where a customer's URL may not lead."""

from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.channels.webhook.guard import Forbidden, Guard, is_public

HOME = (
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "224.0.0.0/4",
    "240.0.0.0/4",
)
home_addresses = st.sampled_from(HOME).flatmap(lambda network: st.ip_addresses(network=network))


@given(home_addresses)
def test_no_address_of_a_network_at_home_is_public_in_any_wrapping(address: IPv4Address) -> None:
    number = int(address)

    wrapped = [
        IPv6Address((0xFFFF << 32) + number),
        IPv6Address(number),
        IPv6Address((0x2002 << 112) + (number << 80) + 1),
        IPv6Address((0x64FF9B << 96) + number),
        IPv6Address((0x64FF9B0001 << 80) + number),
        IPv6Address((0x20010000 << 96) + (number ^ 0xFFFFFFFF)),
        IPv6Address((0x26064700 << 96) + (0x5EFE << 32) + number),
    ]

    assert not is_public(address)
    assert not any(is_public(one) for one in wrapped)


@given(st.sampled_from(["fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8", "2001:db8::/32", "100::/64"]))
def test_no_ipv6_address_at_home_is_public(network: str) -> None:
    assert not is_public(ip_address(network.partition("/")[0]) + 1)


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "2606:4700:4700::1111", "64:ff9b::808:808"])
def test_an_ordinary_address_is_public(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize("address", ["168.63.129.16", "169.254.169.254", "fd00:ec2::254", "::", "::1"])
def test_control_services_of_clouds_are_not_public(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/",
        "ftp://example.com/",
        "file:///etc/passwd",
        "https://",
        "https:///path",
        "not a url",
        "https://user:word@example.com/",
        "https://user@example.com/",
        "https://example.com:22/",
        "https://example.com:99999/",
        "https://127.0.0.1/",
        "https://127.0.0.1./",
        "https://127.1/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0x7f.1/",
        "https://0177.0.0.1/",
        "https://0/",
        "https://１２７.0.0.1/",  # noqa: RUF001 - full-width digits, which some parsers fold into ASCII
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[64:ff9b::a00:1]/",
        "https://[fe80::1%25eth0]/",
        "https://169.254.169.254/latest/meta-data/",
        "https://example.com/" + "a" * 2048,
    ],
)
def test_a_url_that_must_not_be_called_is_refused(url: str) -> None:
    with pytest.raises(Forbidden):
        Guard().parse(url)


@pytest.mark.parametrize(
    "url",
    ["https://example.com/hook?key=1", "https://example.com:8443/", "https://8.8.8.8/", "https://bücher.example/"],
)
def test_an_ordinary_url_is_taken(url: str) -> None:
    assert Guard().parse(url).scheme == "https"


@pytest.mark.parametrize("url", ["http://127.0.0.1:25/", "http://Sink.Internal/", "http://sink.internal.:25/"])
def test_what_the_operator_lists_may_be_called_without_tls_and_on_any_port(url: str) -> None:
    guard = Guard(networks=["127.0.0.0/8"], hosts=["sink.internal"])

    assert guard.parse(url).scheme == "http"


def test_what_the_operator_forbids_is_refused_even_if_it_is_listed() -> None:
    guard = Guard(hosts=["sink.example"], forbidden=["8.8.8.0/24"])

    assert not guard.allows("sink.example", ip_address("8.8.8.8"))
