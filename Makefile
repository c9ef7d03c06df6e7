# `make demo` and `make test` bring everything they need; see README.md.
PYTHON ?= python3
STACK = $(PYTHON) -m tests.stack

.PHONY: help demo demo-dedicated test bench up down status logs mail lint clean lock

help:
	@sed -n 's/^## //p' $(MAKEFILE_LIST)

## make demo     bring everything up and do what a customer and staff do, with a timeline
demo:
	@$(PYTHON) -m tests.demo

## make demo-dedicated  the same for a tenant with a container of its own on Proxmox VE
demo-dedicated:
	@$(PYTHON) -m tests.demo_dedicated

## make test     lint and every test, on every Odoo series that can be had here
test:
	@$(PYTHON) -m tests.run_all

## make bench    the figures that are promised, measured
bench:
	@$(PYTHON) -m tests.bench

## make up       PostgreSQL, nginx, mail catcher and two Odoo servers
up:
	@$(STACK) up

## make down     stop all of them
down:
	@$(STACK) down

## make status   what runs and where
status:
	@$(STACK) status

## make logs     the end of every log; LOG=master follows one
logs:
	@$(STACK) logs $(if $(LOG),-f $(LOG))

## make mail     what the stack has mailed
mail:
	@$(STACK) mail

## make lint     ruff, pylint-odoo and our own rules
lint:
	@$(PYTHON) -m tests.lint

## make clean    stop everything and remove its databases, files and secrets
clean:
	@$(STACK) clean

# Pin the libraries anew after a change of tests/stack/requirements/*.in.
lock:
	@$(PYTHON) -m tests.stack.relock
