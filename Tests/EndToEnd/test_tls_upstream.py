"""The API behind TLS: verified, or refused."""

import hashlib

import pytest

from harness.tls import certificate

TURN = {"model": "gpt-5.5", "input": "hi", "stream": True}


@pytest.fixture
def tls_fake(directory, start_ocm):
    pair = certificate(directory, "api", "IP:127.0.0.1,DNS:localhost")
    return start_ocm.fake("--tls-certificate", pair[0], "--tls-key", pair[1]), pair[0]


async def test_an_api_whose_certificate_is_trusted_is_served_from(start_ocm, tls_fake):
    fake, trusted = tls_fake
    ocm = start_ocm(fake=fake, certificate={"certificate_path": [trusted]})
    for form in ({}, {"dribble": 1, "events": 1}, {"total_bytes": 3_000_000, "event_bytes": 9000},
                 {"huge": 2_000_000}):
        response = await ocm.ask("POST", "/v1/responses", TURN, fake=form)
        assert hashlib.sha256(response.body).hexdigest() == fake.record(response)["payload_sha256"]


async def test_an_api_whose_certificate_is_not_trusted_is_502(start_ocm, tls_fake):
    fake, _ = tls_fake
    ocm = start_ocm(fake=fake)
    ocm.tolerate(r"(?i)certificate|verif|upstream|tls")
    response = await ocm.ask("POST", "/v1/responses", TURN)
    assert response.status == 502 and "certificate" not in response.body.decode()
    assert fake.stats()["requests"] == 0
    assert "certificate" in ocm.log().lower()


async def test_an_api_with_another_hosts_certificate_is_502(start_ocm, directory):
    pair = certificate(directory, "other", "DNS:elsewhere.example")
    fake = start_ocm.fake("--tls-certificate", pair[0], "--tls-key", pair[1])
    ocm = start_ocm(fake=fake, certificate={"certificate_path": [pair[0]]})
    ocm.tolerate(r"(?i)certificate|verif|upstream|tls|host")
    assert (await ocm.ask("POST", "/v1/responses", TURN)).status == 502
    assert fake.stats()["requests"] == 0
