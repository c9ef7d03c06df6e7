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
