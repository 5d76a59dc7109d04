# shellcheck shell=bash
# Private servers for one run of ./dev, which reads this file: PostgreSQL and RabbitMQ in the directory $DIR. Uses run,
# say, die and end_group of ./dev.

# Becomes a command run by the owner of a server's directory (servers refuse to be root), at home in that directory,
# away from the settings of this machine.
become() { # directory command…
    cd "$1"
    local owner drop=()
    owner=$(stat -c %U .)
    if [ "$(id -un)" != "$owner" ]; then
        drop=(setpriv "--reuid=$owner" "--regid=$(id -g "$owner")" --init-groups --)
    fi
    exec env -u NOTIFY_SOCKET "HOME=$1" LANG=C.UTF-8 LC_ALL=C.UTF-8 "${drop[@]}" "${@:2}"
}
as_owner() ( become "$@" )

# Becomes a server, after noting its process number where whoever ends this run looks for it.
become_server() { # directory command…
    printf '%s\n' "$$" >"$1/pid"
    become "$@"
}

own_directory() { # directory user
    mkdir -m 700 "$1"
    if [ "$(id -u)" -eq 0 ]; then
        id -u "$2" >/dev/null 2>&1 || die "$EX_UNAVAILABLE" "there is no user \`$2\` to run the server as"
        chown "$2:$(id -g "$2")" "$1"
    fi
}

secret() { od -An -N 16 -tx1 /dev/urandom | tr -d ' \n'; }

port_is_free() { ! (: <>"/dev/tcp/$LOOPBACK/$1") 2>/dev/null; }

# A port nobody listens on, below those that outgoing connections use.
free_port() {
    local port
    for _ in $(seq 100); do
        port=$((15000 + RANDOM % 17000))
        if port_is_free "$port"; then printf '%s\n' "$port"; return 0; fi
    done
    die "$EX_UNAVAILABLE" 'no free port found'
}

# A free port whose distribution port (20000 higher) is free too and not one of those of RabbitMQ's own tools.
free_node_port() {
    local port dist
    for _ in $(seq 100); do
        port=$(free_port)
        dist=$((port + 20000))
        if { [ "$dist" -lt 35672 ] || [ "$dist" -gt 35682 ]; } && port_is_free "$dist"; then
            printf '%s\n' "$port"
            return 0
        fi
    done
    die "$EX_UNAVAILABLE" 'no free pair of ports found for RabbitMQ'
}

start_postgres() { # [small]: for a disk of some dozen megabytes
    local home=$DIR/postgres bin port password try segments=() wal=(80MB 256MB)
    if [ "${1:-}" = small ]; then segments=(--wal-segsize=1) wal=(2MB 8MB); fi
    bin=$(postgres_bin)
    password=$(secret)
    say "starting PostgreSQL $("$bin/postgres" --version | grep -o '[0-9.]*' | head -n 1)"
    own_directory "$home" postgres
    printf %s "$password" | as_owner "$home" tee password >/dev/null
    as_owner "$home" "$bin/initdb" -D "$home/data" -U registrard --pwfile="$home/password" --auth=scram-sha-256 \
        --encoding=UTF8 --locale=C "${segments[@]}" >"$DIR/postgres.log" 2>&1 || explain PostgreSQL "$DIR/postgres.log"
    # A port may be taken between the look and the start; then another one will do.
    for try in 1 2 3; do
        port=$(free_port)
        as_owner "$home" tee "$home/data/postgresql.auto.conf" >/dev/null <<CONF
listen_addresses = '$LOOPBACK'
port = $port
unix_socket_directories = '$home'
external_pid_file = '$home/pid'
max_connections = 200
shared_buffers = 64MB
min_wal_size = ${wal[0]}
max_wal_size = ${wal[1]}
CONF
        if database_start; then
            PGPASSWORD=$password as_owner "$home" "$bin/createdb" -h "$LOOPBACK" -p "$port" -U registrard registrard \
                || explain PostgreSQL "$home/log"
            export REGISTRARD_TEST_DATABASE_URL="postgres://registrard:$password@$LOOPBACK:$port/registrard"
            return 0
        fi
        [ "$try" -eq 3 ] || port_is_free "$port" || continue
        explain PostgreSQL "$home/log"
    done
}

database_start() {
    local home=$DIR/postgres
    as_owner "$home" "$(postgres_bin)/pg_ctl" start -w -t 60 -s -D "$home/data" -l "$home/log" >>"$DIR/postgres.log" 2>&1
}

# fast: sessions are ended, and what is committed is put in order on the disk; immediate: as if the machine had lost power.
database_stop() { # fast|immediate
    local home=$DIR/postgres
    as_owner "$home" "$(postgres_bin)/pg_ctl" stop -w -t 60 -s -m "$1" -D "$home/data" >>"$DIR/postgres.log" 2>&1
}

