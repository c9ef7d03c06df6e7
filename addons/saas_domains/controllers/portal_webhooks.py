"""/my/webhooks: endpoints of the customer that are told of what happens to his tenants and domains.

Only contacts who may act know of them. What may be done is decided by saas.webhook; nothing here grants anything.
"""
from werkzeug.exceptions import NotFound

from odoo import _, http
from odoo.http import request

from odoo.addons.portal.controllers.portal import pager as portal_pager
from odoo.addons.saas_master import visitor
from odoo.addons.saas_master.controllers.portal import LARGEST_ID, NONE, PAGE, PAGES, Problem, SaasPortal

from ..models.saas_webhook import EVENTS, NAME_LENGTH


class SaasPortalWebhooks(SaasPortal):

    @http.route('/my/webhooks', methods=['GET'], **PAGES)
    def webhooks(self, **_query):
        return self._webhooks_page()

    @http.route('/my/webhooks', methods=['POST'], **PAGES)
    def add_webhook(self, **form):
        hooks = request.env['saas.webhook']
        if request.env['saas.people']._right() != 'act':
            return self._webhooks_page()
        values, shown = self._webhook_form(form)
        if not values['name']:
            return self._webhooks_page(Problem(_('Give it a name, in at most %s characters.', NAME_LENGTH), 422), shown)
        made = []
        if problem := self._try(lambda: made.extend(hooks._person_add(values))):
            return self._webhooks_page(problem, shown)
        return self._secret_page(*made)

    @http.route(['/my/webhooks/<int:webhook_id>', '/my/webhooks/<int:webhook_id>/page/<int:page>'], methods=['GET'], **PAGES)
    def webhook(self, webhook_id, page=1, **_query):
        return self._webhook_page(self._webhook(webhook_id), page=page)

    @http.route('/my/webhooks/<int:webhook_id>', methods=['POST'], **PAGES)
    def change_webhook(self, webhook_id, **form):
        hook, (values, shown) = self._webhook(webhook_id), self._webhook_form(form)
        if not values['name']:
            return self._webhook_page(hook, Problem(_('Give it a name, in at most %s characters.', NAME_LENGTH), 422), shown)
        if problem := self._try(lambda: hook._person_change(values)):
            return self._webhook_page(hook, problem, shown)
        return self._go(f'/my/webhooks/{hook.id}', _('The changes are saved.'))

    @http.route('/my/webhooks/<int:webhook_id>/pause', methods=['POST'], **PAGES)
    def pause_webhook(self, webhook_id, **_form):
        return self._act_on_webhook(webhook_id, '_person_pause', _('It is paused. What happens meanwhile waits for three days.'))

    @http.route('/my/webhooks/<int:webhook_id>/resume', methods=['POST'], **PAGES)
    def resume_webhook(self, webhook_id, **_form):
        return self._act_on_webhook(webhook_id, '_person_resume', _('It is live again. What has waited is being sent.'))

    @http.route('/my/webhooks/<int:webhook_id>/ping', methods=['POST'], **PAGES)
    def ping_webhook(self, webhook_id, **_form):
        said = _('A ping is on its way. Load this page again in a moment: the deliveries show what comes of it.')
        return self._act_on_webhook(webhook_id, '_person_ping', said)

    @http.route('/my/webhooks/<int:webhook_id>/roll', methods=['POST'], **PAGES)
    def roll_webhook(self, webhook_id, proof='', **_form):
        hook, made = self._webhook(webhook_id), []
        hook._check_act()
        problem = self._prove('secret', proof) or self._try(lambda: made.append(hook._person_roll()))
        return self._webhook_page(hook, problem) if problem else self._secret_page(hook, *made)

    @http.route('/my/webhooks/<int:webhook_id>/delete', methods=['POST'], **PAGES)
    def delete_webhook(self, webhook_id, **_form):
        hook = self._webhook(webhook_id)
        name = hook.name
        if problem := self._try(hook._person_remove):
            return self._webhook_page(hook, problem)
        return self._go('/my/webhooks', _('%s is removed. Nothing is sent to it any more.', name))

    @http.route('/my/webhooks/<int:webhook_id>/deliveries/<int:delivery_id>/replay', methods=['POST'], **PAGES)
    def replay_delivery(self, webhook_id, delivery_id, **_form):
        hook = self._webhook(webhook_id)
        delivery = request.env['saas.webhook.delivery'].search(
            [('id', '=', delivery_id), ('webhook_id', '=', hook.id)]) if delivery_id <= LARGEST_ID else None
        if not delivery:
            raise NotFound()
        if problem := self._try(delivery._person_replay):
            return self._webhook_page(hook, problem)
        return self._go(f'/my/webhooks/{hook.id}', _('It is sent once more.'))

    # -- what these pages share -----------------------------------------------------------------

    def _act_on_webhook(self, webhook_id, method, said):
        hook = self._webhook(webhook_id)
        if problem := self._try(getattr(hook, method)):
            return self._webhook_page(hook, problem)
        return self._go(f'/my/webhooks/{hook.id}', said)

    def _webhook(self, webhook_id):
        """One of the person's own company, or 404 whatever the cause. Those of staff are no customer's."""
        hooks = request.env['saas.webhook']
        hook = hooks.search([('id', '=', webhook_id), *self._webhook_domain()]) if (
            webhook_id <= LARGEST_ID and hooks.has_access('read')) else None
        if not hook:
            raise NotFound()
        return hook

    def _webhook_domain(self):
        people = request.env['saas.people']
        return [('partner_id', '=', people._company().id if people._right() == 'act' else 0)]

    def _webhook_form(self, form):
        """(values to keep, what the form shows again). Events stand in fields of their own, as browsers send boxes."""
        name, url = visitor.clean(form.get('name'))[:NAME_LENGTH], visitor.clean(form.get('url'))
        if not visitor.is_name(name):
            name = ''
        chosen = [event for event in EVENTS if form.get(event)]
        every = form.get('what') != 'some' or not chosen
        events = [] if every else chosen
        values = {'name': name, 'url': url, 'events': ', '.join(events)}
        return values, {'name': visitor.clean(form.get('name')), 'url': url, 'events': events}

    def _webhooks_page(self, problem=NONE, values=None):
        people, hooks = request.env['saas.people'], request.env['saas.webhook']
        if people._right() != 'act' or not hooks.has_access('read'):
            return self._page('saas_domains.portal_webhooks_not_yours', {'page_name': 'saas_webhooks'}, Problem(status=403))
        return self._page('saas_domains.portal_webhooks', {
            'page_name': 'saas_webhooks', 'hooks': hooks.search(self._webhook_domain()).sudo(),
            'values': values or {}, 'labels': hooks._event_labels(),
        }, problem)

    def _webhook_page(self, hook, problem=NONE, values=None, page=1):
        steps, deliveries = request.env['saas.step.up'], request.env['saas.webhook.delivery']
        domain = [('webhook_id', '=', hook.id)]
        pager = portal_pager(f'/my/webhooks/{hook.id}', deliveries.search_count(domain), page, PAGE)
        return self._page('saas_domains.portal_webhook', {
            'page_name': 'saas_webhook', 'hook': hook.sudo(), 'labels': hook._event_labels(),
            'values': values or {'name': hook.name, 'url': hook.url, 'events': hook._event_codes() if hook.events else []},
            'deliveries': deliveries.search(domain, limit=PAGE, offset=pager['offset']).sudo(), 'pager': pager,
            'proof_type': not steps._is_fresh('secret') and steps._proof_type(),
        }, problem)

    def _secret_page(self, hook, secret):
        """The answer itself, not a page to go to: the secret is in no address and no session."""
        return self._page('saas_domains.portal_webhook_secret', {
            'page_name': 'saas_webhook', 'hook': hook.sudo(), 'secret': secret})
