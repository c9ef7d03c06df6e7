from psycopg2 import IntegrityError

from odoo import SUPERUSER_ID, _, api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import email_normalize, escape_psql

from .. import visitor
from ..series import USER_GROUPS, signup_link

DAY = 86_400
INVITATIONS_PER_DAY = 20        # of one company; system parameter saas_master.invitations_per_day
NAME_LENGTH, EMAIL_LENGTH = 80, 254
SHOWN = 200                     # people on the page, those with a right first


class SaasPeople(models.AbstractModel):
    """The people of a customer: who may look at the company's tenants, who may act, and how they are let in.

    Whatever is done here stays inside the company of the person who does it, and nobody learns whether an address is
    known elsewhere. Somebody who may act always remains.
    """

    _name = 'saas.people'
    _description = 'People of a Customer'

    # -- who is there ---------------------------------------------------------------------------

    @api.model
    def _company(self):
        return self.env.user.partner_id.sudo().commercial_partner_id

    @api.model
    def _right(self):
        """What the present person may do: 'look', 'act' or False."""
        return self.env.user.partner_id.sudo().saas_right

    @api.model
    def _check_manages(self):
        if self._right() != 'act':
            raise AccessError(_('Only a colleague who may act decides who has access. Ask one of them.'))

    @api.model
    def _domain(self):
        return [('commercial_partner_id', '=', self._company().id), ('is_company', '=', False), ('type', '=', 'contact')]

    @api.model
    def _all(self):
        """The company's contacts (sudo), those who may act first."""
        return self.env['res.partner'].sudo().search(self._domain(), order='saas_right, name, id', limit=SHOWN)

    @api.model
    def _find(self, person_id):
        """One of the company's contacts (sudo); none for anybody else's."""
        return self.env['res.partner'].sudo().search([('id', '=', person_id)] + self._domain())

    @api.model
    def _who_acts(self):
        """Whom a colleague asks for a right."""
        return self._all().filtered(lambda person: person.saas_right == 'act' and person.user_ids)

    # -- the form -------------------------------------------------------------------------------

    @api.model
    def _check_form(self, form):
        """Return (values, errors): what an invitation needs, and by field of the form what has to be changed."""
        values = {field: visitor.clean(form.get(field)) for field in ('name', 'email', 'right')}
        values['email'] = values['email'].lower()
        errors = {}
        if not visitor.is_name(values['name']) or len(values['name']) > NAME_LENGTH:
            errors['name'] = _('Tell us the name of your colleague, without links, in at most %s characters.', NAME_LENGTH)
        email = values['email']
        if len(email) > EMAIL_LENGTH or not (visitor.is_email(email) and email_normalize(email)):
            errors['email'] = _('This is not an e-mail address we can write to. It looks like name@company.com.')
        if values['right'] not in ('look', 'act'):
            errors['right'] = _('Choose what your colleague may do.')
        return values, errors

    # -- acts -----------------------------------------------------------------------------------

    @api.model
    def _invite(self, name, email, right):
        """Let a colleague in and mail him the link to his first password.

        Raises AccessError, RateLimited, or UserError where the address cannot be invited.
        """
        self._check_manages()
        self._count()
        colleague = self.env['res.partner'].sudo().search(self._domain() + [('email_normalized', '=', email)], limit=1)
        if colleague.user_ids:
            raise UserError(_('%s is among your people already. Change the right in the list.', colleague.name))
        if not colleague:
            if self._is_known_elsewhere(email):
                self._refuse()
            colleague = self.env['res.partner'].sudo().create({
                'name': name, 'email': email, 'lang': self.env.lang, 'parent_id': self._company().id})
        self._let_in(colleague, right)
        self.env['saas.audit']._note('invite', colleague, email)
        return colleague

    @api.model
    def _change(self, person, right):
        """Give one of ``_find()`` another right, or none. Raises AccessError, RateLimited or UserError."""
        self._check_manages()
        if not person or person.commercial_partner_id != self._company():
            raise AccessError(_('This is none of your people.'))
        if right not in ('look', 'act', False):
            raise UserError(_('Choose what your colleague may do.'))
        person = person.with_env(self.sudo().env)
        if right == person.saas_right:
            return
        self._lock()
        if person.saas_right == 'act':
            self._check_another_acts(person)
        if right and not person.user_ids:
            self._count()
            self._let_in(person, right)
        else:
            person.saas_right = right
        if not right:
            self._withdraw_invitation(person)

    @api.model
    def _invite_again(self, person):
        """A new link for a colleague who has not signed in yet. Raises AccessError, RateLimited or UserError."""
        self._check_manages()
        if not person.saas_right or not person.user_ids or person.user_ids.login_date:
            raise UserError(_('There is no open invitation. Give the person a right first.'))
        self._count()
        self._mail_invitation(person)
        self.env['saas.audit']._note('invite', person, person.user_ids.login)

    # -- rules ----------------------------------------------------------------------------------

    @api.model
    def _count(self):
        value = self.env['ir.config_parameter'].sudo().get_param('saas_master.invitations_per_day')
        limit = int(value) if value and value.isdecimal() else INVITATIONS_PER_DAY
        self.env['saas.rate']._count('invite', str(self._company().id), limit, DAY)

    @api.model
    def _lock(self):
        """Two who take each other's right at the same moment: the later one is refused, repeated, and then sees."""
        self.env.flush_all()
        self.env.cr.execute('UPDATE res_partner SET active = active WHERE id = %s', [self._company().id],
                            log_exceptions=False)
        self.env.invalidate_all()

    @api.model
    def _check_another_acts(self, person):
        if not (self._who_acts() - person):
            raise UserError(_('Somebody has to remain who may act. Give that right to a colleague first.'))

    @api.model
    def _is_known_elsewhere(self, email):
        """Whether the address is that of a user, or of a contact of anybody else; archived ones count."""
        elsewhere = self.env['res.partner'].sudo().with_context(active_test=False).search_count([
            ('email_normalized', '=', email), ('commercial_partner_id', '!=', self._company().id)], limit=1)
        return bool(elsewhere or self._users(email))

    @api.model
    def _users(self, email):
        return self.env['res.users'].sudo().with_context(active_test=False).search([
            '|', ('login', '=ilike', escape_psql(email)), ('partner_id.email_normalized', '=', email)])

    @api.model
    def _refuse(self):
        raise UserError(_('We cannot invite this address. Try another one of your colleague, or write to us.'))

    # -- accounts -------------------------------------------------------------------------------

    @api.model
    def _let_in(self, person, right):
        email = person.email_normalized
        if not email:
            raise UserError(_('%s has no e-mail address. Invite the person with the form below.', person.name))
        if not person.user_ids and not self._open_account(person):
            self._refuse()
        person.saas_right = right
        self._mail_invitation(person)

    @api.model
    def _open_account(self, contact):
        """The contact's user, a new portal user if there is none; nobody where the address is another account's."""
        user = contact.sudo().with_context(active_test=False).user_ids[:1]
        if user:
            return user.filtered('active')
        email = contact.email_normalized
        if self._users(email):
            return user
        try:
            with self.env.cr.savepoint():
                return self.env['res.users'].sudo().with_context(no_reset_password=True).create({
                    'login': email, 'partner_id': contact.id,
                    USER_GROUPS: [fields.Command.set([self.env.ref('base.group_portal').id])]})
        except (IntegrityError, ValidationError):       # somebody took the login a moment ago
            return user

    @api.model
    def _mail_invitation(self, person):
        """To the login: the address that was invited, whatever the contact's own says by now."""
        user, inviter = person.user_ids[:1], self.env.user.sudo()
        link, hours = signup_link(person, '/my/tenants')
        self.env.ref('saas_master.mail_template_invitation').sudo().with_context(
            portal_link=link, portal_link_days=hours // 24, inviter=self._presentable(inviter.name, inviter.login),
            company_name=self._presentable(self._company().name, ''),
        ).send_mail(person.id, email_values={'email_to': user.login})
        self.env.ref('mail.ir_cron_mail_scheduler_action').sudo()._trigger()

    @api.model
    def _presentable(self, name, otherwise):
        """Customers name themselves as they like; our mail to a stranger carries no link of theirs."""
        return name if visitor.is_name(name or '') else otherwise

    @api.model
    def _withdraw_invitation(self, person):
        """Who never came in has no account any more: neither the link works nor is the address taken."""
        waiting = person.user_ids.filtered(
            lambda user: not user.login_date and not user._is_internal() and user.id not in (SUPERUSER_ID, self.env.uid))
        if waiting:
            person.signup_cancel()
            waiting.unlink()
