"""Puts many questions to a validating resolver and prints what it says of each, as JSON.

A program of its own, since it is run inside a network namespace:

    echo '[["ietf.org.", "MX"]]' | python -m tests.differential.ask 127.0.0.1 53
"""

import json
import socket
import sys
from concurrent.futures import ThreadPoolExecutor

import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype

# Unbound asks a silent server for a minute and a half before it says SERVFAIL. Whoever waits for
# less has no answer either, and that is what SERVFAIL means here.
PATIENCE = 10.0


def said(server: str, port: int, name: str, rdtype: str) -> list[str]:
    """Security and existence as this answer tells them, in our words."""
    query = dns.message.make_query(name, rdtype, want_dnssec=True)
    query.flags |= dns.flags.AD
    try:
        answer = _exchanged(query.to_wire(), server, port, socket.SOCK_DGRAM)
        if answer.flags & dns.flags.TC:
            answer = _exchanged(query.to_wire(), server, port, socket.SOCK_STREAM)
    except TimeoutError:
        return ["BOGUS", ""]
    except (dns.exception.DNSException, OSError) as error:
        return ["no answer", type(error).__name__]
    rcode = answer.rcode()
    if rcode == dns.rcode.SERVFAIL:
        return ["BOGUS", ""]
    security = "SECURE" if answer.flags & dns.flags.AD else "INSECURE"
    if rcode == dns.rcode.NXDOMAIN:
        return [security, "NXDOMAIN"]
    if rcode != dns.rcode.NOERROR:
        return [security, dns.rcode.to_text(rcode)]
    wanted = dns.rdatatype.from_text(rdtype)
    found = any(wanted in (each.rdtype, dns.rdatatype.ANY) for each in answer.answer)
    return [security, "FOUND" if found else "NODATA"]


def _exchanged(
    query: bytes, server: str, port: int, kind: socket.SocketKind
) -> dns.message.Message:
    """The answer to a query, with the records in it that dnspython cannot read left out: the lab
    has TLSA records that are too short to be any."""
    with socket.socket(socket.AF_INET, kind) as sock:
        sock.settimeout(PATIENCE)
        sock.connect((server, port))
        if kind is socket.SOCK_DGRAM:
            sock.send(query)
            answer = sock.recv(65535)
        else:
            with sock.makefile("rwb") as stream:
                stream.write(len(query).to_bytes(2, "big") + query)
                stream.flush()
                answer = stream.read(int.from_bytes(stream.read(2), "big"))
    return dns.message.from_wire(answer, continue_on_error=True)


def main() -> None:
    server, port = sys.argv[1], int(sys.argv[2])
    questions = json.load(sys.stdin)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda each: said(server, port, *each), questions))
    json.dump(answers, sys.stdout)


if __name__ == "__main__":
    main()
