# The lab: a site of its own, all on loopback, in var/lab.

LAB := tests/lab/lab.py
SITE := var/lab

.PHONY: packages site-packages run up down

# Folders of tests/lab with packages of npm.
LAB_NPM := oidc csdl openapi clients

## make packages   install what is missing of the packages of Debian and npm
packages:
	@tests/lab/install
	$(submake) $(LAB_NPM:%=build/lab/%/installed)

# What npm installs is left alone until the list changes.
build/lab/%/installed: tests/lab/%/package.json \
		tests/lab/%/package-lock.json tests/lab/%/.npmrc
	@mkdir -p $(@D)
	@echo "  npm   $(@D)"
	@cp $^ $(@D)
	@cd $(@D) && npm ci --no-progress --loglevel=error
	@touch $@

# A site alone needs fewer.
site-packages:
	@tests/lab/install build run

# Each target calls make again: before the packages are there, pkg-config is
# not, and this make has looked for nothing yet that the next one needs.

## make run        start a site, in the foreground; Ctrl-C stops it
run: site-packages
	$(submake) MODE=release build/release/reeved build/release/reeve
	@exec $(LAB) run $(SITE)

## make up         start a site and return; REEVE_PORT sets its port
up: site-packages
	$(submake) MODE=release build/release/reeved build/release/reeve
	@$(LAB) up $(SITE)

## make down       stop the site of `make up` and remove it
down:
	@if [ -e $(SITE)/state.json ]; then $(LAB) down $(SITE); \
	else echo "no site runs in $(SITE)"; fi
