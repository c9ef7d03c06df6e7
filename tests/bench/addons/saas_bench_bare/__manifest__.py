{
    'name': 'Bare Route',
    'summary': 'The other side of a benchmark; never part of a product',
    'version': '1.0.0',
    'author': 'Odoo SaaS Control Plane contributors',
    'license': 'LGPL-3',
    'depends': ['web'],
}
