from odoo import http
from odoo.http import request

from .. import visitor
from ..models.saas_rate import RateLimited

FIELDS = ('company_name', 'contact_name', 'email', 'name', 'lang', 'plan')
TRAP = 'subject'        # people do not see this field; what fills it in is no person
SENT = '/saas/signup/sent'


class SaasWebsite(http.Controller):
    """The public pages. What may be ordered, confirmed and seen is decided by saas.signup."""

    @http.route('/saas', type='http', auth='public', website=True, methods=['GET'])
    def plans(self, **query):
        return request.render('saas_master.plans', self._plans_values(query))

    # -- the order ------------------------------------------------------------------------------

    @http.route('/saas/signup', type='http', auth='public', website=True, sitemap=False, methods=['GET'])
    def form(self, **query):
        user = request.env.user
        known = {} if user._is_public() else {
            'contact_name': user.name, 'email': user.email, 'company_name': user.commercial_partner_id.name}
        return self._form({**known, **self._chosen(query), 'lang': request.env.lang})

    @http.route('/saas/signup', type='http', auth='public', website=True, sitemap=False, methods=['POST'])
    def order(self, **form):
        if form.get(TRAP):
            return request.redirect(SENT)
        values, errors = self._signups()._check_form(form)
        if errors:
            return self._form({**form, 'name': values['name']}, errors, status=422)
        try:
            self._signups()._place_order(values, request.httprequest.remote_addr)
        except RateLimited as limited:
            return self._form(form, limited=limited)
        self._note_order(values)
        return request.redirect(SENT)

    @http.route('/saas/signup/sent', type='http', auth='public', website=True, sitemap=False, methods=['GET'])
    def sent(self, **_query):
        return self._private('saas_master.signup_sent', {'email': request.session.get('saas_signup_email')})

    @http.route('/saas/signup/check', type='http', auth='public', website=True, sitemap=False, methods=['GET'])
    def check(self, name='', **_query):
        try:
            self._signups()._count_check(request.httprequest.remote_addr)
        except RateLimited as limited:
            return request.make_json_response(
                {'error': 'rate_limited', 'retry_after': limited.retry_after},
                headers={'Retry-After': str(limited.retry_after)}, status=429)
        return request.make_json_response(self._signups()._check_name(name), headers={'Cache-Control': 'no-store'})

    # -- the confirmation -----------------------------------------------------------------------

    @http.route('/saas/confirm/<string:token>', type='http', auth='public', website=True, sitemap=False,
                methods=['GET'])
    def confirm_page(self, token, **_query):
        """Starts nothing: mail scanners open every link they see."""
        signup = self._signups()._find(token)
        if signup.state == 'confirmed':
            return request.redirect(signup._after_confirm(token))
        return self._confirm_page(signup, token)

    @http.route('/saas/confirm/<string:token>', type='http', auth='public', website=True, sitemap=False,
                methods=['POST'])
    def confirm(self, token, name='', **_form):
        signup = self._signups()._find(token)
        problem = signup and signup._confirm(name)
        if not signup or problem:
            return self._confirm_page(signup, token, name, problem)
        return request.redirect(signup._after_confirm(token))

    @http.route('/saas/confirm/<string:token>/renew', type='http', auth='public', website=True, sitemap=False,
                methods=['POST'])
    def renew(self, token, **_form):
        signup = self._signups()._find(token)
        if not signup or not signup._is_expired():
            return self._confirm_page(signup, token)
        try:
            signup._renew(request.httprequest.remote_addr)
        except RateLimited as limited:
            return self._confirm_page(signup, token, limited=limited)
        request.session['saas_signup_email'] = signup.email
        return request.redirect(SENT)

    # -- the progress ---------------------------------------------------------------------------

    @http.route('/saas/progress/<string:token>', type='http', auth='public', website=True, sitemap=False,
                methods=['GET'])
    def progress(self, token, **_query):
        signup = self._signups()._find(token)
        if signup.state != 'confirmed':
            return request.redirect(f'/saas/confirm/{token}') if signup else self._unknown()
        return self._private('saas_master.progress', {
            'signup': signup, 'token': token, 'status': signup._status()})

    @http.route('/saas/progress/<string:token>/status', type='http', auth='public', website=True, sitemap=False,
                methods=['GET'], save_session=False)
    def status(self, token, **_query):
        signup = self._signups()._find(token)
        if signup.state != 'confirmed':
            return request.make_json_response({'error': 'unknown_link'}, status=404)
        return request.make_json_response(signup._status(), headers={'Cache-Control': 'no-store'})

    # -- pages ----------------------------------------------------------------------------------

    def _signups(self):
        return request.env['saas.signup'].sudo()

    def _plans_values(self, _query):
        return {'plans': self._signups()._plans()}

    def _chosen(self, query):
        """What the plans page has chosen already."""
        return {'plan': query.get('plan', '')}

    def _fields(self):
        return FIELDS

    def _note_order(self, values):
        """What the session keeps of an order for the page that says where its link went."""
        request.session['saas_signup_email'] = values['email']

    def _form_values(self, values, plans, plan):
        """What the form needs to know besides; for other addons to extend."""
        return {'values': values, 'plans': plans, 'plan': plan, 'address': self._signups()._address_parts(plan)}

    def _form(self, form, errors=None, limited=None, status=200):
        values = {field: visitor.clean(form.get(field)) for field in self._fields()}
        plans = self._signups()._plans()
        plan = plans.filtered(lambda plan: plan.code == values['plan']) or plans[:1]
        return self._private('saas_master.signup', {
            **self._form_values(values, plans, plan), 'errors': errors or {}, 'limited': limited, 'trap': TRAP,
            'offered_languages': request.env['res.lang'].get_installed(),
        }, status, limited)

    def _confirm_page(self, signup, token, name='', problem=False, limited=None):
        if not signup:
            return self._unknown()
        if signup._is_expired():
            return self._private('saas_master.confirm_expired', {
                'signup': signup, 'token': token, 'limited': limited}, 410, limited)
        problem = problem or signup._name_problem(signup.name)
        return self._private('saas_master.confirm', {
            'signup': signup, 'token': token, 'name': visitor.clean(name) or signup.name, 'problem': problem,
            'address': signup._address_parts(signup.plan_id),
        }, 409 if problem and request.httprequest.method == 'POST' else 200)

    def _unknown(self):
        return self._private('saas_master.link_unknown', {}, 404)

    def _private(self, template, values, status=200, limited=None):
        """A page that is one visitor's own: in no cache or index, and its address is told to nobody."""
        response = request.render(template, values)
        response.status_code = 429 if limited else status
        response.headers.update({
            'Cache-Control': 'no-store', 'Referrer-Policy': 'same-origin', 'X-Robots-Tag': 'noindex, nofollow'})
        if limited:
            response.headers['Retry-After'] = str(limited.retry_after)
        return response
