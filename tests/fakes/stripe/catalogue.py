"""Products, prices, coupons and promotion codes."""
from .routes import route


@route('POST', '/v1/products')
def create_product(call):
    world = call.world
    row = {'id': call.text('id') or world.new_id('prod', 14), 'object': 'product', 'active': call.flag('active', default=True),
           'created': world.now(), 'name': call.text('name', required=True), 'metadata': call.metadata()}
    world.put('products', row['id'], row)
    world.emit('product.created', row)
    return row


@route('GET', '/v1/products/{key}')
def get_product(call, key):
    return call.world.need('products', key)
