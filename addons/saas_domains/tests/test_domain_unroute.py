from odoo.exceptions import ValidationError

from ..edge import tunnel_remote
from ..models import edge_ingress
from .domain_common import NAME, DomainCase


class TestDomainUnroute(DomainCase):

    def test_a_name_removed_while_the_table_with_it_is_written(self):
        """Another worker read the name as wanted, and notes what it wrote only after the name has ended."""
        domain = self._active()
        routes = self.node._route_rows(self.env.cr, self.node.id)
        domain._end_claim('removed')
        self.env.flush_all()
        self.router.apply(routes)
        self.node._routes_applied(self.env.cr, self.node.id, routes)
        self.assertIn(NAME, self.router.routes)
        self.assertEqual(self._work_off(domain, 'remove_domain').state, 'done')
        self.assertNotIn(NAME, self.router.routes)
        self.assertFalse(domain._has_edges())

    def _document_with(self, domain, note):
        """Another worker read the name as wanted, put the document after the name has ended, and notes it (or is killed)."""
        spec = self.root._edge_spec()
        want = edge_ingress.wanted(self.env.cr, spec)
        domain._end_claim('removed')
        self.env.flush_all()
        tunnel_remote.publish(spec.client(), spec.tunnel, want.ingress)
        self.env.cr.execute(note, want.ids())
        self.env.invalidate_all()
        return spec

    def _hosts(self, spec):
        return {rule.get('hostname') for rule in spec.client().configuration(spec.tunnel)[1]['ingress']}

    def test_a_name_removed_while_the_document_with_it_is_written(self):
        self.root.edge_mode = 'per-host'
        for name, note in (('www.noted.example', edge_ingress.CONFIGURED), ('www.killed.example', edge_ingress.PERHAPS)):
            domain = self._active(name)
            if note == edge_ingress.PERHAPS:        # its own document was never noted
                self.env.cr.execute('UPDATE saas_custom_domain SET tunnel_ingress_configured = false WHERE id = %s', [domain.id])
            spec = self._document_with(domain, note)
            self.assertIn(name, self._hosts(spec))
            self.assertEqual(self._work_off(domain, 'remove_domain').state, 'done')
            self.assertNotIn(name, self._hosts(spec))

    def test_a_record_whose_maker_was_killed_goes_with_its_name(self):
        self.root.edge_mode = 'per-host'
        domain = self._active('www.unnoted.example')
        spec = self.root._edge_spec()
        self.env.cr.execute('UPDATE saas_custom_domain SET cloudflare_dns_record_id = NULL WHERE id = %s', [domain.id])
        self.env.invalidate_all()
        self.assertIn(domain.sajet_full_domain, {record.name for record in spec.client().records(spec.zone, '')})
        domain._end_claim('removed')
        self.assertEqual(self._work_off(domain, 'remove_domain').state, 'done')
        self.assertNotIn(domain.sajet_full_domain, {record.name for record in spec.client().records(spec.zone, '')})

    def test_one_tunnel_has_one_catch_all(self):
        values = {'name': 'second.example', 'tunnel_id': self.root.tunnel_id, 'is_sandbox': True}
        with self.assertRaises(ValidationError):
            self.root.create({**values, 'origin_service': 'http://127.0.0.1:1'})
        self.root.create({**values, 'origin_service': self.root.origin_service})
