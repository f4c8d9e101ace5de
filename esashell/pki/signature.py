"""One signature on one certificate: did this key make it?

The bytes verified are those of the certificate as it was sent, and the algorithm is the one that
the certificate names, provided that it fits the issuer's key. Names, dates and whether the issuer
may sign at all are `path`'s questions.
"""

import warnings

from esashell.pki.der import outline

# RFC 6151, RFC 6149: forgeable since long. SHA-1 is still met in private CAs and accepted, as
# mailers do at their usual security level.
_BROKEN_HASHES = frozenset(("md5", "md2", "md4"))


def signature_fault(certificate: bytes, spki: bytes) -> str | None:
    """Why this key did not sign this certificate, in a few words; None when it did."""
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, padding, rsa
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    try:
        found = outline(certificate)
        if found.algorithm != found.signature_algorithm:
            # RFC 5280 4.1.1.2: otherwise the algorithm would be the one thing that is not signed.
            return "names two different algorithms"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            key = load_der_public_key(spki)
            signed = x509.load_der_x509_certificate(certificate)
        how, digest = signed.signature_algorithm_parameters, signed.signature_hash_algorithm
        if digest is not None and digest.name in _BROKEN_HASHES:
            return f"{digest.name.upper()} is not accepted"
        body, signature = signed.tbs_certificate_bytes, signed.signature
        # RSA, ECDSA and DSA signatures are told apart by the certificate, keys by the issuer;
        # both must be of one kind.
        match key, how:
            case rsa.RSAPublicKey(), padding.PKCS1v15() | padding.PSS() if digest is not None:
                key.verify(signature, body, how, digest)
            case ec.EllipticCurvePublicKey(), ec.ECDSA():
                key.verify(signature, body, how)
            case ed25519.Ed25519PublicKey() | ed448.Ed448PublicKey(), None if digest is None:
                key.verify(signature, body)
            case dsa.DSAPublicKey(), None if digest is not None:
                key.verify(signature, body, digest)
            case _:
                return "made with another kind of key"
    except InvalidSignature:
        return "does not verify"
    except (ValueError, TypeError, UnsupportedAlgorithm, x509.InvalidVersion):
        return "cannot be verified: unknown algorithm or damaged key"
    return None
