"""What is asked about names of customers and what is answered: plain values."""
from dataclasses import dataclass, field

YES, NO, UNKNOWN = 'yes', 'no', 'unknown'

# Why it does not point here, and why nobody could tell. Only the first kind may ever change a state.
NO_CODES = ('no_record', 'wrong_cname', 'wrong_address', 'flattened_needs_txt', 'txt_missing', 'txt_wrong', 'nxdomain',
            'chain_too_long', 'loop', 'dangling_cname', 'multiple_cname')
UNKNOWN_CODES = ('servfail', 'timeout', 'disagree', 'lame', 'refused', 'no_answer')
WARNING_CODES = ('caa_blocks', 'aaaa_left', 'a_left', 'conflicting_records', 'ttl_high', 'txt_missing_optional',
                 'apex_cname', 'proxied', 'private_address')

ISSUERS = ('letsencrypt.org', 'pki.goog', 'ssl.com', 'digicert.com', 'sectigo.com')


@dataclass(frozen=True)
class Settings:
    """``servers``: resolvers as (address, port); all are asked, and more than half of them have to say the same.

    ``timeout``: seconds for one question to one of them, ``lifetime``: for one name, ``total``: for a whole call.
    ``concurrency``: names under way at a time. ``rate``: questions a second to one resolver; None: a thousand to a
    public one, no limit to one of our own. ``public_only``: private and loopback addresses never count as ours.
    ``ttl_high``: seconds from which a TTL is warned about. ``extras``: ask for CAA and the provider too.
    """

    servers: tuple = ()
    timeout: float = 3.0
    lifetime: float = 8.0
    total: float = 300.0
    concurrency: int = 300
    rate: int | None = None
    public_only: bool = False
    ttl_high: int = 3600
    extras: bool = True


@dataclass(frozen=True)
class Target:
    """One name of a customer, in ASCII, and what it should be. ``targets``: the CNAME ends that count, the first of
    them is what he was told; ``edge_addresses``: addresses that count beside those which ``targets`` have. ``key``: by
    which the finding is known, if not by the name, which several customers may claim."""

    name: str
    registrable: str
    targets: tuple
    txt_name: str = ''
    token: str = ''
    txt_required: bool = False
    issuers: tuple = ISSUERS
    edge_addresses: tuple = ()
    key: object = None


@dataclass(frozen=True)
class Warning:
    """``values``: what the sentence about it needs."""

    code: str
    values: dict = field(default_factory=dict)


@dataclass(frozen=True)
class Finding:
    """``outcome``: yes, no, or unknown (could not ask: changes nothing). ``evidence``: what shows that it points here,
    cname, txt or address. ``expected`` and ``found`` are for people: what should be there and what is. ``points``: it
    leads here as far as can be seen; ``owned``: our token is there."""

    outcome: str
    code: str = ''
    evidence: str = ''
    expected: str = ''
    found: tuple = ()
    chain: tuple = ()
    addresses: tuple = ()
    ttl: int | None = None
    provider: str = ''
    warnings: tuple = ()
    points: bool = False
    owned: bool = False


@dataclass(frozen=True)
class ServerAnswer:
    """Of a resolver that was asked whether it is there. ``code``: '' or why it is of no use."""

    address: str
    port: int
    code: str
    milliseconds: int
