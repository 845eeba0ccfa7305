#!/bin/sh
# A private PostgreSQL for one test program: Unix socket only, in a folder
# of its own, as user postgres when started by root.
#
#   cluster.sh up OWNER       start a new one and print its folder; it is
#                             taken down when the process OWNER is gone
#   cluster.sh down FOLDER    stop it and remove the folder
#   cluster.sh start FOLDER   start it again
#   cluster.sh renew FOLDER   put another, empty one in its place
#   cluster.sh kill FOLDER    SIGKILL to every process of it
#   cluster.sh stop FOLDER    SIGSTOP to every process of it
#   cluster.sh cont FOLDER    SIGCONT to them
set -eu

bin=
for candidate in /usr/lib/postgresql/*/bin; do
	[ -x "$candidate/initdb" ] && bin=$candidate
done
[ -n "$bin" ] || bin=$(dirname "$(command -v initdb)")

as_postgres() {
	if [ "$(id -u)" -eq 0 ]; then
		runuser -u postgres -- "$@"
	else
		"$@"
	fi
}

start() {
	(cd / && as_postgres "$bin/pg_ctl" -D "$1/data" -w -t 60 -s \
	    -l "$1/log" start >/dev/null)
}

postmaster() {
	head -n 1 "$1/data/postmaster.pid"
}

# The postmaster first, so that it starts no more while we look.
signal() {
	main=$(postmaster "$2")
	kill "-$1" "$main"
	for pid in $(pgrep -P "$main"); do
		kill "-$1" "$pid" 2>/dev/null || :
	done
}

# A new database cluster, with a system identifier of its own.
initialize() {
	(cd / && as_postgres "$bin/initdb" -D "$1/data" -A trust \
	    -U postgres -E UTF8 --locale=C -N >"$1/init" 2>&1) ||
	    { cat "$1/init" >&2; exit 1; }
	cat >>"$1/data/postgresql.conf" <<-END
		listen_addresses = ''
		unix_socket_directories = '$1'
		fsync = off
		max_connections = 30
		shared_buffers = 16MB
		autovacuum = off
		log_min_messages = fatal
	END
	start "$1"
}

down() {
	signal CONT "$1" 2>/dev/null || :
	(cd / && as_postgres "$bin/pg_ctl" -D "$1/data" -m immediate -s \
	    stop >/dev/null 2>&1) || :
	rm -rf "$1"
}

case $1 in
up)
	dir=$(mktemp -d "${TMPDIR:-/tmp}/reeve-pg.XXXXXX")
	chmod 755 "$dir"
	[ "$(id -u)" -ne 0 ] || chown postgres "$dir"
	initialize "$dir"
	(
		trap '' HUP INT TERM
		while kill -0 "$2" 2>/dev/null && [ -d "$dir" ]; do
			sleep 1
		done
		down "$dir"
	) </dev/null >/dev/null 2>&1 &
	echo "$dir"
	;;
down)
	down "$2"
	;;
start)
	start "$2"
	;;
renew)
	(cd / && as_postgres "$bin/pg_ctl" -D "$2/data" -m immediate -s stop)
	rm -rf "$2/data"
	initialize "$2"
	;;
kill)
	# Children are found by their parent: while it lives.
	main=$(postmaster "$2")
	kill -STOP "$main"
	all="$main $(pgrep -P "$main")"
	for pid in $all; do
		kill -KILL "$pid" 2>/dev/null || :
	done
	# Ended, or waiting for a parent that does not look: the new one
	# would take the latter for alive.
	for pid in $all; do
		while state=$(ps -o stat= -p "$pid") &&
		    [ "${state#Z}" = "$state" ]; do
			sleep 0.02
		done
	done
	rm -f "$2/data/postmaster.pid" "$2"/.s.PGSQL.5432.lock
	;;
stop)
	signal STOP "$2"
	;;
cont)
	# Perhaps it is not there: who tidies up need not know.
	signal CONT "$2" 2>/dev/null || :
	;;
*)
	exit 2
	;;
esac
