"""/api/domains: customers' own names, by the contract that programs of customers speak already."""
from odoo import http

from odoo.addons.saas_master.controllers.api.dispatcher import Answer
from odoo.addons.saas_master.controllers.api.endpoint import endpoint
from odoo.addons.saas_master.controllers.api.provisioning import once
from odoo.addons.saas_master.controllers.api.texts import _lt

from . import domains_reading as reading
from .schemas_domains import (
    Activation,
    Domain,
    DomainChange,
    DomainPage,
    DomainQuery,
    NewClaim,
    NewDomain,
    NotVerified,
    Verified,
    Whose,
)

TAG = 'domains'
PATH = '/api/domains/{domain}'
SEVERAL = ('ambiguous',)
BEGUN, DONE = _lt('{name} is being published.'), _lt('{name} is active.')


class DomainsApi(http.Controller):

    @endpoint('GET', '/api/domains', tag=TAG, summary=_lt('List domains'), query=DomainQuery, answers={200: DomainPage},
              description=_lt('Those the caller may see: staff all of them, a contact those of his company.'))
    def list_domains(self, call):
        query, domain = call.query, reading.listed(call)
        domains = call.env['saas.custom_domain']
        found = domains.search_fetch(domain, reading.ITEM, order=reading.order(query.sort), limit=query.limit,
                                     offset=query.offset)
        complete = len(found) < query.limit and (found or not query.offset)
        total = query.offset + len(found) if complete else domains.search_count(domain)
        show = reading.show_domains if query.view == 'full' else reading.show_items
        return {'items': show(call, found), 'total': total}

    @endpoint('POST', '/api/domains', tag=TAG, summary=_lt('Add a domain'), body=NewDomain, answers={201: NewClaim},
              errors=('conflict', 'limit_reached'), idempotent=True, description=_lt(
                  'Claims the name for a customer and says which record to set. Others may claim it as well; who proves it '
                  'has it.'))
    def add_domain(self, call):
        def add():
            added = call.env['saas.custom_domain']._person_add(reading.claim_values(call))
            return Answer(reading.show_claim(call, added), headers={'Location': f'/api/domains/{added.external_domain}'})
        return once(call, add)

    @endpoint('GET', PATH, tag=TAG, summary=_lt('Read a domain'), query=Whose, answers={200: Domain}, errors=SEVERAL)
    def read_domain(self, call, domain):
        return reading.show_domain(call, reading.find_domain(call, domain))

    @endpoint('PATCH', PATH, tag=TAG, summary=_lt('Choose the tenant of a domain'), query=Whose, body=DomainChange,
              answers={200: Domain}, errors=('conflict', *SEVERAL), description=_lt('Where none was chosen yet.'))
    def change_domain(self, call, domain):
        found = reading.find_domain(call, domain)
        found._check_act()
        found._person_choose_tenant(reading.find_tenant(call, call.body.tenant_deployment_id, found.sudo().partner_id))
        return reading.show_domain(call, found)

    @endpoint('DELETE', PATH, tag=TAG, summary=_lt('Remove a domain'), query=Whose, answers={204: None},
              errors=('conflict', *SEVERAL), description=_lt('It is free at once; what is published of it is taken away.'))
    def remove_domain(self, call, domain):
        reading.find_domain(call, domain)._person_remove()
        return Answer(None)

    @endpoint('POST', f'{PATH}/verify', tag=TAG, summary=_lt('Verify a domain'), query=Whose,
              answers={200: Verified, 400: NotVerified}, errors=('conflict', *SEVERAL), description=_lt(
                  'Asks the DNS now, for some seconds at most. 400 with a status is the answer "not yet", not an error.'))
    def verify_domain(self, call, domain):
        answer = reading.find_domain(call, domain)._person_verify()
        is_verified = answer['status'] == 'verified'
        return Answer({name: answer[name] or None for name in (Verified if is_verified else NotVerified).model_fields},
                      status=200 if is_verified else 400)

    @endpoint('POST', f'{PATH}/activate', tag=TAG, summary=_lt('Publish a domain'), query=Whose,
              answers={200: Activation}, errors=('conflict', *SEVERAL), description=_lt(
                  'It is published by itself once it is verified and points here; this asks for it now. Follow the operation.'))
    def activate_domain(self, call, domain):
        found = reading.find_domain(call, domain)
        found._check_act()
        operation = found.sudo()._active_operation()
        if not found.is_active and operation.kind != 'activate_domain':
            operation = found._person_activate()
        text = DONE if found.is_active else BEGUN
        headers = {'Location': f'/api/operations/{operation.id}'} if operation else {}
        return Answer({'status': 'active' if found.is_active else 'activating', 'operation': reading.brief(operation),
                       'message': call.text(text, name=found.display_domain)}, headers=headers)

    @endpoint('POST', f'{PATH}/make-primary', tag=TAG, summary=_lt('Make a domain the primary one'), query=Whose,
              answers={200: Domain}, errors=('conflict', *SEVERAL), description=_lt(
                  'The tenant calls itself by it, and its other domains lead there if that is switched on.'))
    def make_primary(self, call, domain):
        found = reading.find_domain(call, domain)
        found._person_make_primary()
        return reading.show_domain(call, found)
