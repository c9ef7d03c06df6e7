from odoo import http
from odoo.http import request


class Bare(http.Controller):
    """The least that a route of Odoo with a session costs: what ours are compared with."""

    @http.route('/bench/bare', type='http', auth='user', methods=['GET'], save_session=False)
    def bare(self):
        return request.make_json_response({'name': 'bench-1', 'state': 'running'})
