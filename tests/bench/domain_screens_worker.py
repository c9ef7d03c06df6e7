"""As ``screens_worker``, on a copy that is filled with custom domains."""
import sys

from .domain_fill import fill
from .screens_worker import Screens, serve


class DomainScreens(Screens):

    model, column, domain = 'saas.custom_domain', 'verification_status', [('claim_state', '=', 'living')]


if __name__ == '__main__':
    serve(sys.argv[1], sys.argv[2], int(sys.argv[3]), fill, DomainScreens)
