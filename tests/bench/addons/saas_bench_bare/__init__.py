from odoo import http
from odoo.http import request


class Bare(http.Controller):
    """The least that a route of Odoo with a session costs: what ours are compared with."""

    @http.route('/bench/bare', type='http', auth='user', methods=['GET'], save_session=False)
    def bare(self):
        return request.make_json_response({'name': 'bench-1', 'state': 'running'})

    @http.route('/bench/posted', type='http', auth='none', methods=['POST'], csrf=False, save_session=False)
    def posted(self):
        """The least that takes what is posted."""
        return request.make_json_response({'received': bool(request.httprequest.get_data())})
