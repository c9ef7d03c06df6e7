{
    'name': 'SaaS Custom Domains',
    'summary': 'From a customer\'s own name to his tenant: proof by DNS, Cloudflare, tunnel and router',
    'version': '1.0.0',
    'category': 'Services/SaaS',
    'author': 'Odoo SaaS Control Plane contributors',
    'license': 'LGPL-3',
    'depends': ['saas_master'],
    'external_dependencies': {'python': ['dnspython', 'idna', 'publicsuffixlist', 'requests', 'yaml']},
    'data': [
        'security/saas_domains_security.xml',
        'security/ir.model.access.csv',
        'data/ir_cron_data.xml',
        'data/mail_activity_type_data.xml',
        'data/mail_template_data.xml',
    ],
    'uninstall_hook': 'uninstall_hook',
}
