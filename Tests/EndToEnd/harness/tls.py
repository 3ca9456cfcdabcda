"""Certificates for one test."""

import subprocess

from .tools import tool


def certificate(directory, name, subject):
    """A self-signed certificate for a host or address: (certificate, key)."""
    paths = f"{directory}/{name}.pem", f"{directory}/{name}.key"
    subprocess.run([tool("openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-days", "2", "-subj", "/CN=fake", "-addext", f"subjectAltName={subject}", "-out", paths[0],
                    "-keyout", paths[1]], check=True, capture_output=True)
    return paths
