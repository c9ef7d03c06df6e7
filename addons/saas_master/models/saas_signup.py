import hashlib
import secrets
from datetime import timedelta

from psycopg2.errors import UniqueViolation

from odoo import _, api, fields, models
from odoo.tools.mail import email_normalize

from .. import visitor
from ..const import NO_ACCESS
from ..series import Constraint

HOUR = 3600
LENGTHS = {'company_name': 80, 'contact_name': 80, 'email': 254, 'name': 63}
DEFAULTS = {                    # system parameters saas_master.<name>
    'signup_per_hour': 5,       # from one address, and for one e-mail
    'name_checks_per_minute': 60,
    'signup_link_hours': 24,
    'signup_keep_days': 7,      # an order that nobody confirmed
}
PHASES = {'running': 'ready', 'suspended': 'suspended', 'deleting': 'deleted', 'deleted': 'deleted', 'failed': 'failed'}


class SaasSignup(models.Model):
    """A visitor's order. Nothing is provisioned before the link in the confirmation mail has led to a click.

    Of that link only the token's SHA-256 is kept, so nobody who reads this table can confirm for another.
    """

    _name = 'saas.signup'
    _description = 'Sign-up'
    _order = 'id desc'

    company_name = fields.Char(required=True, readonly=True)
    contact_name = fields.Char(required=True, readonly=True)
    email = fields.Char(required=True, readonly=True, index=True)
    name = fields.Char('Tenant Name', required=True, readonly=True, index=True)
    lang = fields.Char('Language', required=True, readonly=True)
    plan_id = fields.Many2one('saas.plan', required=True, readonly=True, ondelete='cascade')
    state = fields.Selection([('pending', 'To confirm'), ('confirmed', 'Confirmed'), ('expired', 'Expired')],
                             required=True, readonly=True, default='pending', index=True)
    token_hash = fields.Char(groups=NO_ACCESS, copy=False)
    expires_at = fields.Datetime('Link valid until', readonly=True)
    confirmed_at = fields.Datetime(readonly=True)
    ip = fields.Char('Address of the Visitor', readonly=True)
    partner_id = fields.Many2one('res.partner', 'Customer', readonly=True, ondelete='set null')
    tenant_id = fields.Many2one('saas.tenant', readonly=True, index=True, ondelete='set null')

    _token_hash_uniq = Constraint('UNIQUE (token_hash)', 'Two sign-ups cannot have the same link.')

    # -- the form -------------------------------------------------------------------------------

    @api.model
    def _number(self, name):
        """What staff have set, or the default."""
        value = self.env['ir.config_parameter'].sudo().get_param(f'saas_master.{name}')
        return int(value) if value and value.isdecimal() else DEFAULTS[name]

    @api.model
    def _plans(self):
        return self.env['saas.plan'].sudo().search([('is_published', '=', True)])

    @api.model
    def _check_form(self, form):
        """Return (values, errors): what can be stored, and by field of the form what the visitor has to change."""
        texts = {field: visitor.clean(form.get(field)) for field in (*LENGTHS, 'lang', 'plan')}
        for field in ('email', 'name'):
            texts[field] = texts[field].lower()
        errors = {field: problem for field in LENGTHS if (problem := self._text_problem(field, texts[field]))}
        if 'email' not in errors and not (visitor.is_email(texts['email']) and email_normalize(texts['email'])):
            errors['email'] = _('This is not an e-mail address we can write to. It looks like name@company.com.')
        if 'name' not in errors and (problem := self.env['saas.tenant']._name_problem(texts['name'])):
            errors['name'] = problem[1]
        if not texts['name']:
            texts['name'] = self._free_name(visitor.stem(texts['company_name']))
        if texts['lang'] not in dict(self.env['res.lang'].get_installed()):
            errors['lang'] = _('Choose one of the languages in the list.')
        code = texts.pop('plan')
        plan = self._plans().filtered(lambda plan: plan.code == code)
        if not plan:
            errors['plan'] = _('This plan is not on offer any more. Choose another one.')
        return {**texts, 'plan_id': plan.id}, errors

    def _text_problem(self, field, text):
        if not text:
            return {
                'company_name': _('Tell us the name of your company.'),
                'contact_name': _('Tell us your name.'),
                'email': _('We need your e-mail address: the link that starts your Odoo goes there.'),
                'name': _('Choose the name in the address of your Odoo.'),
            }[field]
        if len(text) > LENGTHS[field]:
            return _('This is too long: at most %s characters fit.', LENGTHS[field])
        if field in ('company_name', 'contact_name') and not visitor.is_name(text):
            return _('Use letters, digits and punctuation only; no links and no invisible characters.')
        return False

    @api.model
    def _free_name(self, stem):
        """A name that can be given, made of ``stem``; '' if there is none near."""
        candidates = [stem, *(f'{stem}-{number}' for number in range(2, 6))] if stem else []
        return next((name for name in candidates if not self.env['saas.tenant']._name_problem(name)), '')

    @api.model
    def _check_name(self, name):
        """What the form says about a name while it is typed."""
        name = visitor.clean(name).lower()[:LENGTHS['name'] + 1]
        code, message = self.env['saas.tenant']._name_problem(name) or ('free', _('This name is free.'))
        return {
            'name': name, 'available': code == 'free', 'code': code, 'message': message,
            'suggestion': self._free_name(visitor.stem(name)) if code in ('reserved', 'taken') else '',
        }

    @api.model
    def _address_parts(self, plan):
        """What stands before and after the name in the address of a tenant of this plan."""
        templates = self.env['saas.template'].sudo().search([
            ('name', 'in', plan.mapped('template_name')), ('node_id.active', '=', True)], limit=1)
        node = templates.node_id or self.env['saas.node'].sudo().search([], limit=1)
        before, _name, after = (node.address_pattern or '{name}').partition('{name}')
        return before, after.rstrip('/')

    # -- limits ---------------------------------------------------------------------------------

    @api.model
    def _count_signup(self, email, address):
        """Raise RateLimited when this visitor, or anybody for this e-mail, has signed up too often."""
        rate, limit = self.env['saas.rate'], self._number('signup_per_hour')
        rate._count('signup-address', visitor.network(address), limit, HOUR)
        rate._count('signup-email', email, limit, HOUR)

    @api.model
    def _count_check(self, address):
        self.env['saas.rate']._count('check', visitor.network(address), self._number('name_checks_per_minute'), 60)

    # -- the link -------------------------------------------------------------------------------

    @api.model
    def _place_order(self, values, address):
        """Store an order that ``_check_form`` let pass and mail its link. Raises RateLimited."""
        self._count_signup(values['email'], address)
        signup = self.create({**values, 'ip': address})
        signup._send_link()
        return signup

    def _renew(self, address):
        """A new link for an order whose link is too old; the old one is void. Raises RateLimited."""
        self.ensure_one()
        self._count_signup(self.email, address)
        self._send_link()

    def _send_link(self):
        """Queue the mail in this transaction: neither exists without the other, and no mail server is waited for."""
        self.ensure_one()
        token, hours = secrets.token_urlsafe(32), self._number('signup_link_hours')
        self.write({
            'state': 'pending',
            'token_hash': self._hash(token),
            'expires_at': fields.Datetime.now() + timedelta(hours=hours),
        })
        self.env.ref('saas_master.mail_template_confirm').sudo().with_context(
            confirm_url=self._link(f'/saas/confirm/{token}'), confirm_hours=hours).send_mail(self.id)
        self.env.ref('mail.ir_cron_mail_scheduler_action').sudo()._trigger()

    @api.model
    def _hash(self, token):
        return hashlib.sha256(token.encode(errors='replace')).hexdigest()

    @api.model
    def _find(self, token):
        return self.search([('token_hash', '=', self._hash(token))])

    def _link(self, path):
        """Absolute address of a page of the website in the language of the order."""
        website = self.env['website'].get_current_website()
        lang = website.language_ids.filtered(lambda lang: lang.code == self.lang)
        prefix = f'/{lang.url_code}' if lang and lang != website.default_lang_id else ''
        return f'{website.get_base_url()}{prefix}{path}'

    def _is_expired(self):
        self.ensure_one()
        return self.state != 'confirmed' and (self.state == 'expired' or self.expires_at < fields.Datetime.now())

    # -- confirmation ---------------------------------------------------------------------------

    def _confirm(self, name=''):
        """Open the tenant that was ordered, once however often it is asked for.

        Returns False, or (code, message): the link is 'expired', or its name, or ``name`` chosen instead, cannot be
        given. A second click at the same moment finds the row locked or changed: Odoo runs that request again.
        """
        self.ensure_one()
        self.env.cr.execute(
            'SELECT id FROM saas_signup WHERE id = %s FOR UPDATE NOWAIT', [self.id], log_exceptions=False)
        self.invalidate_recordset()
        if self.state == 'confirmed':
            return False
        if self._is_expired():
            return 'expired', _('This link is too old.')
        name = visitor.clean(name).lower() or self.name
        problem = self._name_problem(name)
        if problem:
            return problem
        try:
            with self.env.cr.savepoint():
                customer = self._customer()
                tenant = self._same_order(name).tenant_id or self._create_tenant(name, customer)
        except UniqueViolation:     # somebody confirmed the same name a moment ago
            return 'taken', self.env['saas.tenant']._name_message('taken')
        self.write({
            'name': name, 'state': 'confirmed', 'confirmed_at': fields.Datetime.now(),
            'partner_id': customer.id, 'tenant_id': tenant.id})
        return False

    def _after_confirm(self, token):
        """Path of the page that follows on the confirmation. Only the visitor has the token."""
        return f'/saas/progress/{token}'

    def _name_problem(self, name):
        """False, or (code, message) why this order cannot have ``name``."""
        problem = self.env['saas.tenant']._name_problem(name)
        return False if problem and problem[0] == 'taken' and self._same_order(name) else problem

    def _same_order(self, name):
        """Who sent the form twice confirms the same order by either mail."""
        return self.search([
            ('email', '=', self.email), ('name', '=', name), ('state', '=', 'confirmed'),
            ('tenant_id.state', 'not in', ('deleting', 'deleted')), ('tenant_id', '!=', False)], limit=1)

    def _customer(self):
        """The contact, in a company of its own. Reused only where this very e-mail was confirmed before.

        Not for who lost his right there: his next tenant is none of that company's.
        """
        earlier = self.search([('email', '=', self.email), ('state', '=', 'confirmed'), ('partner_id', '!=', False)])
        known = earlier.partner_id.filtered(lambda partner: partner.active and partner.email_normalized == self.email
                                            and (partner.saas_right or not partner.user_ids))
        if known:
            return known[0]
        company = self.env['res.partner'].create({'name': self.company_name, 'is_company': True, 'lang': self.lang})
        return self.env['res.partner'].create({
            'name': self.contact_name, 'email': self.email, 'lang': self.lang, 'parent_id': company.id})

    def _create_tenant(self, name, customer):
        tenant = self._draft_tenant(name, customer)
        self._begin(tenant)
        return tenant

    def _draft_tenant(self, name, customer):
        return self.env['saas.tenant'].create({
            'name': name, 'company_name': self.company_name, 'email': self.email, 'admin_name': self.contact_name,
            'lang': self.lang, 'plan_id': self.plan_id.id, 'partner_id': customer.commercial_partner_id.id})

    def _begin(self, tenant):
        """What the confirmation sets going; another addon may have something come before."""
        tenant.action_provision()

    # -- progress -------------------------------------------------------------------------------

    def _status(self):
        """What the customer sees of his tenant while it is made, and of its fate later. No secret, no error text."""
        self.ensure_one()
        tenant = self.tenant_id
        phase = PHASES.get(tenant.state, 'working') if tenant else 'deleted'
        provision = tenant.operation_ids.filtered(lambda operation: operation.kind == 'provision')[:1]
        progress = provision._progress() if provision else {}
        return {
            'phase': phase,
            'url': tenant.url if phase == 'ready' else False,
            'percent': 100 if phase == 'ready' else min(progress.get('percent', 0), 99),
            'label': progress.get('label', ''),
            'step': progress.get('step', 0),
            'total': progress.get('total', 0),
            'elapsed': progress.get('elapsed', 0),
            'steps': [{'name': step['name'], 'state': step['state']} for step in progress.get('steps', [])],
        }

    # -- staff and cron -------------------------------------------------------------------------

    def action_send_link(self):
        """Staff: a new link to those who lost theirs. Not counted against the visitor's limits."""
        self.check_access('write')
        self.env['saas.audit']._note('send_link', self)
        for signup in self.sudo().filtered(lambda signup: signup.state != 'confirmed'):
            signup._send_link()
        return True

    @api.model
    def _cron_tidy(self):
        """Mark orders whose link is too old, forget those nobody confirmed, where visitors were, and limits that are over."""
        now = fields.Datetime.now()
        self.search([('state', '=', 'pending'), ('expires_at', '<', now)]).state = 'expired'
        kept_from = now - timedelta(days=self._number('signup_keep_days'))
        old = self.search([('create_date', '<', kept_from)])
        old.filtered(lambda signup: signup.state == 'expired').unlink()
        old.exists().filtered('ip').ip = False
        self.env['saas.rate']._forget()
