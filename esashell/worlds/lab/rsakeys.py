"""Three RSA keys, printed here for everyone to see. They protect nothing and must never do so.

An RSA key takes up to a tenth of a second to find and cannot be derived from a seed in a way that
stays the same from one library to the next; the lab needs both to be otherwise. So everything in
the lab that is to have an RSA key, mail hosts and zones alike, shares these three of 2048 bits,
each written as its two primes (the public exponent is 65537). Nothing outside the lab trusts
anything that is signed with one of them.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric import rsa

PUBLIC_EXPONENT = 65537

RSA_PRIMES: tuple[tuple[int, int], ...] = (
    (
        int(
            "fe130aab30379ac44da651a60461acf06795fc167d287b2109f862e3ce7bf8af"
            "c382b473a8fd191f717eb5ecbfce60c62b553c9eb98ea83f1787495acf8d06e7"
            "763e297ab597d2ddc15a34b572d70b858508f7306e19707577176f66daf40293"
            "c9576f1a0aaf348810419994da71b7552f0bbdbe1e9488a7fe77863741441de5",
            16,
        ),
        int(
            "bba23785a709cea27dd0c9a979e87c02c98de37ee43c2e89b05525b004f3aa96"
            "ad8c19ff978e12ea05474c4b5d54efb5b6fbfee6189f7c33e083a3177c7d817d"
            "2f90933a57f4c03de20cbdf4a0dbe1f9c36946d53493d7013d598c74166df096"
            "9818f812a6e0c78fb7eb19e3454f9081a435dba85be2e3abb85c8ce8cfc73073",
            16,
        ),
    ),
    (
        int(
            "fd11d4808bf604e5cd5108b4819b93e4a54b30b24928f77a80d996110ae7fb9a"
            "5d91b8c2d8345d342d627c0f245d51cdb5db17b556c91101421009d27ea03205"
            "a468cb90784000176ab6b8651d72778f7b779670132c4332dc21f60391838e68"
            "fccc08c3b1a1995b43f7219600cb8fa9f18cba18b642041d7e998c44502dfa59",
            16,
        ),
        int(
            "ea4674c65a82cb3b16be5aef4bbd3ca2a0d65e12a94988ea9727569dbd9a397e"
            "f49c9fa0052229175bd0dcac886078f9edc0d5764a8f14c041b94fb5fbb7a8b3"
            "d46a43e2aa530de2402a2562b436627f38241e412f163d275d73f719c3a49f43"
            "63465e28363151135e7b5b240fb8a5f0fbf3bca05c191c683b04333bbfed9775",
            16,
        ),
    ),
    (
        int(
            "f75af2d34529895cb0c010c2ab5a637338b106c0e4b6dd2dbaa77b3c7ce92c14"
            "a9b4f2ee0de0899b9c1dc8ed6dfb6a5df9f162c05b9a91ffb88d085155b88195"
            "78d726af393145e92a678eb5a76340ef144bc4c41e55b5d9f99f2c620d47d7bb"
            "b0eeb1a953a12bc67a3336fa52f476c3a2df23d0a5d3fa83b3eb008aca5a9a0f",
            16,
        ),
        int(
            "d9fed2bce6032a6102f4b72ee5eb67d8f31a1d46a68458b3cb69feed05ae2fd7"
            "600ad65eacbd7b57b659f414f3bab6cd7945851a66664c1ffd2d1e2030bddf62"
            "3595a80ed473b8949f18382b8782ee8f6debc871985bc27ef08c6912375de93d"
            "c87934a1dacd7edda13d870c3a40792a38cd0084fe5621b5073c99d113cc7e1b",
            16,
        ),
    ),
)


def rsa_key(which: int) -> "rsa.RSAPrivateKey":
    """One of the keys; every number names one, and the next number another."""
    from cryptography.hazmat.primitives.asymmetric import rsa

    p, q = RSA_PRIMES[which % len(RSA_PRIMES)]
    d = pow(PUBLIC_EXPONENT, -1, (p - 1) * (q - 1))
    return rsa.RSAPrivateNumbers(
        p=p,
        q=q,
        d=d,
        dmp1=d % (p - 1),
        dmq1=d % (q - 1),
        iqmp=pow(q, -1, p),
        public_numbers=rsa.RSAPublicNumbers(PUBLIC_EXPONENT, p * q),
    ).private_key(unsafe_skip_rsa_key_validation=True)  # a test validates them once for all
