"""The compose file: what the specification demands, and what we demand of every service."""
import re
import subprocess

import pytest

from tests import bare  # noqa: F401 - registers the package ``bare``

from bare.saas_domains.edge import ingress, ingress_lint  # isort: skip

from .conftest import tools

ONE_SHOT = {'init', 'register'}
OPTIONAL = {'master2': 'scale', 'cloudflared': 'tunnel', 'register': 'setup'}
SENSITIVE = re.compile(r'PASSWORD|TOKEN|SECRET|PRIVATE|CREDENTIAL')


def strings(value):
    """Every text in a nested value."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from (key, *strings(item))
    elif isinstance(value, list):
        for item in value:
            yield from strings(item)
    elif isinstance(value, str):
        yield value


def test_it_fits_the_specification(docker):
    done = subprocess.run([tools(), '-m', 'check_jsonschema', '--builtin-schema', 'vendor.compose-spec',
                           docker / 'compose.yaml'], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_services(compose):
    assert set(compose['services']) == {'db', 'init', 'master', 'master2', 'node', 'register', 'cloudflared'}
    profiles = {name: service['profiles'] for name, service in compose['services'].items() if 'profiles' in service}
    assert profiles == {name: [profile] for name, profile in OPTIONAL.items()}


def test_every_service_survives_and_is_watched(compose):
    for name, service in compose['services'].items():
        if name in ONE_SHOT:
            assert service['restart'] in ('no', 'on-failure:3') and service['healthcheck'] == {'disable': True}, name
        else:
            assert service['restart'] == 'unless-stopped', name
            assert service['healthcheck']['test'][0] == 'CMD', f'{name}: a check without a shell'
            assert {'interval', 'timeout', 'retries', 'start_period'} <= set(service['healthcheck']), name
        assert set(service['deploy']['resources']['limits']) == {'cpus', 'memory', 'pids'}, name
        assert service['logging']['options']['max-size'], f'{name}: its log must not fill the disk'


def test_every_service_has_as_few_rights_as_it_can(compose):
    for name, service in compose['services'].items():
        assert service['read_only'] is True, name
        assert service['cap_drop'] == ['ALL'], name
        assert 'no-new-privileges:true' in service['security_opt'], name
        assert not {'privileged', 'pid', 'ipc', 'network_mode', 'devices'} & set(service), name
        assert not set(service.get('cap_add', ())) - {
            'CHOWN', 'DAC_OVERRIDE', 'DAC_READ_SEARCH', 'FOWNER', 'SETGID', 'SETUID'}, name


def test_nothing_is_published_beyond_this_machine(compose):
    published = [port for service in compose['services'].values() for port in service.get('ports', ())]
    assert published and all(isinstance(port, str) and port.startswith('127.0.0.1:') for port in published)


def test_images_are_pinned(compose, docker):
    for name, service in compose['services'].items():
        image, _, tag = service['image'].rpartition(':')
        assert image and tag not in ('', 'latest'), f'{name}: {service["image"]}'
    assert compose['x-build']['args']['ODOO_IMAGE'] == '${SAAS_ODOO_IMAGE:-odoo:17.0}'
    assert 'ARG ODOO_IMAGE=odoo:17.0\n' in (docker / 'Dockerfile').read_text()


def test_secrets_are_declared_used_and_generated(compose, prepared):
    declared = compose['secrets']
    used = {name for service in compose['services'].values() for name in service.get('secrets', ())}
    assert used == set(declared)
    assert all(value == {'file': f'./secrets/{name}'} for name, value in declared.items())
    generated = {path.name for path in (prepared / 'secrets').iterdir()}
    assert generated == set(declared) - {'tunnel_token'}, 'the tunnel\'s token comes from Cloudflare'


def test_who_is_given_which_secret(compose):
    given = {name: set(service.get('secrets', ())) for name, service in compose['services'].items()}
    assert [name for name in given if 'postgres_password' in given[name]] == ['db', 'init']
    assert given['master'] == given['master2'] == {'master_db_password', 'saas_secret_key'}
    assert given['node'] == {'tenant_db_password', 'node_host_key', 'node_client_key.pub'}
    assert given['cloudflared'] == {'tunnel_token'}


def test_no_secret_in_environments_or_commands(compose):
    for name, service in compose['services'].items():
        for variable, value in service.get('environment', {}).items():
            if SENSITIVE.search(variable):
                assert value.startswith('/run/secrets/'), f'{name}: {variable}'
    text = ' '.join(strings(compose))
    assert not re.search(r'(?i)(password|token|secret)\s*[=:]\s*[^\s/$]', text)


def test_networks(compose):
    networks = {name: set(service['networks']) for name, service in compose['services'].items()}
    assert compose['networks']['database'] == {'internal': True}
    assert networks['db'] == networks['init'] == {'database'}, 'nobody outside reaches the database'
    assert networks['cloudflared'] == {'edge'}, 'the tunnel reaches the router and nothing else'
    assert networks['node'] == {'database', 'control', 'edge'}
    assert networks['master'] == networks['master2'] == {'database', 'control'}


def test_fixed_addresses_are_each_one_service_s(compose):
    addresses = [network['ipv4_address'] for service in compose['services'].values()
                 for network in (service['networks'].values() if isinstance(service['networks'], dict) else ())
                 if network]
    assert len(addresses) == len(set(addresses)) == 5
    environment = compose['services']['node']['environment']
    tunnel = compose['services']['cloudflared']['networks']['edge']['ipv4_address']
    assert environment['SAAS_TRUSTED_PROXIES'] == f'set_real_ip_from {tunnel}; ${{SAAS_MORE_PROXIES:-}}'
    for name in ('master', 'master2', 'node'):
        service = compose['services'][name]
        assert service['networks']['control']['ipv4_address'] == service['environment']['SAAS_ADDRESS'], name


def test_data_is_in_volumes(compose):
    mounts = [mount for service in compose['services'].values() for mount in service.get('volumes', ())]
    named = {mount.partition(':')[0] for mount in mounts if not mount.startswith('.')}
    assert named == set(compose['volumes'])
    for mount in mounts:
        assert mount.endswith(':ro') or not mount.startswith('.'), f'{mount}: a folder of the host is read only'


def test_the_tunnel_s_document_leads_to_the_router(compose):
    """As ``register`` tells the master: what it puts into the tunnel is sound, and cloudflared reaches that service."""
    services = compose['services']
    origin = services['register']['environment']['SAAS_TUNNEL_SERVICE']
    rules = ingress.render([ingress.Rule(host, origin) for host in ('example.com', '*.example.com')], origin)
    assert ingress_lint.lint(rules) == [] and rules[-1] == {'service': origin}
    _scheme, host, port = origin.replace('//', '').split(':')
    assert services[host]['environment']['SAAS_ROUTER_LISTEN'] == port
    assert set(services[host]['networks']) & set(services['cloudflared']['networks'])
    assert services['cloudflared']['command'][-3:] == ['run', '--token-file', '/run/secrets/tunnel_token']


def test_planned_work_has_a_process_for_each_worker_and_two_more(compose, docker):
    crons = (docker.parent / 'addons/saas_master/data/ir_cron_data.xml').read_text()
    workers = len(re.findall(r'model\._work\(\d+\)', crons))
    default = compose['services']['master']['environment']['SAAS_CRON_THREADS']
    assert default == f'${{SAAS_MASTER_CRON_THREADS:-{workers + 2}}}'


def test_variables_without_a_default_are_made_by_prepare(compose, prepared):
    made = dict(line.split('=', 1) for line in (prepared / '.env').read_text().splitlines() if not line.startswith('#'))
    needed = set(re.findall(r'\$\{(\w+):\?', ' '.join(strings(compose))))
    assert needed <= set(made)
    assert [name for name in needed if not made[name]] == ['SAAS_SMTP_SERVER'], 'only the owner knows that one'


@pytest.mark.parametrize('name', ['master', 'node'])
def test_health_checks_are_in_the_image(compose, docker, name):
    _cmd, path, argument = compose['services'][name]['healthcheck']['test']
    script = docker / 'bin' / path.rpartition('/')[2]
    assert path.startswith('/saas/docker/bin/') and argument == name and script.stat().st_mode & 0o111
