"""A customer's way with a name, as the portal shows it: how far it is, what to do now, and what else he has to know."""
from odoo import _, api, fields, models

MINUTE, HOUR, DAY = 60, 3600, 86_400
LOOKS = {'pending': 'clock-o', 'verifying': 'search', 'verified': 'check', 'publishing': 'cloud-upload', 'failed': 'times',
         'active': 'check', 'left': 'exclamation', 'error': 'exclamation', 'contested': 'exclamation', 'ended': 'minus'}


class SaasCustomDomain(models.Model):
    _inherit = 'saas.custom_domain'

    @api.model
    def _customer_domain(self):
        """The names of the present person's own company, also for staff; record rules add the right to see them."""
        return [('partner_id', '=', self.env.user.partner_id.commercial_partner_id.id)]

    def _portal_state(self):
        """What lists show of it: code, label, icon."""
        self.ensure_one()
        code, label, _level = self._customer_state()
        if code != 'ended' and self.sudo().contest_ends_at:
            code, label = 'contested', _('Claimed by another')
        return {'code': code, 'label': label, 'icon': LOOKS.get(code, 'circle-o')}

    def _portal_stage(self):
        """On which of the four steps it is; 0: it has ended."""
        domain = self.sudo()
        if domain.lost_at:
            return 0
        if domain.is_active:
            return 4
        if domain.verification_status == 'verified':
            return 3
        return 2 if domain.checked_at and domain.points_here else 1

    def _portal_stages(self):
        stage = 1 if self.sudo().left_at else self._portal_stage()
        labels = (_('Set the record'), _('We check it'), _('Certificate and publishing'), _('Done'))
        done = 4 if stage == 4 else stage - 1
        return [{'name': label, 'state': 'done' if number <= done else 'active' if number == stage else ''}
                for number, label in enumerate(labels, 1)]

    def _portal_status(self):
        """What the page asks for while it is open: ``_customer_status``, and when the next look at the DNS is."""
        status = self._customer_status()
        return {**status, 'key': f'{status["key"]}/{self._portal_state()["code"]}', 'next_check': self._next_check_words()}

    # -- when -----------------------------------------------------------------------------------

    def _next_check_words(self):
        domain = self.sudo()
        if domain.lost_at or not domain.next_check_at:
            return ''
        seconds = (domain.next_check_at - fields.Datetime.now()).total_seconds()
        return _('within a minute') if seconds < MINUTE else self._in_words(seconds)

    def _in_words(self, seconds):
        if seconds < 1.5 * MINUTE:
            return _('in about a minute')
        if seconds < HOUR:
            return _('in about %s minutes', round(seconds / MINUTE))
        if seconds < 1.5 * HOUR:
            return _('in about an hour')
        return _('in about %s hours', round(seconds / HOUR))

    def _last_check_words(self):
        if not self.sudo().checked_at:
            return _('never')
        seconds = (fields.Datetime.now() - self.sudo().checked_at).total_seconds()
        if seconds < 1.5 * MINUTE:
            return _('just now')
        if seconds < HOUR:
            return _('%s minutes ago', round(seconds / MINUTE))
        return _('%s hours ago', round(seconds / HOUR)) if seconds < 2 * DAY else _('%s days ago', round(seconds / DAY))

    # -- what has to be known -------------------------------------------------------------------

    def _portal_notices(self):
        """Banners, the most urgent first: (level, headline, what to do)."""
        self.ensure_one()
        domain = self.sudo()
        if domain.lost_at:
            return [('near', *domain._verdict_of_end())]
        told = [domain._notice_contested(), domain._notice_waiting(), domain._notice_left(), domain._notice_delayed(),
                domain._notice_given_up()]
        return [notice for notice in told if notice]

    def _verdict_of_end(self):
        verdict = self._verdict()
        return verdict['message'], verdict['next_step']

    def _notice_contested(self):
        if self.contest_ends_at:
            return ('over', _('Another customer has shown that this domain is his. On %s it passes to him.',
                              self._day(self.contest_ends_at)),
                    _('If it is yours: somebody has changed its DNS. Remove the TXT record %s that is not your own, and change '
                      'your password at the DNS provider. Otherwise there is nothing to do.', self._txt_name()))
        return None

    def _notice_waiting(self):
        if not self.proved_at or self.verification_status == 'verified':
            return None
        holder = self.search([('contested_by_id', '=', self.id), ('contest_ends_at', '!=', False)], limit=1)
        day = self._day(holder.contest_ends_at) if holder else _('the end of the notice')
        return ('near', _('You have shown that the domain is yours. Another customer still holds it and was told.'),
                _('Keep the TXT record until %s: then it is yours, without another click.', day))

    def _notice_left(self):
        if not self.left_at:
            return None
        return ('over', _('It no longer leads here. We take it down on %s.', self._day(self.unpublish_at)),
                _('Set the record below again, and all goes on as before. If you have moved the domain on purpose, remove '
                  'it here.'))

    def _notice_delayed(self):
        if self.verification_status == 'verified' and not self._active_operation() and self.operation_id.state == 'failed':
            return ('near', _('Publishing it did not work, and it is our fault.'),
                    _('Our staff knows about it and goes on with it. Your record is fine: leave it as it is.'))
        return None

    def _notice_given_up(self):
        if self.verification_status != 'failed':
            return None
        return ('near', _('We have stopped looking: for days the record was not there.'),
                _('Set it as shown below, then press "Check now". We begin again.'))

    def _day(self, moment):
        return self.env['ir.qweb.field.datetime'].value_to_html(moment, {'hide_seconds': True}) if moment else ''

    # -- without www ----------------------------------------------------------------------------

    def _sibling(self):
        """The name with www of one without, the bare one of one with; '' for all others (in Unicode)."""
        name = self.display_domain
        if self.is_apex:
            return f'www.{name}'
        return name.removeprefix('www.') if self.external_domain == f'www.{self.registrable}' else ''

    def _sibling_record(self):
        """The company's own claim of that other name, if it has one."""
        sibling = f'www.{self.external_domain}' if self.is_apex else self.registrable
        return self._sibling() and self.search(
            [('partner_id', '=', self.partner_id.id), ('external_domain', '=', sibling), ('lost_at', '=', False)], limit=1)