start_rabbitmq() {
    local home=$DIR/rabbitmq password node epmd
    password=$(secret)
    say 'starting RabbitMQ'
    own_directory "$home" rabbitmq
    own_directory "$DIR/epmd" rabbitmq
    mkdir -m 700 "$home/log" "$home/mnesia"
    cat >"$home/rabbitmq.conf" <<CONF
default_user = guest
default_pass = $password
loopback_users.guest = true
disk_free_limit.absolute = 50MB
raft.wal_max_size_bytes = 67108864
CONF
    printf '[].\n' >"$home/enabled_plugins"
    chmod 600 "$home/rabbitmq.conf"
    chown -R --reference="$home" "$home"
    for _ in 1 2 3; do
        node=$(free_node_port)
        epmd=$(free_port)
        [ "$epmd" != "$node" ] || continue
        # Everything the node needs to know, here and at each later `broker start`.
        cat >"$DIR/rabbitmq.env" <<CONF
export RABBITMQ_NODENAME=registrard-$$@localhost
export RABBITMQ_NODE_IP_ADDRESS=$LOOPBACK
export RABBITMQ_NODE_PORT=$node
export RABBITMQ_DIST_PORT=$((node + 20000))
export RABBITMQ_MNESIA_BASE=$home/mnesia
export RABBITMQ_LOG_BASE=$home/log
export RABBITMQ_PID_FILE=$home/erlang.pid
export RABBITMQ_CONFIG_FILE=$home/rabbitmq.conf
export RABBITMQ_ADVANCED_CONFIG_FILE=$home/advanced.config
export RABBITMQ_CONF_ENV_FILE=$home/rabbitmq-env.conf
export RABBITMQ_ENABLED_PLUGINS_FILE=$home/enabled_plugins
export RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS='-kernel inet_dist_use_interface {127,0,0,1}'
export RABBITMQ_CTL_ERL_ARGS='-kernel inet_dist_use_interface {127,0,0,1}'
export ERL_EPMD_PORT=$epmd
export ERL_EPMD_ADDRESS=$LOOPBACK
CONF
        setsid "$SELF" become-server "$DIR/epmd" "$(epmd_program)" -port "$epmd" -address "$LOOPBACK" >"$DIR/epmd.log" 2>&1 &
        disown
        if broker_start; then
            export REGISTRARD_TEST_AMQP_URL="amqp://guest:$password@$LOOPBACK:$node/%2f"
            return 0
        fi
        end_group "$(cat "$DIR/epmd/pid")" KILL 0
        if ! grep -qsE 'eaddrinuse|dist_port_already_used' -r "$home/log" "$DIR/rabbitmq.log" "$DIR/epmd.log"; then break; fi
    done
    explain RabbitMQ "$DIR/rabbitmq.log"
}

# epmd is on the path, or in the Erlang runtime of the machine.
epmd_program() {
    command -v epmd || printf '%s\n' /usr/lib/erlang/erts-*/bin/epmd | tail -n 1
}

broker_start() {
    # shellcheck source=/dev/null
    . "$DIR/rabbitmq.env"
    local home=$DIR/rabbitmq bin
    bin=$(rabbitmq_bin)
    rm -f -- "$home/pid"
    setsid "$SELF" become-server "$home" "$bin/rabbitmq-server" >>"$DIR/rabbitmq.log" 2>&1 </dev/null &
    disown
    for _ in $(seq 30); do
        if run "$SELF" become "$home" "$bin/rabbitmqctl" -q await_startup --timeout 60 >"$DIR/rabbitmqctl.log" 2>&1; then
            return 0
        fi
        if [ -s "$home/pid" ] && ! kill -0 "$(cat "$home/pid")" 2>/dev/null; then break; fi
        sleep 0.5
    done
    return 1
}

broker_stop() {
    end_group "$(cat "$DIR/rabbitmq/pid")" TERM 30
}

# A virtual host in which the user of the URL may do everything, or its end.
broker_vhost() { # add|delete name
    # shellcheck source=/dev/null
    . "$DIR/rabbitmq.env"
    local home=$DIR/rabbitmq bin
    bin=$(rabbitmq_bin)
    run "$SELF" become "$home" "$bin/rabbitmqctl" -q "$1_vhost" "$2" >"$DIR/rabbitmqctl.log" 2>&1 || return 1
    [ "$1" = delete ] \
        || run "$SELF" become "$home" "$bin/rabbitmqctl" -q set_permissions -p "$2" guest '.*' '.*' '.*' >"$DIR/rabbitmqctl.log" 2>&1
}

explain() { # server log
    printf '%s did not start; the end of its log:\n' "$1" >&2
    tail -n 25 "$2" >&2 || true
    exit "$EX_UNAVAILABLE"
}

start_services() {
    local base=${TMPDIR:-/tmp}
    [ -d "$base" ] && [ -w "$base" ] || die "$EX_UNAVAILABLE" "the directory for temporary files, $base, cannot be written"
    need_servers
    sweep "$base"
    DIR=$(mktemp -d "$base/registrard-dev.XXXXXX")
    [ "${#DIR}" -lt 80 ] || die "$EX_UNAVAILABLE" "the path $DIR is too long for a socket; set TMPDIR to a shorter one"
    chmod 711 "$DIR"
    printf '%s %s\n' "$$" "$(born "$$")" >"$DIR/owner"
    start_postgres
    start_rabbitmq
    local server
    for server in broker database; do
        printf '#!/bin/sh\nREGISTRARD_DEV_STATE=%s exec %s %s "$@"\n' "$DIR" "$SELF" "$server" >"$DIR/$server"
        chmod 755 "$DIR/$server"
    done
    export REGISTRARD_TEST_AMQP_CONTROL=$DIR/broker REGISTRARD_TEST_DATABASE_CONTROL=$DIR/database
}
