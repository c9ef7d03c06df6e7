"""What is wrong with a tunnel's document, more strictly than cloudflared, which accepts much that never works."""
from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """``code``: for the person's language; ``where``: ``ingress[3].hostname``; ``words``: what stands there."""

    code: str
    where: str
    words: str


def lint(document, form='json'):
    """Every problem of a document, ``{'ingress': [...], ...}`` or the list alone; ``form`` 'json' (API) or 'yaml'."""
    return []
