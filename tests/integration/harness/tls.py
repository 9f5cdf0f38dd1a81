# SPDX-License-Identifier: Apache-2.0
"""Authorities and certificates of a test's own, made with openssl(1), and clients that use them."""

import http.client
import ssl
import subprocess
import warnings

from .daemon import parse_response, slowdown


def openssl(*arguments):
    command = ["openssl", *map(str, arguments)]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60 * slowdown()).stdout


class Pair:
    """A certificate and its key, in a file each."""

    def __init__(self, folder, name):
        self.certificate = folder / f"{name}.crt"
        self.key = folder / f"{name}.key"

    def copy_to(self, other):
        """Takes the place of another pair, each file at once."""
        for mine, its in ((self.certificate, other.certificate), (self.key, other.key)):
            fresh = its.with_suffix(".new")
            fresh.write_bytes(mine.read_bytes())
            fresh.rename(its)


class Authority(Pair):
    def __init__(self, folder, name="ca"):
        super().__init__(folder, name)
        self.folder = folder
        self.made = 0
        openssl(
            *("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", 2),
            *("-subj", f"/CN={name}", "-keyout", self.key, "-out", self.certificate),
        )

    def issue(self, name, usage="serverAuth", days=2):
        """A certificate for 127.0.0.1 and localhost; with negative `days` it has expired."""
        pair = Pair(self.folder, name)
        request, extensions = self.folder / f"{name}.csr", self.folder / f"{name}.ext"
        self.made += 1
        openssl(
            *("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
            *("-subj", f"/CN={name}", "-keyout", pair.key, "-out", request),
        )
        extensions.write_text(f"subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage={usage}\n")
        openssl(
            *("x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self.key, "-days", days),
            *("-set_serial", self.made, "-extfile", extensions, "-out", pair.certificate),
        )
        return pair


def client(authority, pair=None, version=None):
    """A client's context: whom it trusts, what it shows, and the only version that it offers."""
    context = ssl.create_default_context(cafile=authority.certificate)
    if pair:
        context.load_cert_chain(pair.certificate, pair.key)
    if version:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # versions that must be refused
            context.set_ciphers("DEFAULT@SECLEVEL=0")
            context.minimum_version = context.maximum_version = version
    return context


def connect(port, context, timeout=20.0):
    return http.client.HTTPSConnection("127.0.0.1", port, context=context, timeout=timeout * slowdown())


def ask(connection, method, path, body=None, **headers):
    """One request on a connection that stays open."""
    connection.request(method, path, body=body, headers={name.replace("_", "-"): value for name, value in headers.items()})
    return parse_response(connection.getresponse())


def serial(connection):
    """Of the certificate that the server has shown on this connection."""
    return int(connection.sock.getpeercert()["serialNumber"], 16)
