"""Acts that ask for a fresh proof of identity first: a code of the second factor, or the password."""
import functools

from odoo.exceptions import UserError

KINDS = ('delete', 'restore', 'secret', 'api_key')


class StepUpRequired(UserError):
    """The person has not proven lately who they are; ``kind`` says for which kind of act."""

    def __init__(self, message, kind):
        super().__init__(message)
        self.kind = kind


def step_up(kind):
    """Decorate a button's method: without a fresh proof it opens the dialogue that asks for one and then goes on.

    Who may not change the records is told so and not asked. Code that calls it without a person before a screen (RPC
    with a password or a key) gets StepUpRequired.
    """
    def decorate(action):
        @functools.wraps(action)
        def guarded(self):
            self.check_access('write')
            return self.env['saas.step.up']._ask(kind, self, action.__name__) or action(self)
        guarded.step_up_kind = kind
        return guarded
    return decorate
