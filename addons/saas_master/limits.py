"""A plan's limit is used up: what people read and what programs are told."""
from odoo.exceptions import UserError


class LimitReached(UserError):
    """``count`` are in use, ``limit`` are allowed."""

    def __init__(self, message, count, limit):
        super().__init__(message)
        self.count, self.limit = count, limit
